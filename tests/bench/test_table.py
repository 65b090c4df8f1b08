"""What is kept of a report, and what the table makes of it: every number followed back by hand."""

from __future__ import annotations

import csv
import io
import json

import pytest

from observatory.bench import kept, table

from .samples import asked, night, report

COMMIT = {"commit": "c" * 40, "changed": False}
TWO = [night(1, direct=[8], perplexity=20.2), night(2, direct=[6, 9], known=9, perplexity=20.4)]


def made(nights=None, **other) -> dict:
    return kept.distil(report(nights or TWO), asked(**other), COMMIT)


def test_a_kept_report_is_small_and_holds_no_answers(tmp_path):
    path = kept.place(tmp_path, "told", "sleep", 0, 2)
    kept.save(path, made())
    assert path.name == "sleep-seed0-nights2.json"
    text = path.read_text()
    assert len(text) < 5_000 and "secret words" not in text and "a long answer" not in text
    assert kept.load(path) == json.loads(text) == made()
    assert kept.load(path)["nights"][0]["perplexity"] == {"before": 20.0, "after": 20.2}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}'])
def test_a_kept_report_that_is_none_is_named(tmp_path, text):
    path = tmp_path / "told" / "sleep-seed0-nights2.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(kept.KeptError, match="sleep-seed0-nights2"):
        kept.load_all(tmp_path, "told")


def test_reports_are_found_by_arm_and_number_of_nights(tmp_path):
    for arm, nights in (("sleep", 2), ("none", 2), ("sleep", 1)):
        one = made(TWO[:nights], arm=arm, nights_asked=nights)
        kept.save(kept.place(tmp_path, "told", arm, 0, nights), one)
    assert len(kept.load_all(tmp_path, "told")) == 3
    (found,) = kept.load_all(tmp_path, "told", ["sleep"], 2)
    assert (found["arm"], found["nights_asked"]) == ("sleep", 2)
    assert kept.load_all(tmp_path, "free") == []


def test_each_number_is_what_its_column_says():
    (row,) = table.rows([made()])
    values = {key: found[0] for key, found in row.values.items() if found}
    assert values["direct"] == pytest.approx(17 / 20)  # 8 of day 1 after night 1, 9 of day 2 after night 2
    assert values["first_night"] == pytest.approx(6 / 10)
    assert values["all_nights"] == pytest.approx(15 / 20)
    assert values["known_kept"] == pytest.approx(0.9)
    assert values["perplexity"] == pytest.approx(0.02)
    assert values["kl"] == 0.05
    assert values["tokens"] == 2000
    assert values["seconds"] == 100.0
    assert "shaky_kept" not in row.values


def test_seeds_are_averaged_and_their_range_is_shown():
    other = [night(1, direct=[4]), night(2, direct=[6, 5])]
    text = table.markdown([made(), made(other, seed=1)])
    assert "| sleep | 2 | 65 % (45 to 85) |" in text
    assert "| 60 % | 65 % (55 to 75) |" in text  # where seeds agree there is no range


def test_one_night_has_no_columns_about_forgetting():
    text = table.markdown([made(TWO[:1], nights_asked=1)])
    assert "at the end" not in text and "### told, 1 night\n" in text


def test_a_night_that_was_taken_up_again_does_not_count_for_time():
    nights = [night(1, direct=[8]), night(2, direct=[6, 9]) | {"openings": 2, "wall_s": 31.0}]
    (row,) = table.rows([made(nights)])
    assert row.values["seconds"] == [100.0]


def test_arms_stand_in_their_order_and_a_missing_number_is_a_dash():
    silent = night(1, direct=[0], arm="none")
    silent["exam"]["whole"]["after"] = {}
    text = table.markdown([made([silent], arm="none", nights_asked=1), made(TWO[:1], nights_asked=1)])
    rows = [line for line in text.splitlines() if line.startswith(("| sleep", "| none"))]
    assert [row.split()[1] for row in rows] == ["sleep", "none"]
    assert " – " in rows[1] and " – " not in rows[0]


def test_where_the_numbers_come_from_stands_below_them():
    text = table.markdown([made()])
    for said in ("cccccccccccc", "torch 2", "cpu", "float32", "111111111111", "222222222222", "at most 1,000",
                 "observatory bench --days told --nights 2 --arms sleep --seeds 0 --tokens 1000"):  # fmt: skip
        assert said in text
    changed = kept.distil(report(TWO), asked(), {"commit": "c" * 40, "changed": True})
    assert "changes that were not committed" in table.markdown([changed])


def test_a_kind_of_ones_own_gets_a_column():
    one = night(1, direct=[8])
    one["exam"]["cortex"]["after"]["rule"] = {"right": 3, "asked": 4, "by_day": {}}
    assert "| rule |" in table.markdown([made([one], nights_asked=1)])


def test_the_csv_holds_mean_and_range_unrounded():
    other = [night(1, direct=[4]), night(2, direct=[6, 5])]
    (row,) = csv.DictReader(io.StringIO(table.as_csv([made(), made(other, seed=1)])))
    assert (row["arm"], row["seeds"], row["direct"], row["direct_min"], row["direct_max"]) == (
        "sleep", "2", "0.65", "0.45", "0.85",
    )  # fmt: skip
