"""`observatory governor`: the rules in force, what was decided by them, and what others would have decided."""

from __future__ import annotations

import json

import pytest

from observatory import resources
from observatory.governor import rules
from observatory.governor.governor import Governor
from observatory.host import governing
from observatory.record.store import Store

from .tables import rule, table


@pytest.fixture
def home(tmp_path):
    """The home that the command line finds on its own; nobody has lived there."""
    return tmp_path / "home"


@pytest.fixture
def lived(home):
    """A home with a short day, whose first rule has a name in brackets. Returns what was decided."""
    governor = Governor(rules.read(table(rule(name='"[red]soon[/]"', preset='"curious"'))), 100)
    decided = [
        each
        for n in range(1, 9)
        for each in governor.told(episode=n, novelty=0.5, bits_over=80.0, lived_at=f"2026-01-05T{8 + n:02d}:00:00Z")
    ]
    with Store.open(home, "write") as store:
        return store.keep(decided)


def own_table(home, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "governor.toml").write_text(text, "utf-8")


# ---------------------------------------------------------------- the table


def test_where_nothing_was_lived_the_built_in_table_is_shown_and_nothing_is_made(call, home):
    code, out, err = call("governor")
    assert (code, err) == (0, "")
    assert "built-in" in out and rules.built_in().hash[:12] in out and "no room left" in out
    assert not home.exists()


def test_the_table_as_json_is_all_of_it(call):
    code, out, _ = call("governor", "--json")
    found = json.loads(out)
    assert code == 0 and found["table"] == rules.built_in().hash and found["from"] == "built-in"
    assert len(found["rules"]) == len(rules.built_in().rules)
    assert found["pressure"]["half_bits"] == 1000.0


def test_a_table_of_the_homes_own_is_the_one_in_force(call, home):
    own_table(home, table(rule()))
    code, out, err = call("governor", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["table"] == rules.read(table(rule())).hash and found["from"] == str(home / "governor.toml")
    assert governing.table_text(home) == (table(rule()), [])


def test_a_table_of_the_homes_own_that_cannot_be_used_is_named_and_left_where_it_is(call, home):
    own_table(home, table(rule(then='"sleep"', iff="1")))
    code, out, err = call("governor")
    assert code == 2 and "built-in" in out
    assert "unknown key “iff”" in err and "“then” is “sleep”" in err and "2 faults" in err
    text, (notice,) = governing.table_text(home)
    assert text == "" and notice.level == "warning" and "unknown key “iff”" in notice.text
    assert (home / "governor.toml").read_text("utf-8") == table(rule(then='"sleep"', iff="1"))


@pytest.mark.parametrize("spoilt", [b"\xff\xfe", b"\x80 = 1", b"version = "])
def test_a_file_that_is_no_text_is_named(home, spoilt):
    home.mkdir()
    (home / "governor.toml").write_bytes(spoilt)
    text, (notice,) = governing.table_text(home)
    assert text == "" and "governor.toml cannot be used: " in notice.text


def test_a_folder_in_its_place_is_named(home):
    (home / "governor.toml").mkdir(parents=True)
    assert "could not be read" in governing.table_text(home)[1][0].text


def test_a_mark_at_the_beginning_and_other_line_ends_do_no_harm(home):
    home.mkdir()
    (home / "governor.toml").write_bytes(b"\xef\xbb\xbf" + table().replace("\n", "\r\n").encode())
    text, notices = governing.table_text(home)
    assert notices == [] and rules.read(text) == rules.read(table())


def test_a_home_without_a_table_has_the_built_in_one(home):
    assert governing.table_text(home) == ("", [])


# ---------------------------------------------------------------- what was decided


def test_decisions_are_listed_with_the_newest_last(call, lived):
    code, out, err = call("governor", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [each["episode"] for each in found] == [n for n in range(1, 9) for _ in range(2)]
    assert [each["seq"] for each in found] == [each.seq for each in lived]
    proposed = next(each for each in found if each["choice"] == "propose sleep")
    assert proposed["rule"] == "[red]soon[/]" and proposed["preset"] == "curious" and proposed["why"]
    assert proposed["states"]["pressure"] > 0.2


def test_the_list_is_read_as_it_was_written(call, lived, monkeypatch):
    """A name in brackets is no colour."""
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = call("governor")
    assert code == 0 and "[red]soon[/]" in out and "propose sleep (curious)" in out
    assert out.index("T09:00:00Z") < out.index("T16:00:00Z")
    assert f"Rules from now on: built-in, {rules.built_in().hash[:12]}." in out


def test_a_broken_table_does_not_hide_what_was_decided(call, lived, home):
    own_table(home, "version = 3")
    code, out, err = call("governor", "--json")
    assert code == 0 and len(json.loads(out)) == 16 and "version = 1" in err


def test_a_home_that_lived_before_there_were_decisions_says_so(call, home):
    Store.open(home, "write").close()
    assert call("governor")[:2] == (0, "The governor has decided nothing here yet.\n")
    assert json.loads(call("governor", "--json")[1]) == []


# ---------------------------------------------------------------- what would have been


def test_a_file_is_checked_and_shown_where_nothing_was_lived(call, tmp_path):
    (tmp_path / "mine.toml").write_text(table(rule()))
    code, out, _ = call("governor", "--rules", tmp_path / "mine.toml")
    assert code == 0 and "early" in out and "mine.toml" in out
    assert json.loads(call("governor", "--rules", tmp_path / "mine.toml", "--json")[1])["rules"][0]["name"] == "early"


def test_a_file_with_faults_is_a_wrong_call_and_all_faults_are_named(call, lived, tmp_path):
    (tmp_path / "mine.toml").write_text(table(rule(on='"dusk"') + rule(preset='"wild"')))
    for more in ((), ("--json",)):
        code, out, err = call("governor", "--rules", tmp_path / "mine.toml", *more)
        assert (code, out) == (2, "")
        assert "“on” is “dusk”" in err and "no preset “wild”" in err and "mine.toml" in err


def test_a_file_that_is_not_there_is_a_wrong_call(call, tmp_path):
    code, _, err = call("governor", "--rules", tmp_path / "none.toml")
    assert code == 2 and "no file" in err and "none.toml" in err


def test_decisions_that_would_have_been_others_are_listed_and_counted(call, lived, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    built_in = resources.folder() / "governor.toml"
    proposed = sum(each.choice == "propose sleep" for each in lived)
    found = json.loads(call("governor", "--rules", built_in, "--json")[1])
    assert found["table"] == rules.built_in().hash and found["decisions"] == 16
    assert found["counts"] == {"propose sleep (curious) → stay awake": proposed}
    assert len(found["otherwise"]) == proposed > 0
    (first, *_) = found["otherwise"]
    assert first["choice"] == "propose sleep" and first["would"]["choice"] == "stay awake"
    assert first["would"]["rule"] == "awake" and "threshold" in first["would"]["why"]
    code, out, _ = call("governor", "--rules", built_in)
    assert code == 0 and f"{proposed} × propose sleep (curious) → stay awake" in out
    assert f"{proposed} of 16 decisions would have been others" in out and "[red]soon[/]" in out


def test_the_table_that_decided_would_decide_the_same(call, lived, tmp_path):
    (tmp_path / "same.toml").write_text(table(rule(name='"[red]soon[/]"', preset='"curious"')))
    code, out, _ = call("governor", "--rules", tmp_path / "same.toml")
    assert code == 0 and out.startswith("0 of 16 decisions would have been others")


def test_home_and_model_stand_on_it_and_help_names_it(call):
    assert "governor" in call("--help")[1]
    out = call("governor", "--help")[1]
    assert all(option in out for option in ("--home", "--model", "--json", "--rules"))
