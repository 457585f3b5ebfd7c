"""What a worker on another machine does to its run: only while the run is its, and only once.

Whoever starts such a worker gives it a lease, a number that stands where a local worker's process
number stands. All that the worker asks to have written is numbered from 1; the number of the last
that was written is kept with it, in the same transaction. So what is sent twice is written once,
what overtakes something else is refused, and so is everything from a worker whose run was given
to another one. Knows nothing of networks, nor of who sends.
"""

import secrets
from collections.abc import Callable
from typing import Any

from lstm.errors import StoreError
from lstm.lifecycle import Lifecycle

LEASE_OVER = "lease_over"
"""Key of the error for a worker whose run is no longer its own."""

WISH_MISSING = "wish_missing"
"""Key of the error for a wish that overtook another one."""

NOT_A_PROCESS = -1.0
"""Stands where a process has its time of beginning: no process ever began then."""

_LEAST_LEASE = 2**22 + 1  # beyond the numbers of processes


def new_lease() -> int:
    """Return a number that no other worker has had."""
    return _LEAST_LEASE + secrets.randbelow(2**31 - _LEAST_LEASE)


class Leases(Lifecycle):
    """The runs' lives, for workers on other machines."""

    def check_lease(self, run_id: str, lease: int) -> int:
        """Return the number of the last that a lease had written.

        Raises:
            StoreError: The run is another one's by now, or nobody's.
        """
        with self._database.read() as db:
            row = db.execute("SELECT pid, recorded FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["pid"] != lease:
            raise StoreError(LEASE_OVER)
        return int(row["recorded"])

    def once(
        self, run_id: str, lease: int, number: int, act: Callable[[], Any], *, durable: bool
    ) -> tuple[bool, Any]:
        """Do what a worker asks, unless it is done already.

        Args:
            run_id: The run.
            lease: Who asks.
            number: Which of its wishes this is, from 1.
            act: Writes to this store, in this thread.
            durable: Whether not even a power cut may undo it.

        Returns:
            Whether it was done just now, and what ``act`` returned.

        Raises:
            StoreError: The run is another one's, or a wish before this one did not come.
        """
        with self._database.together(durable=durable) as db:
            last = self.check_lease(run_id, lease)
            if number <= last:
                return False, None
            if number != last + 1:
                raise StoreError(WISH_MISSING, number=last + 1)
            done = act()
            db.execute("UPDATE runs SET recorded = ? WHERE id = ?", (number, run_id))
            return True, done
