"""A tiny random model of the right shape, built here in a second, and minds woken on it."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from observatory import resources
from observatory.mind.mind import Mind
from observatory.protocol import commands as cmd
from tests.mind.tiny import TEXTS, woken

TEMPLATE = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\n'}}{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    primer = (resources.folder() / "texts" / "primer.txt").read_text("utf-8")
    tokenizer.train_from_iterator([primer], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(5)
    config = LlamaConfig(
        hidden_size=48, intermediate_size=96, num_hidden_layers=6, num_attention_heads=6, num_key_value_heads=2,
        vocab_size=len(fast), max_position_embeddings=512, tie_word_embeddings=True, rope_parameters={
            "rope_type": "default", "rope_theta": 10000.0},
        bos_token_id=1, eos_token_id=2, initializer_range=0.08,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder, safe_serialization=True)
    return folder


@pytest.fixture(scope="session")
def short_text(tmp_path_factory) -> Path:
    """Perplexity of a tiny model does not need three thousand words."""
    path = tmp_path_factory.mktemp("text") / "short.txt"
    path.write_text("The train was late again and nobody on the platform said a word about it.\n" * 8, "utf-8")
    return path


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def settings(tiny_folder, models_folder, short_text, tmp_path) -> cmd.Settings:
    return cmd.Settings(
        model=str(tiny_folder), models_folder=str(models_folder), deltas_folder=str(tmp_path / "deltas"),
        states_folder=str(tmp_path / "states"),
        checkpoint_folder=str(tmp_path / "checkpoint"), device="cpu", precision="float32", threads=1,
        perplexity_text=str(short_text), perplexity_name="short",
    )  # fmt: skip


@pytest.fixture
def mind(settings) -> Mind:
    return woken(settings)


@pytest.fixture
def told(mind) -> Mind:
    for number, text in TEXTS.items():
        list(mind.tell(cmd.Tell(episode=number, text=text)))
    return mind


@pytest.fixture(autouse=True)
def little_old_material(monkeypatch):
    """A tiny model has little to say: a handful of pieces is rehearsed as well as two hundred."""
    for name, count in (("PLAIN", 6), ("QUESTIONS", 12), ("CHATS", 4)):
        monkeypatch.setattr(f"observatory.mind.rehearsal.{name}", count)
