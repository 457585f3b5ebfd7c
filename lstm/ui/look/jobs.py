"""Work that takes longer than a look: done in the background, told bit by bit, to be cancelled.

A job yields better and better results. It belongs to what it computes, not to who asked: two
visitors who ask the same share one. When nobody has looked at it for a while, it ends.
Knows nothing of the page.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from time import monotonic
from typing import Literal

from lstm.errors import CharloomError

_ABANDONED = 20.0
"""Seconds without a look after which a job ends."""

_GRACE = 1.5
"""Seconds that others have to look after one visitor has turned away."""

Lane = Literal["short", "long"]

_AT_ONCE: dict[Lane, int] = {"short": 2, "long": 1}
"""Jobs that run at a time. One that trains for half a minute waits for others of its kind alone."""

_KEPT = 32


class Job:
    """One computation."""

    def __init__(self, work: Callable[[], Iterator[object]]) -> None:
        """Put it together; nothing is computed yet."""
        self._work: Callable[[], Iterator[object]] | None = work
        self._looked = monotonic()
        self._cancelled = False
        self._abandoned = False
        self.latest: object | None = None
        """The best result so far; None while there is none."""
        self.over = False
        """Whether no more results will come."""
        self.error: CharloomError | BaseException | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it came to its end undisturbed."""
        return self.over and self.error is None and not self._cancelled

    @property
    def is_lost(self) -> bool:
        """Whether it ended because nobody looked, so that who asks again wants it anew."""
        return self.over and self._abandoned

    def look(self) -> "Job":
        """Say that somebody still waits."""
        self._looked = monotonic()
        return self

    def leave(self) -> None:
        """Say that a visitor has turned away; it goes on if another one still looks."""
        self._looked = min(self._looked, monotonic() - _ABANDONED + _GRACE)

    def cancel(self) -> None:
        """Let it end after the result that it is at."""
        self._cancelled = True

    def run(self) -> None:
        """Compute until the end, until it is cancelled or until nobody looks any more."""
        work, self._work = self._work, None  # what it holds on to goes when it is over
        assert work is not None, "a job runs once"
        try:
            for part in work():
                self.latest = part
                if monotonic() - self._looked > _ABANDONED:
                    self._cancelled = self._abandoned = True
                if self._cancelled:
                    break
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.over = True


_lock = Lock()
_jobs: dict[tuple[str, ...], Job] = {}


def job(key: tuple[str, ...], work: Callable[[], Iterator[object]], lane: Lane = "short") -> Job:
    """Return the job of a key; begin it if there is none, or none that came to its end."""
    with _lock:
        known = _jobs.pop(key, None)
        if known is None or known.is_lost:
            known = Job(work)
            _workers(lane).submit(known.run)
        _jobs[key] = known  # the newest asked for comes last
        for old in list(_jobs)[:-_KEPT]:
            _jobs.pop(old).cancel()
    return known.look()


def leave(keys: Iterable[tuple[str, ...]]) -> None:
    """Say that a visitor has turned away from these jobs, so that the next one has room."""
    with _lock:
        left = [_jobs[key] for key in keys if key in _jobs]
    for known in left:
        known.leave()


@lru_cache(maxsize=len(_AT_ONCE))
def _workers(lane: Lane) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_AT_ONCE[lane], thread_name_prefix=lane)
