"""A tiny random model of the right shape, built here in a second, and minds woken on it."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from observatory.bench import tiny
from observatory.mind.mind import Mind
from observatory.protocol import commands as cmd
from tests.mind.tiny import TEXTS, woken


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("tiny"))


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
