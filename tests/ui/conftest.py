"""Every test of a page has a data folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lstm import pace
from lstm.runs import RunStore
from lstm.ui import services


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunStore]:
    """The store that the pages use."""
    monkeypatch.setenv("CHARLOOM_DATA", str(tmp_path))
    pace.measured.cache_clear()  # by an earlier test; a page goes by it
    services.store.clear()
    with services.store() as store:
        yield store
    services.store.clear()
