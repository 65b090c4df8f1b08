"""The latent state's way through each session, as plain data from the story. Knows no Qt; the state dock draws it.

States of models that different nights trained lie in different directions: they are never put side by side.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..protocol import events as ev
from . import words
from .lived import Night


def courses(moves: Iterable[ev.StateMoved], trained_by: int) -> dict[str, list[ev.StateMoved]]:
    """Turns of every session, in their order, as far as the model of that night read them."""
    found: dict[str, list[ev.StateMoved]] = {}
    for move in moves:
        if move.trained_by == trained_by:
            found.setdefault(move.session, []).append(move)
    for course in found.values():
        course.sort(key=lambda move: move.turn)
    return found


def next_to(of: list[ev.StateMoved], move: ev.StateMoved, by: int) -> ev.StateMoved:
    """So many turns on, as far as the session goes."""
    at = next((n for n, each in enumerate(of) if each.episode == move.episode), 0)
    return of[max(0, min(len(of) - 1, at + by))]


def said(move: ev.StateMoved) -> str:
    """One turn in a sentence."""
    return (
        f"value {words.signed(move.value, 2)} (worst tenth {words.signed(move.tail, 2)})  ·  "
        f"{100 * move.fails:.0f} % chance of going badly  ·  {move.error:.2f} nats of surprise"
    )


def taught(trained: ev.StateTrained, night: Night | None) -> str:
    """What a night taught the model of the state, and whether that counts."""
    adopted = {"committed": "adopted", "vetoed": "not adopted: the night was vetoed"}
    ended = night.closed.ended if night is not None and night.closed is not None else ""
    fate = adopted.get(ended, "not adopted: the night was cut short" if ended else "adopted when it is committed")
    if night is not None and night.rolled_back:
        fate = "rolled back"
    sessions, turns = words.plural(trained.sessions, "session"), words.plural(trained.turns, "turn")
    outcomes = words.plural(trained.outcomes, "outcome")
    return f"Night {trained.night} taught it on {sessions}, {turns} and {outcomes}; {_held_out(trained)} ({fate})."


def _held_out(trained: ev.StateTrained) -> str:
    pairs = {
        "what comes next": (trained.next_before, trained.next_after),
        "value": (trained.value_before, trained.value_after),
    }
    told = [f"{what} {a:.2f} → {b:.2f}" for what, (a, b) in pairs.items() if a is not None and b is not None]
    return "losses on sessions held out: " + ", ".join(told) if told else "too few sessions to hold any out"
