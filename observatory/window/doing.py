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
from .changing import changing
from .feedback import FeedbackDialog
from .signing import PassPhraseDialog


class Doing:
    """Mixed into the main window, which has `story`, `source`, the docks and `by`."""

    # ------------------------------------------------------------ when

    def always(self) -> bool:
        return True

    def _open(self) -> bool:
        if self.source is None or self.travel.away:
            return False
        return not getattr(self.source.state, "read_only", False)

    def can_tell(self) -> bool:
        return self._open() and self.story.awake

    def can_say(self) -> bool:
        """Also to the sleeping mind: what is said then waits until the night reaches the gate."""
        return self._open() and self.story.up

    def can_say_how(self) -> bool:
        return self._open() and self.story.listens and bool(self.story.episodes)

    def can_ask_why(self) -> bool:
        return self._open() and self.story.listens and self.talk.conversation.answer is not None

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

    def map_is_lost(self) -> bool:
        return self.drift.drift is not None and self.drift.drift.look().phase == "lost"

    def start_map(self) -> None:
        self.drift.start()

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
        dialog.given.connect(lambda score, why: self.give_feedback(told.episode, score, why))
        self.feedback_dialog = dialog
        dialog.open()

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
        lived = any(episode.told.text in first for episode in self.travel.present.episodes)
        return paper.questions(paper.first_exam() if lived else None)

    def sleep(self) -> None:
        """With the dials as they stand in the window."""
        if self.can_sleep():
            self._sleep(lambda: self.drives.dials.drives, "a person asked for it")

    def sleep_as_proposed(self) -> None:
        """With the dials that the governor's proposal names, if it names any."""
        if self.sleep_is_proposed():
            proposed = self.story.sleep_proposed
            self._sleep(lambda: self.dials_of(proposed), "the governor proposed it")

    def dials_of(self, proposed: ev.GovernorDecided) -> Drives:
        """Those that a proposal of the governor's names, else those in the window."""
        return read(proposed.preset) if proposed.preset else self.drives.dials.drives

    def _sleep(self, drives: Callable[[], Drives], why: str) -> None:
        self._open_night(drives, why)
        self._show(self.night)

    def _open_night(self, drives: Callable[[], Drives], why: str) -> None:
        self._do(
            "No night was opened",
            lambda: self.source.sleep(self._exam(), plan=NightPlan(drives=drives()), why=why),
        )

    def notice_closed(self, action: str) -> None:
        """Whoever closes the proposal to sleep declines it."""
        if action == "sleep-as-proposed" and self.sleep_is_proposed():
            self._do("The governor did not hear that", lambda: self.source.not_now())

    def offer_sleep(self) -> None:
        """One card for as long as the governor's proposal stands, where a person opens the nights."""
        proposed = self.travel.present.sleep_proposed
        if proposed is None or self.travel.present.asleep or self.governed:
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

    def ask_why(self, prompt: str, answer: str, memory: str, style: str) -> None:
        self._do("The mind was not asked", lambda: self.source.explain(prompt, answer, memory, style))

    def ask_why_talk(self) -> None:
        """Why the chosen answer of the talk was given; the exam dock shows it."""
        answered = self.talk.conversation.answer
        if answered is not None:
            self.exam.ask_of(answered)
            self._show(self.exam)

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
        if word != "hold" and self.source.signs(self.by):
            self.sign_dialog = PassPhraseDialog(
                self.by, word, lambda phrase: self._sign(word, reason, phrase), self
            )  # fmt: skip
            self.sign_dialog.open()
            return
        before = len(self.story.notices)
        self._do("The decision was not recorded", lambda: self.source.decide(word, reason, self.by))
        if len(self.story.notices) == before:
            self.review.reason.clear()

    def change_proposal(self) -> None:
        """Approve with changes: leave episodes out, or let less of it in. It is proposed anew."""
        if not self.proposal_waits():
            return
        self.change_dialog = changing(self.story.review.open_proposal, self.story, self)
        self.change_dialog.given.connect(lambda out, scale, why: self._do(
            "The proposal was not changed", lambda: self.source.change(why, self.by, leave_out=out, scale=scale)
        ))  # fmt: skip
        self.change_dialog.open()

    def forget(self) -> None:
        """Take the chosen episodes out of everything, for good."""
        numbers = [e.number for e in self.episodes.picked()]
        if not numbers or not self.can_forget():
            return
        dialog = asking.forgetting(len(numbers), self)
        dialog.given.connect(
            lambda why: self._do("Nothing was forgotten", lambda: self.source.forget(numbers, self.by, why))
        )
        self.forget_dialog = dialog
        dialog.open()

    def can_forget(self) -> bool:
        return self._open() and self.story.awake and bool(self.story.episodes)

    def _sign(self, word: str, reason: str, phrase: str) -> str:
        """Sign and decide; what went wrong comes back as a sentence, and the dialog stays."""
        try:
            self.source.decide_signed(word, reason, self.by, phrase)
        except (RuntimeError, ValueError, OSError, TimeoutError) as error:
            return str(error)
        self.review.reason.clear()
        return ""

    # ------------------------------------------------------------ help

    def keys(self) -> None:
        self.keys_dialog = asking.KeysDialog(self.look, self)
        self.keys_dialog.open()
