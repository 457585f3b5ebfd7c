"""Which processes live, how many there may be, and locks that die with their holder.

A lock on a file tells better than a process number whether a worker lives: the system drops it
when the process ends in whatever way, a reused number does not hold it, and a changed clock does
not matter. Knows nothing of runs.
"""

import os
import sys
import time
from pathlib import Path
from typing import IO

import psutil

from lstm.errors import ConfigError

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


_held: set[Path] = set()


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
        """Try to take the lock, for at most ``patience`` seconds; tell whether it is held.

        Raises:
            OSError: The file is not there and can't be made.
        """
        if self._file is not None:
            return True
        file = _opened(self._path)
        until = time.monotonic() + patience
        while not _try_lock(file, shared=False):
            if time.monotonic() >= until:
                file.close()
                return False
            time.sleep(_RETRY_SECONDS)
        self._file = file
        _held.add(self._path)
        return True

    def release(self) -> None:
        """Give the lock up, if it is held."""
        if self._file is not None:
            _held.discard(self._path)
            self._file.close()
            self._file = None


def _opened(path: Path) -> IO[str]:
    """Open a file to be locked; one that is there may be locked on a read-only disk, too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")
    except OSError:
        if not path.exists():
            raise
        return path.open()


def held_here(path: Path) -> bool:
    """Tell whether this very process holds the lock on a file."""
    return path in _held


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the exclusive lock on a file."""
    try:
        file = path.open()
    except FileNotFoundError:
        return False
    with file:
        return not _try_lock(file, shared=True)


def started(pid: int) -> float | None:
    """Return when a living process began, in seconds; None if there is none.

    On Linux they are counted from the start of the computer, since the time of day may be set.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if sys.platform == "linux":
            # The fields after the name, which may hold blanks and brackets; this is number 22.
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            return int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return float(process.create_time())
    except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError):
        return None  # gone, or by now another user's


def lives(pid: int, pid_started: float | None) -> bool:
    """Tell whether the process that began at that time under that number still lives."""
    now = started(pid)
    if now is None or pid_started is None:
        return now is not None
    return abs(now - pid_started) <= _START_TOLERANCE


def effort(pid: int) -> tuple[float, ...] | None:
    """Return figures that change whenever a process does anything at all, if only waiting awake.

    Returns:
        Processor seconds and the main thread's changes between work and sleep. They stay as they
        are in a process that is halted or caught in a deadlock. The time, if it waits for the
        disk and nothing could wake it; None if there is no such process.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_DISK_SLEEP:
            return (time.monotonic(),)
        times, switches = process.cpu_times(), process.num_ctx_switches()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return (times.user, times.system, switches.voluntary, switches.involuntary)


class Silence:
    """For how long something has not changed, by a clock that only runs while it is looked at.

    So neither a clock that is set nor a watcher that slept itself makes anything look silent.

    Args:
        most: Seconds between two looks that are counted at most.
    """

    def __init__(self, most: float) -> None:
        """Nothing was looked at yet."""
        self._most = most
        self._seen: dict[str, tuple[object, float, float]] = {}

    def look(self, name: str, sign: object) -> float:
        """Return for how many seconds this sign of something has been the same."""
        now = time.monotonic()
        last, silent, looked = self._seen.get(name, (None, 0.0, now))
        silent = silent + min(now - looked, self._most) if last == sign else 0.0
        self._seen[name] = (sign, silent, now)
        return silent

    def forget(self, *kept: str) -> None:
        """Forget all but these."""
        self._seen = {name: seen for name, seen in self._seen.items() if name in kept}


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
