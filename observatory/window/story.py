"""The story so far: every event folded into plain state, from which all docks are drawn.

Stored history and live events come through the same `take`. What changed is noted by topic, so that
a view repaints only when something in it is new. Knows no Qt and no clock but the events' own.
"""

from __future__ import annotations

from collections import Counter

from ..protocol import events as ev
from .forgotten import FORGETTING
from .lived import Episode, Moment, Night, Turn, key
from .remembering import REMEMBERING, Remembering
from .steering import STEERING, Steering

TOPICS = (
    "talk", "episodes", "night", "dreams", "weighing", "review", "drives", "state", "governor", "encoding", "replays",
    "drift", "exam", "views", "breakpoints", "log", "welcome", "status", "notices",
)  # fmt: skip


class Story(Steering, Remembering):
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
        self.nights: dict[int, Night] = {}
        self.explained: dict[tuple[str, str, ev.Memory], ev.Explained] = {}
        """Why an answer is given, by question, answer and memory; of a cortex that has moved since it is not kept."""
        self.explaining: ev.Explaining | None = None
        self.notices: list[ev.Notice] = []
        self.past = ""
        """Why nothing can be told or asked here, where this is not now: a moment travelled to, or a recording."""
        self.taken = 0
        self.changed = set(TOPICS)
        self._questions: dict[int, Turn] = {}
        self._known: dict[tuple[str, str, str], ev.ExamAnswer] = {}

    # ------------------------------------------------------------ what is asked of it

    @property
    def night(self) -> Night | None:
        return self.nights[max(self.nights)] if self.nights else None

    @property
    def asleep(self) -> bool:
        night = self.night
        return bool(night and night.open)

    def drawn_by(self, episode: int) -> Counter[str]:
        """How often each drive has drawn it in the newest night."""
        return self.night.drawn_by.get(episode, Counter()) if self.night is not None else Counter()

    @property
    def interrupted(self) -> Night | None:
        """A night that a crash or a closed window cut short, if it is the last one."""
        night = self.night
        ended = night.closed.ended if night and night.closed else ""
        return night if night and (night.cut or ended == "interrupted") else None

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

    @property
    def review(self) -> Night | None:
        """The newest night that has put something up for review."""
        return next((self.nights[n] for n in sorted(self.nights, reverse=True) if self.nights[n].proposed), None)

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

    # night

    def _opened(self, e: ev.NightOpened) -> None:
        before = self.nights.get(e.night)
        night = self.nights[e.night] = Night(e)
        if before is not None and e.resumed_from_step:
            night.go_on_from(before)
        night.before = dict(before.before if before is not None else self._known)
        self.paused, self.sleep_proposed = False, None
        if self.moments and self.moments[-1].mode == "asleep" and not self.moments[-1].decision:
            self.moments[-1] = Moment("asleep", night=e.night)
        self.changed |= {"night", "dreams", "weighing", "review", "drives", "governor", "status", "notices", "talk"}
        self.changed.add("replays")

    def _of(self, number: int, *topics: str) -> Night | None:
        self.changed.update(topics)
        return self.nights.get(number)

    def _stage(self, e: ev.StageEntered) -> None:
        if night := self._of(e.night, "night", "dreams", "weighing", "status"):
            night.stage, night.stage_text = e.stage, e.text
            if e.stage not in night.met:
                night.met.append(e.stage)

    def _progress(self, e: ev.NightProgress) -> None:
        if night := self._of(e.night, "night"):
            night.progress = e
            night.stage = night.stage or e.stage

    def _chosen(self, e: ev.EpisodeProposed) -> None:
        if night := self._of(e.night, "night"):
            night.chosen.append(e)

    def _old(self, e: ev.OldMaterial) -> None:
        if night := self._of(e.night, "night"):
            night.old.append(e)

    def _dream(self, e: ev.DreamMade) -> None:
        if night := self._of(e.night, "dreams"):
            night.dreams.append(e)

    def _step(self, e: ev.ReplayStep) -> None:
        if night := self._of(e.night, "night", "drives", "replays"):
            night.steps.append(e)
            night.replay(e.step, e.items)

    def _probed(self, e: ev.Probed) -> None:
        if night := self._of(e.night, "night", "replays"):
            night.probes.append(e)

    def _weighed(self, e: ev.Weighed) -> None:
        if night := self._of(e.night, "weighing"):
            night.weighed.append(e)

    def _examined(self, e: ev.Examined) -> None:
        night = self._of(e.night, "review", "night")
        if night is None:
            return
        self.changed.add("exam")
        if e.memory == "whole":
            night.whole[e.when] = e
            return
        paper = {key(a.question): a for a in e.answers}
        (night.before if e.when == "before" else night.after).update(paper)
        if e.when == "before":
            self._known.update(paper)

    def _explaining(self, e: ev.Explaining) -> None:
        self.explaining = e
        self.changed.add("exam")

    def _explained(self, e: ev.Explained) -> None:
        self.explaining = None
        self.explained[e.prompt, e.answer, e.memory] = e
        self.changed.add("exam")

    def _proposed(self, e: ev.Proposed) -> None:
        if night := self._of(e.proposal.night, "review", "night", "status"):
            night.proposed = e
            self._listens()

    def _decided(self, e: ev.Decided) -> None:
        if night := self._of(e.night, "review", "night", "status"):
            night.decisions.append(e)

    def _committed(self, e: ev.NightCommitted) -> None:
        self.explained.clear()
        self.cortex = e.cortex_after
        if night := self._of(e.night, "review", "night", "status", "episodes", "talk"):
            night.committed = e
            self._known.update(night.after)
            for number in night.opened.episodes:
                if number in self.by_number:
                    self.by_number[number].nights.append(e.night)
            self._rank_again()
            self.changed.add("state")

    def _closed(self, e: ev.NightClosed) -> None:
        self.cortex, self.paused = e.cortex or self.cortex, False
        if self.mode == "asleep":
            self.mode = "awake" if self.ready is not None and self.lost is None else "waiting"
            self._moment()
        self._listens()
        if night := self._of(e.night, "review", "night", "drives", "state", "status", "talk", "notices"):
            night.closed = e

    def _rolled_back(self, e: ev.RolledBack) -> None:
        self.explained.clear()
        self.changed.add("exam")
        self.cortex = e.cortex
        self.changed |= {"episodes", "review", "night", "status"}
        for number in e.nights:
            if number in self.nights:
                self.nights[number].rolled_back = True
        gone = set(e.nights)
        for episode in self.episodes:
            episode.nights = [n for n in episode.nights if n not in gone]
        self._rank_again()

    def _retained(self, e: ev.Retained) -> None:
        self.changed.add("episodes")
        self.retained.append(e)
        self._rank_again()
        for each in e.episodes:
            if episode := self.by_number.get(each.episode):
                episode.retention = each
                if each.held:
                    episode.faded = None
                elif episode.faded is None:
                    episode.faded = e.night


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
    ev.NightOpened: Story._opened,
    ev.StageEntered: Story._stage,
    ev.NightProgress: Story._progress,
    ev.EpisodeProposed: Story._chosen,
    ev.OldMaterial: Story._old,
    ev.DreamMade: Story._dream,
    ev.ReplayStep: Story._step,
    ev.Probed: Story._probed,
    ev.Weighed: Story._weighed,
    ev.Examined: Story._examined,
    ev.Explaining: Story._explaining,
    ev.Explained: Story._explained,
    ev.Proposed: Story._proposed,
    ev.Decided: Story._decided,
    ev.NightCommitted: Story._committed,
    ev.NightClosed: Story._closed,
    ev.RolledBack: Story._rolled_back,
    ev.Retained: Story._retained,
    **STEERING,
    **REMEMBERING,
    **FORGETTING,
}
