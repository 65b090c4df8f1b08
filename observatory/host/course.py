"""What lies in a home for the drift map: accepted deltas, and the course that the newest night left.

Reads file names and no arrays. It does not know processes, and it asks nobody but the folder it is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..maps.messages import AcceptedChange
from ..protocol.commands import AcceptedDelta
from ..protocol.events import Proposal
from .drifted import Reading, Stop

NIGHT = re.compile(r"^night-(\d{4,})$")
STEP = re.compile(r"^step-(\d{4,})\.safetensors$")
STATES = re.compile(r"^states-(\d{4,}|end)\.safetensors$")


@dataclass(frozen=True)
class Lying:
    """All stops in their order, what adds up to each, and which states and pulls there are."""

    stops: tuple[Stop, ...]
    changes: dict[str, list[AcceptedChange]]
    readings: dict[Reading, Path]
    pulls: dict[int, Path]


def lying(home: Path, accepted: list[AcceptedDelta], proposal: Proposal | None, open_night: int | None) -> Lying:
    """What is there now. The steps of the newest night come before what became of it."""
    deltas = [
        (entry.night, AcceptedChange(path=str(home / "deltas" / Path(entry.file).name), sha256=entry.delta))
        for entry in accepted
    ]
    nights = _nights(home / "drift")
    stops, changes = [Stop("base", "base")], {"base": []}
    for at, (night, _) in enumerate(deltas):
        stops.append(Stop(f"night {night} {deltas[at][1].sha256[:12]}", "night", night))
        changes[stops[-1].key] = [change for _, change in deltas[: at + 1]]
    newest = max(nights, default=0)
    before = [change for night, change in deltas if night < newest]
    taken = newest == open_night or any(night == newest for night, _ in deltas)
    fresh = []
    for step, path in _numbered(nights.get(newest), STEP):
        stop = Stop(f"step {newest} {step} {_mark(path)}", "step", newest, step, taken)
        changes[stop.key] = [*before, AcceptedChange(path=str(path))]
        fresh.append(stop)
    if proposal is not None and all(night != proposal.night for night, _ in deltas):
        stop = Stop(f"proposed {proposal.night} {proposal.delta[:12]}", "proposed", proposal.night)
        file = home / "deltas" / Path(proposal.file).name
        earlier = [change for night, change in deltas if night < proposal.night]
        changes[stop.key] = [*earlier, AcceptedChange(path=str(file), sha256=proposal.delta)]
        fresh.append(stop)
    place = 1 + len(before)
    stops[place:place] = fresh
    readings = {
        Reading(night, step): path for night in sorted(nights) for step, path in _numbered(nights[night], STATES)
    }
    pulls = {night: folder / "pulls.safetensors" for night, folder in nights.items()}
    return Lying(tuple(stops), changes, readings, {n: path for n, path in pulls.items() if path.is_file()})


def _nights(folder: Path) -> dict[int, Path]:
    found = [(NIGHT.match(path.name), path) for path in folder.iterdir()] if folder.is_dir() else []
    return {int(match.group(1)): path for match, path in found if match and path.is_dir()}


def _numbered(folder: Path | None, form: re.Pattern) -> list[tuple[int, Path]]:
    """By number; what stands at the end is −1 and comes last."""
    found = []
    for path in folder.iterdir() if folder is not None and folder.is_dir() else ():
        if match := form.match(path.name):
            found.append((-1 if match.group(1) == "end" else int(match.group(1)), path))
    return sorted(found, key=lambda each: (each[0] < 0, each[0]))


def _mark(path: Path) -> str:
    """A night that is lived again writes other steps under the same names."""
    try:
        return str(path.stat().st_mtime_ns)
    except OSError:  # thinned a moment ago; the next look no longer lists it
        return "gone"
