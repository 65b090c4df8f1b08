"""Plots drawn from kept reports: the files there should be, and names that do not lie on each other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from observatory.bench import kept, table

from .conftest import ROOT, environment
from .samples import asked, night, report

pytestmark = pytest.mark.pictures


def test_every_picture_is_drawn_as_svg_with_words_in_it_and_as_png(tmp_path):
    files = []
    for arm in table.ARMS:
        for seed in (0, 1):
            nights = [night(1, direct=[8 - seed], arm=arm), night(2, direct=[6, 9], perplexity=21.0 + seed, arm=arm)]
            made = kept.distil(report(nights), asked(arm=arm, seed=seed), {"commit": "", "changed": False})
            path = kept.place(tmp_path, "told", arm, seed, 2)
            kept.save(path, made)
            files.append(str(path))
    done = subprocess.run(
        [sys.executable, "-m", "observatory.bench.plots", str(tmp_path), *files], capture_output=True, text=True,
        check=False, cwd=ROOT, env={**environment(), "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 6
    for name in ("retention-nights2", "recall-nights2", "cost-nights2"):
        svg = (tmp_path / f"{name}.svg").read_text()
        for arm in table.ARMS:
            assert f">{arm}" in svg, f"{arm} is not named in {name}"
        assert (tmp_path / f"{name}.png").stat().st_size > 20_000


@pytest.mark.parametrize("values", [[0.0] * 8, [1.0, 50.0, 51.0, 99.0], [100.0, 100.0, 99.0], [3.0], []])
def test_names_are_moved_apart_in_their_order_and_stay_on_the_plot(values):
    from observatory.bench.sheet import apart

    moved = apart(values, 6.0, 100.0)
    assert all(-0.01 <= value <= 100.01 for value in moved)
    for low, high in zip(sorted(moved), sorted(moved)[1:], strict=False):
        assert high - low > 5.8
    ranked = [sorted(values).index(value) for value in values]
    assert all(moved[a] < moved[b] for a in range(len(values)) for b in range(len(values)) if ranked[a] < ranked[b])
