"""Day files: what is taken, what is refused, and that a refusal names the line."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.protocol.commands import EPISODE_TEXT_LIMIT
from observatory.protocol.days import DayError, Experience, SleepLine, read_day

GOOD = b'{"text": "The kettle sings in D."}'


@pytest.fixture
def day(tmp_path):
    def write(*lines: bytes | dict, end: bytes = b"\n"):
        path = tmp_path / "day.jsonl"
        path.write_bytes(end.join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
        return path

    return write


def refused(path) -> DayError:
    with pytest.raises(DayError) as caught:
        read_day(path)
    return caught.value


def test_a_line_with_everything_is_taken_as_it_was_written(day):
    line = {
        "text": "Oil lasts a day.\nFat lasts longer.", "speaker": "Ada", "at": "2026-01-05T09:12:00Z", "session": "am",
        "goal": "a quiet gate", "outcome": -0.25, "because": "it rained",
    }  # fmt: skip
    assert read_day(day(line)).lines == [Experience(line=1, **line)]


def test_only_text_is_required(day):
    assert read_day(day(GOOD)).lines == [Experience(line=1, text="The kettle sings in D.", speaker="user")]


def test_null_counts_as_left_out(day):
    line = {"text": "a", "speaker": None, "at": None, "outcome": None, "because": None}
    assert read_day(day(line)).lines == [Experience(line=1, text="a")]


def test_a_file_may_hold_many_days_and_lines_keep_their_numbers(day):
    found = read_day(day(GOOD, {"sleep": True}, b"", b"  ", GOOD, {"sleep": True}))
    assert [(type(line), line.line) for line in found.lines] == [
        (Experience, 1), (SleepLine, 2), (Experience, 5), (SleepLine, 6),
    ]  # fmt: skip
    assert found.sleeps == 2
    assert len(found.experiences) == 2


def test_the_hash_is_of_the_bytes_as_they_lie_on_disk(day):
    path = day(b"\xef\xbb\xbf" + GOOD, GOOD, end=b"\r\n")
    assert read_day(path).file_hash == hashlib.sha256(path.read_bytes()).hexdigest()


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(day):
    plain = read_day(day(GOOD, GOOD)).lines
    assert read_day(day(b"\xef\xbb\xbf" + GOOD, GOOD, b"", end=b"\r\n")).lines == plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-05T09:12:00Z", "2026-01-05T09:12:00Z"),
        ("2026-01-05T09:12:00+02:00", "2026-01-05T07:12:00Z"),
        ("2026-01-05T09:12:00", "2026-01-05T09:12:00Z"),
        ("2026-01-05", "2026-01-05T00:00:00Z"),
    ],
)
def test_times_are_read_as_utc(day, written, read):
    assert read_day(day({"text": "a", "at": written})).lines[0].at == read


BAD = {
    "not JSON": (b"Zelda keeps bees", "not JSON"),
    "cut off": (b'{"text": "Zelda', "not JSON"),
    "a list": (b'["text"]', "a list, not a JSON object"),
    "a bare text": (b'"text"', "a text, not a JSON object"),
    "null": (b"null", "null, not a JSON object"),
    "no text": (b'{"speaker": "Ada"}', "no “text”"),
    "null text": (b'{"text": null}', "no “text”"),
    "empty text": (b'{"text": " \\n "}', "“text” is empty"),
    "text a number": (b'{"text": 7}', "“text” is a number"),
    "text a list": (b'{"text": ["a"]}', "“text” is a list"),
    "speaker a number": (b'{"text": "a", "speaker": 3}', "“speaker” is a number"),
    "unknown key": (b'{"text": "a", "mood": "good"}', "unknown key “mood”; known are text, speaker, at"),
    "key twice": (b'{"text": "a", "text": "b"}', "“text” stands twice"),
    "NUL escaped": (b'{"text": "a\\u0000b"}', "NUL at character 2"),
    "NUL byte": (b'{"text": "a\x00b"}', "byte 12 is NUL"),
    "escape character": (b'{"text": "\\u001b[2J"}', "control character U+001B"),
    "NUL in because": (b'{"text": "a", "because": "\\u0000"}', "“because” holds NUL"),
    "half a surrogate": (b'{"text": "\\ud800"}', "surrogate"),
    "Latin-1": (b'{"text": "Z\xfcrich"}', "byte 12 of the line (0xFC) is not UTF-8"),
    "outcome too high": (b'{"text": "a", "outcome": 1.01}', "between -1"),
    "outcome too low": (b'{"text": "a", "outcome": -2}', "between -1"),
    "outcome infinite": (b'{"text": "a", "outcome": 1e999}', "between -1"),
    "outcome NaN": (b'{"text": "a", "outcome": NaN}', "NaN is not a JSON number"),
    "outcome a text": (b'{"text": "a", "outcome": "good"}', "“outcome” is a text"),
    "outcome a truth": (b'{"text": "a", "outcome": true}', "“outcome” is true or false"),
    "outcome of thousands of digits": (b'{"text": "a", "outcome": ' + b"9" * 5000 + b"}", "thousands of digits"),
    "outcome of hundreds of digits": (b'{"text": "a", "outcome": ' + b"9" * 400 + b"}", "very large"),
    "a time that is none": (b'{"text": "a", "at": "tuesday"}', "“at” is “tuesday”"),
    "a day that is none": (b'{"text": "a", "at": "2026-02-30T00:00:00Z"}', "not a time"),
    "a time before time": (b'{"text": "a", "at": "0001-01-01T00:00:00+14:00"}', "not a time"),
    "a time as a number": (b'{"text": "a", "at": 1767604320}', "“at” is a number"),
    "sleep false": (b'{"sleep": false}', "“sleep” can only be true"),
    "sleep 1": (b'{"sleep": 1}', "“sleep” can only be true"),
    "sleep with text": (b'{"sleep": true, "text": "a"}', "stands alone"),
    "nested without end": (b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_named_by_number_with_the_reason(day, name):
    line, reason = BAD[name]
    error = refused(day(GOOD, GOOD, line, GOOD))
    assert error.line == 3
    assert reason in error.reason
    assert "line 3" in str(error)
    assert "day.jsonl" in str(error)
    assert str(error).endswith("Nothing of this day was lived; mend it and start again.")


def test_two_megabytes_of_text_are_named_by_their_size(day):
    error = refused(day(GOOD, {"text": "x" * 2_000_000}))
    assert error.line == 2
    assert "2,000,000 characters (2.0 MB)" in error.reason
    assert f"{EPISODE_TEXT_LIMIT:,}" in error.reason


def test_the_longest_allowed_text_is_taken_and_one_more_character_is_not(day):
    assert len(read_day(day({"text": "ä" * EPISODE_TEXT_LIMIT})).lines[0].text) == EPISODE_TEXT_LIMIT
    assert "16,385 characters" in refused(day({"text": "ä" * (EPISODE_TEXT_LIMIT + 1)})).reason


def test_all_faults_of_a_file_are_named_in_order_of_lines(day):
    error = refused(day(b"x", GOOD, {"text": 1}, b'{"text": "\xff"}', {"texd": "a"}))
    assert [fault.line for fault in error.faults] == [1, 3, 4, 5]
    assert all(f"line {line}:" in str(error) for line in (1, 3, 4, 5))


def test_no_more_than_twenty_faults_are_named(day):
    assert len(refused(day(*[b"x"] * 500)).faults) == 20


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_so(day, data):
    assert "empty" in refused(day(data)).reason


def test_utf16_is_called_by_its_name(day):
    assert "UTF-16" in refused(day('{"text": "a"}'.encode("utf-16"))).reason


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    assert "no such file" in refused(tmp_path / "nowhere.jsonl").reason
    assert "folder" in refused(tmp_path).reason


def test_a_refusal_never_prints_what_could_steer_a_terminal(day):
    error = refused(day(b'{"text": "a", "\\u001b[2Jmood": 1}'))
    assert "\x1b" not in str(error)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_day_or_a_day_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)
    try:
        assert read_day(path).lines
    except DayError as error:
        assert error.faults


KEYS = ["text", "speaker", "at", "session", "goal", "outcome", "because", "sleep", "x"]
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(max_size=3))


@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_any_object_is_an_experience_a_sleep_or_a_named_fault(tmp_path_factory, found):
    path = tmp_path_factory.getbasetemp() / "object.jsonl"
    path.write_text(json.dumps(found), encoding="utf-8")
    try:
        line = read_day(path).lines[0]
    except DayError as error:
        assert error.line == 1
        return
    assert isinstance(line, SleepLine) or (line.text.strip() and (line.outcome is None or -1 <= line.outcome <= 1))
