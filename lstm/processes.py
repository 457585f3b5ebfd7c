"""Which processes live, how many there may be, and locks that die with their holder.

A lock on a file tells better than a process number whether a worker lives: the system drops it
when the process ends in whatever way, a reused number does not hold it, and a changed clock does
not matter. Knows nothing of runs.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from lstm.errors import ConfigError, StoreError

_RETRY_SECONDS = 0.05
_START_TOLERANCE = 2.0
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[str], *, shared: bool) -> bool:
        del shared  # Windows has exclusive locks only; a probe holds it for a moment
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[str], *, shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """An exclusive lock on a file, held until ``release`` or the end of the process.

    Args:
        path: The file; made, with its folder, when the lock is first tried. It stays.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is locked yet."""
        self._path = path
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def acquire(self, patience: float = 0.0) -> bool:
        """Try to take the lock, for at most ``patience`` seconds; tell whether it is held."""
        if self._file is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a")
        until = time.monotonic() + patience
        while not _try_lock(file, shared=False):
            if time.monotonic() >= until:
                file.close()
                return False
            time.sleep(_RETRY_SECONDS)
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock up, if it is held."""
        if self._file is not None:
            self._file.close()
            self._file = None


@contextmanager
def holding(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock on a file during a block.

    Raises:
        StoreError: Another process holds it for longer than ``patience`` seconds.
    """
    lock = FileLock(path)
    if not lock.acquire(patience):
        raise StoreError("already_at_work")
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the exclusive lock on a file."""
    try:
        file = path.open()
    except FileNotFoundError:
        return False
    with file:
        return not _try_lock(file, shared=True)


def started(pid: int) -> float | None:
    """Return when a living process began, in Unix seconds; None if there is none."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or by now another user's
        return None


def lives(pid: int, pid_started: float | None) -> bool:
    """Tell whether the process that began at that time under that number still lives."""
    now = started(pid)
    if now is None or pid_started is None:
        return now is not None
    return abs(now - pid_started) <= _START_TOLERANCE


def cores() -> int:
    """Return how many processor cores this process may use, container limits included."""
    if sys.platform == "linux":
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    return max(1, min(available, _quota()))


def _quota() -> int:
    """Return the container's share of processor time in whole cores, at least 1."""
    try:
        quota, period = _CGROUP_QUOTA.read_text("ascii").split()[:2]
    except OSError:  # no such limit on this system
        return sys.maxsize
    return sys.maxsize if quota == "max" else max(1, int(quota) // int(period))


def lower_priority(steps: int) -> None:
    """Let other processes go first; ``steps`` as of the Unix command ``nice``."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(steps)


def number_from_environment(name: str, default: float, least: float) -> float:
    """Return a number that the operator may set.

    Raises:
        ConfigError: It is not a number, or below ``least``.
    """
    given = os.environ.get(name, "").strip()
    if not given:
        return default
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not value >= least:
        raise ConfigError(name, "out_of_range", value=given, least=least, most="∞")
    return value
