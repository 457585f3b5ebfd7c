"""What a visitor may ask of a run: pause, resume, stop, another learning rate, train longer.

Each wish is checked against the run's state, and what it changes is on the disk before the method
returns. A wish to a training is a row that its worker reads between two steps. Knows nothing of
who asks, nor of processes.
"""

import json
import sqlite3
import time

from lstm.config import TrainConfig
from lstm.errors import StoreError
from lstm.lifecycle import allowed_run, clear_commands, end_run, get_run, set_run
from lstm.machines import HERE
from lstm.records import Message, Run, RunState
from lstm.turns import stand_in_line
from lstm.waiting import Queue, check_room

NEXT_TURN = "(SELECT coalesce(max(turn), 0) + 1 FROM runs)"
"""Behind all other runs of the same visitor: a count, since clocks may jump."""


class Control(Queue):
    """The runs' lives, with the moves of the visitors."""

    def pause(self, run_id: str) -> Run:
        """Halt a run: a training saves its state first, a waiting one leaves the queue.

        Raises:
            StoreError: It neither trains nor waits.
        """
        with self._database.write(durable=True) as db:
            pause_run(db, allowed_run(db, run_id, "pause"))
            return get_run(db, run_id)

    def resume(self, run_id: str) -> Run:
        """Let a paused, stopped, interrupted or failed run use up the rest of its budget.

        A paused one comes back to where it would be had it waited all the while, all others to
        the end of the line; among the visitor's own runs it takes its old place.

        Raises:
            StoreError: There is nothing to resume, or too many runs wait.
        """
        with self._database.write(durable=True) as db:
            run = allowed_run(db, run_id, "resume")
            check_room(db, run.owner)
            resume_run(db, run)
            return get_run(db, run_id)

    def stop(self, run_id: str) -> Run:
        """End a run and keep what it learned.

        Raises:
            StoreError: It has ended already.
        """
        with self._database.write(durable=True) as db:
            stop_run(db, allowed_run(db, run_id, "stop"))
            return get_run(db, run_id)

    def set_learning_rate(self, run_id: str, value: float) -> Run:
        """Change the learning rate (the peak of the schedule) of a training from now on.

        Raises:
            StoreError: The run has ended.
            ConfigError: The value is out of range.
        """
        with self._database.write(durable=True) as db:
            run = allowed_run(db, run_id, "set_learning_rate")
            TrainConfig(learning_rate=value, seconds=run.train_config.seconds or 1.0)
            _command(db, run_id, "learning_rate", value)
            return get_run(db, run_id)

    def train_here(self, run_id: str) -> Run:
        """Let a waiting run train on the server's own machine instead of the cluster.

        Raises:
            StoreError: It does not wait.
        """
        with self._database.write(durable=True) as db:
            if get_run(db, run_id).state != RunState.QUEUED:
                raise StoreError("cannot_train_here")
            set_run(db, run_id, place=HERE)
            return get_run(db, run_id)

    def extend(
        self, run_id: str, *, seconds: float | None = None, epochs: int | None = None
    ) -> Run:
        """Train an ended run longer: it waits again and goes on from its last checkpoint.

        What is asked for here is then the only rule that ends it, since a plateau or target
        that was reached once would end it again at once.

        Args:
            run_id: The run.
            seconds: So many more seconds of training.
            epochs: Or so many more passes over the text.

        Raises:
            StoreError: It has not ended, or left no model, or too many runs wait.
            ConfigError: Neither or a value out of range.
        """
        with self._database.write(durable=True) as db:
            run = allowed_run(db, run_id, "extend")
            longer = {
                **run.train_config.to_json(),
                "seconds": None if seconds is None else run.seconds + seconds,
                "epochs": None if epochs is None else int(run.epoch) + epochs,
                "target_bits": None,
                "patience": None,
            }
            config = TrainConfig.from_json(longer)
            check_room(db, run.owner)
            stand_in_line(db, run.owner)
            clear_commands(db, run_id)
            set_run(
                db,
                run_id,
                state=RunState.QUEUED,
                train_config=json.dumps(config.to_json()),
                reason=None,
                finished=None,
                attempts=0,
            )
            db.execute(f"UPDATE runs SET turn = {NEXT_TURN} WHERE id = ?", (run_id,))
            return get_run(db, run_id)


def pause_run(db: sqlite3.Connection, run: Run) -> None:
    """Halt a run that allows it, inside a transaction of the caller."""
    if run.state == RunState.QUEUED:
        set_run(db, run.id, state=RunState.PAUSED, aside=None)
    else:
        _command(db, run.id, "pause")


def resume_run(db: sqlite3.Connection, run: Run) -> None:
    """Send a run that allows it back to the queue, inside a transaction of the caller."""
    if run.state != RunState.PAUSED:
        stand_in_line(db, run.owner)
    clear_commands(db, run.id)
    set_run(db, run.id, state=RunState.QUEUED, reason=None, finished=None)


def stop_run(db: sqlite3.Connection, run: Run) -> None:
    """End a run at once, or ask its worker to, inside a transaction of the caller."""
    if run.pending == "stop":
        return
    if run.pid is not None or run.state in {RunState.STARTING, RunState.RUNNING}:
        _command(db, run.id, "stop")
        return
    end_run(db, run.id, RunState.STOPPED, Message("notices.finished_stopped"))


def _command(db: sqlite3.Connection, run_id: str, kind: str, value: float | None = None) -> None:
    db.execute(
        "INSERT INTO commands (run, kind, value, created) VALUES (?, ?, ?, ?)",
        (run_id, kind, value, time.time()),
    )
    set_run(db, run_id)
