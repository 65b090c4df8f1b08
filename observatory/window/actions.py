"""Everything a person can do in the window, in one table.

Menus, the toolbar, the page of shortcuts and the tests are made from it. `slot` names a method of the
main window, `when` one of its questions; the gate behind them asks again on the other side.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    id: str
    menu: str
    text: str
    shortcut: str
    tip: str
    slot: str
    when: str = "always"
    icon: str = ""
    checkable: bool = False


ACTIONS = (
    Action("tell", "Mind", "&Tell", "Ctrl+Return", "Tell the mind what stands in the line: it becomes an episode",
           "tell", "can_say", "tell"),
    Action("ask", "Mind", "&Ask", "Ctrl+Shift+Return", "Ask the mind what stands in the line", "ask", "can_say",
           "ask"),
    Action("unplug", "Mind", "&Unplug the hippocampus", "Ctrl+U", "Ask the cortex alone, or the whole mind again",
           "unplug", "always", "", True),
    Action("day", "Mind", "Tell a &day file…", "Ctrl+O", "Tell every experience of a day file (JSON Lines)",
           "tell_day", "can_tell", "open"),
    Action("first-day", "Mind", "Tell the built-in &first day", "Ctrl+Shift+O",
           "Twenty-five invented experiences to begin with", "tell_first_day", "can_tell"),
    Action("worked", "Mind", "It &worked…", "Ctrl+Up", "Say that the chosen episode went well, and why", "say_worked",
           "can_say_how"),
    Action("failed", "Mind", "It &failed…", "Ctrl+Down", "Say that the chosen episode went badly, and why",
           "say_failed", "can_say_how"),
    Action("sleep", "Night", "&Sleep", "Ctrl+L", "Open a night over the episodes that have not been slept on",
           "sleep", "can_sleep", "moon"),
    Action("sleep-as-proposed", "Night", "Sleep as the g&overnor proposes", "",
           "Open a night with the dials that the governor's proposal names", "sleep_as_proposed", "sleep_is_proposed",
           "moon"),
    Action("resume-night", "Night", "R&esume the night", "Ctrl+Shift+L", "Go on with the night that was cut short",
           "resume_night", "can_resume", "moon"),
    Action("wake-again", "Mind", "&Wake it again", "", "Start another mind process after one was lost", "wake_again",
           "can_wake", "sun"),
    Action("pause", "Night", "&Pause or run on", "Space", "Hold the night between two steps, or let it run on",
           "pause_or_run", "night_runs", "pause"),
    Action("step", "Night", "One s&tep", ".", "One gradient step, then paused again", "step", "night_runs", "step"),
    Action("stage", "Night", "One sta&ge", "Shift+.", "To the end of this stage, then paused again", "step_stage",
           "night_runs", "stage"),
    Action("veto-night", "Night", "&Veto the night", "Ctrl+Shift+V",
           "End the running night at once. The cortex stays as it was", "veto_night", "night_runs", "veto"),
    Action("hold", "Review", "&Hold", "Esc", "Decide nothing yet: the proposal waits", "hold", "proposal_waits",
           "hold"),
    Action("approve", "Review", "&Approve…", "Ctrl+Shift+A", "Let the night's delta into the cortex, with your reason",
           "approve", "proposal_waits", "approve"),
    Action("veto", "Review", "&Veto…", "Ctrl+Shift+X", "Refuse the delta, with your reason. The cortex stays as it was",
           "veto", "proposal_waits", "veto"),
    Action("talk", "View", "&Talk", "Ctrl+1", "Show the talk and go to its line", "show_talk"),
    Action("episodes", "View", "&Episodes", "Ctrl+2", "Show the episodes", "show_episodes"),
    Action("night", "View", "&Night", "Ctrl+3", "Show the night", "show_night"),
    Action("review", "View", "&Review", "Ctrl+4", "Show the review", "show_review"),
    Action("dreams", "View", "&Dreams", "Ctrl+5", "Show the dreams and go to their table", "show_dreams"),
    Action("weighing", "View", "&Weighing", "Ctrl+6", "Show what the night weighed", "show_weighing"),
    Action("drives", "View", "D&rives", "Ctrl+7", "Show the drives and go to their dials", "show_drives"),
    Action("state", "View", "St&ate", "Ctrl+8", "Show the latent state of each session", "show_state"),
    Action("governor", "View", "&Governor", "Ctrl+9", "Show what the governor read and decided", "show_governor"),
    Action("goal", "Mind", "Set the &goal", "Ctrl+G", "Go to the line that says what the mind is after", "edit_goal"),
    Action("search", "View", "&Search the episodes", "Ctrl+F", "Go to the search line of the episodes", "search"),
    Action("theme-system", "View", "Theme of the s&ystem", "", "Night or Day, as the system has it", "theme_system"),
    Action("theme-night", "View", "N&ight theme", "", "Light words on deep indigo", "theme_night"),
    Action("theme-day", "View", "&Day theme", "", "Ink on paper", "theme_day"),
    Action("talk-mode", "View", "Talk &mode", "F11", "Larger type, for the third row of a lecture room", "talk_mode",
           "always", "", True),
    Action("layout", "View", "&Put the docks back", "", "The arrangement of the first start", "put_docks_back"),
    Action("keys", "Help", "&Keys", "F1", "Every shortcut (also with ?)", "keys"),
    Action("about", "Help", "&About this mind", "", "Model, device, hashes and versions", "about"),
    Action("quit", "Mind", "&Quit", "Ctrl+Q", "Close the window; a running night is kept and can go on", "close"),
)  # fmt: skip

MENUS = ("Mind", "Night", "Review", "View", "Help")
TOOLS = ("sleep", "pause", "step", "stage", "veto-night")

IN_THE_LINE = (
    ("Enter", "Tell what stands in the line (Ctrl+Enter from anywhere)"),
    ("Shift+Enter", "Ask what stands in the line (Ctrl+Shift+Enter from anywhere)"),
    ("Up, Down", "In the talk: choose a turn; in the line: what was said before"),
    ("Left, Right, Enter", "In the talk: choose a memory that was read, and open it"),
    ("Up, Down", "In the dialog of how it went: a tenth more or less"),
    ("Left, Right", "On a dial of the drives: less or more (Page keys: much less, much more)"),
    ("Enter", "In the line of the goal: set it"),
    ("Arrows, Enter", "In the triangle of the drives: choose a neighbour, and open its episode"),
    ("Arrows", "In the state: left and right from turn to turn, up and down from session to session"),
    ("Left, Right", "In the governor's strips: from decision to decision"),
    ("A, K, D", "In the dreams: show all, the kept, the dropped"),
    ("Enter", "In the dreams, in Effort, the drives, the state and the governor: open the episode"),
    ("Ctrl+C", "Copy the chosen turn, row or hash"),
)
"""Keys that belong to one place rather than to the window."""


def by_id(id_: str) -> Action:
    return next(action for action in ACTIONS if action.id == id_)
