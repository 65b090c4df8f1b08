"""What a stage has freed is the machine's again."""

from __future__ import annotations

import sys

import pytest

from observatory.mind import footprint


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries give back by themselves")
def test_what_was_freed_between_things_that_stay_goes_back_to_the_machine():
    blocks = [b"x" * 65_536 + bytes([number % 256]) for number in range(3_000)]
    full = footprint.rss_mb()
    stays = blocks[::100]
    del blocks
    footprint.give_back()
    assert footprint.rss_mb() < full - 100
    assert len(stays) == 30


def test_the_peak_is_never_less_than_what_is_held():
    assert footprint.peak_rss_mb() >= footprint.rss_mb() * 0.99 > 10
