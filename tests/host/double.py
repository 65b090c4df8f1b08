"""A mind without a brain: speaks the protocol of the real one, instantly, for tests of the host.

Its cortex is a hash, its delta a line of text, and it knows what it was taught; it knows no language.

`OBSERVATORY_DOUBLE` (words with spaces between) makes it misbehave: `stubborn` ignores Leave, end of file and
SIGTERM, `deaf` ignores Leave alone, `has-a-child` starts a process of its own, `prints` prints, `silent` never
beats, `dies-at-step-N`, `dies-on-tell` and `dies-after-commit` kill themselves there, `raises` fails at once,
`no-model` reports a missing model, `garbage` sends what is no event, `waits-at-step-N` stands still there until a
command comes, `slow-night` takes a twentieth of a second a step, `learns-nothing` gains nothing, `forgets` lets go
of whatever a committed night taught, `dies-on-feedback` kills itself there. `tired-after-N` has its governor propose
sleep once N episodes wait for a night (`carefully`: with a preset), and `observes` has it store nothing twice.
`held-at-step-N` pauses there by itself. `dies-on-word` kills itself when it hears what was decided at the gate.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from observatory.protocol import commands as c
from observatory.protocol import events as e
from observatory.protocol import wire
from observatory.protocol.durable import write

BASE = "b" * 64
STEPS = 6


def run(connection) -> None:
    Double(connection).live()


def digest(*parts) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


class Double:
    def __init__(self, connection):
        self.connection = connection
        self.words = os.environ.get("OBSERVATORY_DOUBLE", "").split()
        self.mode, self.cortex, self.settings = "waiting", BASE, None
        self.texts: dict[int, str] = {}
        self.taught: set[int] = set()
        self.nights: list[int] = []
        self.ended: list[int] = []
        self.faded: set[int] = set()
        self.answered_before = False
        self.paused = False
        self.pipe_lock = threading.Lock()

    def tell(self, event) -> None:
        with self.pipe_lock:
            self.connection.send_bytes(wire.pack(event))

    def live(self) -> None:
        if "stubborn" in self.words:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if "garbage" in self.words:
            self.connection.send_bytes(b"no event at all")
        if "has-a-child" in self.words:
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        if "prints" in self.words:
            print("said aloud")
        if "raises" in self.words:
            raise ZeroDivisionError("the double was told to fail")
        if "silent" not in self.words:
            threading.Thread(target=self.beat, daemon=True).start()
        while True:
            try:
                command = wire.command(self.connection.recv_bytes())
            except EOFError:
                if "stubborn" in self.words:
                    time.sleep(600)
                return
            if isinstance(command, c.Leave):
                if {"stubborn", "deaf"} & set(self.words):
                    continue
                self.tell(e.ModeChanged(at=time.time(), mode="leaving", why="asked to leave"))
                return
            self.obey(command)

    def beat(self) -> None:
        while True:
            try:
                with self.pipe_lock:
                    # Made under the lock, so that a beat from before a pause cannot arrive after it.
                    beat = e.Heartbeat(
                        at=time.time(), mode=self.mode, busy="", rss_mb=10.0, peak_rss_mb=12.0, paused=self.paused
                    )  # fmt: skip
                    self.connection.send_bytes(wire.pack(beat))
            except OSError:
                return
            time.sleep(0.1)

    def obey(self, command) -> None:
        match command:
            case c.Wake():
                self.wake(command.settings)
            case c.Restore():
                for episode in command.episodes:
                    self.texts[episode.episode] = episode.text
                    if episode.nights:
                        self.taught.add(episode.episode)
                    (self.faded.discard if episode.held else self.faded.add)(episode.episode)
            case c.Tell():
                self.encode(command)
            case c.Ask():
                self.answer(command)
            case c.Feedback():
                self.feel(command)
            case c.SetGoal():
                self.tell(e.GoalSet(at=time.time(), goal=command.goal))
            case c.Sleep():
                self.sleep(command)
            case c.Relive():
                self.relive(command)
            case c.RankCanaries():
                known = {self.texts[n] for n in self.taught & self.texts.keys()}
                for one in command.canaries:
                    rank = 1 if one.text in known else 57
                    self.tell(e.CanaryRanked(
                        at=time.time(), episode=one.episode, when=command.when, rank=rank, of=command.among,
                        cortex=self.cortex,
                    ))  # fmt: skip
            case c.RollBack():
                self.cortex = command.accepted[-1].cortex_after if command.accepted else BASE
                nights = [n for n in self.nights if n > command.to_night]
                self.nights = [a.night for a in command.accepted]
                self.taught -= set(self.texts)
                self.retain(0, set())
                self.tell(
                    e.RolledBack(
                        at=time.time(), to_night=command.to_night, nights=nights, cortex=self.cortex, why=command.why
                    )
                )

    def relive(self, order) -> None:
        if f"dies-reliving-{order.part}" in self.words:
            os.kill(os.getpid(), signal.SIGKILL)
        if order.begin:
            self.texts, self.taught, self.nights, self.cortex = {}, set(), [], BASE
        for step in order.steps:
            if isinstance(step, c.Tell):
                self.texts[step.episode] = step.text
            elif isinstance(step, c.NightBehind) and step.accepted is not None:
                assert step.accepted.cortex_before == self.cortex, "the nights do not follow one another"
                self.cortex = step.accepted.cortex_after
                self.nights.append(step.night)
                self.taught |= set(step.episodes)
        if order.gone:
            self.tell(e.RolledBack(
                at=time.time(), to_night=order.back_to, nights=order.gone, cortex=self.cortex, why=order.why
            ))  # fmt: skip
        self.tell(e.Relived(at=time.time(), part=order.part, cortex=self.cortex))

    def wake(self, settings) -> None:
        self.settings, self.ended = settings, list(settings.ended)
        if "no-model" in self.words:
            self.tell(
                e.Notice(
                    at=time.time(), level="error", title="No model", text="there is no model here",
                    remedy="install one", action="choose-model",
                )
            )  # fmt: skip
            return
        for delta in settings.accepted:
            assert delta.cortex_before == self.cortex, "the deltas do not follow one another"
            self.cortex = delta.cortex_after
        self.nights = [a.night for a in settings.accepted]
        self.mode = "awake"
        self.tell(
            e.MindReady(
                at=time.time(), model="double", model_hash="d" * 64, device="cpu", precision="float32", threads=1,
                parameters=1, layers=1, width=1, vocabulary=256, code_units=64, code_active=1, base=BASE,
                cortex=self.cortex, nights=[a.night for a in settings.accepted], versions={"double": "1"}, load_s=0.0,
            )
        )  # fmt: skip

    def encode(self, t) -> None:
        if "dies-on-tell" in self.words:
            os.kill(os.getpid(), signal.SIGKILL)
        alike = next((n for n, text in self.texts.items() if text == t.text), None)
        if "observes" in self.words and alike is not None:
            self.tell(e.EpisodeObserved(at=time.time(), episode=t.episode, like=alike, text=t.text, why="told before"))
            self.govern(t)
            return
        self.texts[t.episode] = t.text
        tokens = list(t.text.encode())[:32]
        self.tell(
            e.EpisodeEncoded(
                at=time.time(), episode=t.episode, text=t.text, speaker=t.speaker, session=t.session,
                lived_at=t.lived_at or "2026-01-01T00:00:00Z", goal=t.goal, outcome=t.outcome, because=t.because,
                source=t.source, line=t.line, pieces=[chr(x) for x in tokens], tokens=tokens,
                surprise=[1.0] * len(tokens), code=[1], novelty=1.0, nearest=[], pass_ms=1.0, code_ms=0.1,
            )
        )  # fmt: skip
        self.govern(t)

    def feel(self, said) -> None:
        if "dies-on-feedback" in self.words:
            os.kill(os.getpid(), signal.SIGKILL)
        tokens = list(said.because.encode())
        self.tell(
            e.FeedbackGiven(
                at=time.time(), episode=said.episode, outcome=said.outcome, because=said.because,
                pieces=[chr(x) for x in tokens], tokens=tokens, surprise=[2.0] * len(tokens), code=[2],
            )
        )  # fmt: skip
        self.look()

    def look(self) -> None:
        self.tell(e.CortexChecked(at=time.time(), cortex=self.cortex, unchanged=True, whole=False))

    def govern(self, t) -> None:
        """What the governor says of sleep when something was told; then the turn is over."""
        tired = next((int(word.rsplit("-", 1)[1]) for word in self.words if word.startswith("tired-after-")), None)
        waiting = len(self.texts.keys() - self.taught)
        if tired is not None:
            self.tell(
                e.GovernorDecided(
                    at=time.time(), on="told", choice="propose sleep" if waiting >= tired else "stay awake",
                    rule="tired", why=f"{waiting} episodes wait.", states=e.MetaStates(), table="t" * 64,
                    lived_at=t.lived_at, episode=t.episode, preset="careful" if "carefully" in self.words else "",
                )
            )  # fmt: skip
        self.look()

    def answer(self, a) -> None:
        for piece in ("I ", "know"):
            self.tell(e.AnswerPiece(at=time.time(), question=a.question, piece=piece, surprise=0.5))
        self.tell(
            e.Answered(
                at=time.time(), question=a.question, prompt=a.text, answer="I know", memory=a.memory,
                pieces=["I ", "know"], surprise=[0.5, 0.5], reads=[], wall_ms=1.0, tokens_per_s=10.0,
            )
        )  # fmt: skip

    # ------------------------------------------------------------ a night

    def sleep(self, s) -> None:
        self.mode, started = "asleep", time.monotonic()
        self.tell(
            e.NightOpened(
                at=time.time(), night=s.night, seed=s.seed, episodes=s.episodes, old_episodes=s.old_episodes,
                steps=STEPS, cortex=self.cortex, arm=s.plan.arm, why=s.why, resumed_from_step=3 if s.resume else 0,
                drives=s.plan.drives.said(),
            )
        )  # fmt: skip
        if not self.answered_before or s.plan.arm in ("none", "retrieval"):
            self.examine(s, "before", self.taught)
            self.answered_before = True
        for step in range(3 if s.resume else 0, STEPS):
            ended = self.step(s, step)
            if ended is not None:
                return self.close(s, *ended, started, step)
        self.examine(s, "after", self.taught if "learns-nothing" in self.words else self.taught | set(s.episodes))
        proposal = self.propose(s)
        self.wait_for_word(s, proposal, started)

    def step(self, s, step):
        if f"dies-at-step-{step}" in self.words and not s.resume:
            os.kill(os.getpid(), signal.SIGKILL)
        self.tell(e.StageEntered(at=time.time(), night=s.night, stage="replay", text=f"step {step}"))
        self.tell(
            e.NightProgress(
                at=time.time(), night=s.night, stage="replay", done=step, of=STEPS, fraction=step / STEPS, left_s=1.0
            )
        )
        if "slow-night" in self.words:
            time.sleep(0.05)
        if f"waits-at-step-{step}" in self.words:
            self.connection.poll(None)
        if f"held-at-step-{step}" in self.words:
            self.paused = True
            why = "“Watchman” asks for it: the loss is 9"
            self.tell(e.Paused(at=time.time(), night=s.night, step=step, stage="replay", why=why))
        while self.paused or self.connection.poll(0):
            try:
                command = wire.command(self.connection.recv_bytes())
            except EOFError:
                os._exit(0)
            if "dies-on-word" in self.words and isinstance(command, c.VetoNight):
                os.kill(os.getpid(), signal.SIGKILL)
            match command:
                case c.Pause():
                    self.paused = True
                    self.tell(e.Paused(at=time.time(), night=s.night, step=step, stage="replay"))
                case c.Resume():
                    self.paused = False
                    self.tell(e.Resumed(at=time.time(), night=s.night, step=step))
                case c.StepOnce():
                    return None
                case c.VetoNight(by=by, reason=reason):
                    return "vetoed", f"{by}: {reason}", self.cortex
                case c.Leave():
                    os._exit(0)
        return None

    def examine(self, s, when: str, known: set[int]) -> None:
        for memory in ("cortex", "whole") if s.plan.exam_whole else ("cortex",):
            answers, scores = [], {}
            in_reach = self.texts if memory == "whole" else known
            for question in s.exam:
                taught = any(question.answers[0].casefold() in self.texts[i].casefold() for i in in_reach)
                right = question.kind == "known" or taught
                answers.append(
                    e.ExamAnswer(question=question, answer=question.answers[0] if right else "?", right=right)
                )
                score = scores.get(question.kind, e.Score(right=0, asked=0))
                scores[question.kind] = e.Score(right=score.right + right, asked=score.asked + 1)
            self.scores = scores
            self.tell(
                e.Examined(
                    at=time.time(), night=s.night, when=when, memory=memory, scores=scores, answers=answers, wall_s=0.0
                )
            )
            if memory == "cortex":
                setattr(self, f"{when}_scores", scores)
        self.tell(
            e.Measured(
                at=time.time(), night=s.night, when=when, perplexity=20.0 if when == "before" else 20.2,
                kl_from_base=0.0, perplexity_text="double",
            )
        )  # fmt: skip

    def propose(self, s, scale: float = 0.5):
        after = digest(self.cortex, s.night, s.seed, [self.texts.get(n) for n in s.episodes], scale)
        delta = digest(f"delta {after}")
        file = f"night-{s.night:04d}-{delta[:12]}.safetensors"
        if self.settings.deltas_folder:
            write(Path(self.settings.deltas_folder) / file, f"delta {after}".encode())
        proposal = e.Proposal(
            night=s.night, delta=delta, file=file, cortex_before=self.cortex, cortex_after=after, scale=scale, rank=2,
            norm=1.5, drift={"layer 0": 0.1}, episodes=s.episodes, steps=STEPS, tokens=100, bytes=64,
        )  # fmt: skip
        self.tell(
            e.Proposed(
                at=time.time(), proposal=proposal, recall_before=getattr(self, "before_scores", {}),
                recall_after=getattr(self, "after_scores", {}), perplexity_before=20.0, perplexity_after=20.2,
                kl_before=0.0, kl_after=0.01,
            )
        )  # fmt: skip
        return proposal

    def wait_for_word(self, s, proposal, started) -> None:
        while True:
            try:
                command = wire.command(self.connection.recv_bytes())
            except EOFError:
                os._exit(0)
            if "dies-on-word" in self.words and isinstance(command, c.Decide):
                os.kill(os.getpid(), signal.SIGKILL)
            match command:
                case c.VetoNight(changed=True, reason=reason):
                    return self.close(s, "changed", reason, self.cortex, started, STEPS)
                case c.ScaleDown(scale=scale):
                    proposal = self.propose(s, 0.5 * scale)
                case c.Decide(decision="approve", delta=delta):
                    assert delta == proposal.delta
                    self.tell(
                        e.NightCommitted(
                            at=time.time(), night=s.night, delta=delta, file=proposal.file,
                            cortex_before=proposal.cortex_before, cortex_after=proposal.cortex_after, wall_s=0.0,
                        )
                    )  # fmt: skip
                    if "dies-after-commit" in self.words:
                        os.kill(os.getpid(), signal.SIGKILL)
                    self.taught |= set(s.episodes)
                    self.nights.append(s.night)
                    return self.close(s, "committed", "approved", proposal.cortex_after, started, STEPS)
                case c.Decide(decision="veto", reason=reason) | c.VetoNight(reason=reason):
                    return self.close(s, "vetoed", reason, self.cortex, started, STEPS)
                case c.Decide(decision="hold"):
                    continue
                case c.Leave():
                    os._exit(0)

    def close(self, s, ended, why, cortex, started, steps) -> None:
        self.cortex, self.mode = cortex, "awake"
        self.tell(
            e.NightClosed(
                at=time.time(), night=s.night, ended=ended, cortex=cortex, why=why,
                wall_s=time.monotonic() - started, steps=steps, tokens=100, peak_rss_mb=12.0,
            )
        )  # fmt: skip
        if ended in ("committed", "vetoed"):
            self.ended.append(s.night)
            self.retain(s.night, self.taught - self.faded if "forgets" in self.words else set())

    def retain(self, night: int, faded: set[int]) -> None:
        self.faded |= faded
        told = [
            e.Retention(
                episode=n, hippocampal=0.0 if n in self.faded else 0.5, cortical=0.6 if n in self.taught else 0.0,
                held=n not in self.faded,
            )
            for n in sorted(self.texts)
        ]  # fmt: skip
        for n in sorted(faded):
            self.tell(e.TraceKept(at=time.time(), night=night, episode=n, cue=f"cue {n}?", answer=f"answer {n}"))
        self.tell(e.Retained(at=time.time(), night=night, episodes=told, faded=sorted(faded)))
