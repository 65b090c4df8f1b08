"""Durable writes: a file is there whole or not at all."""

from __future__ import annotations

import os

import pytest

from observatory.protocol import durable


def test_a_file_is_written_and_nothing_is_left_beside_it(tmp_path):
    durable.write(tmp_path / "delta", b"one")
    durable.write(tmp_path / "delta", b"two")
    assert (tmp_path / "delta").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["delta"]


def test_a_write_that_fails_half_way_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "delta"
    durable.write(path, b"old")
    with pytest.raises(RuntimeError), durable.written_beside(path) as beside:
        beside.write_bytes(b"half of the ne")
        assert path.read_bytes() == b"old"
        raise RuntimeError("power cut")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["delta"]


def test_a_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "delta"
    durable.write(path, b"old")
    with pytest.raises(FileNotFoundError), durable.written_beside(path):
        pass
    assert path.read_bytes() == b"old"


def test_the_bytes_are_synced_before_the_name_and_the_folder_after(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(durable.os, "fsync", lambda handle: (done.append("sync"), fsync(handle))[1])
    monkeypatch.setattr(durable.os, "replace", lambda a, b: (done.append("name"), replace(a, b))[1])
    durable.write(tmp_path / "delta", b"x")
    assert done == (["sync", "name"] if os.name == "nt" else ["sync", "name", "sync"])
