"""Waiting for a disk that refuses: full, read-only for a while, or out of reach.

A training that can't be written down halts where it is, in memory, and goes on as soon as it
can. That it waits, and for what, others see by a lock on an empty file: that needs no room on
the disk, and ends with the process that holds it. Knows nothing of runs or trainings.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from lstm.database import MAY_PASS, may_pass
from lstm.errors import StoreError
from lstm.processes import FileLock, is_locked

T = TypeVar("T")

FIRST_WAIT = 0.5
"""Seconds until the first new attempt; each further one waits twice as long as the one before."""

LONGEST_WAIT = 5.0
"""But no longer than this, so that a training goes on soon after there is room."""

_log = logging.getLogger("charloom.worker")


class GaveUp(Exception):  # noqa: N818 - the process goes, the run does not fail
    """It was told to go, or has waited for too long; what is on the disk stays as it is."""


class Patience:
    """Repeats what the disk refuses until it works.

    Args:
        folder: Where the signs for others are; made, while there is room, with its signs.
        leave: Set by whoever wants the process to go.
        most: Seconds after which a single wait is given up, so that no process stays for ever.
    """

    def __init__(self, folder: Path, leave: threading.Event, most: float) -> None:
        """Lay the signs out; nothing waits yet."""
        self.leave, self.most = leave, most
        self.waited = 0.0
        """Seconds spent with waiting so far."""
        self._signs = {key: FileLock(sign_of(folder, key)) for key in MAY_PASS}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for key in MAY_PASS:
                sign_of(folder, key).touch()
        except OSError as error:
            _log.warning("no signs for waiting in %s: %s", folder, error)

    def insist(self, act: Callable[[], T]) -> T:
        """Do something with the store, again and again while the disk does not let it.

        Args:
            act: What can be repeated: one transaction, or one file that is written as a whole.

        Raises:
            StoreError: It failed for a reason that does not pass by itself.
            GaveUp: It was told to go, or has waited for too long.
        """
        try:
            return act()
        except StoreError as error:
            if not may_pass(error):
                raise
            return self._repeat(act, error)

    def _repeat(self, act: Callable[[], T], error: StoreError) -> T:
        began, pause = time.monotonic(), FIRST_WAIT
        while True:
            with self._showing(error):
                if self.leave.wait(pause) or time.monotonic() - began >= self.most:
                    raise GaveUp from error
                try:
                    done = act()
                except StoreError as again:
                    if not may_pass(again):
                        raise
                    error, pause = again, min(2 * pause, LONGEST_WAIT)
                    continue
            self.waited += time.monotonic() - began
            _log.info("goes on after %.1f s", time.monotonic() - began)
            return done

    @contextmanager
    def _showing(self, error: StoreError) -> Iterator[None]:
        """Show others during a block what is waited for."""
        _log.warning("waits: %s", error)
        sign = self._signs[error.key]
        try:
            sign.acquire()
        except OSError as refused:
            _log.warning("can't show it: %s", refused)
        try:
            yield
        finally:
            sign.release()


def waits_for(folder: Path) -> str | None:
    """Return what the process with its signs in a folder waits for: a key of ``MAY_PASS``."""
    return next((key for key in MAY_PASS if is_locked(sign_of(folder, key))), None)


def sign_of(folder: Path, key: str) -> Path:
    """Return the file that is locked while something is waited for; one of ``MAY_PASS``."""
    return folder / f"waits.{key}"
