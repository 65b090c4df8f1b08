"""Events for the tests of the record: one good example of each, and any that the protocol allows. No tests."""

from __future__ import annotations

import types
from typing import Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from observatory.protocol import events as e

KINDS = [kind for kind in get_args(e.AnyEvent) if issubclass(kind, e.Record)]


def any_event() -> st.SearchStrategy[e.Record]:
    return st.one_of([_struct(kind) for kind in KINDS])


def _struct(kind: type) -> st.SearchStrategy:
    hints = get_type_hints(kind)
    fields = {name: _value(hints[name]) for name in kind.__struct_fields__ if name not in ("seq", "at")}
    return st.builds(kind, **fields)


def _value(hint) -> st.SearchStrategy:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of([_value(kind) for kind in inner])
    if origin is list:
        return st.lists(_value(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(_value(inner[0]), _value(inner[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint)
    return {
        str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
    }[hint]


# ---------------------------------------------------------------- good examples


def episode(number: int, text: str = "Zelda keeps bees in Trondheim.", tokens: int = 6, **more) -> e.EpisodeEncoded:
    fields = {
        "speaker": "user", "session": "morning", "lived_at": "2026-01-05T09:12:00Z", "goal": "", "outcome": None,
        "because": "", "source": "window", "line": 0, "pieces": ["Ze", "lda"] * (tokens // 2),
        "tokens": list(range(tokens)), "surprise": [0.5 * at for at in range(tokens)], "code": [3, 99], "novelty": 0.75,
        "nearest": [], "pass_ms": 20.0, "code_ms": 1.0,
    }  # fmt: skip
    return e.EpisodeEncoded(episode=number, text=text, **{**fields, **more})


def told(first: int, last: int) -> list[e.Record]:
    return [event for n in range(first, last + 1) for event in (episode(n), e.EpisodeKept(episode=n))]


def opened(night: int, episodes: list[int], **more) -> e.NightOpened:
    fields = {"seed": night, "old_episodes": [], "steps": 2, "cortex": cortex(night - 1), "arm": "sleep", "why": "full"}
    return e.NightOpened(night=night, episodes=episodes, **{**fields, **more})


def closed(night: int, ended: str = "committed", **more) -> e.NightClosed:
    fields = {"cortex": cortex(night), "why": "", "wall_s": 9.0, "steps": 2, "tokens": 80, "peak_rss_mb": 900.0}
    return e.NightClosed(night=night, ended=ended, **{**fields, **more})


def replay(night: int, step: int, loss: float = 1.5, items: int = 3) -> e.ReplayStep:
    rows = [
        e.ReplayItem(kind="episode", episode=1 + n % 2, item=n, cue="Who is Zelda?", loss=loss, worst=2 * loss)
        for n in range(items)
    ]
    return e.ReplayStep(
        night=night, step=step, of=2, loss=loss, kl=0.1, rate=1e-3, tokens=40, step_s=1.0, grad_norm=0.3, items=rows
    )


def examined(night: int, when: str, right: bool) -> e.Examined:
    question = e.Question(prompt="Where does Zelda keep bees?", answers=["Trondheim"], kind="direct", day=1)
    return e.Examined(
        night=night, when=when, memory="cortex", scores={"direct": e.Score(right=int(right), asked=1)},
        answers=[e.ExamAnswer(question=question, answer="In Trondheim.", right=right)], wall_s=1.0,
    )  # fmt: skip


def proposed(night: int, delta: str, episodes: list[int], **more) -> e.Proposed:
    proposal = e.Proposal(
        night=night, delta=delta, file=f"night-{night}.safetensors", cortex_before=cortex(night - 1),
        cortex_after=cortex(night), scale=0.7, rank=32, norm=4.0, drift={"layer 6": 0.1}, episodes=episodes, steps=2,
        tokens=80, bytes=8, **more,
    )  # fmt: skip
    scores = {"direct": e.Score(right=1, asked=1)}
    return e.Proposed(
        proposal=proposal, recall_before={}, recall_after=scores, perplexity_before=20.0, perplexity_after=20.2,
        kl_before=0.0, kl_after=0.02,
    )  # fmt: skip


def decided(night: int, delta: str, decision: str = "approve") -> e.Decided:
    return e.Decided(night=night, delta=delta, decision=decision, by="Ada", reason="it knows the bees")


def committed(night: int, delta: str) -> e.NightCommitted:
    return e.NightCommitted(
        night=night, delta=delta, file=f"night-{night}.safetensors", cortex_before=cortex(night - 1),
        cortex_after=cortex(night), wall_s=9.0,
    )  # fmt: skip


def retained(night: int, held: dict[int, float], faded: list[int] | None = None, cortical: float = 0.6) -> e.Retained:
    """`held`: how strong the trace of each episode is; those that faded have none."""
    every = {**held, **dict.fromkeys(faded or [], 0.0)}
    rows = [
        e.Retention(episode=n, hippocampal=strength, cortical=cortical, held=n in held)
        for n, strength in sorted(every.items())
    ]
    return e.Retained(night=night, episodes=rows, faded=faded or [])


def trace(night: int, episode: int, cue: str = "Who is Zelda?", answer: str = "A beekeeper.") -> e.TraceKept:
    return e.TraceKept(night=night, episode=episode, cue=cue, answer=answer)


def dreamt(night: int, **more) -> e.DreamMade:
    fields = {"dream": 1, "episode": 1, "prompt": "Who?", "target": "Zelda", "kept": True, "support": 0.9, "why": ""}
    return e.DreamMade(night=night, **{**fields, **more})


def weighed(night: int, **more) -> e.Weighed:
    fields = {"scale": 0.9, "recall_loss": 0.4, "old_kl": 0.02, "objective": 0.5, "chosen": True}
    return e.Weighed(night=night, **{**fields, **more})


def probed(night: int, step: int) -> e.Probed:
    rows = [e.ProbedEpisode(episode=n, worst=0.5 * n, recalled=n == 1, need=1.0, gain=0.25 * n) for n in (1, 2)]
    return e.Probed(night=night, step=step, episodes=rows)


def scored(*episodes: int, **more) -> e.EpisodesScored:
    fields = {
        "curiosity": 1.5, "focus": 0.25, "fear": 1 / 3, "why": "more bits than usual", "bits_over": 2.5, "error": 0.1,
        "names": ["Zelda"], "relevance": None, "value": -0.5, "tail": -0.75,
    }  # fmt: skip
    rows = [e.EpisodeScore(episode=n, **{**fields, **more}) for n in episodes]
    return e.EpisodesScored(goal="find the bees", why="told", episodes=rows, took_ms=2.0)


def feedback(episode: int, outcome: float, because: str = "they stung") -> e.FeedbackGiven:
    return e.FeedbackGiven(
        episode=episode, outcome=outcome, because=because, pieces=["Ze", "lda", "!"], tokens=[7, 8, 9],
        surprise=[0.25, 1 / 3, 4.0], code=[5, 6],
    )  # fmt: skip


def moved(episode: int, turn: int = 1) -> e.StateMoved:
    return e.StateMoved(
        episode=episode, session="morning", turn=turn, trained_by=1, place=[0.1, 0.2, 1 / 3], expected=[0.0, 0.1, 0.2],
        error=1.5, value=-0.2, tail=-0.9, fails=0.4, distribution=[1 / 41] * e.VALUE_BINS, took_ms=3.0,
    )  # fmt: skip


def trained(night: int, state: str) -> e.StateTrained:
    return e.StateTrained(
        night=night, sessions=2, turns=9, outcomes=3, steps=40, next_before=2.0, next_after=1 / 3, value_before=None,
        value_after=None, state=state, file=f"state-{night}.safetensors", wall_s=4.0,
    )  # fmt: skip


def chosen(choice: str = "propose sleep", **more) -> e.GovernorDecided:
    states = e.MetaStates(uncertainty=0.1, pressure=0.9, surprise_load=2 / 3, idle=0.5)
    fields = {"on": "told", "rule": "tired", "why": "the store is full", "table": "t" * 64, "preset": "curious"}
    return e.GovernorDecided(choice=choice, states=states, lived_at="2026-01-05T09:12:00Z", **{**fields, **more})


def observed(episode: int, like: int | None = 1) -> e.EpisodeObserved:
    return e.EpisodeObserved(episode=episode, like=like, text="Zelda keeps bees.", why="there is one like it")


def whole_night(night: int, delta: str, episodes: list[int]) -> list[e.Record]:
    return [
        opened(night, episodes), replay(night, 1), replay(night, 2, loss=0.5), examined(night, "after", True),
        proposed(night, delta, episodes), decided(night, delta), committed(night, delta), closed(night),
    ]  # fmt: skip


def cortex(night: int) -> str:
    return f"{night:064x}"
