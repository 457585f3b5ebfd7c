"""RunStore: the one place where runs live, from the queue to the last checkpoint.

Below the data folder lie ``charloom.sqlite3``, ``corpora/<key>/`` (texts, shared between runs
with the same content) and ``runs/<id>/`` (``last``, ``previous`` and ``best.safetensors`` and
``log.txt``). Several processes use a store at once; every change of state is on the disk before
the method returns. Knows nothing of how workers are started or of pages.
"""

import time
from pathlib import Path
from typing import Self

from lstm.arrivals import NAME_LENGTH, tidy_name
from lstm.checkpoint import Saved
from lstm.control import stop_run
from lstm.errors import StoreError
from lstm.housekeeping import Housekeeping
from lstm.leases import Leases
from lstm.lifecycle import SELECT_RUN, get_run, set_run
from lstm.paths import data_folder
from lstm.records import (
    Action,
    Curve,
    EpochRow,
    Message,
    Notice,
    Run,
    RunState,
    SampleRow,
    is_damaged,
    runs_of,
)
from lstm.sharing import Sharing
from lstm.shelf import corpus_key
from lstm.vitals import Vitals

__all__ = [
    "NAME_LENGTH",
    "Action",
    "Curve",
    "EpochRow",
    "Message",
    "Notice",
    "Run",
    "RunState",
    "RunStore",
    "SampleRow",
    "corpus_key",
    "tidy_name",
]


class RunStore(Housekeeping, Sharing, Vitals, Leases):
    """Runs, their texts, checkpoints and measurements below one data folder.

    May be shared by threads; other processes may have it open as well.

    Args:
        folder: The data folder; default: ``lstm.paths.data_folder()``. Made if need be.

    Raises:
        StoreError: The folder can't be made or its database can't be opened.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Open or make the store; see the class."""
        super().__init__(folder or data_folder())

    def close(self) -> None:
        """Close the database connections that are not in use."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return the store; it is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    def back_up(self) -> None:
        """Copy the database aside, as ``charloom.backup.sqlite3``, for when it is damaged.

        Raises:
            StoreError: It is damaged already, and an older copy stays; or there is no room.
        """
        self._database.copy(self.folder / "charloom.backup.sqlite3")

    # ---- checkpoints ----------------------------------------------------------------------

    def save_checkpoint(self, run_id: str, saved: Saved, best: Saved | None = None) -> None:
        """Write a run's newest checkpoint and note how far it reaches; see ``put_checkpoint``.

        Raises:
            StoreError: It can't be written; the older ones are still there.
        """
        self.checkpoint_written(run_id, saved, self.put_checkpoint(run_id, saved, best))

    def checkpoint_written(self, run_id: str, saved: Saved, size: int) -> None:
        """Note how far a run's newest checkpoint reaches, and the bytes that its files take."""
        step, epoch = saved.state.numbers["step"], saved.info["epoch"]
        self.saved(run_id, int(step or 0), float(epoch), size)

    # ---- runs -----------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """Return a run, deleted ones included.

        Raises:
            StoreError: No such run.
        """
        with self._database.read() as db:
            return get_run(db, run_id)

    def runs(self, owner: str, include_deleted: bool = False) -> list[Run]:
        """Return the runs of a visitor, newest first; without the ``damaged`` ones."""
        deleted = "" if include_deleted else "AND deleted IS NULL"
        with self._database.read() as db:
            rows = db.execute(
                f"{SELECT_RUN} WHERE owner = ? {deleted} ORDER BY runs.created DESC, turn DESC",
                (owner,),
            ).fetchall()
        return runs_of(rows)

    def damaged(self, owner: str) -> list[tuple[str, str]]:
        """Return id and name of a visitor's runs whose entries in the database can't be read."""
        with self._database.read() as db:
            rows = db.execute(f"{SELECT_RUN} WHERE owner = ?", (owner,)).fetchall()
        return [(row["id"], row["name"]) for row in rows if is_damaged(row)]

    def rename(self, run_id: str, name: str) -> Run:
        """Give a run another name.

        Raises:
            StoreError: No such run, or a blank name.
        """
        tidy = tidy_name(name)
        if not tidy:
            raise StoreError("blank_name")
        return self._change(run_id, name=tidy)

    def keep(self, run_id: str, kept: bool = True) -> Run:
        """Exempt a run from cleaning up, or no longer.

        Raises:
            StoreError: No such run.
        """
        return self._change(run_id, kept=int(kept))

    def delete(self, run_id: str) -> Run:
        """Put a run aside: out of every list, stopped if it trains, gone for good later.

        Raises:
            StoreError: No such run.
        """
        with self._database.write(durable=True) as db:
            run = get_run(db, run_id)
            if run.is_active or run.pid is not None:
                stop_run(db, run)
            set_run(db, run_id, deleted=run.deleted or time.time())
            return get_run(db, run_id)

    def undelete(self, run_id: str) -> Run:
        """Bring a deleted run back, as it was when it stopped.

        Raises:
            StoreError: It is gone for good.
        """
        return self._change(run_id, deleted=None)

    def _change(self, run_id: str, **columns: str | float | None) -> Run:
        with self._database.write(durable=True) as db:
            set_run(db, run_id, **columns)
            return get_run(db, run_id)
