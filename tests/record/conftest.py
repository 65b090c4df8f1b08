"""Homes for the tests of the record: real folders, real DuckDB files."""

import pytest

from observatory.record.store import Store


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def store(home):
    with Store.open(home, "write") as opened:
        yield opened
