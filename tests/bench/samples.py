"""Kept reports made up for tests, and a small report of a life. Nothing in here was ever measured."""

from __future__ import annotations


def score(right: int, asked: int, **by_day: list[int]) -> dict:
    return {"right": right, "asked": asked, "by_day": {day.removeprefix("day"): marks for day, marks in by_day.items()}}


def night(number: int, *, direct: list[int], known: int = 10, perplexity: float = 20.0, arm: str = "sleep") -> dict:
    """`direct`: of ten questions a day, how many are right of each day so far."""
    days = {f"day{day}": [right, 10] for day, right in enumerate(direct, 1)}
    after = {
        "direct": score(sum(direct), 10 * len(direct), **days),
        "paraphrase": score(0, 10 * len(direct)),
        "known": score(known, 10),
    }
    before = {"direct": score(0, 10 * len(direct)), "known": score(10, 10)}
    trained = arm not in ("none", "retrieval")
    return {
        "night": number, "episodes": 10, "decision": "approved" if trained else "none", "ended": "committed",
        "decided_by": "policy: always", "reason": "secret words of an answer", "openings": 1, "wall_s": 130.0,
        "exam_s": 30.0, "steps": 60 * trained, "tokens": 1000 * trained, "delta_norm": 1.5, "delta_scale": 0.9,
        "peak_rss_mb": 900.0, "cortex_before": "a" * 64, "cortex_after": "b" * 64,
        "perplexity": {"before": 20.0, "after": perplexity}, "kl_from_base": {"before": 0.0, "after": 0.05},
        "exam": {"cortex": {"before": before, "after": after}, "whole": {"before": {}, "after": after}},
    }  # fmt: skip


def report(nights: list[dict]) -> dict:
    return {
        "model": "double", "model_hash": "d" * 64, "device": "cpu", "precision": "float32", "threads": 1,
        "versions": {"torch": "2"}, "seed": 0, "arm": "sleep", "nights": nights,
        "answers": [{"prompt": "a question", "answer": "a long answer"}],
    }  # fmt: skip


def asked(**other) -> dict:
    return {
        "days": "told", "arm": "sleep", "seed": 0, "nights_asked": 2, "tokens_asked": 1000, "model": "default",
        "day_hash": "1" * 64, "exam_hash": "2" * 64, **other,
    }  # fmt: skip
