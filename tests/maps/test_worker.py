"""The map process itself: it warms up and says so, answers, and leaves when it is told to or alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from observatory.maps import messages
from observatory.maps.client import MapProcess
from observatory.maps.worker import Worker
from observatory.protocol import wire
from observatory.protocol.wire import WireError

PATIENCE_S = 200


class Heard:
    """A map process and all that it said."""

    def __init__(self, log):
        self.said: list[messages.Answer] = []
        self.news = threading.Condition()
        self.process = MapProcess(self._hear, log=log)

    def _hear(self, answer):
        with self.news:
            self.said.append(answer)
            self.news.notify_all()

    def wait(self, *kinds, job: int | None = None):
        def found():
            return next((a for a in self.said if isinstance(a, kinds) and job in (None, a.job)), None)

        with self.news:
            assert self.news.wait_for(found, PATIENCE_S), f"no {kinds} in {self.said}"
            return found()


@pytest.fixture
def maps(tmp_path):
    heard = Heard(tmp_path / "map.log")
    heard.process.start()
    yield heard
    heard.process.stop()


def test_it_warms_up_by_itself_and_draws_what_it_is_asked(maps, cortex, delta, tmp_path):
    kept = str(tmp_path / "maps")
    path, digest = delta("layers.2.mlp.down_proj")
    night = messages.AcceptedChange(path=str(path), sha256=digest, scale=0.5)
    maps.process.send(messages.Project(job=1, changes=[]))
    assert "no map is open" in maps.wait(messages.Failed, job=1).what
    maps.process.send(messages.OpenMap(job=2, model_folder=str(cortex.folder), kept=[kept]))
    made = maps.wait(messages.MapOpened, messages.Failed, job=2)
    assert isinstance(made, messages.MapOpened), made
    assert isinstance(maps.said[0], messages.Warming) and maps.wait(messages.Warm).seconds > 0
    assert not made.loaded and made.model == cortex.hash and "umap-learn" in made.versions

    maps.process.send(messages.OpenMap(job=3, model_folder=str(cortex.folder), kept=[kept]))
    again = maps.wait(messages.MapOpened, job=3)
    assert again.loaded and again.id == made.id and again.coordinates == made.coordinates

    maps.process.send(messages.OpenMap(job=4, model_folder=str(cortex.folder), kept=[], again=True))
    assert maps.wait(messages.MapOpened, job=4).id == made.id, "the same seed gave another layout"

    maps.process.send(messages.Project(job=5, changes=[night]))
    seen = maps.wait(messages.Projected, messages.Failed, job=5)
    where = made.layers.numbers()
    displaced = np.linalg.norm(seen.after.numbers() - seen.before.numbers(), axis=1)
    assert seen.map == made.id and seen.moved == 60 and 0 < seen.moving <= 60
    assert displaced[where == 2].max() > seen.floor and not displaced[where != 2].any()
    assert np.count_nonzero(seen.heat.numbers()) == 1

    maps.process.send(messages.Project(job=6, changes=[]))
    still = maps.wait(messages.Projected, job=6)
    assert still.moved == still.moving == 0 and still.before == still.after

    maps.process.send(messages.TracePaths(job=7, changes=[night], states=[[1.0], [2.0]]))
    traced = maps.wait(messages.PathsTraced, messages.Failed, job=7)
    assert traced.away.numbers().shape == (3, 4)
    assert (traced.heat.numbers()[1] == seen.heat.numbers()).all(), "the lenses tell two stories"

    maps.process.send(messages.Project(job=8, changes=[messages.AcceptedChange(path=str(path), sha256="0" * 64)]))
    assert "other bytes" in maps.wait(messages.Failed, job=8).what
    assert maps.process.stop() == "asked"


def test_a_kept_map_is_drawn_while_the_process_still_warms_up(maps, cortex, picture, delta, tmp_path):
    from observatory.maps import fit as fits

    fits.keep(picture, fits.path_for(tmp_path / "maps", cortex.hash))
    maps.process.send(messages.OpenMap(job=1, model_folder=str(cortex.folder), kept=[str(tmp_path / "maps")]))
    assert maps.wait(messages.MapOpened, messages.Failed, job=1).loaded
    path, digest = delta("layers.0.mlp.down_proj")
    maps.process.send(messages.Project(job=2, changes=[messages.AcceptedChange(path=str(path), sha256=digest)]))
    assert maps.wait(messages.Projected, messages.Failed, job=2).moved == 60


def test_a_projection_that_waits_behind_a_newer_one_is_passed_over():
    said = []
    worker = Worker(SimpleNamespace(send_bytes=lambda data: said.append(messages.answer(data))))
    worker.waiting.append(messages.Project(job=2, changes=[]))
    worker._answer(messages.Project(job=1, changes=[]))
    assert said == [messages.PassedOver(job=1)]


@pytest.mark.crash
def test_it_leaves_when_its_host_is_killed():
    """A host that dies without a word closes the pipe; the warm-up that is under way does not hold the process."""
    script = (
        "import time\n"
        "from observatory.maps.client import MapProcess\n"
        "if __name__ == '__main__':\n"
        "    process = MapProcess(lambda answer: print(process.pid, flush=True))\n"
        "    process.start()\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as host:
        child = psutil.Process(int(host.stdout.readline()))
        host.kill()
        until = time.monotonic() + 30
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until, "the map process outlived its host"
            time.sleep(0.1)


def test_messages_come_back_as_they_were_sent():
    sent = messages.Project(job=3, changes=[messages.AcceptedChange(path="a", sha256="b", scale=0.25)])
    assert messages.request(wire.pack(sent)) == sent
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert (messages.array(numbers).numbers() == numbers).all()


def test_what_is_no_message_is_refused():
    with pytest.raises(WireError):
        messages.request(b"\xc1")
    with pytest.raises(WireError):
        messages.answer(wire.pack(messages.Leave()))
    with pytest.raises(WireError):
        messages.Array((2, 2), b"abc").numbers()
