"""What steers a canned mind, written by hand: scores, goal, latent states, the governor's decisions. No model."""

from __future__ import annotations

import math
import random

import msgspec

from observatory.protocol import events as ev
from tests.window import canned
from tests.window.canned import START, TOLD

TABLE = canned.hash_("rules")
GOAL = "Find out what keeps the bees of Trondheim alive"


def score(episode: int, **about) -> ev.EpisodeScore:
    """Scores that differ from episode to episode: every fourth is feared, every fifth is near the goal."""
    dice = random.Random(episode)
    feared, near = episode % 4 == 0, episode % 5 == 1
    found = {
        "curiosity": round(0.3 + 2.2 * dice.random() ** 2, 3), "focus": round(1.4 if near else 0.35 * dice.random(), 3),
        "fear": round(0.9 if feared else 0.12 * dice.random(), 3),
        "why": "it went badly, and might again" if feared else "close to the goal" if near
        else "its words cost more bits than usual", "bits_over": round(6 * dice.random() - 1.5, 2),
        "error": round(2.5 * dice.random(), 2), "relevance": 0.7 if near else round(0.3 * dice.random(), 2),
        "value": -0.6 if feared else 0.2, "tail": -0.9 if feared else -0.1, "twin_of": 3 if episode == 23 else None,
    }  # fmt: skip
    return ev.EpisodeScore(episode=episode, **found | about)


def scored(numbers=range(1, 26), why: str = "the goal changed", goal: str = GOAL) -> ev.EpisodesScored:
    return ev.EpisodesScored(goal=goal, why=why, episodes=[score(n) for n in numbers], took_ms=3.0)


def distribution(value: float, wide: float = 0.22) -> list[float]:
    at = [-1 + 2 * n / (ev.VALUE_BINS - 1) for n in range(ev.VALUE_BINS)]
    weight = [math.exp(-(((x - value) / wide) ** 2)) + 0.12 * math.exp(-(((x + 0.7) / 0.12) ** 2)) for x in at]
    return [w / sum(weight) for w in weight]


def moved(episode: int, session: str, turn: int, trained_by: int = 0, **about) -> ev.StateMoved:
    start = len(session) * 0.7
    x, y = 0.9 * turn - start, 1.6 * math.sin(0.8 * turn + start)
    value = 0.7 * math.cos(0.55 * turn + start)
    found = {
        "place": [x, y, 0.1 * turn], "expected": [x - 0.35, y + 0.3 * math.cos(turn), 0.0],
        "error": 0.4 + 1.3 * abs(math.sin(1.7 * turn)), "value": value, "tail": value - 0.3 - 0.1 * math.sin(turn),
        "fails": 0.5 - 0.45 * value, "distribution": distribution(value), "took_ms": 1.4,
    }  # fmt: skip
    return ev.StateMoved(episode=episode, session=session, turn=turn, trained_by=trained_by, **found | about)


def states(trained_by: int = 0) -> list[ev.StateMoved]:
    """The first day in its four sessions."""
    turns: dict[str, int] = {}
    out = []
    for told in TOLD:
        turns[told.session] = turns.get(told.session, 0) + 1
        out.append(moved(told.episode, told.session, turns[told.session], trained_by))
    return out


def trained(night: int = 1, **about) -> ev.StateTrained:
    found = {
        "sessions": 4, "turns": 25, "outcomes": 6, "steps": 240, "next_before": 2.31, "next_after": 1.42,
        "value_before": 1.05, "value_after": 0.71,
    }  # fmt: skip
    return ev.StateTrained(night=night, state=canned.hash_("state"), file="state-0001.safetensors", wall_s=6.0,
                           **found | about)  # fmt: skip


def decided(at: int, on: ev.Moment, choice: ev.Choice, rule: str, why: str, **about) -> ev.GovernorDecided:
    """A decision at that place of the day: pressure rises with it."""
    dice = random.Random(at)
    pressure = min(0.95, 0.03 * at)
    states_ = ev.MetaStates(
        uncertainty=0.3 + 0.4 * dice.random(), prediction_error=0.5 * dice.random(), novelty=0.4 + 0.5 * dice.random(),
        trust=0.5 + 0.01 * at, pressure=pressure, surprise_load=pressure * 0.96, capacity=0.01 * at,
        rhythm=0.5 + 0.4 * math.sin(at / 6), relevance=0.2 * dice.random(), fear=0.3 + 0.2 * dice.random(),
        idle=0.5 if on == "idle" else 0.0,
    )  # fmt: skip
    states_ = msgspec.structs.replace(states_, **about.pop("states", {}))
    return ev.GovernorDecided(
        at=START + at, on=on, choice=choice, rule=rule, why=why, states=states_, table=TABLE,
        lived_at=TOLD[min(at, 24)].lived_at, **about,
    )  # fmt: skip


def encoded(episode: int) -> ev.GovernorDecided:
    return decided(episode, "told", "encode", "worth keeping", "Novelty 70%; 1% of the store was waiting for a night.",
                   episode=episode)  # fmt: skip


def proposes(at: int = 25, preset: str = "", why: str = "") -> ev.GovernorDecided:
    why = why or "Pressure 75.0% is over the threshold of 60.0%: unslept surprise 72%, store 25%."
    return decided(at, "told", "propose sleep", "pressure", why, episode=at, preset=preset)


def asks(question: int) -> ev.GovernorDecided:
    why = "Nothing that was told bears on it, and answers were unsure lately (62%); someone may know."
    return decided(25, "asked", "ask", "ask a person", why, question=question)


def decisions() -> list[ev.GovernorDecided]:
    return [encoded(e.episode) for e in TOLD]


def repeats(episode: int, like: int) -> ev.EpisodeObserved:
    return ev.EpisodeObserved(
        episode=episode, like=like, text=TOLD[like - 1].text, why="The very same words are stored already."
    )


def went(episode: int, outcome: float, because: str) -> ev.FeedbackGiven:
    told = TOLD[episode - 1]
    more = canned.pieces(f" It went badly, because {because}")
    return ev.FeedbackGiven(
        episode=episode, outcome=outcome, because=because, pieces=[*told.pieces, *more],
        tokens=[1] * (len(told.pieces) + len(more)), surprise=[*told.surprise, *[3.0] * len(more)], code=[1, 2],
    )  # fmt: skip


def day(trained_by: int = 0) -> list[ev.Event]:
    """The first day with all that steers it, to the evening in which sleep is proposed."""
    out = [*canned.day(), ev.GoalSet(goal=GOAL)]
    for told, state in zip(TOLD, states(trained_by), strict=True):
        out += [encoded(told.episode), state]
    return [*out, scored(), *canned.talk(), asks(4), repeats(26, 6), proposes(preset="careful")]


def life() -> list[ev.Event]:
    """That day, a night that is committed and trains the state, and a second day like the first."""
    night = canned.night_opens()
    again = [
        decided(30 + n, "told", "encode", "worth keeping", "Novelty 70%; 2% of the store was waiting.", episode=n + 1,
                states={"pressure": 0.05 + 0.02 * n, "surprise_load": 0.05 + 0.02 * n})
        for n in range(12)
    ]  # fmt: skip
    return [
        *day(), *night, *canned.dreams(), *canned.steps(), trained(), *canned.gate(), *canned.committed(),
        decided(29, "night over", "wake", "morning", "The night is over; pressure is 4.0%.",
                states={"pressure": 0.04, "surprise_load": 0.04, "capacity": 0.0}), *states(trained_by=1),
        went(9, -1.0, "the hinge broke again"), *again,
    ]  # fmt: skip
