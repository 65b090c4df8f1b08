"""The course of a night, left on disk for whoever draws it: the delta so far, and how what is said inside moves.

Every few steps the low-rank pairs are written in halves, and now and then pooled states of fixed probes and of
tonight's episodes are read with the delta beside the weights. Only the newest night keeps its steps. It changes nothing
and draws no chance: a night is the same whether its course is kept or not. It does not know maps or who looks at them.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from .. import resources
from ..protocol import events as ev
from ..protocol.durable import written_beside
from .delta import Delta
from .speech import Speech

STATES_FORMAT = "observatory-states-1"
EVERY_STEPS, EVERY_S = 4, 5.0
"""Between two of a course's files at least; on a GPU the seconds count, on two cores the steps."""
STATES_EVERY = 3
"""States are read at one of so many of them: a reading takes as long as a third of a gradient step."""
STEPS_KEPT = 8
"""Files of one night: 13 MB each on the default model. When there are more, every other one goes."""
PROBES, EPISODES = 16, 24
DEPTHS = (0.3, 0.6, 0.9)
"""Parts of the depth at which states are read: below, within and above where names are put together."""
FEWEST_TOKENS = 2


class Course:
    """One night's folder. What the disk refuses is said once, and the night goes on without."""

    def __init__(self, folder: Path | None, night: int, speech: Speech, model: str, episodes: dict[int, str]):
        self.folder = folder / f"night-{night:04d}" if folder is not None else None
        self.night, self.speech, self.model = night, speech, model
        cortex = speech.cortex
        self.layers = sorted({min(len(cortex.layers) - 1, round(len(cortex.layers) * part)) for part in DEPTHS})
        texts = [("probe", number, text) for number, text in enumerate(_probes(), 1)]
        texts += [("episode", number, text) for number, text in list(episodes.items())[:EPISODES]]
        rows = [(kind, number, text, [speech.document, *speech.encode(text)]) for kind, number, text in texts]
        self.rows = [row for row in rows if len(row[3]) > FEWEST_TOKENS]
        self.floor: float | None = None
        """How far a second reading comes out, in another order; measured once a night, since it costs a reading."""
        self._last_step, self._last_time, self._files = 0, 0.0, 0

    def begin(self, step: int, delta: Delta, maps):
        """At the first step, or at the one that a resumed night goes on from."""
        yield from self._try(self._begin, step, delta, maps)

    def at(self, step: int, delta: Delta, maps):
        """After a step; most of them leave nothing."""
        early = step - self._last_step < EVERY_STEPS or time.monotonic() - self._last_time < EVERY_S
        if not early:
            yield from self._try(self._write, step, delta, maps)

    def end(self, delta: Delta, maps):
        """When it is settled what the night proposes."""
        yield from self._try(self._states, "end", delta, maps)

    def keep(self, write):
        """Something else about this night, written into its folder."""
        yield from self._try(lambda: write(self.folder))

    def _try(self, do, *about):
        if self.folder is None:
            return
        try:
            do(*about)
        except OSError as error:
            self.folder = None
            yield ev.Notice(
                level="warning", title="The course of this night is not kept any further",
                text=f"The drift dock will not show its steps: {error}.",
                remedy="The night itself goes on. Is there space on the disk, and may this folder be written to?",
            )  # fmt: skip

    def _begin(self, step: int, delta: Delta, maps) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for other in self.folder.parent.glob("night-*"):
            if other != self.folder and other.is_dir():
                for path in [*other.glob("step-*"), *other.glob("states-[0-9]*")]:
                    if path.name != _states_name(0):
                        path.unlink()
        if step:
            for path in self.folder.glob("s*-[0-9]*.safetensors"):
                if int(path.stem.rpartition("-")[2]) > step:
                    path.unlink()
        else:
            shutil.rmtree(self.folder)
            self.folder.mkdir()
            self._states(0, delta, maps)
        self._last_step, self._last_time = step, time.monotonic()
        self._files = len(list(self.folder.glob("step-*")))

    def _write(self, step: int, delta: Delta, maps) -> None:
        halves = {name: tensor.half() for name, tensor in delta.tensors().items()}
        note = {
            "scale": repr(delta.scale), "night": str(self.night), "step": str(step), "format": "observatory-delta-1",
        }  # fmt: skip
        with written_beside(self.folder / f"step-{step:04d}.safetensors") as beside:
            save_file(halves, beside, metadata=note)
        self._files += 1
        if self._files % STATES_EVERY == 0:
            self._states(step, delta, maps)
        self._thin()
        self._last_step, self._last_time = step, time.monotonic()

    def _thin(self) -> None:
        """Every other step goes, the last one stays."""
        steps = sorted(self.folder.glob("step-*.safetensors"))
        if len(steps) > STEPS_KEPT:
            for path in steps[-2::-2]:
                path.unlink()

    # ------------------------------------------------------------ states

    def _states(self, step: int | str, delta: Delta, maps) -> None:
        with self.speech.cortex.beside(delta.hooks(maps)):
            found = self._read(self.rows)
            if self.floor is None:
                again = self._read(self.rows[::-1])
                self.floor = max(_off(found[at], again[at].flip(0)) for at in self.layers)
        # An episode's text stands in the record and nowhere else: here its number is enough.
        rows = [{"kind": k, "number": n, "text": text if k == "probe" else ""} for k, n, text, _ in self.rows]
        note = {
            "format": STATES_FORMAT, "night": str(self.night), "step": str(step), "model": self.model,
            "floor": repr(self.floor), "rows": json.dumps(rows),
        }  # fmt: skip
        with written_beside(self.folder / _states_name(step)) as beside:
            save_file({f"layer.{at}": states.contiguous() for at, states in found.items()}, beside, metadata=note)

    @torch.no_grad()
    def _read(self, rows) -> dict[int, torch.Tensor]:
        """Mean over each row's tokens but the first, whose state is a hundred times as long and always the same."""
        taps = dict.fromkeys(self.layers)
        self.speech.cortex.read_through([tokens for *_, tokens in rows], taps=taps)
        lengths = [len(tokens) for *_, tokens in rows]
        return {
            at: torch.stack([part[1:].float().mean(0) for part in states.split(lengths)]).cpu()
            for at, states in taps.items()
        }


def _off(one: torch.Tensor, other: torch.Tensor) -> float:
    """How far a second reading came out, the farthest row, relative to its length."""
    return float(((one - other).norm(dim=1) / one.norm(dim=1).clamp_min(1e-12)).max())


def _states_name(step: int | str) -> str:
    return f"states-{step:04d}.safetensors" if isinstance(step, int) else f"states-{step}.safetensors"


def _probes() -> list[str]:
    """Sentences that have nothing to do with any day; the same for every home."""
    lines = (resources.folder() / "texts" / "chat-prompts.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["prompt"] for line in lines if line.strip()][:PROBES]
