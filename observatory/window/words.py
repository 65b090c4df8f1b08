"""How things are said: times, names of episodes, numbers with units, and texts made safe to show.

Texts come from anywhere. Nothing here ever yields rich text, except `tip`, which escapes first,
because Qt guesses that a tooltip with angle brackets is HTML. Knows no Qt.
"""

from __future__ import annotations

import html
from datetime import datetime

from ..protocol import drives as dr
from ..protocol import events as ev
from ..protocol.plain import literal


def line(text: str, most: int = 400) -> str:
    """A text for one line of a table."""
    cut = text[:most].replace("\n", " ").replace("\t", " ")
    return literal(cut) + ("…" if len(text) > most else "")


def apart(one: str, other: str, most: int) -> tuple[str, str]:
    """Two answers cut so that where they part can be seen: of what both begin with, much is left out."""
    begins, words = 0, [text.split(" ") for text in (one, other)]
    while all(begins < len(each) - 1 for each in words) and words[0][begins] == words[1][begins]:
        begins += 1
    begins = begins - 1 if len(" ".join(words[0][:begins])) > most / 2 else 0  # one of them stays, to read on from
    first, second = (("… " if begins else "") + " ".join(each[begins:]) for each in words)
    return line(first, most), line(second, most)


def tip(text: str, most: int = 1200) -> str:
    cut = text if len(text) <= most else text[:most] + "…"
    return f"<p style='white-space: pre-wrap'>{html.escape(literal(cut))}</p>"


def moment(lived_at: str, at: float) -> datetime | None:
    """When something was lived: the experience's own time, else when the mind took it in."""
    if lived_at:
        try:
            return datetime.fromisoformat(lived_at)
        except ValueError:
            return None
    return datetime.fromtimestamp(at) if at else None


def when(lived_at: str, at: float) -> str:
    found = moment(lived_at, at)
    return f"{found:%a} {found.day} {found:%b} {found:%H:%M}" if found else lived_at


def clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M:%S}" if at else ""


def name(told: ev.EpisodeEncoded | None, number: int = 0, most: int = 34) -> str:
    """An episode as a person would call it: its time and its first words."""
    if told is None:
        return f"episode {number}"
    found = moment(told.lived_at, told.at)
    head = f"{found:%a %H:%M}, " if found else ""
    words = line(told.text, 200)
    if len(words) > most:
        words = words[: most + 1].rsplit(" ", 1)[0].rstrip(",.;: ")[:most] + "…"
    return f"{head}“{words}”"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if 0.0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def short(hash_: str) -> str:
    return hash_.removeprefix("sha256:")[:8] or "none yet"


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def signed(value: float, digits: int = 1) -> str:
    """With a true minus sign, so that columns of figures keep their width."""
    return f"{value:+.{digits}f}".replace("-", "−")


def bits(value: float) -> str:
    return f"{value:.1f} bits"


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def preset(drives: dr.Drives) -> str:
    """The preset with these proportions of the built-in drives, or nothing."""
    parts = drives.built_in.parts()
    near = (n for n, d in dr.PRESETS.items() if all(abs(a - b) < 0.005 for a, b in zip(parts, d.parts(), strict=True)))
    return next(near, "")


def dials(drives: dr.Drives | str, *, short: bool = False) -> str:
    """The dials as a person would say them. A text is as `NightOpened` carries them, and may be of another version."""
    if isinstance(drives, str):
        try:
            drives = dr.read(drives, None)
        except dr.DrivesUnclear:
            return line(drives, 120)
    named = preset(drives)
    if named and short:
        return ", ".join([f"“{named}”", *(f"{name} {dial:.2f}" for name, dial in drives.others.items() if dial)])
    each = ", ".join(f"{name} {dial:.2f}" for name, dial in drives.dials.items())
    return f"“{named}”: {each}" if named else each


MODES = {
    "waiting": "waiting for the mind",
    "awake": "awake",
    "rest": "resting",
    "asleep": "asleep",
    "leaving": "leaving",
}

STAGE_WORDS = {
    "propose": "Propose",
    "rehearse": "Rehearse",
    "exam": "Exam",
    "dream": "Dream",
    "replay": "Replay",
    "weigh": "Weigh",
    "gate": "Gate",
    "commit": "Commit",
}

STAGE_TIPS = {
    "propose": "Which of the day's episodes the night will take, and why",
    "rehearse": "Old material: what the mind already was, made by itself before anything moves",
    "exam": "Questions with the hippocampus unplugged; the night never learns from them",
    "dream": "Cues and questions it makes up about what happened; only supported ones are kept",
    "replay": "Gradient steps on cued episodes, dreams and old material, held near the old cortex",
    "weigh": "How much of what was learnt to keep, so that little else is lost",
    "gate": "Nothing enters the cortex without a decision",
}

MODULE = {"self_attn": "attention", "mlp": "MLP"}


def layers(drift: dict[str, float]) -> dict[int, dict[str, float]]:
    """Relative change by layer and part: the mean over that part's maps."""
    found: dict[int, dict[str, list[float]]] = {}
    for name_, value in drift.items():
        parts = name_.split(".")
        number = next((int(p) for p in parts if p.isdigit()), None)
        if number is None:
            continue
        part = next((word for module, word in MODULE.items() if module in parts), "all maps")
        found.setdefault(number, {}).setdefault(part, []).append(value)
    return {n: {p: sum(v) / len(v) for p, v in parts.items()} for n, parts in sorted(found.items())}
