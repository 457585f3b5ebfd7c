"""What holds for every test.

Generated examples are the same in every run and have no deadline. Browser tests come last: the
browser's driver keeps an event loop in this thread until the end, and no other can begin in it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from lstm.runs import RunStore

settings.register_profile("charloom", deadline=None, derandomize=True)
settings.load_profile("charloom")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests behind all others, each group in its own order."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """An empty store that nobody else knows of."""
    with RunStore(tmp_path / "data") as opened:
        yield opened
