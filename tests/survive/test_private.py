"""A home is its owner's, and what is said in it stays words: on the terminal, in the window, in a table."""

from __future__ import annotations

import io
import os
import stat
import sys

import pytest
from rich.table import Table

from observatory.host import keys
from observatory.host.console import PlainConsole
from observatory.host.terminal import Terminal
from observatory.protocol import events as e
from observatory.protocol.plain import literal
from observatory.record.store import Store

NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m[bold]not bold[/bold] [/nothing] :smile:\r\u202eevil\x00"
own_rights = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@own_rights
def test_a_home_is_0700_and_what_was_said_0600_whatever_the_system_usually_gives(tmp_path):
    home, before = tmp_path / "mind", os.umask(0)
    try:
        with Store.open(home, "write") as store:
            store.keep([e.GoalSet(goal="mine")])
        home.chmod(0o755)
        with Store.open(home, "write"):
            pass
    finally:
        os.umask(before)
    assert mode(home) == 0o700 and mode(home / "deltas") == 0o700
    assert mode(home / "journal.jsonl") == mode(home / "observatory.duckdb") == 0o600


@own_rights
def test_a_folder_that_holds_other_things_too_keeps_its_rights_and_is_named(tmp_path):
    home = tmp_path / "documents"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (home / "letter.txt").write_text("not the mind's")
    with Store.open(home, "write") as store:
        (notice,) = store.notices
        assert "letter.txt" in notice.text
    assert mode(home) == 0o755 and mode(home / "journal.jsonl") == 0o600


@own_rights
def test_a_private_key_is_0600_from_its_first_byte(tmp_path):
    before = os.umask(0)
    try:
        public = keys.new("Ada", "a long pass phrase", tmp_path / "keys")
    finally:
        os.umask(before)
    assert mode(public.with_suffix(".key")) == 0o600 and mode(public.parent) == 0o700


def test_every_control_character_is_shown_and_none_obeyed():
    shown = literal(NASTY)
    assert len(shown) == len(NASTY)
    assert not [c for c in shown if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e"]
    assert "␛]0;owned␇" in shown


def test_what_is_printed_is_neither_markup_nor_a_command_to_the_terminal():
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=True, color_system=None, width=200)
    table = Table(title=NASTY)
    table.add_column(NASTY)
    table.add_row(NASTY)
    console.print(table)
    console.print(NASTY)
    said = out.getvalue()
    assert "\x1b]" not in said and "\x1b[2J" not in said and "\x9b" not in said and "\x07" not in said
    assert said.count("[bold]not bold[/bold] [/nothing] :smile:") == 4


def test_a_life_on_the_terminal_says_hostile_words_as_they_are(capsys):
    terminal = Terminal()
    with terminal:
        terminal.show(e.EpisodeObserved(episode=1, like=1, text=NASTY, why=NASTY))
        terminal.show(e.Notice(level="error", title=NASTY, text=NASTY, remedy=NASTY))
        terminal.show(e.Decided(night=1, delta="d", decision="veto", by=NASTY, reason=NASTY))
    said = capsys.readouterr().err
    assert "\x1b" not in said and "\x9b" not in said and "␛]0;owned␇" in said


def test_a_night_over_hostile_episodes_can_be_shown(command, tmp_path):
    import json

    day, home = tmp_path / "day.jsonl", tmp_path / "home"
    day.write_text(json.dumps({"text": "[/nothing] closes [bold]what[/bold] never opened"}) + '\n{"sleep": true}\n')
    assert command("live", "--day", day, "--home", home, "--approve", "always").returncode == 0
    done = command("show", "1", "--home", home)
    assert done.returncode == 0, done.stderr
