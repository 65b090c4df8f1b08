"""The columns of the table of episodes, and which of them are there until somebody chooses others."""

from __future__ import annotations

from . import words
from .feedback import hue, went
from .filters import drive_of, speaker
from .lived import Episode
from .tables import Column
from .theme import BITS_AT_THE_TOP, DRIVE_MARKS

MARKS = {"pinned": "◆", "excluded": "×"}
"""A shape beside each word."""


def _nights(episode: Episode) -> str:
    return ", ".join(str(n) for n in episode.nights) or "not yet"


def marks(episode: Episode) -> str:
    return "  ".join(f"{sign} {mark}" for mark, sign in MARKS.items() if getattr(episode, mark))


def _drive(episode: Episode) -> str:
    drive = drive_of(episode)
    return f"{DRIVE_MARKS[drive]} {drive}" if drive else "–"


def _strength(place: str, stage: str, title: str, width: int, about: str) -> Column:
    """How strong an episode is in one store, as the mind said after the last night."""

    def value(episode: Episode) -> float:
        return getattr(episode.retention, place) if episode.retention else -1.0

    def gone(episode: Episode) -> bool:
        return place == "hippocampal" and episode.faded is not None

    def text(episode: Episode) -> str:
        if episode.retention is None:
            return "–"
        return "faded" if gone(episode) else f"{value(episode):.2f}"

    return Column(
        title, text, value, number=True, width=width, figure=42, about=about,
        tip=lambda e: e.standing[:1].upper() + e.standing[1:],
        bar=lambda e, look: None if value(e) <= 0 else (value(e), look.stage(stage)),
        colour=lambda e, look: look.soft if gone(e) or value(e) <= 0 else None,
    )  # fmt: skip


COLUMNS = (
    Column("No.", lambda e: f"{e.number:,}", lambda e: e.number, number=True, width=56),
    Column("When", lambda e: words.when(e.told.lived_at, e.told.at), lambda e: (e.told.lived_at, e.told.at), width=124),
    Column("Speaker", speaker, lambda e: speaker(e).casefold(), width=88),
    Column("What", lambda e: e.told.text, lambda e: e.told.text.casefold(), stretch=True),
    Column("How it went", lambda e: went(e.told.outcome), lambda e: -2.0 if e.told.outcome is None else e.told.outcome,
           width=112, colour=lambda e, look: getattr(look, hue(e.told.outcome)),
           tip=lambda e: e.told.because or went(e.told.outcome), about="As it was told, or said since"),
    Column("Surprise", lambda e: words.bits(e.mean), lambda e: e.mean, number=True, width=108,
           bar=lambda e, look: (e.mean / BITS_AT_THE_TOP, look.heat(e.mean)), about="Mean bits per token when read"),
    Column("Slept on", _nights, lambda e: (len(e.nights), e.nights), width=84,
           colour=lambda e, look: None if e.nights else look.soft,
           about="The nights whose delta holds it, as far as they were committed"),
    _strength("hippocampal", "wake", "Hippocampus", 108,
              "Strength of the trace in the hippocampus, from 0 to 1, after the last night. It decays: slowly while no "
              "night has taken the episode in and when it went badly, faster once the cortex has it"),
    _strength("cortical", "replay", "Cortex", 88,
              "Strength in the cortex, from 0 to 1, after the last night: raised by the nights that took the episode "
              "in, and decaying slowly. It is reckoned from the nights; the exam is what measures"),
    Column("Mark", marks, lambda e: (not e.pinned, not e.excluded), width=96,
           colour=lambda e, look: look.wrong if e.excluded else look.accent,
           tip=lambda e: marks(e) or "No mark. In the table: P pins, X excludes",
           about="Pinned: it never fades from the hippocampus. Excluded: no night replays it; it is still recalled"),
    Column("Session", lambda e: e.told.session or "–", lambda e: e.told.session.casefold(), width=110),
    Column("Drive", _drive, drive_of, width=92,
           colour=lambda e, look: look.drive(drive_of(e)) if drive_of(e) else look.soft,
           tip=lambda e: e.score.why if e.score else "It has not been scored yet",
           about="The drive that sees most in it"),
    Column("Novelty", lambda e: f"{e.told.novelty:.2f}", lambda e: e.told.novelty, number=True, width=76,
           about="How unlike everything stored it was when it was told, from 0 to 1"),
    Column("Tokens", lambda e: f"{len(e.told.tokens):,}", lambda e: len(e.told.tokens), number=True, width=70),
)  # fmt: skip

TITLES = tuple(column.title for column in COLUMNS)
AT_FIRST = tuple(title for title in TITLES if title not in ("Session", "Drive", "Novelty", "Tokens"))
ALWAYS = "What"
"""The one column that cannot be put away."""
ON_STAGE_LEFT_OUT = ("Speaker", "Session", "Slept on", "Hippocampus", "Cortex", "Drive", "Novelty", "Tokens")
"""Large type leaves them no room; they stand on the chosen episode's page."""


def chosen(written: object) -> tuple[str, ...] | None:
    """Titles as they were written down, in their order; None where none of them is known."""
    asked = written.split(",") if isinstance(written, str) else written if isinstance(written, list) else []
    found = tuple(title for title in TITLES if title in asked or title == ALWAYS)
    return found if any(title in TITLES for title in asked) else None
