"""`observatory live` as a person's script sees it: files checked first, exit statuses, resuming, the report."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time

import msgspec
import psutil
import pytest

from observatory import resources, settings
from observatory.protocol import events as e
from observatory.protocol.drives import PRESETS
from observatory.record.store import Store

from .conftest import ROOT, environment

DAY = '{"text": "The bees live in Trondheim."}\n{"text": "The ship is teal."}\n{"sleep": true}\n'
EXAM = (
    '{"prompt": "Where are the bees?", "answers": ["Trondheim"], "kind": "direct", "day": 1}\n'
    '{"prompt": "Capital of France?", "answers": ["Paris"], "kind": "known"}\n'
)


@pytest.fixture
def files(tmp_path):
    day, exam, report = tmp_path / "day.jsonl", tmp_path / "exam.jsonl", tmp_path / "r.json"
    day.write_text(DAY)
    exam.write_text(EXAM)
    return day, exam, report


def lived(tmp_path, *kinds):
    with Store.open(tmp_path / "home", "read") as store:
        return list(store.history(kinds=list(kinds)))


def test_a_day_is_lived_slept_examined_approved_and_reported(command, files, tmp_path):
    day, exam, report = files
    done = command("live", "--day", day, "--exam", exam, "--report", report)
    assert done.returncode == 0, done.stderr
    made = json.loads(report.read_text())
    (night,) = made["nights"]
    assert (night["decision"], night["episodes"]) == ("approved", 2)
    assert night["exam"]["cortex"]["before"]["direct"]["right"] == 0
    assert night["exam"]["cortex"]["after"]["direct"]["right"] == 1
    assert night["cortex_before"] != night["cortex_after"]
    assert [(line.line, line.episode, line.night) for line in lived(tmp_path, e.LineLived)] == [
        (1, 1, None), (2, 2, None), (3, None, 1),
    ]  # fmt: skip
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_the_same_file_is_not_lived_twice_unless_asked(command, files, tmp_path):
    day, exam, report = files
    call = ("live", "--day", day, "--exam", exam, "--report", report, "--approve", "always")
    for again, episodes, nights in ((), 2, 1), ((), 2, 1), (("--again",), 4, 2):
        done = command(*call, *again)
        assert done.returncode == 0, done.stderr
        assert len(lived(tmp_path, e.EpisodeEncoded)) == episodes
        assert len(json.loads(report.read_text())["nights"]) == nights


def test_an_exam_without_common_knowledge_gets_the_built_in_questions(command, files):
    day, exam, report = files
    exam.write_text(EXAM.splitlines()[0])
    assert command("live", "--day", day, "--exam", exam, "--report", report).returncode == 0
    known = json.loads(report.read_text())["nights"][0]["exam"]["cortex"]["after"]["known"]
    assert known["asked"] >= 100


def test_without_files_the_built_in_first_day_is_lived(command, tmp_path):
    report = tmp_path / "r.json"
    done = command("live", "--report", report)
    assert done.returncode == 0, done.stderr
    lines = (resources.folder() / "days" / "first.jsonl").read_text().splitlines()
    assert json.loads(report.read_text())["nights"][0]["episodes"] == sum('"text"' in line for line in lines)


# ---------------------------------------------------------------- refused


BAD = {
    "not JSON": b'{"text": "fine"}\n{text: no}\n',
    "no text": b'{"text": "fine"}\n{"speaker": "x"}\n',
    "wrong type": b'{"text": "fine"}\n{"text": 7}\n',
    "two megabytes of text": b'{"text": "fine"}\n{"text": "' + b"x" * 2_000_000 + b'"}\n',
    "NUL bytes": b'{"text": "fine"}\n{"text": "a\\u0000b"}\n',
    "raw NUL bytes": b'{"text": "fine"}\n\x00\x00\n',
    "wrong encoding": b'{"text": "fine"}\n{"text": "caf\xe9"}\n',
    "outcome out of range": b'{"text": "fine"}\n{"text": "x", "outcome": 3}\n',
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_day_line_is_named_by_number_and_the_home_stays_untouched(command, tmp_path, what):
    day = tmp_path / "bad.jsonl"
    day.write_bytes(BAD[what])
    done = command("live", "--day", day)
    assert done.returncode == 2
    assert "line 2" in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr) < 2_000
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--day", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--exam", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--nights", "0"], "--nights 0"),
        (["--nights", "many"], "--nights"),
        (["--approve", "maybe"], "--approve"),
        (["--approve", "ask"], "terminal"),
        (["--arm", "best"], "--arm"),
        (["--steps", "0"], "steps"),
        (["--drives", "hunger=1"], "no dial"),
        (["--drives", "fear=2"], "outside of 0 to 1"),
        (["--drives", ""], "no dial"),
        (["--perplexity-text", "nowhere.txt"], "nowhere.txt"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_a_wrong_call_is_answered_in_a_sentence_and_touches_nothing(command, tmp_path, arguments, said):
    done = command("live", *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_missing_model_is_one_sentence_with_what_to_do(command, tmp_path):
    done = command("live", "--model", tmp_path / "nowhere.gguf")
    assert done.returncode == 1
    assert "nowhere.gguf" in done.stderr and "What to do" in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_mind_that_cannot_wake_ends_the_run_with_its_reason(command, files):
    day, exam, report = files
    done = command("live", "--day", day, "--exam", exam, words="no-model")
    assert done.returncode == 1
    assert "there is no model here" in done.stderr and "install one" in done.stderr


# ---------------------------------------------------------------- decided


@pytest.mark.parametrize(("approve", "words"), [("never", ""), ("policy", "learns-nothing")])
def test_a_night_that_is_refused_ends_with_status_3_and_the_cortex_of_before(command, files, approve, words):
    day, exam, report = files
    done = command("live", "--day", day, "--exam", exam, "--approve", approve, "--report", report, words=words)
    assert done.returncode == 3, done.stderr
    (night,) = json.loads(report.read_text())["nights"]
    assert night["decision"] == "vetoed" and night["cortex_before"] == night["cortex_after"]
    assert night["reason"]


def test_always_approves_what_the_policy_would_refuse(command, files):
    day, exam, _ = files
    done = command("live", "--day", day, "--exam", exam, "--approve", "always", words="learns-nothing")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
@pytest.mark.parametrize(("typed", "status"), [("approve\nit learnt\n", 0), ("hold\nveto\nnot enough\n", 3)])
def test_on_a_terminal_a_person_is_asked_and_may_hold_first(files, tmp_path, typed, status):
    day, exam, report = files
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "observatory", "live", "--day", day, "--exam", exam, "--approve", "ask"]
    with subprocess.Popen(
        [*map(str, command), "--report", str(report)], stdin=theirs, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, cwd=ROOT, env=environment(tmp_path),
    ) as run:  # fmt: skip
        os.write(ours, typed.encode())
        words = run.stderr.read().decode()
        assert run.wait(30) == status, words
    os.close(ours)
    os.close(theirs)
    decided = lived(tmp_path, e.Decided)
    assert [d.decision for d in decided] == [word for word in typed.split() if word in ("approve", "hold", "veto")]
    assert all(d.by and d.reason for d in decided)


# ---------------------------------------------------------------- many days, resuming


def test_nights_stops_after_that_many_and_the_next_call_goes_on(command, files, tmp_path):
    day, exam, report = files
    day.write_text(DAY + '{"text": "The moon is a lamp."}\n{"sleep": true}\n')
    call = ("live", "--day", day, "--exam", exam, "--nights", 1, "--report", report, "--approve", "always")
    assert command(*call).returncode == 0
    assert len(lived(tmp_path, e.EpisodeEncoded)) == 2
    assert command(*call).returncode == 0
    assert len(lived(tmp_path, e.EpisodeEncoded)) == 3
    first, second = json.loads(report.read_text())["nights"]
    assert second["cortex_before"] == first["cortex_after"]
    assert second["exam"]["cortex"]["before"] == first["exam"]["cortex"]["after"]


def test_a_file_without_a_sleep_is_slept_on_once_at_its_end(command, files, tmp_path):
    day, exam, _ = files
    day.write_text('{"text": "The bees live in Trondheim."}\n')
    for _ in range(2):
        assert command("live", "--day", day, "--exam", exam).returncode == 0
    assert len(lived(tmp_path, e.NightClosed)) == 1


def test_a_night_that_a_plugin_holds_is_run_on_where_no_window_is_open_and_that_is_said(command, files, tmp_path):
    day, exam, _ = files
    done = command("live", "--day", day, "--exam", exam, words="held-at-step-2")
    assert done.returncode == 0, done.stderr
    held = lived(tmp_path, e.Paused, e.Resumed, e.NightCommitted)
    assert [type(each) for each in held] == [e.Paused, e.Resumed, e.NightCommitted]
    assert "the loss is 9" in done.stdout + done.stderr and "run on" in done.stdout + done.stderr


def test_a_sleep_with_nothing_new_is_passed_over(command, files, tmp_path):
    day, exam, _ = files
    day.write_text(DAY + '{"sleep": true}\n')
    done = command("live", "--day", day, "--exam", exam)
    assert done.returncode == 0 and "passed over" in done.stderr
    assert len(lived(tmp_path, e.NightClosed)) == 1


@pytest.mark.crash
def test_a_mind_lost_in_the_night_ends_with_1_and_the_same_command_takes_the_night_up(command, files, tmp_path):
    day, exam, report = files
    call = ("live", "--day", day, "--exam", exam, "--report", report)
    lost = command(*call, words="dies-at-step-2")
    assert lost.returncode == 1
    assert "everything acknowledged is kept" in lost.stderr.lower()
    assert json.loads(report.read_text())["nights"][0]["ended"] == "interrupted"
    again = command(*call)
    assert again.returncode == 0, again.stderr
    assert len(lived(tmp_path, e.EpisodeEncoded)) == 2
    (night,) = json.loads(report.read_text())["nights"]
    assert (night["night"], night["ended"]) == (1, "committed")


def started(tmp_path, files, words):
    day, exam, report = files
    command = [sys.executable, "-m", "observatory", "live", "--day", day, "--exam", exam, "--report", report]
    return subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(tmp_path, words),
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.crash
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_ends_with_130_and_everything_so_far_is_kept(files, tmp_path, how):
    with started(tmp_path, files, "waits-at-step-1") as run:
        words = ""
        while "step 1" not in words:
            words += run.stderr.readline()
        # To the whole group, as a terminal does; the mind must leave the answer to the host.
        os.killpg(run.pid, how) if how == signal.SIGINT else run.send_signal(how)
        rest = run.stderr.read()
        assert run.wait(20) == 130, rest
    assert "kept" in rest and "Traceback" not in rest
    assert len(lived(tmp_path, e.EpisodeKept)) == 2
    assert json.loads(files[2].read_text())["nights"][0]["ended"] == "interrupted"


@pytest.mark.crash
def test_killed_with_minus_nine_the_next_run_goes_on_and_lives_no_line_twice(command, files, tmp_path):
    day, exam, report = files
    facts = "".join(f'{{"text": "Fact {i} is about Trondheim."}}\n' for i in range(40))
    day.write_text(facts + '{"sleep": true}\n')
    with started(tmp_path, files, "waits-at-step-1") as run:
        words = ""
        while "step 1" not in words:
            words += run.stderr.readline()
        mind = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    end = time.monotonic() + 20
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in mind):
        assert time.monotonic() < end, "the mind outlived its host"
        time.sleep(0.05)
    done = command("live", "--day", day, "--exam", exam, "--report", report)
    assert done.returncode == 0, done.stderr
    assert "interrupted" in done.stderr
    texts = [event.text for event in lived(tmp_path, e.EpisodeEncoded)]
    assert texts == [f"Fact {i} is about Trondheim." for i in range(40)]
    assert [night["ended"] for night in json.loads(report.read_text())["nights"]] == ["committed"]


# ---------------------------------------------------------------- output


def test_json_gives_the_report_on_standard_output_and_nothing_else(command, files):
    day, exam, _ = files
    done = command("live", "--day", day, "--exam", exam, "--json")
    assert json.loads(done.stdout)["nights"][0]["decision"] == "approved"


def test_quiet_says_nothing_when_nothing_is_wrong(command, files):
    day, exam, _ = files
    done = command("live", "--day", day, "--exam", exam, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---------------------------------------------------------------- arms that never train, and days not lived yet

TWO_DAYS = DAY + '{"text": "The moon is a lamp."}\n{"sleep": true}\n'
TWO_DAYS_EXAM = EXAM + '{"prompt": "What is the moon?", "answers": ["lamp"], "kind": "direct", "day": 2}\n'


def test_a_day_that_has_not_been_lived_yet_is_not_asked_about(command, files):
    day, exam, report = files
    day.write_text(TWO_DAYS)
    exam.write_text(TWO_DAYS_EXAM)
    done = command("live", "--day", day, "--exam", exam, "--report", report, "--approve", "always")
    assert done.returncode == 0, done.stderr
    first, second = (night["exam"]["cortex"]["after"] for night in json.loads(report.read_text())["nights"])
    assert (first["direct"]["asked"], first["known"]["asked"]) == (1, 1)
    assert second["direct"]["by_day"] == {"1": [1, 1], "2": [1, 1]}


@pytest.mark.parametrize(("arm", "words"), [("none", ""), ("retrieval", ""), ("retrieval", "slow-night")])
def test_an_arm_that_never_trains_is_examined_each_night_and_its_cortex_stays(command, files, arm, words):
    day, exam, report = files
    day.write_text(TWO_DAYS)
    exam.write_text(TWO_DAYS_EXAM)
    done = command("live", "--day", day, "--exam", exam, "--arm", arm, "--report", report, words=words)
    assert done.returncode == 0, done.stderr
    made = json.loads(report.read_text())["nights"]
    assert [night["decision"] for night in made] == ["none", "none"]
    assert len({night[key] for night in made for key in ("cortex_before", "cortex_after")}) == 1
    last = made[-1]["exam"]
    assert last["cortex"]["after"] == last["cortex"]["before"]
    assert last["cortex"]["after"]["direct"] == {"right": 0, "asked": 2, "by_day": {"1": [0, 1], "2": [0, 1]}}
    assert made[-1]["perplexity"]["after"] == made[0]["perplexity"]["before"]
    whole = last["whole"]["after"]
    assert whole == {} if arm == "none" else whole["direct"]["right"] == 2


@pytest.mark.crash
def test_a_night_of_paper_that_was_interrupted_is_taken_up_again(command, files):
    day, exam, report = files
    call = ("live", "--day", day, "--exam", exam, "--arm", "none", "--report", report)
    assert command(*call, words="dies-at-step-0").returncode == 1
    again = command(*call)
    assert again.returncode == 0, again.stderr
    (night,) = json.loads(report.read_text())["nights"]
    assert (night["decision"], night["openings"]) == ("none", 2)
    assert night["exam"]["cortex"]["after"]["known"]["right"] == 1


# ---------------------------------------------------------------- drives, the governor, and what it only observes

FIVE = "".join(f'{{"text": "Fact {n} is about Trondheim."}}\n' for n in range(1, 6))
FIVE_AND_A_SLEEP = FIVE.replace('"Fact 2 is about Trondheim."}\n', '"Fact 2 is about Trondheim."}\n{"sleep": true}\n')


def opened(tmp_path) -> list[list[int]]:
    return [night.episodes for night in lived(tmp_path, e.NightOpened) if not night.resumed_from_step]


@pytest.mark.parametrize(
    ("said", "dials"), [("careful", "curiosity=0.1,focus=0.1,fear=0.8"), ("focus=1", "curiosity=0,focus=1,fear=0")]
)
def test_a_night_is_opened_with_the_drives_that_were_asked_for(command, files, tmp_path, said, dials):
    day, exam, _ = files
    assert command("live", "--day", day, "--exam", exam, "--drives", said).returncode == 0
    assert [night.drives for night in lived(tmp_path, e.NightOpened)] == [dials]


def test_without_a_word_about_drives_the_homes_own_are_used_and_unclear_ones_are_named(command, files, tmp_path):
    day, exam, _ = files
    settings.save(tmp_path / "home", settings.Settings(drives="curious"))
    assert command("live", "--day", day, "--exam", exam).returncode == 0
    settings.save(tmp_path / "home", settings.Settings(drives="hungry"))
    done = command("live", "--day", day, "--exam", exam, "--again", "--approve", "always")
    assert done.returncode == 0 and "“hungry” is no dial" in done.stderr
    assert [night.drives for night in lived(tmp_path, e.NightOpened)] == [
        PRESETS["curious"].said(), PRESETS["balanced"].said(),
    ]  # fmt: skip


def test_a_governed_life_sleeps_when_the_governor_says_so_and_not_at_sleep_lines(command, files, tmp_path):
    day, exam, report = files
    day.write_text(FIVE_AND_A_SLEEP)
    call = ("live", "--day", day, "--exam", exam, "--governed", "--report", report, "--approve", "always")
    done = command(*call, words="tired-after-3")
    assert done.returncode == 0, done.stderr
    assert opened(tmp_path) == [[1, 2, 3]]
    assert "The governor proposes sleep" in done.stderr and "3 episodes wait." in done.stderr
    assert "saw no need to sleep at the end. Waiting for a night: 2." in done.stderr
    assert [(line.line, line.night) for line in lived(tmp_path, e.LineLived)] == [
        (1, None), (2, None), (4, None), (5, None), (6, None),
    ]  # fmt: skip
    assert "3 episodes wait." in lived(tmp_path, e.NightOpened)[0].why
    assert json.loads(report.read_text())["nights"][0]["exam"]["cortex"]["after"]["known"]["asked"] == 1
    again = command(*call, words="tired-after-3")
    assert again.returncode == 0 and "lived to its end" in again.stderr
    assert opened(tmp_path) == [[1, 2, 3]]


def test_a_governed_life_ends_with_a_night_when_that_is_the_last_word(command, files, tmp_path):
    day, exam, _ = files
    day.write_text(FIVE)
    done = command("live", "--day", day, "--exam", exam, "--governed", words="tired-after-5")
    assert done.returncode == 0, done.stderr
    assert opened(tmp_path) == [[1, 2, 3, 4, 5]]
    assert "no need" not in done.stderr


def test_nights_also_counts_those_that_the_governor_proposed(command, files, tmp_path):
    day, exam, _ = files
    day.write_text(FIVE)
    call = ("live", "--day", day, "--exam", exam, "--governed", "--nights", 1, "--approve", "always")
    for episodes in ([[1, 2]], [[1, 2], [3, 4]]):
        assert command(*call, words="tired-after-2").returncode == 0
        assert opened(tmp_path) == episodes
    assert len(lived(tmp_path, e.EpisodeEncoded)) == 4


@pytest.mark.parametrize(("more", "dials"), [((), "careful"), (("--drives", "focused"), "focused")])
def test_the_governors_preset_counts_unless_drives_were_asked_for(command, files, tmp_path, more, dials):
    day, exam, _ = files
    call = ("live", "--day", day, "--exam", exam, "--governed", *more)
    assert command(*call, words="tired-after-2 carefully").returncode == 0
    assert [night.drives for night in lived(tmp_path, e.NightOpened)] == [PRESETS[dials].said()]


def test_a_home_can_be_governed_by_its_settings_and_the_call_has_the_last_word(command, files, tmp_path):
    day, exam, _ = files
    settings.save(tmp_path / "home", settings.Settings(governed=True))
    call = ("live", "--day", day, "--exam", exam)
    assert command(*call).returncode == 0
    assert opened(tmp_path) == []
    assert command(*call, "--no-governed").returncode == 0
    assert opened(tmp_path) == [[1, 2]]


@pytest.mark.crash
def test_a_governed_night_that_was_interrupted_is_taken_up_before_the_next_line(command, files, tmp_path):
    day, exam, _ = files
    day.write_text(FIVE_AND_A_SLEEP)
    call = ("live", "--day", day, "--exam", exam, "--governed", "--approve", "always")
    assert command(*call, words="tired-after-3 carefully dies-at-step-4").returncode == 1
    assert len(lived(tmp_path, e.EpisodeEncoded)) == 3
    again = command(*call, words="tired-after-2")
    assert again.returncode == 0, again.stderr
    nights = lived(tmp_path, e.NightOpened)
    assert [(night.night, night.episodes, night.drives) for night in nights] == [
        (1, [1, 2, 3], PRESETS["careful"].said()), (1, [1, 2, 3], PRESETS["careful"].said()),
        (2, [4, 5], PRESETS["balanced"].said()),
    ]  # fmt: skip
    assert [line.line for line in lived(tmp_path, e.LineLived)] == [1, 2, 4, 5, 6]


@pytest.mark.crash
def test_a_wish_that_a_kill_left_behind_is_heeded_although_no_line_is_left(command, files, tmp_path):
    day, exam, _ = files
    call = ("live", "--day", day, "--exam", exam, "--governed")
    # This one stays awake, and then the record is given what a kill between proposal and night would have left.
    assert command(*call, words="tired-after-9").returncode == 0
    wish = lived(tmp_path, e.GovernorDecided)[-1]
    with Store.open(tmp_path / "home", "write") as store:
        store.keep([msgspec.structs.replace(wish, choice="propose sleep")])
    assert command(*call).returncode == 0
    assert opened(tmp_path) == [[1, 2]]


def test_an_observed_line_neither_hangs_nor_is_lived_again(command, files, tmp_path):
    day, exam, _ = files
    day.write_text(DAY.splitlines()[0] + "\n" + DAY)
    for more in ((), ("--governed",)):
        done = command("live", "--day", day, "--exam", exam, *more, words="observes tired-after-9")
        assert done.returncode == 0, done.stderr
        assert [(line.line, line.episode) for line in lived(tmp_path, e.LineLived)] == [
            (1, 1), (2, None), (3, 3), (4, None),
        ]  # fmt: skip
    assert opened(tmp_path) == [[1, 3]]


def test_after_a_last_line_that_was_only_observed_the_file_is_behind_us(command, files, tmp_path):
    day, exam, _ = files
    day.write_text(2 * (DAY.splitlines()[0] + "\n"))
    call = ("live", "--day", day, "--exam", exam, "--governed")
    for said in ("Waiting for a night: 1.", "lived to its end"):
        done = command(*call, words="observes tired-after-9")
        assert done.returncode == 0 and said in done.stderr, done.stderr
    assert len(lived(tmp_path, e.EpisodeObserved)) == 1
