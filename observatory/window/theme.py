"""The look as plain data: two palettes, the hues of stages, drives and replay kinds, type and grid.

Knows no Qt: `look.py` turns these tokens into fonts, brushes and a style sheet, and a test
reads the contrast of every text and ground pair from here.
"""

from __future__ import annotations

from dataclasses import dataclass

GRID = 8
"""Pixels; every margin and gap is a multiple or a half of it."""

FONT = "Inter"

STAGES = ("propose", "exam", "rehearse", "dream", "replay", "weigh", "gate")
"""In the order in which a night first meets them; the commit is the end of the gate."""

STEPS_OF_SURPRISE = 8
BITS_AT_THE_TOP = 16.0
"""A token of a 49,152-word vocabulary drawn blindly costs 15.6 bits, so 16 is the top of the ramp."""


@dataclass(frozen=True)
class Type:
    """Three levels of type, in points."""

    title: float = 13.5
    body: float = 10.5
    small: float = 9.0
    line: float = 1.0


SEATED = Type()
ON_STAGE = Type(title=19.0, body=14.5, small=12.5, line=2.0)
"""Talk mode: legible from the third row at 1080 lines."""


@dataclass(frozen=True)
class Palette:
    name: str
    ground: str
    panel: str
    raised: str
    line: str
    text: str
    soft: str
    accent: str
    on_accent: str
    selected: str
    right: str
    wrong: str
    stages: dict[str, str]
    kinds: dict[str, str]
    drives: dict[str, str]
    ramp: tuple[str, ...]

    def texts(self) -> dict[str, str]:
        """Every colour in which words are set on the grounds."""
        named = {"text": self.text, "soft": self.soft, "accent": self.accent, "right": self.right, "wrong": self.wrong}
        stages = {f"stage {name}": colour for name, colour in self.stages.items()}
        kinds = {f"kind {name}": colour for name, colour in self.kinds.items()}
        drives = {f"drive {name}": colour for name, colour in self.drives.items()}
        return named | stages | kinds | drives

    def grounds(self) -> dict[str, str]:
        return {"ground": self.ground, "panel": self.panel, "raised": self.raised, "selected": self.selected}


SHAPES = {"episode": "o", "dream": "d", "old": "s", "earlier": "t1"}
"""A shape beside every hue of a replay, for those who do not see the hue."""

KIND_WORDS = {"episode": "today", "dream": "dream", "old": "old material", "earlier": "earlier night"}

DRIVE_MARKS = {"curiosity": "●", "focus": "■", "fear": "▲", "chance": "○"}
"""A shape beside the hue of every drive that draws, and of chance."""
OWN_MARK = "◆"
"""A plugin's drive."""


def drive_mark(name: str) -> str:
    return DRIVE_MARKS.get(name, OWN_MARK)


NIGHT = Palette(
    name="night",
    ground="#12122a",
    panel="#191938",
    raised="#23234a",
    line="#3a3a68",
    text="#eeedf7",
    soft="#b3b2d4",
    accent="#9db4ff",
    on_accent="#12122a",
    selected="#2c2f66",
    right="#4fd1a1",
    wrong="#ff8f66",
    stages={
        "wake": "#f5b193",
        "propose": "#f5b193",
        "rehearse": "#82d0dc",
        "exam": "#4fd1a1",
        "dream": "#cfa6f7",
        "replay": "#6fbcf2",
        "weigh": "#dcc98a",
        "gate": "#f3b83f",
        "commit": "#f3b83f",
        "veto": "#ff8f66",
    },
    kinds={"episode": "#6fbcf2", "dream": "#e29cc6", "old": "#f0e442", "earlier": "#f0a93a"},
    drives={"curiosity": "#56b4e9", "focus": "#4fd1a1", "fear": "#ff8f66"},
    # Cividis from its middle to its end: on indigo the more surprising is the brighter.
    ramp=("#404d6b", "#5d6270", "#757576", "#8b8779", "#a59c74", "#bcaf6f", "#dcc860", "#ffea46"),
)

DAY = Palette(
    name="day",
    ground="#f3eee3",
    panel="#fdfaf3",
    raised="#eee8da",
    line="#cfc6b3",
    text="#1d1a2f",
    soft="#565169",
    accent="#3643a8",
    on_accent="#fffdf8",
    selected="#dfe1f4",
    right="#00664b",
    wrong="#a83c00",
    stages={
        "wake": "#934526",
        "propose": "#934526",
        "rehearse": "#13616d",
        "exam": "#00664b",
        "dream": "#7040a8",
        "replay": "#005c94",
        "weigh": "#665310",
        "gate": "#7d5300",
        "commit": "#7d5300",
        "veto": "#a83c00",
    },
    kinds={"episode": "#005c94", "dream": "#923a6d", "old": "#5f5800", "earlier": "#8a4b00"},
    drives={"curiosity": "#00629c", "focus": "#00664b", "fear": "#a83c00"},
    # Cividis turned round and cut before its yellow: on paper the more surprising is the darker.
    ramp=("#cfc08a", "#bcaf6f", "#a59c74", "#8b8779", "#6e6f73", "#51586c", "#1f3b6d", "#00204d"),
)

PALETTES = {"night": NIGHT, "day": DAY}


def ramp_step(bits: float) -> int:
    """Surprise as one of a few steps, so that painting needs a few brushes and no more."""
    return max(0, min(STEPS_OF_SURPRISE - 1, int(bits * STEPS_OF_SURPRISE / BITS_AT_THE_TOP)))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2 between two colours written as #rrggbb."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
