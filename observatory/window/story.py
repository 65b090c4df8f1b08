"""The story so far: every event folded into plain state, from which all docks are drawn.

Stored history and live events come through the same `take`. What changed is noted by topic, so that
a view repaints only when something in it is new. Knows no Qt and no clock but the events' own.
"""

from __future__ import annotations

from ..protocol import events as ev
from .forgotten import FORGETTING
from .lived import Episode, Turn
from .remembering import REMEMBERING, Remembering
from .sleeping import SLEEPING, Sleeping
from .steering import STEERING, Steering

TOPICS = (
    "talk", "episodes", "night", "dreams", "weighing", "review", "drives", "state", "governor", "encoding", "replays",
    "drift", "exam", "views", "breakpoints", "log", "welcome", "status", "notices",
)  # fmt: skip


class Story(Steering, Remembering, Sleeping):
    """Takes events, keeps what can be shown, and remembers which topics changed."""

    def __init__(self, live_since: float | None = None) -> None:
        """`live_since`: a mind that reported ready before this moment is another session's."""
        super().__init__()
        self.live_since = live_since
        self.heard = live_since is None
        self.ready: ev.MindReady | None = None
        self.waiting: ev.MindWaiting | None = None
        self.heartbeat: ev.Heartbeat | None = None
        self.lost: ev.MindLost | None = None
        self.looking = False
        self.mode = "waiting"
        self.mode_why = ""
        self.paused = False
        self.paused_at: ev.Paused | None = None
        self.cortex = ""
        self.checked: ev.CortexChecked | None = None
        self.saved: ev.Saved | None = None
        self.episodes: list[Episode] = []
        self.by_number: dict[int, Episode] = {}
        self.turns: list[Turn] = []
        self.told_turns: dict[int, Turn] = {}
        self.notices: list[ev.Notice] = []
        self.past = ""
        """Why nothing can be told or asked here, where this is not now: a moment travelled to, or a recording."""
        self.taken = 0
        self.changed = set(TOPICS)
        self._questions: dict[int, Turn] = {}

    # ------------------------------------------------------------ what is asked of it

    @property
    def up(self) -> bool:
        """A mind of this session is there and has said that it is ready."""
        there = self.heard and not self.past and self.ready is not None and self.lost is None
        return there and self.waiting is None and not self.looking

    @property
    def awake(self) -> bool:
        return self.up and not self.asleep

    @property
    def deaf(self) -> bool:
        """Asleep and not yet at the gate: what is said now waits until then."""
        return self.asleep and self.night.proposed is None

    @property
    def listens(self) -> bool:
        """What is said now is heard at once: awake, or while a night waits at the gate."""
        return self.up and not self.deaf

    @property
    def unslept(self) -> int:
        return sum(not e.nights and e.faded is None and not e.excluded for e in self.episodes)

    @property
    def faded(self) -> int:
        return sum(episode.faded is not None for episode in self.episodes)

    def take_changes(self) -> set[str]:
        changed, self.changed = self.changed, set()
        return changed

    def tell_of(self, other: Story) -> None:
        """From now on one story with the other: docks keep their hold of this one and draw what the other knows."""
        rankings = 1 + max(self.rankings, other.rankings)
        self.__dict__ = other.__dict__
        self.rankings, self.changed = rankings, set(TOPICS)

    # ------------------------------------------------------------ what the window adds itself

    def looks_only(self) -> None:
        """The home can be read and not written: no mind will come, and nothing is waited for."""
        if not self.looking:
            self.looking, self.waiting = True, None
            self.changed |= {"talk", "status"}

    def telling(self, number: int, text: str) -> None:
        """Sent a moment ago, not yet encoded."""
        if number not in self.told_turns:
            self.told_turns[number] = self._turn(Turn("told", number, text, waits=self.deaf))

    def asking(self, question: int, text: str, memory: ev.Memory) -> None:
        if question not in self._questions:
            made = Turn("asked", question, text, memory=memory, waits=self.deaf)
            self._questions[question] = self._turn(made)

    def _turn(self, turn: Turn) -> Turn:
        self.turns.append(turn)
        self.changed.add("talk")
        return turn

    def _listens(self) -> None:
        """What was said to the sleeping mind waits no longer."""
        for turn in self.turns:
            if turn.waits:
                turn.waits = False
                turn.changed += 1
                self.changed.add("talk")

    # ------------------------------------------------------------ events

    def take(self, event: ev.Event) -> None:
        self.taken += 1
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def take_all(self, events) -> Story:
        for event in events:
            self.take(event)
        return self

    def _mind_waiting(self, e: ev.MindWaiting) -> None:
        self.waiting = e
        self.changed |= {"status", "talk", "night"}

    def _mind_ready(self, e: ev.MindReady) -> None:
        self._cut()
        self.ready, self.waiting, self.lost, self.cortex = e, None, None, e.cortex
        self.heard = self.live_since is None or e.at >= self.live_since
        if not self.asleep:
            self.mode = "awake"
        self.changed |= {"status", "talk", "night", "episodes", "review"}

    def _heartbeat(self, e: ev.Heartbeat) -> None:
        self.heartbeat, self.paused = e, e.paused
        if self.lost is None and e.mode != "waiting":
            if self.waiting is not None or not self.heard or self.mode != e.mode:
                self.changed |= {"talk", "night", "review"}
            self.mode, self.waiting, self.heard = e.mode, None, True
        self.changed.add("status")

    def _mode(self, e: ev.ModeChanged) -> None:
        self.mode, self.mode_why = e.mode, e.why
        self._moment(self.night.number if self.asleep else 0)
        self.changed |= {"status", "night", "talk", "review"}

    def _notice(self, e: ev.Notice) -> None:
        self.notices.append(e)
        self.changed.add("notices")

    def _paused(self, e: ev.Paused) -> None:
        self.paused, self.paused_at = True, e
        self.changed |= {"status", "night", "breakpoints"}

    def _resumed(self, e: ev.Resumed) -> None:
        self.paused, self.paused_at = False, None
        self.changed |= {"status", "night", "breakpoints"}

    def _checked(self, e: ev.CortexChecked) -> None:
        self.checked, self.cortex = e, e.cortex
        self.changed.add("status")

    def _saved(self, e: ev.Saved) -> None:
        self.saved = e
        self.changed.add("status")

    def _cut(self) -> None:
        if self.night is not None and self.night.open:
            self.night.cut = True
            self._listens()

    def _mind_lost(self, e: ev.MindLost) -> None:
        self._cut()
        self.lost, self.mode, self.waiting, self.heartbeat = e, "waiting", None, None
        self.changed |= {"status", "night", "talk"}

    # waking

    def _encoded(self, e: ev.EpisodeEncoded) -> None:
        episode = Episode(e)
        self.episodes.append(episode)
        self.by_number[e.episode] = episode
        if e.corrects is not None:
            self.corrected[e.corrects] = e.episode
        turn = self.told_turns.get(e.episode) or self._turn(Turn("told", e.episode, e.text))
        turn.text, turn.at, turn.pieces, turn.surprise, turn.encoded = e.text, e.at, e.pieces, e.surprise, e
        turn.waits = False
        turn.changed += 1
        self.told_turns[e.episode] = turn
        self.changed |= {"episodes", "talk", "drives", "encoding"}

    def _kept(self, e: ev.EpisodeKept) -> None:
        if e.episode in self.by_number:
            self.by_number[e.episode].kept = True
        turn = self.told_turns.get(e.episode)
        if turn is not None and not turn.kept:
            turn.kept = True
            turn.changed += 1
        self.changed |= {"episodes", "talk"}

    def _asked(self, question: int, text: str = "", memory: ev.Memory = "whole") -> Turn:
        turn = self._questions.get(question)
        if turn is None:
            turn = self._questions[question] = self._turn(Turn("asked", question, text, memory=memory))
        turn.text, turn.waits = turn.text or text, False
        turn.changed += 1
        self.changed.add("talk")
        return turn

    def _memory_read(self, e: ev.MemoryRead) -> None:
        turn = self._asked(e.question, e.cue)
        turn.read, turn.reads = e, e.reads
        self.changed.add("encoding")

    def _piece(self, e: ev.AnswerPiece) -> None:
        turn = self._asked(e.question)
        turn.answer_pieces.append(e.piece)
        turn.answer_surprise.append(e.surprise)

    def _answered(self, e: ev.Answered) -> None:
        turn = self._asked(e.question, e.prompt, e.memory)
        turn.text, turn.memory, turn.answered, turn.at = e.prompt, e.memory, e, e.at
        turn.answer_pieces, turn.answer_surprise = list(e.pieces), list(e.surprise)
        turn.reads = e.reads or turn.reads
        self.changed.add("encoding")


_HANDLERS = {
    ev.MindWaiting: Story._mind_waiting,
    ev.MindReady: Story._mind_ready,
    ev.Heartbeat: Story._heartbeat,
    ev.ModeChanged: Story._mode,
    ev.Notice: Story._notice,
    ev.Paused: Story._paused,
    ev.Resumed: Story._resumed,
    ev.CortexChecked: Story._checked,
    ev.Saved: Story._saved,
    ev.MindLost: Story._mind_lost,
    ev.EpisodeEncoded: Story._encoded,
    ev.EpisodeKept: Story._kept,
    ev.MemoryRead: Story._memory_read,
    ev.AnswerPiece: Story._piece,
    ev.Answered: Story._answered,
    **SLEEPING,
    **STEERING,
    **REMEMBERING,
    **FORGETTING,
}
