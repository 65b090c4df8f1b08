"""Ten plugins that mean harm, as fast stores in a mind's own process: the cortex, the record and the view stay whole.

What Python cannot keep them from is found at the next look, put right and named.
"""

from __future__ import annotations

import threading
import time

import msgspec
import psutil
import pytest

from observatory import settings as kept_settings
from observatory.mind import gate
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.host.conftest import Listener
from tests.mind.conftest import models_folder, settings, short_text, tiny_folder  # noqa: F401 - fixtures
from tests.mind.tiny import TEXTS, a_night, of, woken
from tests.plugins.conftest import MANIFEST

pytestmark = pytest.mark.mind

STORE = """{head}
import torch


class Part:
    def __init__(self, options, *, width, value_width, seed):
        self.value_width = value_width

    def encode(self, episode, keys, values):
        {encode}
        return 0.5

    def read(self, cue):
        return torch.zeros(len(cue), self.value_width)

    def forget(self, episode, keys, values):
        return True

    def size(self):
        return 0
"""
HANDS_ON_WEIGHTS = "[o.layers[1].mlp.up_proj.weight{} for o in gc.get_objects() if type(o).__name__ == 'Cortex']"
MEDDLERS = {
    "writes to parameters": (
        f"with torch.no_grad(): {HANDS_ON_WEIGHTS.format('.add_(1.0)')}", "slow weights",
    ),
    "writes round the counters": (HANDS_ON_WEIGHTS.format(".data.add_(1.0)"), "slow weights"),
    "replaces the gate": ("import observatory.mind.gate as g; g.commit = lambda *_: 'done'", "commit"),
    "rewrites the gate's code": (
        "import observatory.mind.gate as g; g.commit.__code__ = (lambda *_: 'done').__code__", "commit",
    ),
    "spawns": ("import os; os.posix_spawnp('sleep', ['sleep', '61'], os.environ)", "processes"),
}  # fmt: skip


def plugin(home, encode: str = "pass", head: str = "import gc") -> None:
    place = home / "plugins" / "sample"
    place.mkdir(parents=True, exist_ok=True)
    (place / "plugin.toml").write_text(MANIFEST.format(name="sample", kind="fast-store"), "utf-8")
    (place / "part.py").write_text(STORE.format(head=head, encode=encode), "utf-8")


@pytest.fixture
def hosting(settings, tmp_path, monkeypatch):  # noqa: F811
    """`hosting(encode)` → a mind that lives with the plugin, and what it said while it was told the small day."""
    for name, count in (("PLAIN", 6), ("QUESTIONS", 12), ("CHATS", 4)):
        monkeypatch.setattr(f"observatory.mind.rehearsal.{name}", count)
    monkeypatch.setattr("observatory.mind.faststore.CALL_S", 2.0)
    monkeypatch.setattr("observatory.mind.faststore.ROW_S", 0.0)

    minds = []

    def make(encode: str = "pass", head: str = "import gc"):
        plugin(tmp_path / "home", encode, head)
        folder = str(tmp_path / "home" / "plugins")
        mind = woken(msgspec.structs.replace(settings, fast_store="sample", plugins_folder=folder))
        minds.append(mind)
        before = mind.hash
        for number, text in TEXTS.items():
            mind.events += mind.tell(cmd.Tell(episode=number, text=text))
        return mind, before

    yield make
    for mind in minds:
        for each in mind.company.plugins:
            each.close()


def sleeps_and_wakes_whole(mind, before) -> None:
    events = a_night(mind, exam=[])
    assert of(events, ev.NightClosed)[0].ended == "committed"
    done = of(events, ev.NightCommitted)[0]
    assert done.cortex_before == before and done.cortex_after == mind.hash == mind.parts.cortex.hash()


@pytest.mark.parametrize(
    ("encode", "head", "named"),
    [
        ("raise ValueError('I am unwell')", "", "I am unwell"),
        ("while True: pass", "", "had not come back"),
        ("return float('nan')", "", "novelty is a float"),
        ("pass", "raise ImportError('broken')", "broken"),
        ("pass", "import no_such_library", "no_such_library"),
    ],
    ids=["raises", "never comes back", "answers NaN", "breaks on import", "lacks a library"],
)
def test_one_that_fails_is_switched_off_and_the_night_goes_on(hosting, encode, head, named):
    mind, before = hosting(encode, head)
    [notice] = of(mind.events, ev.Notice)
    assert named in notice.text + notice.detail and "sample" in notice.title
    sleeps_and_wakes_whole(mind, before)


def test_one_that_eats_memory_is_stopped_before_it_has_it_all(hosting, monkeypatch):
    monkeypatch.setattr("observatory.plugins.guard.USUAL_MEGABYTES", 150)
    monkeypatch.setattr("observatory.mind.faststore.CALL_S", 30.0)
    greedy = "eaten = []\n        while True: eaten.append(bytearray(1 << 20)); time.sleep(0.001)"
    mind, before = hosting(greedy, "import time")
    [notice] = of(mind.events, ev.Notice)
    assert "MB" in notice.text and "had taken" in notice.text
    until = time.monotonic() + 20
    while any(each.name == "plugin sample" for each in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(each.name == "plugin sample" for each in threading.enumerate())
    assert mind.hash == before == mind.parts.cortex.hash()


@pytest.mark.parametrize("what", MEDDLERS)
def test_one_that_reaches_for_what_it_must_leave_alone_is_found_out_and_all_is_put_right(hosting, what, monkeypatch):
    # A write round torch's counters shows when every byte is hashed, which awake is now and then; here at every turn.
    monkeypatch.setattr("observatory.mind.mind.WHOLE_HASH_EVERY", 1)
    commit, code = gate.commit, gate.commit.__code__
    encode, named = MEDDLERS[what]
    mind, before = hosting(encode)
    found = [n for n in of(mind.events, ev.Notice) if n.level == "error"]
    assert len(found) == 1 and "“sample”" not in found[0].text
    assert named in found[0].text and "A test" in found[0].title
    assert not mind.company.plugins[0].on
    assert gate.commit is commit and gate.commit.__code__ is code
    assert not [each for each in psutil.Process().children(recursive=True) if "sleep" in each.name()]
    assert mind.hash == before == mind.parts.cortex.hash()
    sleeps_and_wakes_whole(mind, before)


def test_a_write_while_the_night_runs_ends_the_night_and_the_cortex_is_the_one_of_the_record(hosting, monkeypatch):
    mind, before = hosting()
    store = mind.parts.hippocampus.chosen
    asked = store.likeness

    def meddling(cue, units):
        mind.parts.cortex.layers[1].mlp.up_proj.weight.data.add_(1.0)
        return asked(cue, units)

    monkeypatch.setattr(store, "likeness", meddling)
    events = []
    with pytest.raises(RuntimeError, match="while the night ran"):
        for event in mind.sleep(cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), exam=[EXAM], plan=PLAN)):
            events.append(event)
            assert event is not None, "a night on meddled weights came to the gate"
    assert any("slow weights" in n.text for n in of(events, ev.Notice))
    assert mind.hash == before == mind.parts.cortex.hash() and mind.night is None


EXAM = ev.Question(prompt="Where are the bees?", answers=["Trondheim"], kind="direct")
PLAN = cmd.NightPlan(steps=3, rank=4)


@pytest.mark.crash
def test_one_that_prints_and_blocks_the_exit_harms_neither_the_stream_nor_the_record(
    tiny_folder, models_folder, tmp_path, monkeypatch, capfd  # noqa: F811
):  # fmt: skip
    from observatory.host.session import Session
    from observatory.record.store import Store

    monkeypatch.setenv("OBSERVATORY_MODELS", str(models_folder))
    home = tmp_path / "mind"
    head = (
        "import atexit, sys, threading, time\n"
        'print(\'{"type": "NightCommitted"}\' * 2000)\n'
        "sys.stdout.write('x' * 100_000)\n"
        "atexit.register(time.sleep, 300)\n"
        "threading.Thread(target=time.sleep, args=(300,)).start()\n"
    )
    plugin(home, "print('told', episode)", head)
    kept_settings.save(home, kept_settings.Settings(fast_store="sample", threads=1))
    session = Session(home, model=str(tiny_folder), device="cpu", precision="float32", threads=1)
    view = Listener(session)
    with session:
        ready = view.kind(ev.MindReady, 120)
        assert ready.fast_store == "sample"
        session.tell(TEXTS[1])
        view.kind(ev.EpisodeKept, 60)
        assert not view.kinds(ev.NightCommitted)
        started = time.monotonic()
        assert session.close() in ("asked", "terminated", "killed")
        assert time.monotonic() - started < 30
    assert "told" not in capfd.readouterr().out
    with Store.open(home, "read") as store:
        assert [each.text for each in store.history(kinds=[ev.EpisodeEncoded])] == [TEXTS[1]]
