"""The pace of the machine: measured once, and asked for without waiting."""

from collections.abc import Iterator

import pytest

from lstm import pace


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pace, "SECONDS", 0.02)
    pace.measured.cache_clear()
    yield
    pace.measured.cache_clear()


def test_it_is_measured_once() -> None:
    first = pace.measured()
    assert first > 0
    assert pace.measured() == first


def test_who_only_asks_never_waits() -> None:
    assert pace.known() is None
    assert pace.measured() == pace.known()
