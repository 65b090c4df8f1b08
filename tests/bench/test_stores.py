"""The bench of stores in small: what it measures is what is true of the store, and its table is made of that."""

from __future__ import annotations

import csv
import io

import pytest
import torch

from observatory.bench import storeclaims, stores, storetable, storevectors

pytestmark = pytest.mark.mind


@pytest.mark.parametrize("name", stores.STORES)
def test_every_store_recalls_a_handful_of_drawn_vectors(name):
    found = stores.vectors(name, 10, seed=0)
    assert found["recall"] == 1.0 and found["first"] > 0.9
    assert found["numbers_each"] > 0 and found["write_ms"] > 0 and found["read_ms"] > 0


def test_a_store_beyond_its_room_is_seen_to_fail_and_one_that_keeps_all_is_not():
    crowded = stores.vectors("larimar", 300, seed=0, places=64)
    assert crowded["recall"] < 0.95 and stores.vectors("hopfield", 300, seed=0)["recall"] == 1.0


def test_a_store_that_takes_too_long_is_left_out():
    keys = storevectors.drawn(400, 0)
    assert stores.told(stores.made("bdh", 256, 64, 0), keys, keys[:, :64], seconds=0.0) is None


def test_sentences_are_found_by_all_their_tokens_together_and_by_a_part_of_them():
    chance = torch.Generator().manual_seed(1)
    told = []
    for _ in range(12):
        keys = torch.nn.functional.normalize(torch.randn(6, storevectors.WIDTH, generator=chance), dim=1)
        told.append(storevectors.Told(keys, keys[:3]))
    for name in ("built-in", "knnlm", "titans"):
        found = stores.sentences(name, told, 12, seed=0)
        assert (found["whole"], found["size"]) == (1.0, 12) and found["asked"] >= 0.9


def test_the_real_sentences_are_many_different_and_asked_by_something_else_than_themselves():
    asked = storevectors.sentences(400)
    assert len({each.text for each in asked}) == 400
    assert not [each for each in asked if each.cue == each.text] and asked == storevectors.sentences(400)
    assert sum("?" in each.cue for each in asked) > 200


def test_what_titans_keeps_of_the_first_follows_its_gate():
    kept = storeclaims._fading(0, 0.05)
    assert [y for _, y in kept] == pytest.approx([100 * 0.95**x for x, _ in kept], abs=0.5)


def test_the_table_and_the_csv_hold_means_over_seeds_and_dashes_for_what_was_not_measured():
    def report(seed: int, recall: float) -> dict:
        one = {"size": 10, "recall": recall, "first": 1.0, "numbers_each": 5, "write_ms": 1.0, "read_ms": 2.0,
               "part_30": 0.5, "part_50": 0.6, "part_70": 0.7}  # fmt: skip
        slow = {"vectors": [one], "sentences": []}
        quick = {"vectors": [one, {**one, "size": 30}], "sentences": []}
        return {"seed": seed, "stores": {"slow": slow, "quick": quick}, "claims": {}}

    reports = [report(0, 1.0), report(1, 0.9)]
    said = storetable.markdown(reports)
    assert "| slow | 95 (90–100) | – |" in said and "| quick | 95 (90–100) | 95 (90–100) |" in said
    rows = list(csv.DictReader(io.StringIO(storetable.csv_text(reports))))
    assert [(row["store"], row["size"], row["recall"], row["bytes_each"]) for row in rows] == [
        ("slow", "10", "0.95", "20"), ("quick", "10", "0.95", "20"), ("quick", "30", "0.95", "20"),
    ]  # fmt: skip
