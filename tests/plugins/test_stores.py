"""The fast stores that ship: each keeps the contract and has the property its paper is known for, in small."""

from __future__ import annotations

import pytest
import torch

from observatory.plugins import conformance, find, load

pytestmark = pytest.mark.mind
STORES = ("larimar", "hopfield", "knnlm", "titans", "bdh")


def made(name: str, width: int = 32, value_width: int = 24, **choices):
    found = find.at(find.shipped_folder() / name, "shipped")
    return load.contribution(found, "fast-store")(
        found.manifest.chosen(choices), width=width, value_width=value_width, seed=3
    )


def drawn(many: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(many, width, generator=torch.Generator().manual_seed(seed))


def alike(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cosine_similarity(a, b, dim=-1)


@pytest.mark.parametrize("name", STORES)
def test_every_store_keeps_the_contract(name):
    checks = list(conformance.examine(find.at(find.shipped_folder() / name, "shipped")))
    assert len(checks) > 12
    assert not [f"{each.what}: {each.why}" for each in checks if not each.passed]


@pytest.mark.parametrize("name", STORES)
def test_what_was_told_once_comes_back(name):
    store, keys, values = made(name), drawn(1, 32), drawn(1, 24, 1)
    assert store.encode(1, keys, values) > 0.9
    assert float(alike(store.read(keys), values)) > 0.99


def test_larimar_forgets_exactly_whatever_came_after():
    keys, values = drawn(30, 32), drawn(30, 24, 1)
    store, never = made("larimar"), made("larimar")
    for number in range(30):
        store.encode(number, keys[number : number + 1], values[number : number + 1])
        if number != 7:
            never.encode(number, keys[number : number + 1], values[number : number + 1])
    assert store.forget(7, keys[7:8], values[7:8])
    assert torch.allclose(store.memory, never.memory, atol=1e-5)
    assert torch.allclose(store.unknown, never.unknown, atol=1e-5)
    assert not store.forget(7, keys[7:8], values[7:8])


def test_larimar_knows_what_it_does_not_know():
    store, keys, values = made("larimar"), drawn(6, 32), drawn(6, 24, 1)
    store.encode(1, keys[:5], values[:5])
    assert store.encode(2, keys[:5], values[:5]) < 0.01
    assert store.encode(3, keys[5:], values[5:]) > 0.8


def test_hopfield_makes_a_key_whole_from_half_of_it():
    store, keys, values = made("hopfield", width=64), drawn(40, 64), drawn(40, 24, 1)
    store.encode(1, keys, values)
    half = keys.clone()
    half[:, 32:] = 0
    assert float(alike(half, keys).mean()) < 0.8
    assert float(alike(store.completed(half), keys).min()) > 0.95
    assert float(alike(store.read(half), values).min()) > 0.95


def test_knnlm_mixes_what_is_near_with_the_models_own_words():
    words = torch.eye(24)
    store, keys = made("knnlm", share=0.25, temperature=0.01), drawn(24, 32)
    own = torch.full((24, 24), 1 / 24)
    assert torch.equal(store.mixed(keys, own), own)
    store.encode(1, keys, words)
    mixed = store.mixed(keys, own)
    assert torch.allclose(mixed.sum(1), torch.ones(24), atol=1e-5)
    assert torch.allclose(mixed.diagonal(), torch.full((24,), 0.25 + 0.75 / 24), atol=1e-3)


def test_titans_forgets_by_its_gate():
    keys, values = torch.linalg.qr(drawn(32, 32)).Q, drawn(32, 24, 1)
    left = {}
    for fading in (0.0, 0.1):
        store = made("titans", rate=0.5, momentum=0.0, fading=fading)
        store.encode(0, keys[:1], values[:1])
        store.encode(1, keys[1:21], values[1:21])
        left[fading] = float(store.read(keys[:1]).norm() / values[0].norm())
    assert left[0.0] == pytest.approx(1.0, abs=1e-4)
    assert left[0.1] == pytest.approx(0.9**20, abs=1e-3)


def test_titans_carries_surprise_on_to_what_follows():
    keys, values = torch.linalg.qr(drawn(32, 32)).Q, drawn(32, 24, 1)
    store = made("titans", rate=0.25, momentum=0.5, fading=0.0)
    store.encode(0, keys[:1], values[:1])
    before = float(store.read(keys[:1]).norm())
    store.encode(1, keys[1:2], values[1:2])
    assert float(store.read(keys[:1]).norm()) == pytest.approx(1.5 * before, rel=1e-4)


def test_bdh_holds_more_the_more_neurons_it_has_and_few_of_them_fire():
    keys, values, right = drawn(200, 64), drawn(200, 24, 1), []
    for neurons in (256, 1024, 8192):
        store = made("bdh", width=64, neurons=neurons)
        store.encode(1, keys, values)
        right.append(float(alike(store.read(keys), values).mean()))
    assert right[0] + 0.05 < right[1] and right[1] < right[2] and right[2] > 0.7
    fired = store._fired(keys)
    assert float((fired > 0).double().mean()) == pytest.approx(0.02, abs=0.005) and bool((fired >= 0).all())


def test_bdh_takes_out_exactly_what_an_episode_put_in():
    keys, values = drawn(30, 32), drawn(30, 24, 1)
    store, never = made("bdh"), made("bdh")
    for number in range(10):
        rows = slice(3 * number, 3 * number + 3)
        store.encode(number, keys[rows], values[rows])
        if number != 4:
            never.encode(number, keys[rows], values[rows])
    assert store.forget(4, keys[12:15], values[12:15])
    assert torch.allclose(store.state, never.state, atol=1e-9)


def test_bdh_fades_token_by_token_and_an_episode_takes_its_faded_part_with_it():
    keys, values = drawn(6, 32), drawn(6, 24, 1)
    store = made("bdh", fading=0.1)
    store.encode(0, keys[:2], values[:2])
    one = store.state.clone()
    store.encode(1, keys[2:], values[2:])
    assert not store.forget(1, keys[2:], values[2:])
    assert torch.allclose(store.state, one * 0.9**4, atol=1e-9)
    store.forget(0, keys[:2], values[:2])
    assert float(store.state.abs().max()) < 1e-9


@pytest.mark.parametrize("name", STORES)
def test_an_episode_of_the_default_models_width_goes_in_and_comes_back(name):
    store = made(name, width=576, value_width=576)
    keys, values = drawn(20, 576), drawn(20, 576, 1)
    assert 0.0 <= store.encode(1, keys, values) <= 1.0
    assert float(alike(store.read(keys), values).min()) > 0.8
