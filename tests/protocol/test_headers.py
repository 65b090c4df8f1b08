"""Headers of weights: sizes are held against the file before anything is made of them."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save

from observatory.bench.readers import _gguf_example
from observatory.protocol import headers


def written(tmp_path, header: object, data: bytes = b"") -> object:
    raw = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + data)
    return path


def tensor(kind="F32", shape=(2,), place=(0, 8)) -> dict:
    return {"dtype": kind, "shape": list(shape), "data_offsets": list(place)}


def test_what_the_library_writes_is_read_with_its_shapes_and_notes(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(save({"a": np.ones((2, 3), np.float32), "b": np.zeros(0, np.int64)}, {"by": "me"}))
    found = headers.tensors(path)
    assert found.shapes == {"a": ("F32", (2, 3)), "b": ("I64", (0,))} and found.notes == {"by": "me"}


@pytest.mark.parametrize(
    ("header", "data", "said"),
    [
        ({"a": tensor(shape=(2**40, 2**20))}, b"\0" * 8, "as large as it says"),
        ({"a": tensor(place=(0, 2**60))}, b"\0" * 8, "as large as it says"),
        ({"a": tensor(place=(-8, 0))}, b"\0" * 8, "not described"),
        ({"a": tensor(), "b": tensor()}, b"\0" * 8, "overlap"),
        ({"a": tensor(place=(8, 16))}, b"\0" * 16, "hole"),
        ({"a": tensor()}, b"\0" * 99, "longer or shorter"),
        ({"a": tensor(kind="PICKLE")}, b"\0" * 8, "of a kind"),
        ({"a": tensor(shape=(1,) * 99, place=(0, 4))}, b"\0" * 4, "99 dimensions"),
        ({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, b"\0" * 4, "not described"),
        ({"a": 5}, b"", "not described"),
        ({"__metadata__": {"a": 5}}, b"", "no texts"),
        ([], b"", "lists no tensors"),
        (b"[" * 100_000, b"", "not JSON"),
        (b"\xff\xfe", b"", "not JSON"),
    ],
)
def test_a_header_that_lies_is_refused_by_what_it_says(tmp_path, header, data, said):
    with pytest.raises(headers.HeaderBroken, match=said):
        headers.tensors(written(tmp_path, header, data))


@pytest.mark.parametrize(
    "data", [b"", b"\x05", b"\xff" * 8, struct.pack("<Q", 2**40) + b"{}", b"PK\x03\x04" + b"\0" * 40]
)
def test_what_is_no_safetensors_file_at_all_is_refused(tmp_path, data):
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(data)
    with pytest.raises(headers.HeaderBroken, match="pytorch_model.bin"):
        headers.tensors(path)


def test_a_file_beyond_its_limit_is_refused_before_it_is_read(tmp_path):
    with pytest.raises(headers.HeaderBroken, match="the most it can be"):
        headers.tensors(written(tmp_path, {}), most=4)


def gguf(tmp_path, data: bytes):
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    return path


def test_a_whole_gguf_is_walked_through_and_any_cut_in_its_header_is_found(tmp_path):
    whole = _gguf_example()
    assert headers.gguf(gguf(tmp_path, whole)) == 2
    for length in range(0, whole.index(b"output_norm") + 40, 3):
        with pytest.raises(headers.HeaderBroken):
            headers.gguf(gguf(tmp_path, whole[:length]))


@pytest.mark.parametrize(
    ("place", "number", "said"),
    [
        (4, struct.pack("<I", 99), "version 99"),
        (8, struct.pack("<Q", 2**60), "more than a file of its size"),
        (16, struct.pack("<Q", 2**60), "more than a file of its size"),
        (24, struct.pack("<Q", 2**62), "longer than it can be"),
    ],
)
def test_a_gguf_that_lists_more_than_it_holds_is_refused(tmp_path, place, number, said):
    data = bytearray(_gguf_example())
    data[place : place + len(number)] = number
    with pytest.raises(headers.HeaderBroken, match=said):
        headers.gguf(gguf(tmp_path, bytes(data)))
