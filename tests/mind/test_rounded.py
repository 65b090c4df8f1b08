"""Steps whose products are taken of rounded factors: near the exact gradient, and nothing else is touched by them."""

from __future__ import annotations

import msgspec
import pytest
import torch

from observatory.mind import guard, views
from observatory.mind.cortex import kin
from observatory.mind.delta import Delta
from observatory.mind.passages import passages
from observatory.mind.replay import Drawn, Recipe, Replay
from observatory.mind.rounded import ROWS, Exact, Rounded, products
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of, woken


@pytest.fixture
def exact(told):
    """The tiny mind's cortex as it is, and what it makes of a few tokens."""
    cortex = told.parts.cortex
    before = {name: parameter.clone() for name, parameter in cortex.model.named_parameters()}
    yield cortex
    assert all(torch.equal(parameter, before[name]) for name, parameter in cortex.model.named_parameters())
    assert not [m for m in cortex.model.modules() if "forward" in vars(m)]


def seen(maps, made_of, seed: int) -> guard.Watcher:
    """A watcher that saw inputs strong in some directions and weak in others, none of them an axis."""
    watcher = guard.Watcher(maps, made_of)
    for at, name in enumerate(dict.fromkeys(map(kin, maps))):
        wide = maps[name].in_features
        inputs, mixed = torch.randn(2, wide, wide, generator=torch.Generator().manual_seed(seed + at))
        inputs = inputs * torch.linspace(0.1, 2, wide) @ mixed
        watcher.sums[name], watcher.counts[name] = inputs.T @ inputs, len(inputs)
    return watcher


def gradient(told, rounds: bool, guarded: bool = False) -> list[torch.Tensor]:
    """Of one step over two episodes and all their places: of `down` and of `up`, a line of numbers each."""
    speech, cortex = told.parts.speech, told.parts.cortex
    cortex.rounds = rounds
    maps, calm = cortex.matrices(1, 3), None
    delta = Delta.fresh(maps, 2, 0)
    with torch.no_grad():
        for at, parameter in enumerate(delta.parameters()):
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(at)) * 0.02)
    made_of = products(cortex)
    if guarded:
        old = seen(maps, made_of, 0)
        delta.guard = guard.between(old, seen(maps, made_of, 100))
        calm = guard.Calm(old, delta.guard)
    replay = Replay(speech, delta, Recipe(first_layer=1, last_layer=3, parts=1), calm=calm, rounded=made_of)
    texts = ["Zelda Marchetti keeps her bees in Trondheim.", "Bartholomew the goat refuses hay."]
    drawn = [
        Drawn(views.plain_views(speech, passage)[0], None)
        for at, text in enumerate(texts, 1)
        for passage in passages(speech, at, text, [6.0] * len(speech.encode(text)))[:1]
    ]
    replay.step(1, drawn)
    cortex.rounds = False
    return [torch.cat([p.grad.flatten() for p in part.values()]) for part in (delta.down, delta.up)]


@pytest.mark.parametrize("guarded", [False, True], ids=["alone", "guarded and calm"])
def test_the_rounded_gradient_points_where_the_exact_one_does(told, exact, guarded):
    for mine, true in zip(gradient(told, True, guarded), gradient(told, False, guarded), strict=True):
        assert not torch.equal(mine, true), "nothing was rounded"
        assert float(torch.cosine_similarity(mine, true, dim=0)) > 0.999
        assert abs(float(mine.norm() / true.norm()) - 1) < 0.02


def test_a_step_that_fails_half_way_leaves_no_rounding_behind(exact):
    with pytest.raises(ValueError, match="half-way"), Rounded(exact):
        raise ValueError("half-way")


@pytest.mark.parametrize("rows", [1, ROWS - 1, ROWS, ROWS + 1])
def test_rows_that_only_fill_up_change_nothing(exact, rows):
    linear = next(m for m in exact.model.modules() if isinstance(m, torch.nn.Linear))
    x = torch.randn(rows, linear.in_features, generator=torch.Generator().manual_seed(1), requires_grad=True)
    with Rounded(exact):
        out = linear(x)
        out.sum().backward()
    weight = linear.weight.bfloat16().float()
    # The product comes back rounded too: to 8 bits of its own size.
    assert out.shape == (rows, linear.out_features) and out.dtype is torch.float32
    assert torch.allclose(out, x.bfloat16().float() @ weight.t(), rtol=2**-7, atol=1e-3)
    assert torch.allclose(x.grad, weight.sum(0).expand_as(x), rtol=2**-7, atol=1e-3)


def test_maps_that_read_the_same_states_and_the_delta_beside_them_give_what_each_gives_alone(exact):
    """Pairs of several ranks, and one map that has none."""
    attention = exact.layers[1].self_attn
    maps = exact.matrices(1, 2)
    down, up = {}, {}
    for rank, name in ((3, "q_proj"), (2, "v_proj")):
        linear, chance = getattr(attention, name), torch.Generator().manual_seed(rank)
        stem = f"layers.1.self_attn.{name}"
        down[stem] = torch.randn(rank, linear.in_features, generator=chance).requires_grad_(True)
        up[stem] = torch.randn(linear.out_features, rank, generator=chance).requires_grad_(True)
    delta = Delta(down, up, scale=0.5)
    x = torch.randn(5, exact.width, generator=torch.Generator().manual_seed(9)).requires_grad_(True)
    inputs = [x, *delta.parameters()]

    def passed(products):
        with products, products.beside(delta, maps):
            outs = [getattr(attention, name)(x) for name in ("q_proj", "k_proj", "v_proj")]
            slopes = torch.autograd.grad(sum(out.square().sum() for out in outs), inputs)
            return [out.detach() for out in outs], slopes

    (mine, slopes), (plain, true) = passed(Rounded(exact)), passed(Exact(exact))
    for a, b in zip([*mine, *slopes], [*plain, *true], strict=True):
        assert a.shape == b.shape
        assert float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0)) > 0.999
        assert abs(float(a.norm() / b.norm()) - 1) < 0.02
    with Rounded(exact):
        torch.testing.assert_close(attention.k_proj(x), plain[1], rtol=0.02, atol=0.02)


def test_the_norm_before_a_product_is_the_models_own_but_for_the_rounding(exact):
    norm = exact.layers[0].input_layernorm
    x = torch.randn(1, 7, exact.width, generator=torch.Generator().manual_seed(2)).requires_grad_(True)
    count = torch.randn(1, 7, exact.width, generator=torch.Generator().manual_seed(3))
    plain = norm(x)
    (true,) = torch.autograd.grad((plain * count).sum(), x)
    with Rounded(exact):
        mine = norm(x)
        (found,) = torch.autograd.grad((mine * count).sum(), x)
    assert mine.dtype is torch.bfloat16
    torch.testing.assert_close(mine.float(), plain, rtol=2**-8, atol=1e-3)
    torch.testing.assert_close(found, true, rtol=0.02, atol=0.02)


def test_only_what_goes_from_one_product_into_the_next_is_rounded_on_its_way(exact):
    layer, seen = exact.layers[1], {}

    def note(name, give):
        return lambda _module, given, out: seen.update({name: (give(given[0]), give(out))})

    def kind_of(state):
        return (state[0] if isinstance(state, tuple) else state).dtype

    watched = {
        "layer": layer, "norm": layer.input_layernorm, "second norm": layer.post_attention_layernorm,
        "query": layer.self_attn.q_proj, "value": layer.self_attn.v_proj, "attended": layer.self_attn.o_proj,
        "gate": layer.mlp.gate_proj, "down": layer.mlp.down_proj, "last norm": exact.model.model.norm,
    }  # fmt: skip
    handles = [module.register_forward_hook(note(name, kind_of)) for name, module in watched.items()]
    try:
        with Rounded(exact), torch.no_grad():
            exact.read_through([[1, 2, 3, 4, 5]])
    finally:
        for handle in handles:
            handle.remove()
    whole, rounded = torch.float32, torch.bfloat16
    assert seen == {
        "layer": (whole, whole), "norm": (whole, rounded), "second norm": (whole, rounded),
        "query": (rounded, whole), "value": (rounded, whole), "attended": (whole, whole),
        "gate": (rounded, rounded), "down": (rounded, whole), "last norm": (whole, whole),
    }  # fmt: skip


def test_a_night_of_rounded_steps_says_so_and_repeats_bit_for_bit_and_its_veto_leaves_the_cortex_as_it_was(settings):
    hashes = []
    for precision in ("mixed", "mixed", "float32"):
        mind = woken(msgspec.structs.replace(settings, precision=precision))
        for number, text in TEXTS.items():
            list(mind.tell(cmd.Tell(episode=number, text=text)))
        before = mind.parts.cortex.hash()
        events = a_night(mind, decision="veto")
        assert of(mind.events, ev.MindReady)[0].precision == precision
        assert mind.parts.cortex.hash() == before
        hashes.append((before, of(events, ev.Proposed)[0].proposal.delta))
    assert hashes[0] == hashes[1]
    assert hashes[0][0] == hashes[2][0], "awake, a mixed mind is the same mind"
    assert hashes[0][1] != hashes[2][1]


@pytest.mark.parametrize("arm", ["finetune", "lora"])
def test_the_usual_ways_are_rounded_like_the_night_and_learn_as_they_do_without(settings, arm):
    found = {}
    for precision in ("mixed", "float32"):
        mind = woken(msgspec.structs.replace(settings, precision=precision))
        for number, text in TEXTS.items():
            list(mind.tell(cmd.Tell(episode=number, text=text)))
        steps = of(a_night(mind, decision="veto", arm=arm, tokens=600), ev.ReplayStep)
        found[precision] = [step.loss for step in steps]
    assert found["mixed"] != found["float32"]
    assert found["mixed"] == pytest.approx(found["float32"], rel=0.02)
    assert found["mixed"][-1] < found["mixed"][0]
