"""Tests of faults have a store of their own each, and one nursery of processes together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lstm.runs import RunStore
from tests.faults.fault_tools import Nursery, stop_all


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@pytest.fixture
def store(tmp_path: Path, nursery: Nursery) -> Iterator[RunStore]:
    with RunStore(tmp_path / "data") as opened:
        yield opened
        nursery.end_servers()
        stop_all(opened)
