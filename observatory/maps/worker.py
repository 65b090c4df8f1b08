"""The map process: requests in, answers out, one job at a time.

It warms up by itself and says so, while pictures that were kept are already drawn on. Two threads beside the main one:
one listens, one warms up; numba is in use in one place at a time, since its fallback threads abort the process
otherwise. Nothing here is worth saving when the host is gone: end of file is the end, in the middle of a fit too.
It does not know windows or what is done with its answers.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from pathlib import Path

import numpy as np

from .. import models, resources
from ..protocol import wire
from . import change, layers, messages, pulls, shipped, states
from . import fit as fits
from .change import ChangeUnreadable
from .files import LeftUnreadable
from .project import Projector
from .weights import Weights, WeightsUnusable, kind_of, layer_of

AWAY_BELOW_WINDOW = 10
"""Niceness: below the window, and below the mind, which is at 5."""
GRACE_S = 1.0
"""Seconds that a job has to end by itself once the host is gone."""
SAID_EVERY_S = 0.1
READ_AT_MOST = 12
"""Deltas kept in memory once read: one of the default model is up to 26 MB."""

REMEDIES = {
    "WeightsUnusable": "", "ChangeUnreadable": "", "FitUnusable": "", "NotOpen": "",
    "LeftUnreadable": "",
    "MemoryError": "Close other programs, or choose a smaller model.",
    "OSError": "Look at the disk: is there space, and may this program write there?",
    "ImportError": "Install the observatory's libraries again: umap-learn or numba is missing.",
}  # fmt: skip
EXPECTED = (WeightsUnusable, ChangeUnreadable, fits.FitUnusable, LeftUnreadable, OSError, MemoryError, ImportError)


class NotOpen(RuntimeError):
    """A projection was asked for before a map was opened."""


def run(connection) -> None:
    """Entry point of the spawned process. `connection` is its end of a duplex pipe of bytes."""
    Worker(connection).serve()


class Worker:
    def __init__(self, connection):
        self.connection = connection
        self.sending = threading.Lock()
        self.waiting: deque[messages.Request] = deque()
        self.news = threading.Condition()
        self.over = False
        self.projector: Projector | None = None
        self.map_id = ""
        self.norms: dict[str, float] = {}
        self.read: dict[str, change.Change] = {}
        self.multiplied: dict[tuple, dict[str, float]] = {}
        """Inner products of two files, so that a step more costs only its own."""
        self._said = 0.0
        self.warming = threading.Thread(target=self._warm_up, daemon=True, name="warm-up")

    # ------------------------------------------------------------ life

    def serve(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(os, "nice"):
            os.nice(AWAY_BELOW_WINDOW)
        os.environ.setdefault("NUMBA_NUM_THREADS", "1")
        threading.Thread(target=self._listen, daemon=True, name="map-listener").start()
        self.warming.start()
        while (asked := self._next()) is not None:
            self._answer(asked)
        # A warm-up that is under way cannot be stopped, and threads of numba's are not worth an orderly end.
        os._exit(0)

    def _listen(self) -> None:
        try:
            while True:
                asked = messages.request(self.connection.recv_bytes(wire.MESSAGE_LIMIT))
                if isinstance(asked, messages.Leave):
                    break
                with self.news:
                    self.waiting.append(asked)
                    self.news.notify()
        except (EOFError, OSError):
            pass  # the host is gone
        except wire.WireError as error:
            self.say(messages.Failed(what=f"The map process was told what is no request, and leaves: {error}"))
        with self.news:
            self.over = True
            self.news.notify()
        time.sleep(GRACE_S)
        os._exit(0)

    def _next(self) -> messages.Request | None:
        with self.news:
            self.news.wait_for(lambda: self.waiting or self.over)
            return None if self.over else self.waiting.popleft()

    def say(self, message: messages.Message) -> None:
        try:
            with self.sending:
                self.connection.send_bytes(wire.pack(message))
        except OSError:
            return  # nobody listens; the listening thread sees the end too

    def _warm_up(self) -> None:
        self.say(messages.Warming(what="the map is warming up: reading and compiling its libraries, half a minute"))
        began = time.monotonic()
        try:
            fits.warm_up()
        except Exception as error:  # noqa: BLE001 - told to the host; kept pictures can still be drawn on
            self.say(_failed(0, error))
            return
        self.say(messages.Warm(seconds=time.monotonic() - began))

    # ------------------------------------------------------------ jobs

    def _answer(self, asked: messages.Request) -> None:
        try:
            match asked:
                case messages.OpenMap():
                    self.say(self._open(asked))
                case messages.ReadBase():
                    self.say(self._measure(asked))
                case messages.Project():
                    with self.news:
                        newer = any(isinstance(other, messages.Project) for other in self.waiting)
                    self.say(messages.PassedOver(job=asked.job) if newer else self._project(asked))
                case messages.TracePaths():
                    self.say(self._paths(asked))
                case messages.TraceStates():
                    self.say(self._states(asked))
                case messages.ReadPulls():
                    self.say(self._pulls(asked))
        except Exception as error:  # noqa: BLE001 - one job failed; the process answers the next
            self.say(_failed(asked.job, error))

    def _measure(self, asked: messages.ReadBase) -> messages.BaseRead:
        weights, say, norms = Weights(Path(asked.model_folder)), self._progress(asked.job), {}
        for at, name in enumerate(weights.names):
            norms[name] = weights.norm(name)
            say("measuring every layer", (at + 1) / len(weights.names))
        self.norms = norms
        found = {layer_of(name) for name in norms}
        return messages.BaseRead(job=asked.job, layers=sorted(found), kinds=sorted({kind_of(name) for name in norms}))

    def _progress(self, job: int):
        def say(what: str, part: float) -> None:
            if part in (0.0, 1.0) or time.monotonic() - self._said > SAID_EVERY_S:
                self._said = time.monotonic()
                self.say(messages.Progress(job=job, what=what, part=part))

        return say

    def _open(self, asked: messages.OpenMap) -> messages.MapOpened:
        began = time.monotonic()
        folder = Path(asked.model_folder)
        model = models.weights_hash(folder)
        say = self._progress(asked.job)
        fitted, path = (None, None) if asked.again else self._kept(asked.kept, model, say)
        if fitted is None and not asked.again:
            fitted, path = self._shipped(folder, model, say)
        loaded = fitted is not None
        if fitted is None:
            if self.warming.is_alive():
                say("waiting for the warm-up", 0.0)
                self.warming.join()
            fitted = fits.fit(Weights(folder), model, say)
            path = fits.path_for(Path(asked.kept[0]), model) if asked.kept else None
            if path:
                fits.keep(fitted, path)
        say("measuring the noise floor", 0.0)
        projector = Projector(fitted)
        places = np.array(projector.units.named(fitted.units), np.float32)
        opened = messages.MapOpened(
            job=asked.job, id=fitted.id, model=model, seed=fitted.about.seed, loaded=loaded, path=str(path or ""),
            seconds=time.monotonic() - began, all_units=len(projector.units),
            row=[(layer.layer, layer.count) for layer in projector.units.layers],
            layers=messages.array(places[:, 0]), neurons=messages.array(places[:, 1]),
            coordinates=messages.array(projector.before), plain=messages.array(fitted.points[:, :2]),
            explained=fitted.about.explained, floor=projector.floor, versions=fitted.about.versions,
        )  # fmt: skip
        self.projector, self.map_id, self.norms = projector, fitted.id, fitted.about.norms
        return opened

    def _kept(self, folders: list[str], model: str, say) -> tuple[fits.Fit | None, Path | None]:
        """The first whole picture of this model that is kept; a broken one is passed by and said."""
        for folder in folders:
            path = fits.path_for(Path(folder), model)
            if path.is_file():
                try:
                    return fits.kept(path, model), path
                except fits.FitUnusable as error:
                    say(str(error), 0.0)
        return None, None

    def _shipped(self, folder: Path, model: str, say) -> tuple[fits.Fit | None, Path | None]:
        """The picture that comes with the observatory, if this is the model it was made of."""
        path = fits.path_for(resources.folder() / "maps", model)
        if path.is_file():
            try:
                return shipped.kept(path, model, Weights(folder)), path
            except fits.FitUnusable as error:
                say(str(error), 0.0)
        return None, None

    def _opened(self) -> Projector:
        if self.projector is None:
            raise NotOpen("no map is open yet")
        return self.projector

    def _change(self, wanted: messages.AcceptedChange) -> change.Change:
        """A file whose hash the record has is read once: the same hash is the same delta."""
        if wanted.sha256 not in self.read:
            found = change.read(Path(wanted.path), wanted.sha256)
            if not wanted.sha256:
                return found
            self.read[wanted.sha256] = found
            while len(self.read) > READ_AT_MOST:
                self.read.pop(next(iter(self.read)))
        return self.read[wanted.sha256]

    def _project(self, asked: messages.Project) -> messages.Projected:
        began = time.monotonic()
        projector = self._opened()
        added = change.together([(self._change(each), each.scale) for each in asked.changes])
        found = layers.heat(added, projector.fit.about.norms)
        seen = projector.project(added)
        return messages.Projected(
            job=asked.job, map=self.map_id, before=messages.array(seen.before), after=messages.array(seen.after),
            plain_before=messages.array(seen.plain_before), plain_after=messages.array(seen.plain_after),
            relative=messages.array(seen.relative), table=messages.array(seen.table), heat_layers=found.layers,
            heat_kinds=found.kinds, heat=messages.array(found.drift), floor=seen.floor, held=seen.held,
            moved=int((seen.table > 0).sum()), moving=int(seen.moving.sum()), agreement=seen.agreement(),
            line=seen.line(), seconds=time.monotonic() - began,
        )  # fmt: skip

    def _paths(self, asked: messages.TracePaths) -> messages.PathsTraced:
        if not self.norms:
            raise NotOpen("the base has not been measured yet")
        marks = [_mark(each) for each in asked.changes]
        held: dict[int, change.Change] = {}

        def between(a: int, b: int) -> dict[str, float]:
            pair = marks[a], marks[b]
            if pair not in self.multiplied:
                for at in (a, b):
                    if at not in held:
                        held[at] = change.together([(self._change(asked.changes[at]), asked.changes[at].scale)])
                self.multiplied[pair] = layers.products(held[a], held[b])
            return self.multiplied[pair]

        found, heat = layers.course(between, len(marks), np.array(asked.states, float), self.norms)
        self.multiplied = {pair: much for pair, much in self.multiplied.items() if set(pair) <= set(marks)}
        return messages.PathsTraced(
            job=asked.job, layers=found.layers, kinds=sorted({kind_of(name) for name in self.norms}),
            heat=messages.array(heat), away=messages.array(found.away), along=messages.array(found.along),
            across=messages.array(found.across),
        )  # fmt: skip

    def _states(self, asked: messages.TraceStates) -> messages.StatesTraced:
        found = states.trace([states.read(Path(each)) for each in asked.files])
        return messages.StatesTraced(
            job=asked.job, layers=found.layers, rows=[(row.kind, row.number, row.text) for row in found.rows],
            places=messages.array(found.places), moved=messages.array(found.moved),
            floors=messages.array(found.floors), explained=messages.array(found.explained),
        )  # fmt: skip

    def _pulls(self, asked: messages.ReadPulls) -> messages.PullsRead:
        found = pulls.read(Path(asked.file), self._opened().units)
        return messages.PullsRead(
            job=asked.job, episodes=found.episodes, before=messages.array(found.before),
            after=messages.array(found.after), best=messages.array(found.best), strength=messages.array(found.strength),
            layers=found.layers, by_layer=messages.array(found.by_layer),
        )  # fmt: skip


def _mark(wanted: messages.AcceptedChange) -> tuple:
    """Tells a file from what stood at its place before."""
    try:
        stat = os.stat(wanted.path)
    except OSError as error:
        raise ChangeUnreadable(f"the delta {Path(wanted.path).name} is missing: {error}") from error
    return wanted.path, stat.st_size, stat.st_mtime_ns, wanted.sha256, wanted.scale


def _failed(job: int, error: Exception) -> messages.Failed:
    kind = next((name.__name__ for name in type(error).__mro__ if name.__name__ in REMEDIES), "")
    what = str(error) if isinstance(error, EXPECTED + (NotOpen,)) else f"{type(error).__name__}: {error}"
    return messages.Failed(job=job, what=what or type(error).__name__, remedy=REMEDIES.get(kind, ""))
