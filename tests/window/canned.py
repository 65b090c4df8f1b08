"""A mind's first day and night as an event list written by hand, and a source that tells it. No model, no record."""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections import deque

from observatory import resources
from observatory.protocol import events as ev
from observatory.protocol.days import read_day
from observatory.protocol.exams import read_exam

START = 1_767_600_000.0
LAYERS = range(6, 27)


def hash_(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


PARTS = ("curiosity", "focus", "fear", "chance")
BASE, AFTER, DELTA = hash_("base"), hash_("after"), hash_("delta")


def pieces(text: str) -> list[str]:
    return re.findall(r"\s?\w{1,6}|\s?[^\w\s]|\s", text)


def bits(text: str, seed: int = 0) -> list[float]:
    dice = random.Random(f"{text}{seed}")
    return [min(19.0, dice.expovariate(0.22) + (6.0 if piece.strip()[:1].isupper() else 0.0)) for piece in pieces(text)]


def ready(at: float = START) -> ev.MindReady:
    return ev.MindReady(
        at=at, model="SmolLM2-135M-Instruct", model_hash=hash_("model"), device="cpu", precision="bf16", threads=2,
        parameters=134_515_008, layers=30, width=576, vocabulary=49_152, code_units=4096, code_active=64, base=BASE,
        cortex=BASE, nights=[], versions={"torch": "2.13.0"}, load_s=1.4,
    )  # fmt: skip


def episode(number: int, text: str, **about) -> ev.EpisodeEncoded:
    kept = {
        "speaker": "user", "session": "", "lived_at": "", "goal": "", "outcome": None, "because": "",
        "source": "window", "line": 0, "at": START + number, "nearest": [],
    } | about  # fmt: skip
    dice = random.Random(number)
    code = sorted({*(n * 61 for n in range(8)), *dice.sample(range(0, 4096), 56)})
    return ev.EpisodeEncoded(
        episode=number, text=text, pieces=pieces(text), tokens=[1] * len(pieces(text)), surprise=bits(text),
        code=code, strengths=[0.4 + 3 * dice.random() for _ in code],
        novelty=0.5 + (number * 37 % 50) / 100, pass_ms=41.0, code_ms=2.0, **kept,
    )  # fmt: skip


def day() -> list[ev.Event]:
    out: list[ev.Event] = [ready(), ev.ModeChanged(at=START, mode="awake", why="ready")]
    for number, e in enumerate(read_day(resources.folder() / "days" / "first.jsonl").experiences, start=1):
        nearest = [
            ev.Overlap(episode=n, before=0.62 - 0.05 * k, after=0.16 / (k + 1), states=0.97 - 0.01 * k)
            for k, n in enumerate(range(number - 1, max(0, number - 9), -1))
        ]
        out.append(episode(
            number, e.text, speaker=e.speaker, session=e.session, lived_at=e.at, goal=e.goal, outcome=e.outcome,
            because=e.because, nearest=nearest,
        ))  # fmt: skip
        out.append(ev.EpisodeKept(episode=number))
    return out


def talk() -> list[ev.Event]:
    out: list[ev.Event] = []
    where = "Where does the spare key to Quill Lodge hang?"
    asked = (
        (1, where, "It hangs behind the barometer.", "whole", [(6, 0.91, 0.46)]),
        (2, "What does Bartholomew eat?", "He will only eat radishes.", "whole", [(4, 0.88, 0.39), (1, 0.31, 0.07)]),
        (3, "What is the capital of France?", "The capital of France is Paris.", "whole", []),
        (4, where, "The spare key hangs on a hook by the door.", "cortex", None),
    )
    for question, prompt, answer, memory, reads in asked:
        found = [ev.Read(episode=e, match=m, mass=a, weight=1.0) for e, m, a in reads or []]
        if reads is not None:
            out.append(ev.MemoryRead(
                question=question, cue=prompt, reads=found, candidates=found, novelty=0.2, sure=bool(found),
                why="" if found else "the best match, 0.12, is under the threshold of 0.30", search_ms=3.0, read_ms=9.0,
            ))  # fmt: skip
        for piece, cost in zip(pieces(answer), bits(answer, 1), strict=True):
            out.append(ev.AnswerPiece(question=question, piece=piece, surprise=cost))
        out.append(ev.Answered(
            at=START + 100 + question, question=question, prompt=prompt, answer=answer, memory=memory,
            pieces=pieces(answer), surprise=bits(answer, 1), reads=found, wall_ms=420.0, tokens_per_s=31.0,
        ))  # fmt: skip
    out.append(ev.CortexChecked(at=START + 110, cortex=BASE, unchanged=True, whole=True))
    return out


def _name(text: str) -> str:
    return " ".join(text.split()[:4]).rstrip(".,")


def night_opens(steps: int = 40, number: int = 1, episodes: int = 25) -> list[ev.Event]:
    told = [e for e in day() if isinstance(e, ev.EpisodeEncoded)][:episodes]
    out: list[ev.Event] = [
        ev.ModeChanged(at=START + 200, mode="asleep", why="a person asked for it"),
        ev.NightOpened(at=START + 200, night=number, seed=0, episodes=[e.episode for e in told], old_episodes=[],
                       steps=steps, cortex=BASE, arm="sleep", why="a person asked for it",
                       drives="curiosity=0.8,focus=0.1,fear=0.1"),
        ev.StageEntered(night=number, stage="propose", text="choosing from 25 episodes"),
    ]  # fmt: skip
    for e in told:
        mean = sum(e.surprise) / len(e.surprise)
        out.append(ev.EpisodeProposed(night=number, episode=e.episode, priority=mean / 8, bits_over_usual=mean - 4.2,
                                      why="more surprising than usual" if mean > 4.2 else "new today",
                                      curiosity=mean / 260, focus=0.004, fear=0.002, chance=0.006))  # fmt: skip
    out.append(ev.StageEntered(night=number, stage="rehearse", text="making old material"))
    said = {"chat": "Sure, a simple soup needs onions, carrots and time.", "plain": "The river had risen in the night.",
            "question": "What is the largest ocean? The Pacific."}  # fmt: skip
    for item in range(12):
        kind = tuple(said)[item % 3]
        out.append(ev.OldMaterial(night=number, item=item + 1, kind=kind, text=said[kind]))
    return out


def paper(when: ev.When, number: int = 1) -> ev.Examined:
    questions = read_exam(resources.folder() / "exams" / "first.jsonl")
    known = [ev.Question(prompt=p, answers=[a], kind="known") for p, a in KNOWN]
    answers = []
    for place, question in enumerate([*questions, *known]):
        if question.kind == "known":
            right = place % 9 != 4 if when == "before" else place % 9 not in (4, 7)
        else:
            right = place == 1 if when == "before" else place % 12 != 5
        said = question.answers[0] if right else "I am not sure, perhaps a small wooden box."
        answers.append(ev.ExamAnswer(question=question, answer=f"It is {said}.", right=right))
    scores: dict[str, ev.Score] = {}
    for kind in {a.question.kind for a in answers}:
        mine = [a for a in answers if a.question.kind == kind]
        scores[kind] = ev.Score(right=sum(a.right for a in mine), asked=len(mine))
    return ev.Examined(night=number, when=when, memory="cortex", scores=scores, answers=answers, wall_s=12.0)


KNOWN = [
    ("What is the capital of France?", "Paris"), ("How many days has a week?", "seven"),
    ("What do bees make?", "honey"),
    ("Which planet is called red?", "Mars"), ("What colour is snow?", "white"), ("Who wrote Hamlet?", "Shakespeare"),
    ("What is frozen water called?", "ice"), ("How many legs has a spider?", "eight"), ("What is not hot?", "cold"),
    ("Which animal barks?", "dog"), ("What is the largest ocean?", "Pacific"), ("In which country is Rome?", "Italy"),
]  # fmt: skip


def dreams(number: int = 1) -> list[ev.Event]:
    told = [e for e in day() if isinstance(e, ev.EpisodeEncoded)]
    out: list[ev.Event] = [
        ev.StageEntered(night=number, stage="exam", text="before anything moves"), paper("before", number),
        ev.Measured(night=number, when="before", perplexity=18.42, kl_from_base=0.0, perplexity_text="built-in"),
        ev.StageEntered(night=number, stage="dream", text="making up questions"),
    ]  # fmt: skip
    out += [dream(place, e, number) for place, e in enumerate(told)]
    out.append(ev.StageEntered(night=number, stage="replay", text="replaying the day"))
    return out


DROPPED = ("it could be about something else", "the episode does not say that", "the episode saves too few bits")


def dream(place: int, e: ev.EpisodeEncoded, number: int = 1) -> ev.DreamMade:
    """Two of three are kept, every fourth of those by chance; what is dropped before the open book has no bits."""
    kept, drawn = place % 3 != 2, "chance" if place % 4 == 1 else "best"
    scored = kept or place % 2
    without, with_ = (3.0 + place % 7 * 0.8, 0.4 + place % 5 * 0.3) if scored else (0.0, 0.0)
    if scored and not kept:
        without = with_ + 0.3
    because = "one of the best of its episode" if drawn == "best" else "drawn by chance, so that odd ones are kept too"
    return ev.DreamMade(
        night=number, dream=place + 1, episode=e.episode, prompt=f"What do you know about {_name(e.text)}?",
        target=e.text, kept=kept, support=0.9 - place % 25 / 40, why=because if kept else DROPPED[place % 3],
        answer=f"{_name(e.text)}, as it was told." if scored else "", with_bits=with_, without_bits=without,
        gain=without - with_, drawn=drawn if kept else "",
    )  # fmt: skip


def probed(step: int, of: int = 40, number: int = 1) -> ev.Probed:
    """What withheld cues bring back at a step: more of them the later it is."""
    recalled = round(25 * (step / of) ** 0.8)
    return ev.Probed(night=number, step=step, episodes=[
        ev.ProbedEpisode(
            episode=e.episode, worst=0.3 if place < recalled else 6.0 - 4 * step / of + place % 4,
            recalled=place < recalled, need=0.2 if place < recalled else 0.5 + place % 5 / 10,
            gain=0.1 if place < recalled else 1.0 + place % 7 / 3,
        )
        for place, e in enumerate(TOLD)
    ])  # fmt: skip


def weighed(number: int = 1, *, rank: bool = True) -> list[ev.Weighed]:
    """Both searches; `rank=False` is what recordings held before a night tried fewer directions."""
    out = []
    for scale, recall, kl, rise in ((1.0, 0.31, 0.052, 0.031), (0.9, 0.33, 0.041, 0.024), (0.8, 0.37, 0.033, 0.019),
                                    (0.65, 0.47, 0.024, 0.013), (0.55, 0.6, 0.02, 0.01)):  # fmt: skip
        objective = recall + 3 * kl + 10 * max(0.0, rise - 0.025)
        out.append(ev.Weighed(night=number, scale=scale, recall_loss=recall, old_kl=kl, text_rise=rise,
                              objective=objective, chosen=scale == 0.9))  # fmt: skip
    for kept, recall, kl in ((32, 0.33, 0.041), (24, 0.332, 0.037), (16, 0.34, 0.032), (12, 0.35, 0.028),
                             (8, 0.43, 0.025), (4, 0.7, 0.02)) if rank else ():  # fmt: skip
        bits_ = kept * 41_000.0
        out.append(ev.Weighed(
            night=number, scale=0.9, recall_loss=recall, old_kl=kl, text_rise=0.02, search="rank", kept=kept, of=32,
            objective=recall + 3 * kl + bits_ / 2e7, chosen=kept == 12, bits=bits_,
        ))  # fmt: skip
    return out


def watched(e: ev.EpisodeEncoded, step: int, of: int) -> ev.Watched:
    """A student who learns its words one by one, and a teacher who knows them."""
    cue = [" Tell", " me", " about", f" {_name(e.text)}", "."]
    said = pieces(e.text)
    dice, done = random.Random(step), step / of
    before = [min(0.97, max(0.01, done * 1.1 - 0.5 * dice.random())) for _ in said]
    after = [min(0.99, chance + 0.12 * dice.random()) for chance in before]
    return ev.Watched(
        pieces=[*cue, *said], places=list(range(len(cue), len(cue) + len(said))), before=before, after=after,
        teacher=[0.75 + 0.24 * dice.random() for _ in said],
        before_says=[piece if chance > 0.4 else " the" for piece, chance in zip(said, before, strict=True)],
        after_says=[piece if chance > 0.4 else " a" for piece, chance in zip(said, after, strict=True)],
        teacher_says=list(said), loss_after=0.9 * math.exp(-done), took_ms=40.0,
    )  # fmt: skip


def replay_step(step: int, of: int, number: int = 1, rows: int = 18) -> ev.ReplayStep:
    dice = random.Random(step)
    told = TOLD
    items = []
    for row in range(rows):
        e = told[(step * 7 + row) % len(told)]
        kind = ("episode", "episode", "dream", "old", "earlier")[row % 5]
        loss = 6.5 * math.exp(-3.0 * step / of) + dice.random() * 0.7
        cue = {"episode": f"Tell me about {_name(e.text)}.", "old": "Write a short note about soup."}.get(
            kind, f"What do you know about {_name(e.text)}?"
        )
        whose = None if kind == "old" else e.episode
        items.append(ev.ReplayItem(kind=kind, episode=whose, item=row % 12 + 1, cue=cue, loss=loss,
                                   worst=loss * 2.4, because="its withheld cue was still missed",
                                   drive="" if kind == "old" else PARTS[(step + row) % 4],
                                   watched=watched(e, step, of) if row == 0 else None))  # fmt: skip
    return ev.ReplayStep(
        at=START + 300 + step, night=number, step=step, of=of,
        loss=5.9 * math.exp(-3.2 * step / of) + 0.3 + 0.35 * dice.random(),
        kl=0.09 * (1 - math.exp(-5 * step / of)) * (0.75 + 0.5 * dice.random()), rate=3e-3 * (1 - step / of * 0.9),
        calm=0.02 * (1 - math.exp(-6 * step / of)), tokens=640, step_s=1.9, grad_norm=1.2 + dice.random(), items=items,
    )  # fmt: skip


def progress(step: int, of: int, number: int = 1) -> ev.NightProgress:
    return ev.NightProgress(night=number, stage="replay", done=step, of=of, fraction=0.25 + 0.55 * step / of,
                            left_s=(of - step) * 2.1 + 60, text="")  # fmt: skip


def steps(upto: int = 40, of: int = 40, number: int = 1) -> list[ev.Event]:
    out: list[ev.Event] = []
    for step in range(1, upto + 1):
        out += [replay_step(step, of, number), progress(step, of, number)]
        if step % 5 == 0:
            out.append(probed(step, of, number))
    return out


def proposal(number: int = 1) -> ev.Proposal:
    drift = {}
    for layer in LAYERS:
        for place, part in enumerate(("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj")):
            drift[f"model.layers.{layer}.{part}"] = 0.012 + 0.02 * math.exp(-(((layer - 13) / 5) ** 2)) + 0.004 * place
    return ev.Proposal(
        night=number, delta=DELTA, file=f"deltas/night-{number:04d}-{DELTA[:12]}.safetensors", cortex_before=BASE,
        cortex_after=AFTER, scale=0.9, rank=12, norm=14.2, drift=drift, episodes=list(range(1, 26)), steps=40,
        tokens=25_600, bytes=27_400_000,
    )  # fmt: skip


def gate(number: int = 1) -> list[ev.Event]:
    before, after = paper("before", number), paper("after", number)
    return [
        ev.StageEntered(night=number, stage="weigh", text="how much of it to keep"),
        *weighed(number),
        ev.StageEntered(night=number, stage="exam", text="after"), after,
        ev.Measured(night=number, when="after", perplexity=18.11, kl_from_base=0.021, perplexity_text="built-in"),
        ev.StageEntered(night=number, stage="gate", text="asking for leave"),
        ev.Proposed(at=START + 500, proposal=proposal(number), recall_before=before.scores, recall_after=after.scores,
                    perplexity_before=18.42, perplexity_after=18.11, kl_before=0.0, kl_after=0.021),
    ]  # fmt: skip


def committed(number: int = 1) -> list[ev.Event]:
    p = proposal(number)
    return [
        ev.Decided(at=START + 520, night=number, delta=DELTA, decision="approve", by="Ada", reason="little was lost"),
        ev.NightCommitted(at=START + 521, night=number, delta=DELTA, file=p.file, cortex_before=BASE,
                          cortex_after=AFTER, wall_s=320.0),
        ev.NightClosed(at=START + 522, night=number, ended="committed", cortex=AFTER, why="approved", wall_s=322.0,
                       steps=40, tokens=25_600, peak_rss_mb=2900.0),
        ev.ModeChanged(at=START + 522, mode="awake", why="the night is over"),
    ]  # fmt: skip


def retained(number: int = 1, faded: tuple[int, ...] = ()) -> ev.Retained:
    """After a night on the first day: some of it strong, some gone."""
    rows = []
    for episode in range(1, 26):
        gone = episode in faded
        rows.append(ev.Retention(
            episode=episode, hippocampal=0.0 if gone else 0.35 + (episode * 29 % 60) / 100,
            cortical=0.3 + (episode * 17 % 40) / 100, held=not gone,
        ))  # fmt: skip
    return ev.Retained(at=START + 522, night=number, episodes=rows, faded=list(faded))


def at_the_gate() -> list[ev.Event]:
    return [*day(), *talk(), *night_opens(), *dreams(), *steps(), *gate()]


def whole_story() -> list[ev.Event]:
    return [*at_the_gate(), *committed()]


def why(nights: int = 1) -> ev.Explained:
    """Why the first answer that was learnt is given: the last of the nights carries it."""
    known = {(a.question.prompt, a.question.kind): a.right for a in paper("before").answers}
    learnt = next(a for a in paper("after").answers if a.right and not known[a.question.prompt, a.question.kind])
    parts = pieces(learnt.answer)
    bits_ = [0.2 + 0.1 * (place % 3) for place in range(len(parts))]
    telling = max(range(len(parts)), key=lambda place: len(parts[place]))
    dear = [9.4 if place == telling else b for place, b in enumerate(bits_)]
    return ev.Explained(
        prompt=learnt.question.prompt, answer=learnt.answer, memory="cortex", pieces=parts, bits=bits_,
        base=ev.Without(bits=[b + 1.0 for b in dear], says="I am sorry, I do not know that."), reads=[],
        nights=[
            ev.WithoutNight(night=n, bits=dear if n == nights else bits_,
                            says="I am not sure." if n == nights else learnt.answer)
            for n in range(1, nights + 1)
        ],
        telling=telling, lens_night=nights, wall_s=2.0,
        lens=[
            ev.LensLayer(layer=n, before_bits=15.5 - 0.2 * n, after_bits=max(0.3, 15.3 - 0.02 * n * n),
                         before_word="a", after_word=parts[telling].strip() if n > 26 else "the")
            for n in range(1, 31)
        ],
    )  # fmt: skip


def nights(many: int) -> list[ev.Event]:
    """Several nights, each of which keeps less of the earlier days than of its own."""
    out = [*day()]
    for number in range(1, many + 1):
        asked = []
        for taught in range(1, many + 1):
            for place in range(20):
                question = ev.Question(
                    prompt=f"What did day {taught} say of thing {place}?", answers=[f"this {place}"], kind="direct",
                    day=taught,
                )  # fmt: skip
                right = taught <= number and place >= 2 * (number - taught)
                asked.append(ev.ExamAnswer(question=question, answer=f"this {place}" if right else "no", right=right))
        for place, (prompt, said) in enumerate(KNOWN):
            question = ev.Question(prompt=prompt, answers=[said], kind="known")
            right = not (place == 4 and number >= 2)
            asked.append(ev.ExamAnswer(question=question, answer=said if right else "mud", right=right))
        before = [
            ev.ExamAnswer(question=a.question, answer=a.question.answers[0], right=True) for a in asked
            if a.question.kind == "known"
        ]  # fmt: skip
        out += night_opens(number=number)
        if number == 1:
            out.append(ev.Examined(night=1, when="before", memory="cortex", scores={}, answers=before, wall_s=1.0))
        out.append(ev.Examined(night=number, when="after", memory="cortex", scores={}, answers=asked, wall_s=1.0))
        out += [e for e in [*gate(number), *committed(number)] if not isinstance(e, ev.Examined)]
    return out


TOLD = [e for e in day() if isinstance(e, ev.EpisodeEncoded)]


class State:
    mind_silent_s: float | None = 0.1
    read_only = False
    phase = "ready"
    problem = ""


class Put:
    """A question to the record that a test answers when it likes."""

    def __init__(self):
        self.answer, self.cancelled = None, False

    @property
    def done(self):
        return self.answer is not None

    def cancel(self):
        self.cancelled = True


class Canned:
    """A source that hands out what it is given and remembers what was asked of it."""

    def __init__(self, events=()):
        self.waiting: deque[ev.Event] = deque(events)
        self.asked_of: list[tuple] = []
        self.state = State()
        self.started = self.closed = False
        self.refuse = self.phrase = ""
        self._episode, self._question = 100, 100

    def start(self) -> None:
        self.started = True

    def give(self, *events: ev.Event) -> None:
        self.waiting.extend(events)

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]:
        given = [self.waiting.popleft() for _ in range(min(len(self.waiting), 2000))]
        return given

    def _note(self, *what) -> None:
        if self.refuse:
            raise RuntimeError(self.refuse)
        self.asked_of.append(what)

    def tell(self, text, **about):
        self._note("tell", text, about)
        self._episode += 1
        return self._episode

    def ask(self, text, memory="whole"):
        self._note("ask", text, memory)
        self._question += 1
        return self._question

    def change(self, reason, by, *, leave_out=(), scale=1.0):
        self._note("change", list(leave_out), scale, reason, by)

    def forget(self, episodes, by, why):
        self._note("forget", list(episodes), by, why)
        return []

    def signs(self, by):
        return bool(self.phrase)

    def decide_signed(self, decision, reason, by, phrase):
        if phrase != self.phrase:
            raise RuntimeError("It was not signed: the key does not open with this pass phrase.")
        self._note("decide signed", decision, reason, by)

    def explain(self, text, answer, memory="cortex", style="chat"):
        self._note("explain", text, answer, memory, style)

    def feedback(self, episode, outcome, because=""):
        self._note("feedback", episode, outcome, because)

    def mark(self, episodes, mark, on, by):
        self._note("mark", list(episodes), mark, on, by)
        self.give(ev.EpisodesMarked(episodes=list(episodes), mark=mark, on=on, by=by))

    def sql(self, text):
        self._note("sql", text)
        self.put = Put()
        return self.put

    def export(self, target, text, values=None):
        self._note("export", target, text, values)
        self.put = Put()
        return self.put

    def set_goal(self, goal):
        self._note("set_goal", goal)

    def not_now(self):
        self._note("not_now")

    def sleep(self, exam=(), plan=None, why=""):
        self._note("sleep", list(exam), plan, why)
        return 1

    def resume_night(self, *_):
        self._note("resume_night")

    def wake_again(self):
        self._note("wake_again")

    def pause(self):
        self._note("pause")

    def run(self):
        self._note("run")

    def step(self, unit="step"):
        self._note("step", unit)

    def run_until(self, condition):
        self._note("run_until", condition)

    def watch(self, conditions):
        self._note("watch", list(conditions))

    def decide(self, decision, reason, by):
        self._note("decide", decision, reason, by)

    def veto_night(self, reason, by):
        self._note("veto_night", reason, by)

    def rows(self, name, **params):
        return []

    def close(self, timeout_s=5.0):
        self.closed = True


def beat(mode: ev.Mode = "awake", paused: bool = False) -> ev.Heartbeat:
    return ev.Heartbeat(mode=mode, busy="", rss_mb=1400.0, peak_rss_mb=2900.0, paused=paused)
