"""A store of its own for every test of an export."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lstm.runs import RunStore


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunStore]:
    """An empty store, which is also the one that the command line finds."""
    monkeypatch.setenv("CHARLOOM_DATA", str(tmp_path / "data"))
    with RunStore() as store:
        yield store
