"""How long a drift update takes: opening the frozen map, and placing every unit of it after a night.

    python -m observatory.bench.drift [--model NAME] [--models-folder DIR] [--updates N]

A made-up low-rank delta stands on every linear map, so that all units move, which is more than a night does. What is
timed is what the map process does for one stop; the processor's time stands beside the clock's, for a machine with
other work to do. It asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from .. import models, resources
from ..maps import fit as fits
from ..maps import layers, shipped
from ..maps.change import Change, Part, together
from ..maps.project import Projector
from ..maps.weights import Weights
from .frames import spread

TARGET_S = 1.0
RANK = 32


def measure(folder: Path, kept: Path, updates: int) -> dict:
    weights, model = Weights(folder), models.weights_hash(folder)
    began = time.perf_counter()
    ours, short = fits.path_for(kept, model), fits.path_for(resources.folder() / "maps", model)
    if ours.is_file():
        fitted = fits.kept(ours, model)
    elif short.is_file():
        fitted = shipped.kept(short, model, weights)
    else:
        fitted = fits.fit(weights, model)
    projector = Projector(fitted)
    floor = projector.floor
    opened = time.perf_counter() - began
    walls, busy, moving = [], [], 0
    night = _change(weights)
    for update in range(updates + 1):
        change = together([(night, 1.0 + update / 10)])
        began, worked = time.perf_counter(), time.process_time()
        seen = projector.project(change)
        layers.heat(change, fitted.about.norms)
        if update:  # the first one warms caches up
            walls.append(1e3 * (time.perf_counter() - began))
            busy.append(1e3 * (time.process_time() - worked))
        moving = int(seen.moving.sum())
    return {
        "units_on_the_map": len(fitted.units), "units": len(projector.units), "moving": moving, "floor": floor,
        "opened_s": round(opened, 2), "update_ms": spread(walls), "update_processor_ms": spread(busy),
        "target_s": TARGET_S, "met": spread(walls)["p95"] <= 1e3 * TARGET_S,
    }  # fmt: skip


def _change(weights: Weights) -> Change:
    noise = np.random.default_rng(0)
    parts = {}
    for name in weights.names:
        out, inner = weights.shape(name)
        up, down = (noise.standard_normal(shape).astype(np.float32) for shape in ((out, RANK), (RANK, inner)))
        parts[name] = [Part(1e-4, up, down)]
    return Change(parts)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m observatory.bench.drift", description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--models-folder", type=Path, required=True, help="where prepared models are kept")
    parser.add_argument("--updates", type=int, default=5)
    asked = parser.parse_args(argv)
    _, folder = models.prepare(asked.model, asked.models_folder)
    json.dump(measure(folder, asked.models_folder / "maps", asked.updates), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
