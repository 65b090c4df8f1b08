"""Tables, governors and the command line for the tests of the governor. No model, and no process of its own."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from observatory import cli
from observatory.governor import rules
from observatory.governor.governor import Governor

settings.register_profile("observatory", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("observatory")


@pytest.fixture
def governor():
    """By the built-in rules, over a store of a hundred."""
    return Governor(rules.built_in(), capacity=100)


@pytest.fixture
def call(capsys):
    """Runs a command line in this process: its exit status, and what it wrote to both outputs."""

    def run(*arguments) -> tuple[int, str, str]:
        code = cli.run(list(map(str, arguments)))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
