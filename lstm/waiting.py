"""The queue in the store: who is next, when the others will be, and who lets others pass.

The order itself is decided in ``turns``. Knows nothing of processes, nor of why a run waits.
"""

import sqlite3
import time

from lstm.database import storage_errors
from lstm.errors import StoreError
from lstm.journal import add_notice
from lstm.lifecycle import SELECT_RUN, Lifecycle, get_run, set_damaged_aside, set_run
from lstm.limits import Limits
from lstm.machines import Cluster, told
from lstm.records import Message, Run, RunState, runs_of
from lstm.turns import (
    TRAINS,
    WAITS,
    Clock,
    Expected,
    Training,
    Waiting,
    forecast,
    line,
    next_up,
    training_owners,
)

_MEASURED = 20  # newest runs that tell how quick this machine is


class Queue(Lifecycle):
    """The runs' lives, with the moves of the queue."""

    def claim(self, slots: int, here: bool | None = None) -> Run | None:
        """Give the next waiting run its turn if fewer than ``slots`` trainings are under way.

        Args:
            slots: Trainings at a time.
            here: Look only at runs that are to train on this machine, or only at the others;
                None: at all.

        Returns:
            The run, now starting, or None. Its ``pid`` is set if its paused worker still waits
            and needs no new process.
        """
        with self._database.write(durable=True) as db:
            room = len(training_owners(db, here)) < slots
            busy = frozenset(training_owners(db))
            chosen = next_up(line(db, here), busy) if room else None
            if chosen is None or not set_damaged_aside(db, chosen.run):
                return None
            set_run(db, chosen.run, state=RunState.STARTING)
            return get_run(db, chosen.run)

    def forecast(self) -> dict[str, Expected]:
        """Return when each waiting run will start, if everything goes on as it is."""
        limits = Limits.now()
        with self._database.read() as db:
            trains = _runs(db, TRAINS)
            waits = {run.id: run for run in _runs(db, WAITS)}
            waiting = line(db)
            measured = "runs.chars_per_second IS NOT NULL ORDER BY runs.turn DESC"
            clock = Clock(_runs(db, f"{measured} LIMIT {_MEASURED}"), limits.max_seconds)
        return forecast(
            [Training(run.owner, clock.seconds(run)) for run in trains],
            [
                Waiting(one.run, one.owner, clock.seconds(waits[one.run]))
                for one in waiting
                if one.run in waits
            ],
            self.slots_now(),
        )

    def slots_now(self) -> int:
        """Return how many trainings there may be at a time, on all machines."""
        cluster = self.cluster()
        return cluster.slots if cluster and cluster.reached else Limits.now().slots

    def cluster(self) -> Cluster | None:
        """Return the cluster as its scheduler saw it last; None: trainings run on this machine."""
        folder = self._database.path.parent
        with storage_errors(folder):
            return told(folder)

    def under_way(self, owner: str) -> list[Run]:
        """Return a visitor's runs that wait or train, oldest first."""
        with self._database.read() as db:
            rows = db.execute(
                f"""{SELECT_RUN} WHERE owner = ? AND deleted IS NULL
                    AND state IN ('queued', 'starting', 'running') ORDER BY runs.turn""",
                (owner,),
            ).fetchall()
        return runs_of(rows)

    def queue_place(self, run_id: str) -> int | None:
        """Return a run's place in the queue, 1 for the next one; None if it doesn't wait."""
        expected = self.forecast().get(run_id)
        return None if expected is None else expected.place

    def touch(self, owner: str) -> None:
        """Note that a visitor has a page open. The versions of their runs stay as they are.

        Their runs that let others pass come back: their visitor has kept the old place in the
        line, so they are no worse off than if they had stayed, and whoever passed has gained.
        """
        with self._database.write() as db:
            db.execute(
                "UPDATE runs SET seen = ? WHERE owner = ? AND deleted IS NULL",
                (time.time(), owner),
            )
            back = db.execute(
                """UPDATE runs SET aside = NULL, version = version + 1
                   WHERE owner = ? AND aside IS NOT NULL RETURNING id""",
                (owner,),
            ).fetchall()
            for (run_id,) in back:
                _say_once(db, run_id, Message("notices.came_back"))

    def step_aside(self, unseen_since: float) -> list[str]:
        """Let waiting runs whose owner has no page open let others pass.

        Args:
            unseen_since: Unix seconds; who was seen since then stays.

        Returns:
            The ids of those that stepped aside just now.
        """
        with self._database.read() as db:
            anybody = db.execute(
                f"SELECT 1 FROM runs WHERE {WAITS} AND seen < ? LIMIT 1", (unseen_since,)
            ).fetchone()
        if anybody is None:
            return []
        with self._database.write() as db:
            gone = db.execute(
                f"""UPDATE runs SET aside = ?, version = version + 1
                    WHERE {WAITS} AND seen < ? RETURNING id""",
                (time.time(), unseen_since),
            ).fetchall()
        return [run_id for (run_id,) in gone]


def check_room(db: sqlite3.Connection, owner: str) -> None:
    """Refuse one more waiting run, if a visitor has as many as they may.

    Raises:
        StoreError: They have.
    """
    most = Limits.now().waiting
    (count,) = db.execute(
        "SELECT count(*) FROM runs WHERE owner = ? AND state = 'queued' AND deleted IS NULL",
        (owner,),
    ).fetchone()
    if count >= most:
        raise StoreError("too_many_waiting", most=most)


def _say_once(db: sqlite3.Connection, run_id: str, message: Message) -> None:
    """Add a notice, unless it is the newest one already."""
    newest = db.execute(
        "SELECT message FROM notices WHERE run = ? ORDER BY id DESC LIMIT 1", (run_id,)
    ).fetchone()
    if newest is None or newest["message"] != message.to_json():
        add_notice(db, run_id, message)


def _runs(db: sqlite3.Connection, condition: str) -> list[Run]:
    return runs_of(db.execute(f"{SELECT_RUN} WHERE {condition}"))
