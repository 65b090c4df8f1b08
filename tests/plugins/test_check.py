"""`observatory plugins`: what is written is a plugin that works, and the check finds one that does not."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from observatory import cli
from observatory.host import plugins as host
from observatory.plugins import conformance, find, template
from observatory.plugins.contract import Kind


def run(capsys, *words) -> tuple[int, str, str]:
    code = cli.run([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_new_plugin_of_every_kind_keeps_the_contract(kind, tmp_path, capsys):
    code, _, err = run(capsys, "plugins", "new", "my-own", "--kind", kind, "--into", tmp_path)
    assert (code, err) == (0, "")
    assert {each.name for each in (tmp_path / "my-own").iterdir()} == set(template.files("my-own", kind))
    checks = list(conformance.examine(find.at(tmp_path / "my-own")))
    assert len(checks) > 3 and not [each for each in checks if not each.passed]


def test_a_new_plugin_lies_in_the_home_and_is_listed(tmp_path, capsys):
    home = tmp_path / "home"
    assert run(capsys, "plugins", "new", "mine", "--home", home)[0] == 0
    code, out, _ = run(capsys, "plugins", "list", "--home", home, "--json")
    first = json.loads(out)[0]
    assert code == 0 and (first["manifest"]["id"], first["from"], first["usable"]) == ("mine", "home", True)
    assert "mine" in run(capsys, "plugins", "list", "--home", home)[1]


def test_what_is_there_is_not_written_over_and_odd_names_are_refused(tmp_path, capsys):
    assert run(capsys, "plugins", "new", "mine", "--into", tmp_path)[0] == 0
    assert run(capsys, "plugins", "new", "mine", "--into", tmp_path)[0] == 2
    assert run(capsys, "plugins", "new", "../mine", "--into", tmp_path)[0] == 2


def test_check_runs_the_plugin_in_a_process_of_its_own_and_names_what_fails(drive, capsys):
    code, out, _ = run(capsys, "plugins", "check", drive("return [float('nan')] * len(episodes)"), "--json")
    found = json.loads(out)
    assert code == 1 and not found["passed"]
    assert any(not each["passed"] and "score" in each["what"] for each in found["checks"])


@pytest.mark.parametrize(
    ("body", "named"), [("import os; os._exit(9)", "ended with 9"), ("time.sleep(60)", "was ended")]
)
def test_a_plugin_that_takes_its_process_down_is_found_out(drive, body, named):
    checks, ended = host._examined(drive(body), 6.0)
    assert checks and named in ended


def test_a_folder_that_is_none_is_a_wrong_call_and_a_bad_manifest_a_failed_check(tmp_path, capsys):
    assert run(capsys, "plugins", "check", tmp_path / "none")[0] == 2
    code, out, _ = run(capsys, "plugins", "check", tmp_path)
    assert code == 1 and "plugin.toml" in out


@pytest.mark.mind
@pytest.mark.parametrize(
    ("was", "becomes", "fails"),
    [
        ("self.pairs.pop(episode, None)", "pass", "what is forgotten comes back less"),
        ("self.pairs.pop(episode, None)", "self.pairs.clear()", "all others stay when one is forgotten"),
        (".argmax(1)]", ".argmin(1)]", "all that was told once comes back"),
        ("1.0 - nearest))", "1.0))", "what is known already is less new"),
        (
            "self.pairs[episode] = (keys, values)",
            "self.pairs[episode] = (keys, values * torch.rand(1))",
            "the same seed",
        ),
    ],
)
def test_the_suite_finds_a_store_that_breaks_its_word(tmp_path, was, becomes, fails):
    for name, text in template.files("broken", "fast-store").items():
        (tmp_path / name).write_text(text.replace(was, becomes), "utf-8")
    assert was in template.STORE
    failed = [check.what for check in conformance.examine(find.at(tmp_path)) if not check.passed]
    assert any(what.startswith(fails) for what in failed)


@pytest.mark.parametrize(
    ("kind", "method", "answer", "named"),
    [
        ("exam", "questions(self, episodes)", "[Question(prompt='a', answer='b', episode=99)]", "names episodes [99]"),
        ("day-source", "day(self)", "[Told(text='a', at='yesterday')]", "not a time"),
        ("drive", "score(self, episodes)", "[__import__('random').random() for _ in episodes]", "another answer"),
    ],
)  # fmt: skip
def test_what_an_author_easily_gets_wrong_is_named(written, kind, method, answer, named):
    imports = "from observatory.plugins.contract import Question, Told\n\n\n"
    code = f"{imports}class Part:\n    def __init__(self, options): pass\n\n    def {method}: return {answer}\n"
    failed = [each.why for each in conformance.examine(find.at(written(code, kind=kind))) if not each.passed]
    assert any(named in why for why in failed), failed
