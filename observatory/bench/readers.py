"""Everything that reads what may come from outside, each with a good example and what it may answer to a bad one.

A reader is given bytes and a folder of its own. It returns when it has taken them whole, and raises `Refused` when it
has refused them in a sentence; anything else it does is a fault. It does not know how the bytes came to be bad.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import resources, settings
from ..governor import rules
from ..host import keys, policyfile
from ..host.policy import PolicyUnclear
from ..plugins import manifest
from ..protocol import commands as cmd
from ..protocol import events as ev
from ..protocol import headers, wire
from ..protocol.days import DayError, read_day
from ..protocol.exams import ExamError, read_exam
from ..record.store import RecordError, Store


class Refused(Exception):
    """It was not taken, and a person was told why."""


@dataclass(frozen=True)
class Reader:
    name: str
    example: Callable[[], bytes]
    read: Callable[[bytes, Path], None]
    share: int = 10
    """How many of a hundred or so cases it gets: what opens a database is slow."""
    text: bool = True


def _lines(name: str, most: int) -> bytes:
    return b"".join((resources.folder() / name).read_bytes().splitlines(keepends=True)[:most])


def _kept(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# ---------------------------------------------------------------- files that people write


def _day(data: bytes, folder: Path) -> None:
    try:
        found = read_day(_kept(data, folder, "day.jsonl"))
    except DayError as why:
        raise Refused(str(why)) from why
    _counted(len(found.lines), data)


def _exam(data: bytes, folder: Path) -> None:
    try:
        found = read_exam(_kept(data, folder, "exam.jsonl"))
    except ExamError as why:
        raise Refused(str(why)) from why
    _counted(len(found), data)


def _counted(found: int, data: bytes) -> None:
    there = sum(bool(line.strip(b" \t\r")) for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
    if found != there:
        raise AssertionError(f"{found} of {there} lines were taken, and nothing was said")


def _policy(data: bytes, folder: Path) -> None:
    try:
        policyfile.read_file(_kept(data, folder, "policy.toml"))
    except PolicyUnclear as why:
        raise Refused(str(why)) from why


def _rules(data: bytes, folder: Path) -> None:
    try:
        rules.read(data.decode("utf-8", "replace"))
    except rules.RulesUnclear as why:
        raise Refused(str(why)) from why


def _manifest(data: bytes, folder: Path) -> None:
    _kept(data, folder, manifest.FILE)
    _kept(b"", folder, "store.py")
    try:
        manifest.read(folder)
    except manifest.ManifestUnclear as why:
        raise Refused(str(why)) from why


def _settings(data: bytes, folder: Path) -> None:
    _kept(data, folder, settings.FILE)
    found, notices = settings.load(folder)
    if notices:
        raise Refused(notices[0].text)
    settings.drives_of(found)


def _key(data: bytes, folder: Path) -> None:
    (folder / keys.REVIEWERS).mkdir()
    _kept(data, folder / keys.REVIEWERS, "Ada.pem")
    found, faults = keys.trusted(folder)
    if faults:
        raise Refused(faults[0])
    if len(found) != 1:
        raise AssertionError("a key was neither trusted nor refused")


def _pem() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return keys._pem(Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key())


# ---------------------------------------------------------------- weights


def _tensors() -> bytes:
    from safetensors.numpy import save

    down, up = np.ones((2, 6), np.float32), np.zeros((5, 2), np.float32)
    return save({"layers.0.mlp.up_proj.down": down, "layers.0.mlp.up_proj.up": up}, {"scale": "1.0"})


def _safetensors(data: bytes, folder: Path) -> None:
    from safetensors.numpy import load

    try:
        headers.tensors(_kept(data, folder, "model.safetensors"))
    except headers.HeaderBroken as why:
        raise Refused(str(why)) from why
    load(data)  # what passed must be read whole


def _delta(data: bytes, folder: Path) -> None:
    import torch

    from ..mind.delta import Delta, DeltaBroken

    path = _kept(data, folder, "night.safetensors")
    try:
        Delta.read(path, hashlib.sha256(data).hexdigest(), torch.device("cpu")).matrices()
    except DeltaBroken as why:
        raise Refused(str(why)) from why


def _gguf_example() -> bytes:
    def text(said: str) -> bytes:
        return struct.pack("<Q", len(said)) + said.encode()

    notes = [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        text("llama.block_count") + struct.pack("<II", 4, 2),
        text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("b") + text("c"),
        text("tokenizer.ggml.scores") + struct.pack("<IIQ3f", 9, 6, 3, 0.0, 1.0, 2.0),
    ]
    tensors = [
        text("token_embd.weight") + struct.pack("<IQQIQ", 2, 8, 3, 0, 0),
        text("output_norm.weight") + struct.pack("<IQIQ", 1, 8, 0, 96),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(notes)) + b"".join(notes) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + b"\0" * 128


def _gguf(data: bytes, folder: Path) -> None:
    try:
        headers.gguf(_kept(data, folder, "model.gguf"))
    except headers.HeaderBroken as why:
        raise Refused(str(why)) from why


# ---------------------------------------------------------------- what programs write


def _home(folder: Path) -> Path:
    home = folder / "home"
    with Store.open(home, "write") as store:
        store.keep([ev.ModeChanged(mode="awake", why="an example"), ev.GoalSet(goal="to be mutated")])
        store.keep([ev.LineLived(file_hash="a" * 64, line=1, episode=None, night=None)])
    return home


def _journal_example() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        return (_home(Path(scratch)) / "journal.jsonl").read_bytes()


def _journal(data: bytes, folder: Path) -> None:
    _kept(data, folder, "journal.jsonl")
    try:
        store = Store.open(folder, "read")
    except RecordError as why:
        raise Refused(str(why)) from why
    with store:
        list(store.history())
        if store.notices:
            raise Refused(store.notices[0].text)


def _journal_for_writing(data: bytes, folder: Path) -> None:
    """With the database beside it: what is behind takes in what the other has, or it is refused."""
    home = _home(folder)
    _kept(data, home, "journal.jsonl")
    _opened(home)


def _database_example() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        return (_home(Path(scratch)) / "observatory.duckdb").read_bytes()


def _database(data: bytes, folder: Path) -> None:
    home = _home(folder)
    _kept(data, home, "observatory.duckdb")
    _opened(home)


def _opened(home: Path) -> None:
    try:
        store = Store.open(home, "write")
    except RecordError as why:
        raise Refused(str(why)) from why
    with store:
        wrong = [f"{f.where}: {f.text}" for f in store.verify() if f.level == "error"]
        if wrong:
            raise AssertionError(f"it opened and does not verify: {wrong[0]}")
        if len(list(store.history())) < 3 and not store.notices:
            raise AssertionError("events are gone, and nothing was said")


def _event(data: bytes, folder: Path) -> None:
    _message(wire.event, data)


def _command(data: bytes, folder: Path) -> None:
    _message(wire.command, data)


def _message(read: Callable, data: bytes) -> None:
    try:
        found = read(data)
    except wire.WireError as why:
        raise Refused(str(why)) from why
    # What was taken is one whole message: it can be said again.
    if read(wire.pack(found)) != found and b"\xff" not in data:
        raise AssertionError("a message came back as another one")


def _an_event() -> bytes:
    return wire.pack(ev.Answered(
        question=1, prompt="Who?", answer="Zelda", memory="whole", pieces=["Zel", "da"], surprise=[1.0, 2.0],
        reads=[ev.Read(episode=1, match=1.0, mass=0.5, weight=1.0)], wall_ms=1.0, tokens_per_s=2.0,
    ))  # fmt: skip


def _a_command() -> bytes:
    return wire.pack(cmd.Sleep(night=1, seed=0, episodes=[1, 2], exam=[], plan=cmd.NightPlan(steps=3)))


READERS = (
    Reader("day", lambda: _lines("days/first.jsonl", 5), _day),
    Reader("exam", lambda: _lines("exams/first.jsonl", 5), _exam),
    Reader("policy", lambda: (resources.folder() / "policy.toml").read_bytes(), _policy),
    Reader("rules", lambda: (resources.folder() / "governor.toml").read_bytes(), _rules, 6),
    Reader("manifest", lambda: (resources.folder().parent / "plugins" / "bdh" / "plugin.toml").read_bytes(), _manifest),
    Reader("settings", lambda: json.dumps({"schema": 1, "theme": "dark", "threads": 2, "seed": 7}).encode(), _settings),
    Reader("key", _pem, _key, 4),
    Reader("safetensors", _tensors, _safetensors, text=False),
    Reader("delta", _tensors, _delta, text=False),
    Reader("gguf", _gguf_example, _gguf, text=False),
    Reader("event", _an_event, _event, text=False),
    Reader("command", _a_command, _command, text=False),
    Reader("journal", _journal_example, _journal, 2),
    Reader("journal beside its database", _journal_example, _journal_for_writing, 1),
    Reader("database", _database_example, _database, 1, text=False),
)
