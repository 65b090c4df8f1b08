"""A plugin's fast store in the encoding dock: what it wrote, whom it still answers for, its own numbers. Canned."""

from __future__ import annotations

import msgspec
import pytest

from observatory.protocol import events as ev
from observatory.window.story import Story
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
FADING = 0.12


def wrote(episode: int, store: str = "titans") -> ev.StoreWrote:
    """As a store whose matrix fades by so much with every write."""
    last = range(max(1, episode - 15), episode + 1)
    echoes = [ev.Echo(episode=n, strength=round(0.93 * (1 - FADING) ** (episode - n), 4)) for n in last]
    novelty = 0.97 - 0.011 * (episode % 9)
    return ev.StoreWrote(
        episode=episode, store=store, novelty=novelty, rows=1, held=episode, numbers=2_097_152, took_ms=3.4,
        echoes=echoes, own={"surprise": novelty, "surprise left behind": round(0.07 + 0.004 * episode, 3),
                            "memory": 0.9 * episode**0.5, "momentum": 0.21},
    )  # fmt: skip


def lived(store: str = "titans") -> list[ev.Event]:
    """The first day, told to a home that lives with another store."""
    out = []
    for event in canned.day():
        if isinstance(event, ev.MindReady):
            event = msgspec.structs.replace(event, fast_store=store)
        out.append(event)
        if isinstance(event, ev.EpisodeEncoded):
            out.append(wrote(event.episode, store))
    return out


BACK = ev.StoreRead(
    question=1, store="titans", took_ms=1.2,
    echoes=[ev.Echo(episode=23, strength=0.41), ev.Echo(episode=25, strength=0.08), ev.Echo(episode=2, strength=0.0)],
    own={"memory": 4.4, "momentum": 0.21},
)  # fmt: skip
DAY = [*lived(), *canned.talk()[:24], BACK, canned.beat()]


def encoding(window):
    window.show_encoding()
    return window.encoding


def test_what_the_store_wrote_stands_beside_the_episode_with_its_own_numbers(opened):
    dock = encoding(opened(DAY))
    assert dock.twins.currentWidget() is dock.store and dock.store_button.isVisibleTo(dock)
    assert dock.store.head.whole.startswith("Titans") and dock.store_button.text() == "Titans"
    said = dock.store.said.whole
    assert "Novelty 0.89" in said and "25 held in 8.4 MB" in said
    assert "surprise left behind 0.17, memory 4.50" in dock.store.own.whole
    assert "surprise left behind" in dock.store.legends[1].text() and "surprise 0" not in dock.store.legends[1].text()
    assert "0.41" in dock.store.asked.whole and "Ignatius Bell" in dock.store.asked.whole


def test_how_the_first_fade_is_drawn_as_it_was_after_the_shown_episode(opened):
    dock = encoding(opened(DAY))
    newest = dock.store.echoes.accessibleDescription()
    assert newest.startswith("episode 10: 0.14") and newest.endswith("episode 25: 0.93")
    dock.show_episode(12)
    earlier = dock.store.echoes.accessibleDescription()
    assert earlier.startswith("episode 1: 0.23") and earlier.endswith("episode 12: 0.93")


def test_it_follows_what_is_told_and_the_code_is_one_press_away(opened):
    window = opened(DAY)
    dock = encoding(window)
    window.source.waiting += [canned.episode(26, "A heron slept on the roof of the mill."), wrote(26), canned.beat()]
    take_in(window)
    assert "26 held" in dock.store.said.whole
    dock.store_button.click()
    assert dock.twins.currentIndex() == 0 and dock.raster.isVisibleTo(dock)
    dock.twin_button.click()
    assert dock.twins.currentWidget().isAncestorOf(dock.units)
    dock.store_button.click()
    assert dock.twins.currentWidget() is dock.writes
    titles = [column.title for column in dock.writes.rows.columns]
    cells = [dock.writes.rows.index(25, at).data() for at in range(len(titles))]
    assert cells[titles.index("Novelty")] == "0.88" and "memory" in cells[titles.index("Its own numbers")]


def test_a_home_with_the_built_in_store_shows_the_code_as_ever(opened):
    dock = encoding(opened([*canned.day(), canned.beat()]))
    assert dock.twins.currentIndex() == 0 and not dock.store_button.isVisibleTo(dock)


def test_episodes_that_were_told_before_a_store_was_chosen_say_so(opened):
    dock = encoding(opened([*canned.day(), canned.episode(26, "A heron slept."), wrote(26), canned.beat()]))
    dock.show_episode(3)
    assert "before anything was told" in dock.store.said.whole and not dock.store.echoes.accessibleDescription()


def test_a_story_is_copied_with_what_its_store_told():
    from observatory.window.copies import copied

    story = Story().take_all(DAY)
    assert copied(story).wrote == story.wrote and copied(story).store_read == BACK
