"""The slept model taken elsewhere answers as the cortex does, to the last logit."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from observatory.mind import export
from observatory.mind.delta import DeltaBroken
from observatory.plugins import find
from tests.mind.tiny import TEXTS, a_night, accepted
from tests.plugins.conftest import MANIFEST

pytestmark = pytest.mark.mind


@pytest.fixture
def slept(told, tiny_folder):
    """A mind after one committed night, and its cortex rebuilt for an export."""
    night = accepted(a_night(told))
    return told, export.cortex_of(tiny_folder, [night], told.parts.deltas, "float32"), night


def test_transformers_loads_the_folder_and_answers_as_the_cortex_does(slept, tmp_path):
    mind, cortex, night = slept
    tokens = mind.parts.speech.encode(TEXTS[1])
    with torch.no_grad():
        normed, _ = mind.parts.cortex.read_through([tokens])
        wanted = mind.parts.cortex.logits(normed)
    made = export.as_hugging_face(cortex, tmp_path, {"nights": [1]})
    model = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    with torch.no_grad():
        said = model(torch.tensor([tokens])).logits[0]
    assert float((said - wanted).abs().max()) < 1e-5
    assert tokenizer.encode(TEXTS[1], add_special_tokens=False) == tokens and tokenizer.chat_template
    kept = json.loads((tmp_path / export.NOTE).read_text())
    assert kept["cortex"] == night.cortex_after == mind.hash and tmp_path / export.NOTE in made
    weight = mind.parts.cortex.model.state_dict()
    assert all(torch.equal(weight[name], tensor) for name, tensor in model.state_dict().items())


def hooked(config: dict, w: dict[str, torch.Tensor], tokens: list[int]) -> torch.Tensor:
    """What a HookedTransformer reckons from these weights, written out from its names and shapes alone."""
    heads, groups, width, eps = (config[key] for key in ("n_heads", "n_key_value_heads", "d_head", "eps"))
    x, places = w["embed.W_E"][tokens], torch.arange(len(tokens))

    def norm(x, scale):
        return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * scale

    angles = places[:, None] / config["rotary_base"] ** (torch.arange(0, width, 2) / width)
    cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)

    def turned(x):
        half = width // 2
        return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin

    for at in range(config["n_layers"]):
        b, mark = f"blocks.{at}", "" if groups == heads else "_"
        inner = norm(x, w[f"{b}.ln1.w"])
        q = torch.einsum("pd,hdk->hpk", inner, w[f"{b}.attn.W_Q"])
        k, v = (torch.einsum("pd,hdk->hpk", inner, w[f"{b}.attn.{mark}W_{n}"]) for n in "KV")
        q, k = turned(q), turned(k)
        k, v = (each.repeat_interleave(heads // groups, 0) for each in (k, v))
        scores = (q @ k.transpose(1, 2) / width**0.5).masked_fill(places[None, None] > places[None, :, None], -1e9)
        x = x + torch.einsum("hpk,hkd->pd", scores.softmax(-1) @ v, w[f"{b}.attn.W_O"])
        inner = norm(x, w[f"{b}.ln2.w"])
        gate = torch.nn.functional.silu(inner @ w[f"{b}.mlp.W_gate"])
        x = x + (gate * (inner @ w[f"{b}.mlp.W_in"])) @ w[f"{b}.mlp.W_out"]
    return norm(x, w["ln_final.w"]) @ w["unembed.W_U"] + w["unembed.b_U"]


def test_before_and_after_a_night_come_out_under_transformerlens_names(slept, tiny_folder, tmp_path):
    mind, after, night = slept
    before = export.cortex_of(tiny_folder, [], mind.parts.deltas, "float32")
    found = find.at(find.shipped_folder() / "transformerlens", "shipped")
    export.by_plugin(found, {"before": before, "after": after}, tmp_path, {"night": 1})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["cortex"] == {"before": night.cortex_before, "after": night.cortex_after}
    tokens, answers = mind.parts.speech.encode(TEXTS[2]), {}
    for state, cortex in (("before", before), ("after", after)):
        weights = load_file(tmp_path / f"{state}.safetensors")
        with torch.no_grad():
            normed, _ = cortex.read_through([tokens])
            answers[state] = hooked(config["config"], weights, tokens)
            assert float((answers[state] - cortex.logits(normed)).abs().max()) < 1e-4
    assert not torch.allclose(answers["before"], answers["after"])


def test_an_exporter_that_fails_leaves_no_half_of_an_export(slept, tmp_path):
    _, cortex, _ = slept
    place = tmp_path / "sample"
    place.mkdir()
    (place / "plugin.toml").write_text(MANIFEST.format(name="sample", kind="cortex-exporter"), "utf-8")
    code = "class Part:\n    def __init__(self, options):\n        self.told = 0\n\n"
    code += "    def config(self, model):\n        return {}\n\n"
    code += "    def tensors(self, model, weights):\n        self.told += 1\n        assert self.told < 12\n"
    code += "        return weights\n"
    (place / "part.py").write_text(code, "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(export.ExportFailed, match="AssertionError"):
        export.by_plugin(find.at(place), {"before": cortex, "after": cortex}, out, {})
    assert not list(out.iterdir())


def test_a_delta_that_is_not_what_the_record_says_is_not_exported(slept, tiny_folder, told):
    _, _, night = slept
    path = told.parts.deltas / night.file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DeltaBroken):
        export.cortex_of(tiny_folder, [night], told.parts.deltas, "float32")
