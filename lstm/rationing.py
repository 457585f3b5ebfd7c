"""How many characters may be written for whom: much for one, a fair share for each of many.

Every visitor has a bucket that fills up with time and from which every character is taken. How
fast it fills hangs on how many others write: together they get no more than the server can give.
It may run into debt, so that no request is too large to be answered ever; the next one then waits
(the token bucket of RFC 2697, with debt). Knows nothing of networks or pages.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from lstm.errors import RationError

BURST_SECONDS = 5.0
"""A full bucket holds what comes in so long a time, so that a slider may be dragged."""

_AT_WORK = 10.0  # seconds for which somebody who asked counts as one who writes
_MOST_BUCKETS = 10_000  # the ones not used for the longest are forgotten, full or not


@dataclass
class _Bucket:
    left: float
    used: float


class Ration:
    """The buckets of all visitors; may be shared by threads.

    Args:
        clock: Seconds that only ever rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody writing."""
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()  # used last comes last

    def take(self, visitor: str, characters: int, *, each: float, together: float) -> None:
        """Take what a request costs out of a visitor's bucket.

        Args:
            visitor: Whose.
            characters: How many are to be written or read.
            each: Most characters a second for one visitor.
            together: Most characters a second for all of them.

        Raises:
            RationError: Their bucket is empty.
        """
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(visitor, None)
            rate = min(each, together / (1 + self._at_work(now)))
            full = BURST_SECONDS * rate
            bucket = bucket or _Bucket(full, now)
            bucket.left = min(full, bucket.left + rate * (now - bucket.used))
            bucket.used = now
            self._buckets[visitor] = bucket
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
            if bucket.left <= 0:
                raise RationError("writes_too_fast")
            bucket.left -= characters

    def _at_work(self, now: float) -> int:
        """Return how many others have written lately."""
        count = 0
        for bucket in reversed(self._buckets.values()):
            if now - bucket.used > _AT_WORK:
                break
            count += 1
        return count
