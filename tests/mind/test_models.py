"""Where a model comes from, and the one clear sentence when it cannot be had."""

from __future__ import annotations

import shutil
import struct

import pytest
import torch

from observatory import models
from observatory.mind.cortex import Cortex, ModelUnusable
from observatory.mind.device import DeviceUnusable, choose


def test_a_local_folder_of_safetensors_is_used_where_it_lies(tiny_folder, tmp_path):
    found, folder = models.prepare(str(tiny_folder), tmp_path)
    assert (found.kind, folder) == ("folder", tiny_folder)
    assert len(models.weights_hash(folder)) == 64


@pytest.mark.parametrize("name", ["model.bin", "pytorch_model.pt"])
def test_pickled_weights_are_never_loaded(tiny_folder, tmp_path, name):
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_folder, folder)
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(models.ModelMissing, match="pickle"):
        models.prepare(str(folder), tmp_path)


def test_a_file_that_only_calls_itself_gguf_is_refused(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"not a model at all" * 100)
    with pytest.raises(models.ModelMissing, match="not a GGUF"):
        models.prepare(str(path), tmp_path)


def test_a_broken_gguf_is_named_and_leaves_nothing_half_made(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + b"\x03\x00\x00\x00" + b"\xff" * 500)
    cache = tmp_path / "cache"
    with pytest.raises(models.ModelMissing, match="What to do"):
        models.prepare(str(path), cache)
    assert not list(cache.glob("*"))


def test_too_little_space_is_said_before_anything_is_written(tmp_path, monkeypatch):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + b"\x00" * 10_000)
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(models.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(models.ModelMissing, match="free some space"):
        models.prepare(str(path), tmp_path / "cache")


def test_a_model_of_another_build_is_refused_with_a_sentence(tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=2, n_embd=16, vocab_size=50)).save_pretrained(tmp_path)
    with pytest.raises((ModelUnusable, models.ModelMissing), match="(?i)llama"):
        Cortex.load(tmp_path, torch.device("cpu"), torch.float32)


def test_a_device_that_is_not_there_is_refused_with_a_remedy():
    missing = "mps" if not torch.backends.mps.is_available() else "cuda:99"
    with pytest.raises(DeviceUnusable, match="What to do"):
        choose(missing)


def test_a_precision_by_hand_wins_and_an_unknown_one_is_refused():
    assert choose("cpu", "bf16").dtype is torch.bfloat16
    assert choose("cpu", "float32").dtype is torch.float32
    with pytest.raises(DeviceUnusable, match="not known"):
        choose("cpu", "int3")


@pytest.mark.parametrize(
    ("arithmetic", "precision"),
    [({"amx_bf16": True}, "mixed"), ({"amx_bf16": False, "avx512_bf16": True}, "mixed"),
     ({"amx_bf16": False, "avx512_bf16": False}, "float32"), ({}, "float32")],
)  # fmt: skip
def test_a_cpu_rounds_the_products_of_a_step_only_where_it_has_arithmetic_for_them(monkeypatch, arithmetic, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: arithmetic)
    found = choose("cpu")
    assert found.precision == precision and found.dtype is torch.float32
    assert choose("cpu", "bfloat16").precision == "bfloat16"


def test_mixed_precision_is_kept_as_float32_and_refused_where_it_is_not_built_for():
    found = choose("cpu", "mixed")
    assert found.rounds and found.format == "float32" and not choose("cpu", "float32").rounds
    with pytest.raises(DeviceUnusable, match="for a CPU"):
        choose("meta", "mixed")
