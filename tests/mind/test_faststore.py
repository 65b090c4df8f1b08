"""A home's chosen fast store finds its episodes, and when it fails the built-in one does."""

from __future__ import annotations

import msgspec
import pytest

from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of, woken
from tests.plugins.conftest import MANIFEST

pytestmark = pytest.mark.mind
SHIPPED = ("larimar", "hopfield", "knnlm", "titans", "bdh")
QUIET = {"titans": {"fading": 0.0}, "larimar": {"places": 256}, "bdh": {"neurons": 2048}}
MIXING = "bdh"
"""The states of a random model's tokens share too much for a sum of all: here it mixes them up, and still answers."""
CUE = "Where does Zelda Marchetti keep her bees?"

STORE = """import torch


class Part:
    def __init__(self, options, *, width, value_width, seed):
        self.told, self.value_width = [], value_width

    def encode(self, episode, keys, values):
        self.told.append((episode, values[:1]))
        {encode}

    def read(self, cue):
        {read}

    def forget(self, episode, keys, values):
        self.told = [each for each in self.told if each[0] != episode]
        return True

    def size(self):
        return len(self.told)
"""
LAST = "return self.told[-1][1].expand(len(cue), -1)"
"""Whatever is asked, this store answers with what it was told last."""


def store(tmp_path, encode: str = "return 0.5", read: str = LAST, name: str = "sample") -> None:
    place = tmp_path / "home" / "plugins" / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "plugin.toml").write_text(MANIFEST.format(name=name, kind="fast-store"), "utf-8")
    (place / "part.py").write_text(STORE.format(encode=encode, read=read), "utf-8")


@pytest.fixture
def minded(settings, tmp_path):
    """`minded("titans")` is a mind with that store that was told the small day."""

    minds = []

    def make(name: str, tell: bool = True, **options):
        chosen = msgspec.structs.replace(
            settings, fast_store=name, fast_store_options=options, plugins_folder=str(tmp_path / "home" / "plugins")
        )
        mind = woken(chosen)
        minds.append(mind)
        for number, text in TEXTS.items() if tell else ():
            mind.events += mind.tell(cmd.Tell(episode=number, text=text))
        return mind

    yield make
    for mind in minds:
        for each in mind.company.plugins:
            each.close()


@pytest.fixture(autouse=True)
def sure(monkeypatch):
    """A tiny random model is never sure of anything; here it is what the store says that counts."""
    monkeypatch.setattr("observatory.mind.hippocampus.SURE", -1.0)


def asked(mind, text: str = CUE) -> tuple[list, str]:
    events = list(mind.ask(cmd.Ask(question=1, text=text, tokens=12)))
    return [read.episode for read in of(events, ev.MemoryRead)[0].reads], of(events, ev.Answered)[0].answer


@pytest.mark.parametrize("name", SHIPPED)
def test_every_store_that_ships_finds_what_it_was_told(minded, name):
    mind = minded(name, **QUIET.get(name, {}))
    assert of(mind.events, ev.MindReady)[0].fast_store == name
    found = mind.parts.hippocampus.recall_all(list(TEXTS.values()))
    assert all(each.reads for each in found)
    assert name == MIXING or [each.reads[0][0] for each in found] == list(TEXTS)
    assert mind.company.plugins[0].on and not of(mind.events, ev.Notice)


def test_what_the_store_says_changes_what_the_whole_mind_answers(minded, tmp_path):
    store(tmp_path)
    by_store, built_in = asked(minded("sample")), asked(minded(""))
    assert by_store[0] == [4] and built_in[0] != [4]
    assert by_store[1] != built_in[1]


def test_titans_lets_the_first_episodes_fade_and_what_is_faint_is_not_read(minded, monkeypatch):
    monkeypatch.setattr("observatory.mind.hippocampus.FAINT", 0.2)
    mind = minded("titans", fading=0.5, momentum=0.0)
    first, last = mind.parts.hippocampus.recall_all([TEXTS[1], TEXTS[4]])
    assert last.reads[0][0] == 4
    assert not first.sure and "too faint" in first.why


def test_what_is_forgotten_is_forgotten_by_the_store_too(minded):
    mind = minded("hopfield")
    size = mind.parts.hippocampus.chosen.store.ask("size")
    mind.parts.hippocampus.forget(1)
    assert 0 < mind.parts.hippocampus.chosen.store.ask("size") < size
    assert 1 not in [e for e, _ in mind.parts.hippocampus.recall_all([TEXTS[1]])[0].candidates]


@pytest.mark.parametrize("name", ["titans", "larimar"])
def test_after_a_restart_the_store_is_rebuilt_from_the_episodes_and_answers_the_same(minded, name):
    before = minded(name, **QUIET.get(name, {}))
    held = [
        cmd.StoredEpisode(
            episode=n, text=text, speaker="user", session="", lived_at="", surprise=before.parts.lived[n].bits,
            tokens=before.parts.hippocampus.traces[n].tokens,
        )
        for n, text in TEXTS.items()
    ]  # fmt: skip
    after = minded(name, tell=False, **QUIET.get(name, {}))
    list(after.restore(held))
    one, two = (mind.parts.hippocampus.recall_all([CUE])[0].candidates for mind in (before, after))
    assert [e for e, _ in one] == [e for e, _ in two]
    assert [m for _, m in one] == pytest.approx([m for _, m in two], abs=1e-3)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"encode": "raise ValueError('I am unwell')"}, "I am unwell"),
        ({"encode": "return 7.0"}, "novelty is a float"),
        ({"read": "return torch.full((len(cue), self.value_width), float('nan'))"}, "NaN"),
        ({"read": "raise SystemExit(3)"}, "SystemExit"),
        ({"read": "import time; time.sleep(1.5)"}, "had not come back"),
    ],
)
def test_a_store_that_fails_is_named_and_the_built_in_one_takes_over(minded, tmp_path, monkeypatch, wrong, named):
    monkeypatch.setattr("observatory.mind.faststore.CALL_S", 0.5)
    monkeypatch.setattr("observatory.mind.faststore.ROW_S", 0.0)
    store(tmp_path, **wrong)
    mind = minded("sample")
    events = [*mind.events, *mind.ask(cmd.Ask(question=1, text=CUE, tokens=4))]
    [notice] = [n for n in of(events, ev.Notice) if "switched off" in n.title]
    assert named in notice.text + notice.detail
    assert "part.py" in notice.detail or "return" in str(wrong)
    assert not mind.company.plugins[0].on
    assert asked(mind) == asked(minded(""))
    assert all(checked.unchanged for checked in of(events, ev.CortexChecked))


def test_a_night_goes_on_when_the_store_fails_in_it_and_a_moved_cortex_is_told_anew(minded, tmp_path):
    mind = minded("hopfield")
    kept = mind.parts.hippocampus.chosen.store
    events = a_night(mind)
    assert of(events, ev.NightClosed)[0].ended == "committed"
    assert mind.parts.hippocampus.chosen.store is not kept
    assert mind.parts.hippocampus.recall_all([TEXTS[3]])[0].reads[0][0] == 3
    # By day it is asked once after every episode, for what is shown of it.
    counted = f"self.asked = getattr(self, 'asked', 0) + 1\n        if self.asked > {len(TEXTS)}:"
    store(tmp_path, read=f"{counted} raise RuntimeError('not at night')\n        {LAST}")
    mind = minded("sample")
    assert mind.company.plugins[0].on
    events = a_night(mind)
    assert of(events, ev.NightClosed)[0].ended == "committed"
    assert ["not at night" in n.text for n in of(events, ev.Notice)] == [True]


def test_a_store_that_is_not_there_is_said_and_the_built_in_one_stands_in(minded):
    mind = minded("no-such")
    [notice] = of(mind.events, ev.Notice)
    assert "no-such" in notice.title and of(mind.events, ev.MindReady)[0].fast_store == ""
    assert mind.parts.hippocampus.chosen is None


@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_store_wrote_and_brings_back_is_told_with_its_own_numbers(minded, name):
    mind = minded(name, **QUIET.get(name, {}))
    wrote = of(mind.events, ev.StoreWrote)
    assert [(each.episode, each.store, each.held) for each in wrote] == [(n, name, n) for n in TEXTS]
    assert [[echo.episode for echo in each.echoes] for each in wrote] == [[*range(1, n + 1)] for n in TEXTS]
    assert wrote[-1].numbers > 0 and wrote[0].own and wrote[0].novelty == pytest.approx(1.0, abs=0.01)
    assert name == MIXING or wrote[-1].novelty < 1 and wrote[-1].echoes[-1].strength > 0.5
    [back] = of(list(mind.ask(cmd.Ask(question=1, text=TEXTS[2], tokens=2))), ev.StoreRead)
    strengths = [echo.strength for echo in back.echoes]
    assert back.question == 1 and len(strengths) == len(TEXTS) and strengths == sorted(strengths, reverse=True)
    assert name == MIXING or back.echoes[0].episode == 2


def test_titans_shows_how_the_first_episode_fades_while_others_are_told(minded):
    wrote = of(minded("titans", fading=0.3, momentum=0.0).events, ev.StoreWrote)
    first = [each.echoes[0].strength for each in wrote]
    assert first[-1] < 0.6 * first[0]
    assert wrote[0].own["surprise left behind"] < wrote[0].own["surprise"] == pytest.approx(1.0)


def test_the_built_in_store_tells_nothing_of_this(told):
    assert not of(told.events, ev.StoreWrote)


@pytest.mark.parametrize(("look", "fine"), [("{'a': 1}", True), ("{'a': float('nan')}", False), ("[1]", False)])
def test_a_stores_own_numbers_are_looked_at_before_they_are_shown(minded, tmp_path, look, fine):
    store(tmp_path, encode=f"return 0.5\n\n    def look(self):\n        return {look}")
    mind = minded("sample")
    assert mind.company.plugins[0].on == fine
    assert [each.own for each in of(mind.events, ev.StoreWrote)] == ([{"a": 1.0}] * 4 if fine else [{}])
