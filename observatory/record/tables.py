"""Which rows an event becomes. Each event stays whole in `events`; these are the tables that questions are asked of.

An event that has no rows of its own (a notice, a change of mode) is answered from `events`. This file
knows the schema's names; it does not know how rows get into the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from ..protocol import events as e

Row = tuple[str, dict]

PLAIN: dict[type, tuple[str, tuple[str, ...]]] = {
    e.StageEntered: ("stages", ("seq", "at", "night", "stage", "text")),
    e.OldMaterial: ("old_material", ("seq", "night", "item", "kind", "text")),
    e.EpisodeProposed: (
        "selections",
        (
            "seq",
            "night",
            "episode",
            "priority",
            "bits_over_usual",
            "why",
            "curiosity",
            "focus",
            "fear",
            "chance",
            "twin_of",
        ),
    ),
    e.DreamMade: (
        "dreams",
        (
            "seq",
            "night",
            "dream",
            "episode",
            "prompt",
            "target",
            "kept",
            "support",
            "why",
            "answer",
            "with_bits",
            "without_bits",
            "gain",
            "drawn",
        ),
    ),
    e.Measured: (
        "measurements",
        ("seq", "at", "night", "when", "perplexity", "kl_from_base", "perplexity_text"),
    ),
    e.Weighed: (
        "weighings",
        (
            "seq",
            "night",
            "scale",
            "recall_loss",
            "old_kl",
            "text_rise",
            "objective",
            "chosen",
            "search",
            "kept",
            "of",
            "bits",
        ),
    ),
    e.TraceKept: ("traces", ("seq", "night", "episode", "cue", "answer")),
    e.Decided: (
        "decisions",
        (
            "seq",
            "at",
            "night",
            "delta",
            "decision",
            "by",
            "reason",
            "evidence",
            "policy",
            "waits",
            "key",
            "signature",
        ),
    ),
    e.PolicyTaken: ("policies", ("seq", "at", "policy", "says")),
    e.NightOpened: (
        "openings",
        (
            "seq",
            "at",
            "night",
            "seed",
            "episodes",
            "old_episodes",
            "steps",
            "cortex",
            "arm",
            "why",
            "resumed_from_step",
            "drives",
        ),
    ),
    e.NightCommitted: (
        "commits",
        ("seq", "at", "night", "delta", "file", "cortex_before", "cortex_after", "wall_s"),
    ),
    e.NightClosed: (
        "closings",
        ("seq", "at", "night", "ended", "cortex", "why", "wall_s", "steps", "tokens", "peak_rss_mb"),
    ),
    e.RolledBack: ("rollbacks", ("seq", "at", "to_night", "nights", "cortex", "why")),
    e.LineLived: ("lines_lived", ("seq", "at", "file_hash", "line", "episode", "night")),
    e.Answered: (
        "answers",
        ("seq", "at", "question", "prompt", "answer", "memory", "pieces", "surprise", "wall_ms", "tokens_per_s"),
    ),
    e.GoalSet: ("goals", ("seq", "at", "goal")),
    e.StateMoved: (
        "states",
        (
            "seq",
            "at",
            "episode",
            "session",
            "turn",
            "trained_by",
            "place",
            "expected",
            "error",
            "value",
            "tail",
            "fails",
            "distribution",
            "took_ms",
        ),
    ),
    e.StateTrained: (
        "trainings",
        (
            "seq",
            "at",
            "night",
            "sessions",
            "turns",
            "outcomes",
            "steps",
            "next_before",
            "next_after",
            "value_before",
            "value_after",
            "state",
            "file",
            "wall_s",
        ),
    ),
    e.ForgettingAsked: ("forgettings", ("seq", "at", "episodes", "nights", "by", "why")),
    e.Forgotten: ("forgotten_for_good", ("seq", "at", "episodes", "cortex")),
    e.CanaryRanked: ("canaries", ("seq", "at", "episode", "when", "rank", "of", "cortex")),
    e.ChangesAsked: ("changes", ("seq", "at", "night", "delta", "leave_out", "scale", "by", "reason")),
    e.EpisodeObserved: ("observed", ("seq", "at", "episode", "like", "text", "why")),
}
"""Events whose fields are the columns of one table."""

ONE_ROW_EACH = {
    **{kind.__name__: table for kind, (table, _) in PLAIN.items()},
    "EpisodeEncoded": "episodes", "EpisodeReread": "rereads", "MemoryRead": "cues", "ReplayStep": "replay_steps",
    "Examined": "exams", "Proposed": "proposals", "FeedbackGiven": "feedback", "GovernorDecided": "choices",
}  # fmt: skip
"""Kinds of event that have exactly one row in this table; what `verify` counts."""

EPISODE = (
    "seq", "at", "episode", "text", "speaker", "session", "lived_at", "goal", "outcome", "because", "source", "line",
    "pieces", "surprise", "code", "novelty", "corrects", "pass_ms", "code_ms",
)  # fmt: skip
PROPOSAL = (
    "night", "delta", "file", "cortex_before", "cortex_after", "scale", "rank", "norm", "episodes", "steps", "tokens",
    "bytes", "state", "state_file",
)  # fmt: skip
FEEDBACK = ("seq", "at", "episode", "outcome", "because", "pieces", "surprise", "code")
SCORE = (
    "episode", "curiosity", "focus", "fear", "why", "bits_over", "error", "names", "relevance", "value", "tail",
    "twin_of",
)  # fmt: skip
CHOICE = (
    "seq", "at", "on", "choice", "rule", "why", "table", "lived_at", "episode", "question", "preset",
)  # fmt: skip


def rows(event: e.Record) -> Iterator[Row]:
    if type(event) in PLAIN:
        table, fields = PLAIN[type(event)]
        yield table, _fields(event, fields)
        return
    match event:
        case e.EpisodeEncoded():
            yield "episodes", {**_fields(event, EPISODE), "token_ids": event.tokens}
        case e.MemoryRead():
            yield from _memory_read(event)
        case e.ReplayStep():
            yield from _replay_step(event)
        case e.Examined():
            yield from _examined(event)
        case e.Proposed():
            yield from _proposed(event)
        case e.Probed():
            for probed in event.episodes:
                row = _fields(probed, ("episode", "worst", "recalled", "need", "gain"))
                yield "probes", {"seq": event.seq, "night": event.night, "step": event.step, **row}
        case e.Retained():
            for each in event.episodes:
                row = _fields(each, ("episode", "hippocampal", "cortical", "held"))
                yield "retention", {"seq": event.seq, "night": event.night, **row}
        case e.EpisodesMarked():
            for episode in event.episodes:
                yield "marks", {"episode": episode, **_fields(event, ("seq", "at", "mark", "on", "by"))}
        case e.EpisodesScored():
            for each in event.episodes:
                yield "scores", {**_fields(event, ("seq", "at", "goal")), **_fields(each, SCORE)}
        case e.FeedbackGiven():
            yield "feedback", {**_fields(event, FEEDBACK), "token_ids": event.tokens}
        case e.EpisodeReread():
            names = ("seq", "at", "episode", "pieces", "surprise", "code", "novelty", "corrects")
            yield "rereads", {**_fields(event, names), "token_ids": event.tokens}
        case e.GovernorDecided():
            yield "choices", {**_fields(event, CHOICE), **structs.asdict(event.states)}


def _fields(event, names: tuple[str, ...]) -> dict:
    """`at` is a word of SQL, so its column is called otherwise."""
    return {"happened_at" if name == "at" else name: getattr(event, name) for name in names}


def _memory_read(event: e.MemoryRead) -> Iterator[Row]:
    yield "cues", _fields(event, ("seq", "at", "question", "cue", "novelty", "sure", "why", "search_ms", "read_ms"))
    for used, reads in ((True, event.reads), (False, event.candidates)):
        for read in reads:
            row = _fields(read, ("episode", "match", "mass", "weight"))
            yield "memory_reads", {"seq": event.seq, "question": event.question, **row, "used": used}


def _replay_step(event: e.ReplayStep) -> Iterator[Row]:
    names = ("seq", "at", "night", "step", "of", "loss", "kl", "rate", "tokens", "step_s", "grad_norm")
    yield "replay_steps", _fields(event, names)
    for place, item in enumerate(event.items):
        row = _fields(item, ("kind", "episode", "item", "cue", "loss", "worst", "because", "drive"))
        yield "replays", {"seq": event.seq, "night": event.night, "step": event.step, "place": place, **row}


def _examined(event: e.Examined) -> Iterator[Row]:
    paper = _fields(event, ("seq", "night", "when", "memory"))
    yield "exams", {**paper, "happened_at": event.at, "wall_s": event.wall_s}
    for kind, score in event.scores.items():
        yield "exam_scores", {**paper, "kind": kind, "right": score.right, "asked": score.asked}
    for place, given in enumerate(event.answers):
        question = _fields(given.question, ("kind", "day", "style", "prompt", "answers"))
        yield "exam_answers", {**paper, "place": place, **question, "answer": given.answer, "right": given.right}


def _proposed(event: e.Proposed) -> Iterator[Row]:
    effects = ("seq", "at", "perplexity_before", "perplexity_after", "kl_before", "kl_after")
    yield "proposals", {**_fields(event.proposal, PROPOSAL), **_fields(event, effects)}
    for place, drift in event.proposal.drift.items():
        yield "drifts", {"seq": event.seq, "night": event.proposal.night, "place": place, "drift": drift}
