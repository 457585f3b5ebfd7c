"""Making room: what is gone for good, what goes next, and what its owner is told about it.

A run at rest goes when its visitor has not been here for long, or, the one unseen the longest
first, when texts and models together take more room than the operator allows. One that is kept,
trains, waits, or whose process still lives never goes. Knows nothing of pages.
"""

import math
import sqlite3
import time
from dataclasses import dataclass
from typing import Literal

from lstm.arrivals import Arrivals
from lstm.database import storage_errors
from lstm.limits import Limits
from lstm.records import Run, RunState

UNDO_SECONDS = 3600.0
"""How long a deleted run can be brought back before its files go."""

TIGHT = 0.8
"""Share of the disk budget from which on visitors are told that it is nearly used up."""

_ABSENCE = 3600.0
"""A longer time between two rounds was none: the server was off, or the clock was set."""

_BYTES_OF_A_CHARACTER = 2  # of a text on the disk
_AT_REST = "('finished', 'stopped', 'interrupted', 'failed', 'paused')"
_LAST_SEEN = "max(seen, coalesce(finished, 0), created)"
_MAY_GO = f"kept = 0 AND deleted IS NULL AND pid IS NULL AND state IN {_AT_REST}"
_MAKES_ROOM = """(size_bytes > 0 OR NOT EXISTS
    (SELECT 1 FROM runs AS other WHERE other.corpus = runs.corpus AND other.id != runs.id))"""
_CANDIDATES = f"SELECT id, owner, name, {_LAST_SEEN} AS last_seen FROM runs WHERE {_MAY_GO}"
_OLDEST = "ORDER BY last_seen, turn LIMIT 1"

Why = Literal["unseen", "room"]


@dataclass(frozen=True)
class Removal:
    """A run that was cleaned away.

    Attributes:
        id: Rises with time.
        name: What its owner called it. Hostile text.
        reason: Because nobody had come for long, or because the room was needed.
        removed: When, in Unix seconds.
    """

    id: int
    name: str
    reason: Why
    removed: float


class Housekeeping(Arrivals):
    """The runs' lives and files, with the ways out."""

    def purge(self, deleted_before: float | None = None) -> list[str]:
        """Remove for good what was deleted long enough ago, and texts that no run uses.

        Folders without a run go as well: a run's files come before its entry, and a server that is
        killed in between leaves them behind.

        Args:
            deleted_before: Unix seconds; default: ``UNDO_SECONDS`` ago.

        Returns:
            The ids of the runs that are gone.
        """
        before = time.time() - UNDO_SECONDS if deleted_before is None else deleted_before
        with self._database.write(durable=True) as db:
            rows = db.execute(
                "DELETE FROM runs WHERE deleted < ? AND pid IS NULL RETURNING id", (before,)
            ).fetchall()
            db.execute("DELETE FROM turns WHERE owner NOT IN (SELECT owner FROM runs)")
        gone = [str(row["id"]) for row in rows]
        self._sweep([*gone, *self._left_behind()], before)
        return gone

    def clean_up(self) -> list[str]:
        """Remove runs that nobody has come back to, and the first ones to go while room lacks.

        A class goes as well, once none of its runs is left and nobody has joined it for as long.

        Returns:
            The ids of the runs that are gone.
        """
        self._forgive()
        self._forget_classes()
        limits, gone = Limits.now(), list[str]()
        while (run_id := self._remove_next(limits)) is not None:
            gone.append(run_id)
            self._sweep([run_id], time.time() - UNDO_SECONDS)
        return gone

    def room_taken(self) -> int:
        """Return the bytes that texts and models take together."""
        with self._database.read() as db:
            return _room_taken(db)

    def first_to_go(self) -> str | None:
        """Return the id of the run that goes first if room lacks; None: no run may go."""
        with self._database.read() as db:
            row = _first_to_make_room(db)
        return None if row is None else str(row["id"])

    def removals(self, owner: str) -> list[Removal]:
        """Return what of a visitor's was cleaned away and not read yet, newest first."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT id, name, reason, removed FROM removals
                   WHERE owner = ? ORDER BY id DESC""",
                (owner,),
            ).fetchall()
        return [Removal(**row) for row in rows]

    def removals_read(self, owner: str, last: int) -> None:
        """Forget what a visitor was told about, up to a removal's id."""
        with self._database.write() as db:
            db.execute("DELETE FROM removals WHERE owner = ? AND id <= ?", (owner, last))

    def _left_behind(self) -> list[str]:
        """Return folders of runs that never got an entry; young ones may still get theirs."""
        before = time.time() - UNDO_SECONDS
        with storage_errors(self.folder):
            runs = self.run_folder("").glob("*")
            old = [path.name for path in runs if path.is_dir() and path.stat().st_mtime < before]
        with self._database.read() as db:
            known = {str(row["id"]) for row in db.execute("SELECT id FROM runs")}
        return [name for name in old if name not in known]

    def _forgive(self) -> None:
        """Take the time in which nobody could have come, or which never was, off everybody."""
        now = time.time()
        with self._database.write() as db:
            last = db.execute("SELECT max(looked) FROM rounds").fetchone()[0]
            if last is not None and abs(now - last) > _ABSENCE:
                db.execute("UPDATE runs SET seen = seen + ?", (now - last,))
            db.execute("DELETE FROM rounds")
            db.execute("INSERT INTO rounds (looked) VALUES (?)", (now,))

    def _forget_classes(self) -> None:
        with self._database.write() as db:
            db.execute(
                """DELETE FROM classes WHERE code NOT IN (SELECT class FROM class_runs)
                   AND max(created, coalesce(closed, 0), coalesce(
                       (SELECT max(joined) FROM members WHERE class = code), 0)) < ?""",
                (time.time() - Limits.now().keep_seconds,),
            )

    def _remove_next(self, limits: Limits) -> str | None:
        """Remove the first run that must go from the database, if there is one."""
        with self._database.write(durable=True) as db:
            why: Why = "unseen"
            row = db.execute(
                f"{_CANDIDATES} AND {_LAST_SEEN} < ? {_OLDEST}",
                (time.time() - limits.keep_seconds,),
            ).fetchone()
            if row is None and _room_taken(db) > limits.disk_bytes:
                why, row = "room", _first_to_make_room(db)
            if row is None:
                return None
            db.execute("DELETE FROM runs WHERE id = ?", (row["id"],))
            db.execute(
                "INSERT INTO removals (owner, name, reason, removed) VALUES (?, ?, ?, ?)",
                (row["owner"], row["name"], why, time.time()),
            )
            return str(row["id"])

    def _sweep(self, gone: list[str], unused_before: float) -> None:
        """Remove the files of runs that are gone, and texts that no run uses."""
        with self._database.write(durable=True) as db:
            unused = db.execute(
                """DELETE FROM corpora WHERE created < ? AND key NOT IN (SELECT corpus FROM runs)
                   RETURNING key""",
                (unused_before,),
            ).fetchall()
            for (key,) in unused:  # before anybody can add it again
                self.remove_corpus(key)
        with storage_errors(self.folder):
            for run_id in gone:
                self.remove_run(run_id)


def kept_until(run: Run, limits: Limits) -> float | None:
    """Return when a run goes if its owner does not come back, in Unix seconds; None: never."""
    resting = run.state in {
        RunState.FINISHED,
        RunState.STOPPED,
        RunState.INTERRUPTED,
        RunState.FAILED,
        RunState.PAUSED,
    }
    if run.kept or not resting or run.pid is not None or math.isinf(limits.keep_seconds):
        return None
    return max(run.seen, run.finished or 0.0, run.created) + limits.keep_seconds


def _first_to_make_room(db: sqlite3.Connection) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(f"{_CANDIDATES} AND {_MAKES_ROOM} {_OLDEST}").fetchone()
    return row


def _room_taken(db: sqlite3.Connection) -> int:
    (models,) = db.execute("SELECT coalesce(sum(size_bytes), 0) FROM runs").fetchone()
    (characters,) = db.execute(
        """SELECT coalesce(sum(characters), 0) FROM corpora
           WHERE key IN (SELECT corpus FROM runs)"""
    ).fetchone()
    return int(models) + _BYTES_OF_A_CHARACTER * int(characters)
