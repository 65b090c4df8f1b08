"""Unpack a model and measure its base once, for many homes: `python -m observatory.bench.ready MODEL CACHE`.

A process of its own: it loads torch, and what starts it should not. It lives no day.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from ..mind.mind import Mind
from ..protocol import commands as cmd
from ..protocol import events as ev


def wake(model: str, cache: Path, device: str = "auto", precision: str = "auto") -> Mind:
    """A mind that has lived nothing, awake."""
    mind, scratch = Mind(), tempfile.mkdtemp(prefix="observatory-bench-")
    settings = cmd.Settings(
        model=model, models_folder=str(cache), deltas_folder=scratch, checkpoint_folder=scratch,
        states_folder=scratch, device=device,
        precision=precision,
    )  # fmt: skip
    for event in mind.wake(settings):
        if isinstance(event, ev.MindReady):
            mind.ready = event
    return mind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("cache", type=Path)
    parser.add_argument("device", nargs="?", default="auto")
    parser.add_argument("precision", nargs="?", default="auto")
    asked = parser.parse_args()
    wake(asked.model, asked.cache, asked.device, asked.precision)


if __name__ == "__main__":
    main()
