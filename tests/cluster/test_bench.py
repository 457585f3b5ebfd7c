"""The bench of trainings on other machines, on a small cluster and for a moment."""

import math

import pytest

from lstm.bench import cluster
from lstm.bench.rows import SECONDS

pytestmark = pytest.mark.xdist_group("cluster")


def test_it_compares_a_training_far_away_with_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECONDS, "1")
    monkeypatch.setattr(cluster, "_ROUNDS", 1)
    monkeypatch.setattr(cluster, "_WISHES", 5)
    rows = list(cluster.rows(counts=()))
    assert all(math.isfinite(row.value) and row.value > 0 for row in rows)
    here, there, *others = (row.value for row in rows)
    assert len(others) == 6 + 3  # what was asked of trainings, and the recorder
    assert [row.against for row in rows[:2]] == ["", "local process"]
    assert rows[1].ratio == there / here
