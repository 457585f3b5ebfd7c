"""Clipped training stays finite where unclipped training breaks."""

import math

import numpy as np
import pytest

from lstm.lessons.clipping import with_and_without
from lstm.library import read_bundled
from lstm.ui.learn.vanishing import GAIN, LIMIT

SEEDS = (1, 2)


@pytest.mark.parametrize("name", ["essays-en", "essays-zh"])
def test_clipping_keeps_a_network_alive(name: str) -> None:
    found = [list(with_and_without(read_bundled(name), GAIN, LIMIT, rng))[-1] for rng in SEEDS]
    without, clipped = zip(*(one.broke_at for one in found), strict=True)
    assert None not in without
    assert clipped == (None,) * len(SEEDS)
    for one in found:
        assert np.isfinite(one.bits[1]).all()
        assert one.bits[1, -1] < one.blind - 1.0


def test_without_a_limit_that_is_reached_both_copies_are_the_same() -> None:
    parts = list(with_and_without(read_bundled("essays-en")[:3_000], 0.5, math.inf, 1))
    np.testing.assert_array_equal(parts[-1].bits[0], parts[-1].bits[1])
    assert parts[-1].share == 1.0
    assert len(parts[-1].steps) == parts[-1].bits.shape[1]
