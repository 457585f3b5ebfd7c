"""How the store is, in numbers that say nothing of anybody. Knows nothing of who asks."""

import os
import shutil
from dataclasses import dataclass
from typing import Literal

from lstm.database import storage_errors
from lstm.errors import StoreError
from lstm.processes import held_here
from lstm.shelf import Shelf
from lstm.turns import TRAINS, WAITS
from lstm.waiting import Queue

Scheduling = Literal["here", "elsewhere", "nowhere"]


@dataclass(frozen=True)
class Signs:
    """What an operator wants to know.

    Attributes:
        scheduler: Which process starts the trainings: this one, another one, or none.
        waiting: Runs that wait for their turn.
        running: Runs that train.
        free_bytes: Room on the disk of the data folder.
    """

    scheduler: Scheduling
    waiting: int
    running: int
    free_bytes: int


class Vitals(Queue, Shelf):
    """The runs' lives and files, with what an operator asks."""

    def signs(self) -> Signs:
        """Return how the store is now.

        Raises:
            StoreError: It can't be used: out of reach, damaged, or not to be written to.
        """
        with self._database.read() as db:
            waiting = db.execute(f"SELECT count(*) FROM runs WHERE {WAITS}").fetchone()[0]
            running = db.execute(f"SELECT count(*) FROM runs WHERE {TRAINS}").fetchone()[0]
        with storage_errors(self.folder):
            free = shutil.disk_usage(self.folder).free
        if not os.access(self.folder, os.W_OK):
            raise StoreError("store_read_only", folder=self.folder)
        return Signs(self._scheduling(), waiting, running, free)

    def trainings_by_place(self) -> dict[str, int]:
        """Return how many runs train on each machine; "" is this one."""
        with self._database.read() as db:
            rows = db.execute(
                f"SELECT coalesce(place, ''), count(*) FROM runs WHERE {TRAINS} GROUP BY 1"
            ).fetchall()
        return {str(place): int(count) for place, count in rows}

    def _scheduling(self) -> Scheduling:
        if held_here(self.leader_file()):
            return "here"
        return "elsewhere" if self.led_elsewhere() else "nowhere"
