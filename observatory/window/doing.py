"""What a person can do, as methods of the main window: each asks the source, and says it when it is refused.

`can_…` methods say when an action is offered. That is courtesy; record and gate ask again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import resources
from ..protocol import events as ev
from ..protocol.commands import NightPlan
from ..protocol.days import Experience, read_day
from ..protocol.drives import Drives, read
from ..protocol.lines import LinesError
from . import asking, words
from .feedback import FeedbackDialog


class Doing:
    """Mixed into the main window, which has `story`, `source`, the docks and `by`."""

    # ------------------------------------------------------------ when

    def always(self) -> bool:
        return True

    def _open(self) -> bool:
        return self.source is not None and not getattr(self.source.state, "read_only", False)

    def can_tell(self) -> bool:
        return self._open() and self.story.awake

    def can_say(self) -> bool:
        """Also to the sleeping mind: what is said then waits until the night reaches the gate."""
        return self._open() and self.story.up

    def can_say_how(self) -> bool:
        return self._open() and self.story.listens and bool(self.story.episodes)

    def sleep_is_proposed(self) -> bool:
        return self.can_sleep() and self.story.sleep_proposed is not None

    def can_sleep(self) -> bool:
        return self.can_tell() and bool(self.story.unslept)

    def can_resume(self) -> bool:
        return self.can_tell() and self.story.interrupted is not None

    def can_wake(self) -> bool:
        return self._open() and self.story.lost is not None and hasattr(self.source, "wake_again")

    def night_runs(self) -> bool:
        return self._open() and self.story.up and self.story.asleep and self.story.night.open_proposal is None

    def proposal_waits(self) -> bool:
        review = self.story.review
        return self._open() and self.story.up and review is not None and review.open_proposal is not None

    # ------------------------------------------------------------ asking the source

    def _do(self, what: str, call: Callable[[], Any]) -> Any:
        """A refused request becomes a notice; the window goes on."""
        try:
            return call()
        except (RuntimeError, ValueError, OSError, TimeoutError) as error:
            self.notice_error(what, str(error), "")
            return None

    def _typed(self) -> str:
        return self.talk.line.text().strip()

    def tell(self) -> None:
        text = self._typed()
        if not text or not self.can_say():
            return
        number = self._do("This was not told", lambda: self.source.tell(text))
        if number is not None:
            self.talk.line.remember(text)
            self.talk.line.clear()
            self.story.telling(number, text)

    def ask(self) -> None:
        text, memory = self._typed(), self.talk.memory
        if not text or not self.can_say():
            return
        number = self._do("This was not asked", lambda: self.source.ask(text, memory))
        if number is not None:
            self.talk.line.remember(text)
            self.talk.line.clear()
            self.story.asking(number, text, memory)

    def unplug(self, on: bool) -> None:
        self.talk.set_unplugged(on)

    # ------------------------------------------------------------ how it went, and what for

    def _meant(self) -> int | None:
        """The episode that is meant: the chosen turn where the talk has the focus, else what is chosen where it is."""
        focus = self.focusWidget()
        for dock in (self.drives, self.state):
            if focus is not None and dock.isAncestorOf(focus) and dock.chosen_number:
                return dock.chosen_number
        chosen = self.episodes.table.chosen()
        talks = focus is None or self.talk.isAncestorOf(focus)
        return self.talk.conversation.told if talks or chosen is None else chosen.number

    def say_worked(self) -> None:
        self._say_how(self._meant(), 1.0)

    def say_failed(self) -> None:
        self._say_how(self._meant(), -1.0)

    def _say_how(self, number: int | None, outcome: float) -> None:
        episode = self.story.by_number.get(number) if number is not None else None
        if episode is None or episode.faded is not None or not self.can_say_how():
            return
        told = episode.told
        same = told.outcome is not None and told.outcome * outcome > 0
        name = words.name(told, most=70)
        dialog = FeedbackDialog(name, outcome, told.because if same else "", self.look, self)
        dialog.given.connect(lambda score, why: self._do(
            "How it went was not taken down", lambda: self.source.feedback(told.episode, score, why)
        ))  # fmt: skip
        self.feedback_dialog = dialog
        dialog.open()

    def set_goal(self, goal: str) -> None:
        if self._open() and self.story.listens:
            self._do("The goal was not set", lambda: self.source.set_goal(goal))
            self.drives.goal.setModified(False)

    def edit_goal(self) -> None:
        self._show(self.drives)
        self.drives.goal.setFocus()
        self.drives.goal.selectAll()

    def tell_day(self) -> None:
        path = self.choose_file("A day file", "Days (*.jsonl);;All files (*)")
        if path:
            self._tell_file(path)

    def tell_first_day(self) -> None:
        self._tell_file(resources.folder() / "days" / "first.jsonl")

    def _tell_file(self, path) -> None:
        try:
            day = read_day(path)
        except LinesError as error:
            self.notice_error("The day file was not told", str(error), "")
            return
        for e in day.experiences:
            if self._do("The day was not told to its end", lambda e=e: self._tell_one(e, day.file_hash)) is None:
                return

    def _tell_one(self, e: Experience, file_hash: str) -> int:
        about = {
            "speaker": e.speaker, "session": e.session, "goal": e.goal, "outcome": e.outcome, "because": e.because,
            "lived_at": e.at, "line": e.line, "source": "window", "file_hash": file_hash,
        }  # fmt: skip
        number = self.source.tell(e.text, **about)
        self.story.telling(number, e.text)
        return number

    # ------------------------------------------------------------ night

    def _exam(self) -> list:
        """The first day's exam if that day was lived, and common knowledge always."""
        from ..host import paper

        first = {e.text for e in read_day(paper.first_day()).experiences}
        lived = any(episode.told.text in first for episode in self.story.episodes)
        return paper.questions(paper.first_exam() if lived else None)

    def sleep(self) -> None:
        """With the dials as they stand in the window."""
        if self.can_sleep():
            self._sleep(lambda: self.drives.dials.drives, "a person asked for it")

    def sleep_as_proposed(self) -> None:
        """With the dials that the governor's proposal names, if it names any."""
        if self.sleep_is_proposed():
            preset = self.story.sleep_proposed.preset
            self._sleep(lambda: read(preset) if preset else self.drives.dials.drives, "the governor proposed it")

    def _sleep(self, drives: Callable[[], Drives], why: str) -> None:
        self._do(
            "No night was opened",
            lambda: self.source.sleep(self._exam(), plan=NightPlan(drives=drives()), why=why),
        )
        self._show(self.night)

    def notice_closed(self, action: str) -> None:
        """Whoever closes the proposal to sleep declines it."""
        if action == "sleep-as-proposed" and self.sleep_is_proposed():
            self._do("The governor did not hear that", lambda: self.source.not_now())

    def offer_sleep(self) -> None:
        """One card for as long as the governor's proposal stands."""
        proposed = self.story.sleep_proposed
        if proposed is None or self.story.asleep:
            self.notices.withdraw("sleep-as-proposed")
        elif proposed is not self._offered and (not self.live or self._is_now(proposed)):
            dials = f"It would draw with the dials {words.dials(proposed.preset)}." if proposed.preset else (
                "The dials stay as they stand in Drives."
            )  # fmt: skip
            self.notices.offer(ev.Notice(
                at=proposed.at, level="info", title="The governor proposes sleep", text=proposed.why, remedy=dials,
                action="sleep-as-proposed",
            ))  # fmt: skip
        self._offered = proposed

    def resume_night(self) -> None:
        if self.can_resume():
            self._do("The night was not resumed", lambda: self.source.resume_night(self._exam()))
            self._show(self.night)

    def wake_again(self) -> None:
        self._do("The mind was not woken", lambda: self.source.wake_again())

    def pause_or_run(self) -> None:
        if self.night_runs():
            paused = self.story.paused
            self._do("The night did not hear that", lambda: self.source.run() if paused else self.source.pause())

    def step(self) -> None:
        if self.night_runs():
            self._do("The night did not hear that", lambda: self.source.step("step"))

    def step_stage(self) -> None:
        if self.night_runs():
            self._do("The night did not hear that", lambda: self.source.step("stage"))

    def veto_night(self) -> None:
        if not self.night_runs():
            return
        number = self.story.night.number
        dialog = asking.ReasonDialog(
            f"Veto night {number}?",
            "The night ends at once. What it has learnt so far is thrown away, and the cortex stays as it was.",
            "Veto the night", self,
        )  # fmt: skip
        dialog.given.connect(
            lambda reason: self._do("The night was not vetoed", lambda: self.source.veto_night(reason, self.by))
        )
        self.veto_dialog = dialog
        dialog.open()

    # ------------------------------------------------------------ review

    def hold(self) -> None:
        self._show(self.review)
        self.review.decide("hold")

    def approve(self) -> None:
        self._show(self.review)
        self.review.decide("approve")

    def veto(self) -> None:
        self._show(self.review)
        self.review.decide("veto")

    def decided(self, word: str, reason: str) -> None:
        before = len(self.story.notices)
        self._do("The decision was not recorded", lambda: self.source.decide(word, reason, self.by))
        if len(self.story.notices) == before:
            self.review.reason.clear()

    # ------------------------------------------------------------ help

    def keys(self) -> None:
        self.keys_dialog = asking.KeysDialog(self.look, self)
        self.keys_dialog.open()

    def about(self) -> None:
        self.about_dialog = asking.AboutDialog(asking.about(self.story), self)
        self.about_dialog.open()
