"""The report of a life: what every night proposed, cost and taught, as JSON that people script against.

Built from stored events alone, so a run that was interrupted and taken up again reports the same. The `before` of a
later night is what stood after the one before it. It does not know how the events came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from .. import __version__
from ..protocol import events as e
from ..protocol.durable import write

KINDS = (
    e.MindReady, e.NightOpened, e.StageEntered, e.Examined, e.Measured, e.Proposed, e.Decided, e.NightCommitted,
    e.NightClosed,
)  # fmt: skip
"""The stored events a report is made of."""
DECISIONS = {"approve": "approved", "veto": "vetoed", "hold": "held"}
FROZEN = ("none", "retrieval")
"""Arms that are examined and never trained: their one paper a night is what stood before it and after it."""
Answers = dict[tuple, e.ExamAnswer]


class _Night:
    """What the events said about one night. A night taken up again after a crash starts its paper anew."""

    def __init__(self, opened: e.NightOpened):
        self.opened = opened
        self.papers: dict[tuple[str, str], Answers] = {}
        self.measured: dict[str, e.Measured] = {}
        self.proposed: e.Proposed | None = None
        self.decided: e.Decided | None = None
        self.closed: e.NightClosed | None = None
        self.openings = 1
        self.exam_s = 0.0
        self.examined_since: float | None = None


def build(events: Iterable[e.Record], *, seed: int, arm: str) -> dict:
    """The report on all nights in these events."""
    ready, nights = None, {}
    for event in events:
        if isinstance(event, e.MindReady):
            ready = event
        elif isinstance(event, KINDS):
            _take(nights, event)
    standing: dict[str, Answers] = {"cortex": {}, "whole": {}}
    measured: e.Measured | None = None
    entries, answers = [], []
    for night in nights.values():
        entry, said, measured = _night(night, standing, measured)
        entries.append(entry)
        answers.extend(said)
    return {
        "model": ready.model if ready else None,
        "model_hash": ready.model_hash if ready else None,
        "seed": seed,
        "arm": arm,
        "device": ready.device if ready else None,
        "precision": ready.precision if ready else None,
        "threads": ready.threads if ready else None,
        "versions": {"observatory": __version__, **(ready.versions if ready else {})},
        "nights": entries,
        "answers": answers,
    }


def save(path: Path, report: dict) -> None:
    """Whole or not at all, also when the power goes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def _take(nights: dict[int, _Night], event: e.Record) -> None:
    if isinstance(event, e.NightOpened):
        kept = nights.pop(event.night, None)
        nights[event.night] = _Night(event)
        if kept is not None:
            nights[event.night].papers = {k: v for k, v in kept.papers.items() if k[0] == "before"}
            nights[event.night].measured = {k: v for k, v in kept.measured.items() if k == "before"}
            nights[event.night].openings = kept.openings + 1
        return
    number = event.proposal.night if isinstance(event, e.Proposed) else event.night
    night = nights.get(number)
    if night is None:
        return
    if isinstance(event, e.StageEntered | e.NightClosed):
        if night.examined_since is not None:
            night.exam_s += max(0.0, event.at - night.examined_since)
        examines = isinstance(event, e.StageEntered) and event.stage == "exam"
        night.examined_since = event.at if examines else None
    match event:
        case e.Examined():
            paper = {_key(answer.question): answer for answer in event.answers}
            night.papers.setdefault((event.when, event.memory), {}).update(paper)
        case e.Measured():
            night.measured[event.when] = event
        case e.Proposed():
            night.proposed = event
        case e.Decided():
            night.decided = event
        case e.NightClosed():
            night.closed = event


def _key(question: e.Question) -> tuple:
    return question.prompt, question.kind, question.day, question.style


def _night(night: _Night, standing: dict[str, Answers], measured: e.Measured | None):
    """One night's entry; `standing` is what the cortex answers by now, and moves on when the night is committed."""
    exam, answers = {}, []
    committed = night.closed is not None and night.closed.ended == "committed"
    for memory in ("cortex", "whole"):
        given = night.papers.get(("before", memory), {})
        standing[memory] = {**standing[memory], **given}
        later = given if night.opened.arm in FROZEN else night.papers.get(("after", memory), {})
        asked = later or given
        before = {key: standing[memory][key] for key in asked if key in standing[memory]}
        exam[memory] = {"before": scores(before.values()), "after": scores(later.values())}
        for when, paper in (("before", given), ("after", {} if later is given else later)):
            answers.extend(_answer(night.opened.night, when, memory, answer) for answer in paper.values())
        if committed:
            standing[memory] = {**standing[memory], **later}
    before, after = night.measured.get("before", measured), night.measured.get("after")
    if night.opened.arm in FROZEN:
        after = before
    entry = _entry(night) | {
        "perplexity": {"before": before and before.perplexity, "after": after and after.perplexity},
        "kl_from_base": {"before": before and before.kl_from_base, "after": after and after.kl_from_base},
        "exam": exam,
    }
    return entry, answers, after if committed and after else before


def _entry(night: _Night) -> dict:
    opened, closed, proposal = night.opened, night.closed, night.proposed.proposal if night.proposed else None
    return {
        "night": opened.night,
        "episodes": len(proposal.episodes if proposal else opened.episodes),
        "arm": opened.arm,
        "drives": opened.drives,
        "seed": opened.seed,
        "decision": _decision(night),
        "decided_by": night.decided.by if night.decided else None,
        "reason": night.decided.reason if night.decided else None,
        "ended": closed.ended if closed else "open",
        "openings": night.openings,
        "wall_s": closed.wall_s if closed else None,
        "exam_s": round(night.exam_s, 3),
        "steps": closed.steps if closed else None,
        "tokens": closed.tokens if closed else None,
        "peak_rss_mb": closed.peak_rss_mb if closed else None,
        "cortex_before": opened.cortex,
        "cortex_after": closed.cortex if closed else None,
        "delta": proposal.delta if proposal else None,
        "delta_norm": proposal.norm if proposal else None,
        "delta_scale": proposal.scale if proposal else None,
    }


def _decision(night: _Night) -> str:
    if night.opened.arm in FROZEN and night.closed is not None and night.closed.ended in ("vetoed", "committed"):
        return "none"
    if night.decided is not None:
        return DECISIONS[night.decided.decision]
    if night.closed is None:
        return "open"
    return {"committed": "approved"}.get(night.closed.ended, night.closed.ended)


def _answer(night: int, when: str, memory: str, answer: e.ExamAnswer) -> dict:
    question = answer.question
    return {
        "night": night, "when": when, "memory": memory, "kind": question.kind, "day": question.day,
        "prompt": question.prompt, "answer": answer.answer, "right": answer.right,
    }  # fmt: skip


def scores(answers: Iterable[e.ExamAnswer]) -> dict[str, dict]:
    """Right and asked by kind, and by the day that taught it where the exam says which."""
    out: dict[str, dict] = {}
    for answer in answers:
        score = out.setdefault(answer.question.kind, {"right": 0, "asked": 0, "by_day": {}})
        score["right"] += answer.right
        score["asked"] += 1
        if answer.question.day is not None:
            day = score["by_day"].setdefault(str(answer.question.day), [0, 0])
            day[0] += answer.right
            day[1] += 1
    return out


def total(kinds: Sequence[str], paper: dict[str, dict]) -> tuple[int, int]:
    return sum(paper[k]["right"] for k in kinds if k in paper), sum(paper[k]["asked"] for k in kinds if k in paper)
