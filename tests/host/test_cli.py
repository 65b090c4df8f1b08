"""The other commands: looking back, rolling back, what this machine can do, and what is not a command."""

from __future__ import annotations

import json
import sys

import pytest

from observatory.record.store import Store

from .test_live import DAY, EXAM


@pytest.fixture
def life(command, tmp_path):
    """A home with one approved night."""
    day, exam = tmp_path / "day.jsonl", tmp_path / "exam.jsonl"
    day.write_text(DAY)
    exam.write_text(EXAM)
    assert command("live", "--day", day, "--exam", exam, "--quiet").returncode == 0
    return tmp_path / "home"


def test_help_names_every_command_and_loads_nothing_heavy(command):
    done = command("--help")
    assert done.returncode == 0
    looking_back = ("nights", "show", "verify", "rollback", "feedback")
    working = ("live", "replay", "forget", "export", "sql", "doctor", "models", "pictures", "plugins", "bench")
    for name in (*working, *looking_back):
        assert f" {name} " in done.stdout


@pytest.mark.parametrize(
    "name", ["live", "nights", "show", "verify", "doctor", "models", "pictures", "rollback", "feedback"]
)
def test_home_and_model_stand_on_every_command(command, name):
    done = command(name, "--help")
    assert done.returncode == 0 and "--home" in done.stdout and "--model" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"], ["show"], ["show", "first"], ["rollback"], ["--colour"], ["pictures"], ["feedback"],
        ["feedback", "1"], ["feedback", "0", "--outcome", "1"], ["feedback", "1", "--outcome", "-1.5"],
        ["feedback", "1", "--outcome", "well"], ["feedback", "1", "--outcome", "nan"],
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused_in_one_sentence_with_status_2(command, arguments):
    done = command(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("observatory: ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["nights"],
        ["show", "1"],
        ["verify"],
        ["rollback", "0"],
        ["feedback", "1", "--outcome", "1"],
        ["pictures", "out"],
    ],
)
def test_where_no_mind_has_lived_that_is_said_and_nothing_is_made(command, tmp_path, arguments):
    done = command(*arguments)
    assert done.returncode == 1 and "No mind has lived" in done.stderr
    assert not (tmp_path / "home").exists()


def test_nights_and_show_tell_who_decided_what_and_the_hashes(command, life):
    (night,) = json.loads(command("nights", "--json").stdout)
    shown = json.loads(command("show", "1", "--json").stdout)
    for key in ("decision", "decided_by", "cortex_before", "cortex_after", "delta"):
        assert shown[key] == night[key] and night[key]
    text = command("show", "1").stdout
    assert night["cortex_after"] in text and "approved" in text
    assert "approved" in command("nights").stdout


def test_a_night_that_never_was_is_named_with_those_that_were(command, life):
    done = command("show", "9")
    assert done.returncode == 2 and "night 9" in done.stderr and "1" in done.stderr


def test_verify_says_that_a_home_is_sound_and_finds_a_spoilt_delta(command, life):
    assert command("verify").returncode == 0
    (delta,) = (life / "deltas").glob("*.safetensors")
    delta.write_bytes(b"something else")
    done = command("verify", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert not found["sound"] and any(delta.name in finding["where"] for finding in found["findings"])


def test_rolling_back_is_an_act_of_its_own_and_shows_in_nights(command, life):
    done = command("rollback", "0")
    assert done.returncode == 0, done.stderr
    (night,) = json.loads(command("nights", "--json").stdout)
    assert night["rolled_back"] and night["decision"] == "approved"
    again = command("rollback", "0")
    assert again.returncode == 1 and "nothing to roll back" in again.stderr
    assert command("verify").returncode == 0


def test_rolling_back_to_a_night_that_is_not_there_is_refused(command, life):
    done = command("rollback", "7")
    assert done.returncode == 1 and "Night 7" in done.stderr


def test_feedback_is_kept_and_stands_from_then_on(command, life):
    done = command("feedback", "2", "--outcome", "-0.5", "--because", "it was red")
    assert done.returncode == 0, done.stderr
    assert "Episode 2 went -0.5" in done.stderr
    with Store.open(life, "read") as store:
        assert [(row["outcome"], row["because"]) for row in store.query("episodes")] == [
            (None, ""), (-0.5, "it was red"),
        ]  # fmt: skip
    assert command("verify").returncode == 0


def test_feedback_on_an_episode_that_is_not_there_is_refused(command, life):
    done = command("feedback", "7", "--outcome", "1")
    assert done.returncode == 1 and "no episode 7" in done.stderr and "What to do" in done.stderr


def test_doctor_names_every_part_and_the_command_that_mends_it(command, tmp_path):
    done = command("doctor", "--json", "--model", tmp_path / "none.gguf")
    checks = {check["what"]: check for check in json.loads(done.stdout)}
    assert set(checks) == {"Python", "packages", "memory", "disk", "model", "home", "GPU", "display", "Qt"}
    assert checks["model"]["level"] == "bad" and checks["model"]["mend"]
    assert done.returncode == 1
    assert all(check["mend"] for check in checks.values() if check["level"] == "bad")
    assert "none.gguf" in command("doctor", "--model", tmp_path / "none.gguf").stdout


def test_doctor_sees_a_spoilt_home(command, life):
    (delta,) = (life / "deltas").glob("*.safetensors")
    delta.unlink()
    checks = {check["what"]: check for check in json.loads(command("doctor", "--json").stdout)}
    assert checks["home"]["level"] == "bad" and "verify" in checks["home"]["mend"]


def test_models_lists_the_default_and_says_what_is_wrong_with_another(command, tmp_path):
    done = command("models", "--json", "--model", tmp_path / "none.gguf")
    default, other = json.loads(done.stdout)[:2]
    assert default["kind"] == "embedded" and other["problem"] and other["remedy"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be without a display")
def test_without_a_display_the_first_day_is_lived_with_report_and_pictures(command, tmp_path):
    done = command(timeout=120, QT_QPA_PLATFORM="")
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stderr
    reports = tmp_path / "home" / "reports"
    assert json.loads((reports / "first-day.json").read_text())["nights"][0]["decision"] == "approved"
    assert list((reports / "pictures").glob("*.png")), done.stderr


def test_output_into_a_closed_pipe_is_no_error(command, life, tmp_path):
    import subprocess

    from .conftest import ROOT, environment

    shell = f"{sys.executable} -m observatory show 1 --json | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, env=environment(tmp_path), cwd=ROOT, check=False
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr
