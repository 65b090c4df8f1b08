"""For each store the curve that its authors' claim is about, in small and on drawn vectors.

Larimar writes at once without interference up to its places; a modern Hopfield network's room grows steeply with its
width; Titans lets go by its gate, and what it was told again surprises it less; the Dragon Hatchling's state holds
more with more neurons; kNN-LM answers from however much is stored, as far as its keys can be told apart, and pays in
memory. Its own claim, a lower perplexity, is not measured here. It does not know a plot.
"""

from __future__ import annotations

import torch

from . import storevectors

SIZES = (10, 30, 100, 300, 1_000)
NOISE = 0.35
"""Of a key's length: what a cue differs by where completion is asked for."""


def measured(seed: int) -> dict:
    """Every claim's lines: {store: {title, across, up, lines: {name: [[x, y], …]}}}."""
    return {
        "larimar": _claim("recall against what was written", "pairs written", "right, %", {
            f"{places} places": _recalls("larimar", seed, SIZES, places=places) for places in (64, 256, 1024)
        }),
        "hopfield": _claim("recall from a noisy key, by its width", "pairs written", "right, %", {
            f"width {width}": _recalls("hopfield", seed, SIZES, width=width, noise=NOISE, sharpness=60.0)
            for width in (4, 8, 16)
        }),
        "bdh": _claim("recall against what was written", "pairs written", "right, %", {
            f"{neurons} neurons": _recalls("bdh", seed, SIZES, neurons=neurons) for neurons in (256, 1024, 8192)
        }),
        "titans": _claim("what is left of the first pair", "pairs told since", "strength, %", {
            f"fading {fading:g}": _fading(seed, fading) for fading in (0.0, 0.01, 0.05)
        }),
        "titans again": _claim("surprise at the same pair told again", "time told", "surprise, %", {
            f"rate {rate:g}": _again(seed, rate) for rate in (0.1, 0.25, 0.5)
        }),
        "knnlm": _claim("recall from a noisy key", "pairs written", "right, %", {
            f"noise {noise:g}": _recalls("knnlm", seed, SIZES, noise=noise) for noise in (2.0, 4.0, 8.0)
        }),
    }  # fmt: skip


def _claim(title: str, across: str, up: str, lines: dict) -> dict:
    return {"title": title, "across": across, "up": up, "lines": lines}


def _recalls(name: str, seed: int, sizes, width: int = storevectors.WIDTH, noise: float = 0.0, **choices):
    from .stores import ASKED, VALUE_WIDTH, made, right, told

    points = []
    for size in sizes:
        keys, values = storevectors.drawn(size, seed, width), storevectors.drawn(size, seed + 1_000, VALUE_WIDTH)
        store = made(name, width, VALUE_WIDTH, seed, **choices)
        if told(store, keys, values) is None:
            break
        asked = torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:ASKED]
        cues = keys[asked] + noise * storevectors.drawn(len(asked), seed + 5, width)
        points.append([size, 100 * right(store.read(cues), values, asked)])
    return points


def _fading(seed: int, fading: float):
    """Keys at right angles: what is left of the first is what the gate left, and nothing else."""
    from .stores import made

    many, width = 100, storevectors.WIDTH
    keys = torch.linalg.qr(storevectors.drawn(width, seed, width)).Q
    values = storevectors.drawn(many + 1, seed + 1_000, width)
    store = made("titans", width, width, seed, rate=0.5, momentum=0.0, fading=fading)
    store.encode(0, keys[:1], values[:1])
    points = [[0, 100 * float(store.read(keys[:1]) @ values[0])]]
    for number in range(1, many + 1):
        store.encode(number, keys[number : number + 1], values[number : number + 1])
        if number % 10 == 0:
            points.append([number, 100 * float(store.read(keys[:1]) @ values[0])])
    return points


def _again(seed: int, rate: float):
    from .stores import made

    width = storevectors.WIDTH
    key, value = storevectors.drawn(1, seed, width), storevectors.drawn(1, seed + 1_000, width)
    store = made("titans", width, width, seed, rate=rate, momentum=0.0, fading=0.0)
    return [[time, 100 * store.encode(time, key, value)] for time in range(1, 9)]
