"""No network, unless a person names a model of the hub."""

from __future__ import annotations

import socket

import pytest

from observatory import models
from observatory.protocol import events as ev
from tests.mind.tiny import a_night, of, woken

pytestmark = pytest.mark.mind


@pytest.fixture
def called(monkeypatch) -> list:
    """Whoever asks for an address or a connection is written down and refused."""
    tried: list = []

    def no(*arguments, **_):
        tried.append(arguments)
        raise OSError("no network here")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, no)
    monkeypatch.setattr(socket, "getaddrinfo", no)
    monkeypatch.setattr(socket, "create_connection", no)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: False, raising=False)
    return tried


def test_waking_being_told_and_sleeping_ask_nobody(settings, called):
    from observatory.protocol import commands as cmd

    mind = woken(settings)
    for number, text in {1: "The bees live in Trondheim.", 2: "The ship is teal.", 3: "One.", 4: "Two."}.items():
        list(mind.tell(cmd.Tell(episode=number, text=text)))
    list(mind.ask(cmd.Ask(question=1, text="Where are the bees?")))
    assert of(a_night(mind, steps=2), ev.NightCommitted)
    assert called == []


def test_the_default_model_and_local_files_are_found_without_asking(called, tmp_path):
    for name in (models.DEFAULT, str(tmp_path), "no-such-model", str(tmp_path / "none.gguf")):
        models.find(name, tmp_path)
    assert called == []


def test_a_name_of_the_hub_does_ask_and_says_what_to_do_when_nobody_answers(called, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(models.ModelMissing, match="connect to the network"):
        models.prepare("nobody-at-all/no-such-model", tmp_path)
    assert called
