"""The store's database: several write at once, and files that are not what they should be."""

import dataclasses
import math
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lstm.errors import StoreError
from lstm.runs import RunState, RunStore
from lstm.schema import MIGRATIONS
from tests.store_tools import begun, make_run, step

_APPEND = """
import sys
from pathlib import Path
from lstm.events import Step
from lstm.runs import RunStore
with RunStore(Path(sys.argv[1])) as store:
    for number in range(100):
        store.append(sys.argv[2], [Step(number, 0.0, 0.0, 1.0, 1.0, 0.1, 1.0)])
"""


def test_processes_and_threads_write_at_once(store: RunStore) -> None:
    run = begun(store)
    words = [sys.executable, "-c", _APPEND, str(store.folder), run.id]
    children = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(2)]
    threads = [
        threading.Thread(
            target=lambda: [store.rename(run.id, f"name {i}") for i in range(100)],
        )
        for _ in range(2)
    ]
    before = store.version(run.id)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        _, errors = child.communicate()
        assert child.returncode == 0, errors.decode()
    assert len(store.steps(run.id).step) == 200
    assert store.version(run.id) == before + 400


def test_a_store_is_found_again(tmp_path: Path) -> None:
    with RunStore(tmp_path) as first:
        run = make_run(first)
    with RunStore(tmp_path) as second:
        assert second.run(run.id) == run


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
def test_a_database_of_any_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    old = sqlite3.connect(tmp_path / "charloom.sqlite3")
    for statements in MIGRATIONS[:version]:
        for statement in statements:
            old.execute(statement)
    old.execute(f"PRAGMA user_version = {version}")
    old.commit()
    old.close()
    with RunStore(tmp_path) as store:
        assert store.run(make_run(store).id).state == RunState.QUEUED


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    newer = sqlite3.connect(tmp_path / "charloom.sqlite3")
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match="newer Charloom"):
        RunStore(tmp_path)


def test_a_damaged_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "charloom.sqlite3").write_bytes(b"no database at all, " * 500)
    with pytest.raises(StoreError, match="damaged"):
        RunStore(tmp_path)


def test_a_failed_transaction_leaves_nothing_behind(store: RunStore) -> None:
    run = begun(store)
    with pytest.raises(StoreError, match="no such run"):
        store.append("missing", [])
    with pytest.raises(sqlite3.IntegrityError):  # a bug, which must not pass as a full disk
        store.append(run.id, [step(1), dataclasses.replace(step(2), learning_rate=math.nan)])
    assert len(store.steps(run.id).step) == 0
