"""Drift as a session would have worked it out, made by hand: a map, two nights and the steps of a third. No process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from observatory.host.drifted import Courses, Drifted, Inside, Moved, Picture, Pulled, Reading, Stop

LAYERS, EACH, KINDS = 12, 60, ["mlp.down_proj", "mlp.gate_proj", "mlp.up_proj", "self_attn.k_proj", "self_attn.q_proj"]
SHOWN = 40
"""Of every layer's units, how many the map shows."""
STOPS = (
    Stop("base", "base"), Stop("night 1", "night", 1), Stop("night 2", "night", 2),
    *(Stop(f"step {step}", "step", 3, step) for step in (4, 8, 12)), Stop("proposed", "proposed", 3),
)  # fmt: skip
AWAY = {"base": 0.0, "night 1": 0.4, "night 2": 0.7, "step 4": 0.8, "step 8": 0.95, "step 12": 1.1, "proposed": 1.0}
MOVES = range(3, 10)
"""Layers that nights touch."""


def picture(shown: int = SHOWN, each: int = EACH, layers: int = LAYERS) -> Picture:
    noise = np.random.default_rng(1)
    centres = noise.normal(0, 4.0, (layers, 2))
    of = np.repeat(np.arange(layers), shown)
    places = (centres[of] + noise.normal(0, 1.0, (layers * shown, 2))).astype(np.float32)
    return Picture(
        layers=of, neurons=np.tile(np.arange(shown), layers), places=places, plain=places[:, ::-1] / 10, floor=0.0006,
        explained=0.15, seed=20, row=[(layer, each) for layer in range(layers)],
    )  # fmt: skip


def moved(of: Picture, away: float, only: range | tuple[int, ...] = MOVES) -> Moved:
    """Every unit of these layers moved, by so much of what it moves in all."""
    noise = np.random.default_rng(2)
    layers, _ = of.names()
    touched = np.isin(layers, list(only)) & (away > 0)
    table = np.where(touched, away * noise.exponential(0.03, len(layers)), 0.0).astype(np.float32)
    relative = table[of.shown()]
    way = noise.normal(0, 0.2, of.places.shape).astype(np.float32) * relative[:, None]
    after, plain = of.places + way, of.plain + 0.1 * way
    displaced = np.sqrt(np.square(after - of.places).sum(1))
    moving = int(((relative > 0) & (displaced > of.floor)).sum())
    return Moved(
        after=after, plain=plain, relative=relative, table=table, heat=heat(away, only), held=0.1,
        agreement=0.72 if away else None, moved=int((table > 0).sum()), moving=moving, line="", seconds=0.4,
    )  # fmt: skip


def heat(away: float, only=MOVES) -> np.ndarray:
    found = np.zeros((LAYERS, len(KINDS)), np.float32)
    for layer in only:
        found[layer] = away * (0.02 + 0.004 * np.arange(len(KINDS)) + 0.002 * (layer % 4))
    return found


def courses(stops=STOPS) -> Courses:
    every = np.array([heat(AWAY[stop.key]) for stop in stops])
    away = np.sqrt(np.square(every).mean(2))
    bend = np.array([AWAY[stop.key] * (1.1 - AWAY[stop.key]) for stop in stops])[:, None].clip(0)
    return Courses(
        keys=tuple(stop.key for stop in stops), layers=list(range(LAYERS)), kinds=KINDS, away=away,
        along=away * 0.95, across=away[-1] * bend, heat=every,
    )  # fmt: skip


READINGS = (Reading(1, 0), Reading(1, -1), Reading(2, 0), Reading(2, -1), Reading(3, 0), Reading(3, 12), Reading(3, -1))


def inside() -> Inside:
    noise = np.random.default_rng(3)
    probes = ("Can you help me plan a quiet weekend at home?", "Explain to a child why we have seasons.",
              "Suggest three names for a small bakery.", "What should I think about before I buy a car?")  # fmt: skip
    rows = [("probe", at, text) for at, text in enumerate(probes, 1)] + [("episode", at, "") for at in range(1, 13)]
    start = noise.normal(0, 1.0, (3, len(rows), 2))
    way = noise.normal(0, 0.5, (3, len(rows), 2))
    way[:, :4] *= 0.0001
    part = np.array([0.0, 0.4, 0.4, 0.7, 0.7, 1.1, 1.0])[:, None, None, None]
    places = (start[None] + part * way[None]).astype(np.float32)
    far = np.sqrt(np.square(part * way[None]).sum(-1)).astype(np.float32) * 0.05
    return Inside(
        readings=READINGS, layers=[3, 6, 9], rows=rows, places=places, moved=far,
        floors=np.full(len(READINGS), 1e-4, np.float32), explained=np.array([0.42, 0.38, 0.31], np.float32),
    )  # fmt: skip


def pulled(of: Picture) -> Pulled:
    """Unit 5 of layer 4 was pulled by episode 6, then 4; everything else that moved by others."""
    noise = np.random.default_rng(4)
    layers, neurons = of.names()
    episodes = list(range(1, 13))
    best = noise.integers(0, len(episodes), (of.every, 5))
    strength = -np.sort(-noise.exponential(0.01, (of.every, 5)), axis=1)
    still = ~np.isin(layers, list(MOVES))
    best[still], strength[still] = -1, 0.0
    unit = int(np.flatnonzero((layers == 4) & (neurons == 5))[0])
    best[unit, :2] = 5, 3
    by_layer = noise.exponential(0.1, (LAYERS, len(episodes)))
    return Pulled(
        episodes=episodes, before=np.full(12, 5.0), after=np.full(12, 0.6), best=best, strength=strength,
        layers=list(range(LAYERS)), by_layer=by_layer,
    )  # fmt: skip


def whole(shown: int = SHOWN, each: int = EACH, layers: int = LAYERS) -> Drifted:
    of = picture(shown, each, layers)
    return Drifted(
        version=1, phase="ready", stops=STOPS, picture=of, courses=courses(), inside=inside(),
        moved={stop.key: moved(of, AWAY[stop.key]) for stop in STOPS}, pulled={3: pulled(of)},
    )  # fmt: skip


class CannedDrift:
    """What a session's `drift` is to the window, with what a test gives it."""

    def __init__(self, now: Drifted):
        self.now, self.opened, self.wanted = now, 0, []

    def open(self) -> None:
        self.opened += 1

    def look(self) -> Drifted:
        return self.now

    def want(self, key: str) -> None:
        if self.wanted[-1:] != [key]:
            self.wanted.append(key)

    def say(self, **change) -> None:
        self.now = replace(self.now, version=self.now.version + 1, **change)
