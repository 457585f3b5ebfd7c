"""A worker's place: the run's lock while it works there, and the log that it leaves behind.

Knows nothing of what is worked on.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from lstm.database import storage_errors
from lstm.errors import StoreError
from lstm.ledger import Ledger
from lstm.patience import Patience
from lstm.processes import FileLock

LOCK_PATIENCE = 10.0
"""How long to wait for an earlier worker of the same run that is just ending."""

log = logging.getLogger("charloom.worker")
"""Where workers write."""


@contextmanager
def holding(store: Ledger, run_id: str, patience: Patience) -> Iterator[None]:
    """Hold the run's lock during a block.

    Raises:
        StoreError: Another worker has it.
        GaveUp: The disk does not let it be taken.
    """
    lock = FileLock(store.lock_file(run_id))
    patience.insist(partial(_take, lock, store.folder))
    try:
        yield
    finally:
        lock.release()


def _take(lock: FileLock, folder: Path) -> None:
    with storage_errors(folder):
        if not lock.acquire(LOCK_PATIENCE):
            raise StoreError("already_at_work")


@contextmanager
def logging_to(store: Ledger, run_id: str) -> Iterator[None]:
    """Write the log, tracebacks included, to the run's own file during a block."""
    handler = _log_handler(store.log_file(run_id))
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def _log_handler(file: Path) -> logging.Handler:
    """Return what writes to the log; to whoever started this process if the disk refuses."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(file, encoding="utf-8")
    except OSError:
        return logging.StreamHandler()
