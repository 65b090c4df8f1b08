"""A plugin that raises, hangs or answers nonsense is switched off and named, and its caller goes on."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest

from observatory.plugins import find
from observatory.plugins.contract import Episode, Night
from observatory.plugins.guard import Guarded

EPISODES = [Episode(number=n, text=f"episode {n}") for n in (1, 2, 3)]


@pytest.fixture
def notices():
    return []


@pytest.fixture
def guarded(notices):
    opened = []

    def open_(folder, kind: str = "drive", **more) -> Guarded:
        opened.append(Guarded(find.at(folder), kind, notices.append, **{"seconds": 5.0, **more}))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def test_a_plugin_that_answers_as_agreed_is_asked_again_and_again(drive, guarded, notices):
    plugin = guarded(drive("return [0.5 for _ in episodes]"))
    assert plugin.ask("score", EPISODES) == [0.5, 0.5, 0.5] == plugin.ask("score", EPISODES)
    assert plugin.on and not notices


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("raise ValueError('I am unwell')", "I am unwell"),
        ("raise SystemExit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return score(episodes)", "NameError"),
        ("return self.score(episodes)", "RecursionError"),
        ("return [float('nan')] * len(episodes)", "score gave back"),
        ("return [float('inf')] * len(episodes)", "score gave back"),
        ("return [2.0] * len(episodes)", "<= 1.0"),
        ("return [0.5]", "1 numbers for 3 episodes"),
        ("return ['a', 'b', 'c']", "score gave back"),
        ("return None", "score gave back"),
        ("return object()", "score gave back"),
    ],
)
def test_a_plugin_that_fails_is_switched_off_and_named_and_the_caller_goes_on(drive, guarded, notices, body, named):
    plugin = guarded(drive(body))
    assert plugin.ask("score", EPISODES, otherwise="without it") == "without it"
    assert not plugin.on
    assert plugin.ask("score", EPISODES, otherwise="still without") == "still without"
    [notice] = notices
    assert "sample" in notice.title and notice.level == "warning"
    assert named in notice.text or named in notice.detail
    assert "Traceback" in notice.detail


def test_a_plugin_that_does_not_come_back_is_left_behind(drive, guarded, notices):
    plugin = guarded(drive("time.sleep(1.5)"), seconds=0.2)
    started = time.monotonic()
    assert plugin.ask("score", EPISODES, otherwise=[]) == []
    assert time.monotonic() - started < 1.2
    [notice] = notices
    assert "had not come back" in notice.text and "time.sleep" in notice.detail


def test_a_loop_without_end_is_ended(drive, guarded):
    plugin = guarded(drive("\n        while True:\n            pass"), seconds=0.2)
    assert plugin.ask("score", EPISODES, otherwise=[]) == []
    until = time.monotonic() + 10
    while "plugin sample" in [each.name for each in threading.enumerate()] and time.monotonic() < until:
        time.sleep(0.02)
    assert "plugin sample" not in [each.name for each in threading.enumerate()]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import no_such_library\n", "no_such_library"),
        ("class Part(:\n", "SyntaxError"),
        ("class Other:\n    pass\n", "no class Part"),
        ("class Part:\n    pass\n", "lacks score"),
        ("class Part:\n    def score(self, episodes):\n        return []\n", "TypeError"),
    ],
)
def test_a_plugin_that_cannot_be_made_is_switched_off_at_once(written, guarded, notices, code, named):
    plugin = guarded(written(code))
    assert not plugin.on and named in notices[0].detail
    assert plugin.ask("score", EPISODES, otherwise=1) == 1


def test_one_plugin_that_fails_takes_no_other_with_it(drive, guarded, tmp_path):
    bad = guarded(drive("raise ValueError", folder=tmp_path / "bad"))
    good = guarded(drive("return [1.0] * len(episodes)", folder=tmp_path / "good", name="other"))
    assert bad.ask("score", EPISODES) is None
    assert good.ask("score", EPISODES) == [1.0, 1.0, 1.0] and good.on and not bad.on


def test_two_plugins_may_each_have_a_file_of_the_same_name(drive, guarded, tmp_path):
    one = guarded(drive("return [0.1] * len(episodes)", folder=tmp_path / "a", name="one"))
    two = guarded(drive("return [0.2] * len(episodes)", folder=tmp_path / "b", name="two"))
    assert (one.ask("score", EPISODES)[0], two.ask("score", EPISODES)[0]) == (0.1, 0.2)


def test_what_a_plugin_does_to_what_it_is_handed_stays_with_it(written, guarded):
    code = (
        "class Part:\n    def __init__(self, options):\n        pass\n\n    def after(self, night, episodes):\n"
        "        night.scores['direct'] = 1.0\n        episodes.clear()\n        return []\n"
    )
    night, episodes = Night(number=1, stage="replay", scores={"direct": 0.2}), list(EPISODES)
    plugin = guarded(written(code, kind="night-stage"), "night-stage")
    assert plugin.ask("after", night, episodes) == [] and plugin.on
    assert night.scores == {"direct": 0.2} and episodes == EPISODES


@pytest.mark.parametrize("handed", [EPISODES[0], Night(number=1, stage="replay", drawn=(1,), scores={"direct": 0.5})])
def test_what_a_plugin_is_handed_is_data_and_leads_nowhere(handed):
    """What survives being written as JSON holds no object through which anything could be done."""
    assert msgspec.json.decode(msgspec.json.encode(handed), type=type(handed)) == handed
    with pytest.raises(AttributeError):
        handed.number = 2


def test_an_export_stays_in_its_folder(written, guarded, notices):
    code = (
        "class Part:\n    def __init__(self, options):\n        pass\n\n    def files(self, episodes, nights):\n"
        "        return {'../elsewhere': b'x'}\n"
    )
    plugin = guarded(written(code, kind="exporter"), "exporter")
    assert plugin.ask("files", EPISODES, [], otherwise={}) == {} and "elsewhere" in notices[0].text


@pytest.mark.mind
def test_a_store_that_reads_nan_or_another_shape_is_switched_off(written, guarded, notices):
    import torch

    code = (
        "import torch\n\n\nclass Part:\n    def __init__(self, options, *, width, value_width, seed):\n        pass\n\n"
        "    def encode(self, episode, keys, values):\n        return 0.5\n\n"
        "    def read(self, cue):\n        return torch.full((len(cue), 3), float('nan'))\n\n"
        "    def forget(self, episode, keys, values):\n        return True\n\n    def size(self):\n        return 0\n"
    )
    place = written(code, kind="fast-store")
    for width, named in ((3, "NaN"), (4, "shape")):
        store = guarded(place, "fast-store", width=2, value_width=width, seed=0)
        assert store.ask("encode", 1, torch.zeros(1, 2), torch.zeros(1, width)) == 0.5
        assert store.ask("read", torch.zeros(2, 2)) is None
        assert named in notices.pop().text
