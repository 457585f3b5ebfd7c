"""What was measured: the curves, samples, notices and baselines of every run.

A training that is resumed from a checkpoint forgets what came after it (``rewind``), so that a
curve never has two branches. Knows nothing of processes, queues or files.
"""

import dataclasses
import math
import sqlite3
import time
from collections.abc import Iterable

import numpy as np

from lstm.baselines import Baseline
from lstm.database import Database
from lstm.errors import StoreError
from lstm.events import Checkpoint, Diverged, EpochEnd, Event, Finished, Sample, Step
from lstm.records import Curve, EpochRow, Message, Notice, SampleRow

CURVE_POINTS = 500
"""Most points of a curve that a page draws."""


class Journal:
    """The measurements of runs, in a database that others use at the same time.

    Args:
        database: An open database.
    """

    def __init__(self, database: Database) -> None:
        """Write to and read from this database."""
        self._database = database

    def append(self, run_id: str, events: Iterable[Event], *, durable: bool = False) -> None:
        """Add what a training told, in one transaction; this is a sign of life as well.

        ``Checkpoint`` and ``Finished`` carry nothing to measure and are passed over.

        Args:
            run_id: The run.
            events: What it told.
            durable: Whether not even a power cut may undo it, because a checkpoint builds on it.

        Raises:
            StoreError: No such run, or the store can't be written to.
        """
        with self._database.write(durable=durable) as db:
            changed = False
            for event in events:
                changed |= _add(db, run_id, event)
            _sign_of_life(db, run_id, changed=changed)

    def beat(self, run_id: str) -> None:
        """Note that the worker lives. The run's version stays as it is.

        Raises:
            StoreError: No such run, or the store can't be written to.
        """
        self.append(run_id, ())

    def notice(self, run_id: str, key: str, **values: str | float | None) -> None:
        """Add a sentence of the catalogue that the run's owner should read.

        Raises:
            StoreError: No such run, or the store can't be written to.
        """
        with self._database.write(durable=True) as db:
            add_notice(db, run_id, Message(key, values))
            _sign_of_life(db, run_id, changed=True)

    def rewind(self, run_id: str, step: int) -> None:
        """Forget every measurement after a step, because the training goes on from there.

        Commands that took effect after it are given again.
        """
        with self._database.write(durable=True) as db:
            rewind(db, run_id, step)

    def steps(self, run_id: str, max_points: int = CURVE_POINTS) -> Curve:
        """Return the course of a run, thinned out to at most ``max_points`` (3 or more) points.

        Neighbours are put together in groups of a power of two, counted from the first
        measurement, so that a growing curve keeps its older points where they are. The first
        and the last measurement stay as they are.
        """
        with self._database.read() as db:
            count, last = db.execute(
                "SELECT count(*), max(n) FROM steps WHERE run = ?", (run_id,)
            ).fetchone()
            group = 1
            while 2 + math.ceil(count / group) > max_points and count > max_points:
                group *= 2
            rows = db.execute(
                """SELECT max(step), max(epoch), max(seconds), avg(loss), max(grad_norm),
                          avg(learning_rate), avg(chars_per_second)
                   FROM steps WHERE run = :run
                   GROUP BY CASE n WHEN :last THEN -1 ELSE (n + :group - 1) / :group END
                   ORDER BY 1""",
                {"run": run_id, "last": last, "group": group},
            ).fetchall()
        table = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 7)
        return Curve(*(np.ascontiguousarray(column) for column in table.T))

    def epochs(self, run_id: str) -> list[EpochRow]:
        """Return every evaluation of a run, in order."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT evaluation AS "index", step, epoch, seconds, train_bits,
                          validation_bits, best
                   FROM evaluations WHERE run = ? ORDER BY evaluation""",
                (run_id,),
            ).fetchall()
        return [EpochRow(**{**dict(row), "best": bool(row["best"])}) for row in rows]

    def sample_indices(self, run_id: str) -> list[int]:
        """Return the numbers of the evaluations that have samples, in order."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT DISTINCT evaluation FROM samples WHERE run = ? ORDER BY evaluation",
                (run_id,),
            ).fetchall()
        return [row[0] for row in rows]

    def samples(self, run_id: str, index: int) -> list[SampleRow]:
        """Return the samples of one evaluation, coldest first; none if there is no such one."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT evaluation, epoch, temperature, opening, text FROM samples
                   WHERE run = ? AND evaluation = ? ORDER BY temperature""",
                (run_id, index),
            ).fetchall()
        return [SampleRow(*row) for row in rows]

    def notices(self, run_id: str) -> list[Notice]:
        """Return what happened to a run, oldest first."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT id, created, step, message FROM notices WHERE run = ? ORDER BY id",
                (run_id,),
            ).fetchall()
        return [
            Notice(row["id"], row["created"], row["step"], Message.from_json(row["message"]))
            for row in rows
        ]

    def add_baseline(self, corpus_fingerprint: str, baseline: Baseline) -> None:
        """Keep one reference figure of a text, in place of an older one of the same key."""
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO baselines VALUES (?, ?, ?, ?, ?)",
                (corpus_fingerprint, *dataclasses.astuple(baseline)),
            )
            _bump_corpus(db, corpus_fingerprint)

    def baselines_done(self, corpus_fingerprint: str) -> None:
        """Note that all reference figures of a text are known."""
        with self._database.write() as db:
            db.execute(
                "UPDATE corpora SET baselines_done = ? WHERE key = ?",
                (time.time(), corpus_fingerprint),
            )
            _bump_corpus(db, corpus_fingerprint)

    def baselines(self, corpus_fingerprint: str) -> list[Baseline]:
        """Return the reference figures of a text that are known so far, highest bits first."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT key, n, bits, sampled FROM baselines
                   WHERE corpus = ? ORDER BY bits DESC, key""",
                (corpus_fingerprint,),
            ).fetchall()
        return [Baseline(r["key"], r["n"], r["bits"], bool(r["sampled"])) for r in rows]

    def version(self, run_id: str) -> int:
        """Return a number that changes whenever anything that a page shows of a run changes.

        Signs of life and other runs' places in the queue don't change it.

        Raises:
            StoreError: No such run.
        """
        with self._database.read() as db:
            row = db.execute("SELECT version FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise StoreError("unknown_run")
        return int(row[0])


def add_notice(db: sqlite3.Connection, run_id: str, message: Message) -> None:
    """Add a notice to a run inside a transaction of the caller."""
    db.execute(
        """INSERT INTO notices (run, created, step, message)
           SELECT id, ?, step, ? FROM runs WHERE id = ?""",
        (time.time(), message.to_json(), run_id),
    )


def rewind(db: sqlite3.Connection, run_id: str, step: int) -> None:
    """Do what ``Journal.rewind`` says inside a transaction of the caller."""
    here = {"run": run_id, "step": step}
    db.execute("DELETE FROM steps WHERE run = :run AND step > :step", here)
    db.execute("DELETE FROM evaluations WHERE run = :run AND step > :step", here)
    db.execute(
        """DELETE FROM samples WHERE run = :run AND evaluation NOT IN
               (SELECT evaluation FROM evaluations WHERE run = :run)""",
        here,
    )
    db.execute(
        """UPDATE commands SET done_at_step = NULL
           WHERE run = :run AND kind = 'learning_rate' AND done_at_step > :step""",
        here,
    )
    db.execute(_PROGRESS_FROM_ROWS, here)


_PROGRESS_FROM_ROWS = """
    UPDATE runs SET
        step = :step,
        (epoch, seconds, learning_rate, chars_per_second) = (
            SELECT coalesce(max(epoch), 0), coalesce(max(seconds), 0), learning_rate,
                   chars_per_second
            FROM (SELECT * FROM steps WHERE run = :run ORDER BY n DESC LIMIT 1)),
        (train_bits, last_bits) = (
            SELECT max(train_bits), max(validation_bits)
            FROM (SELECT * FROM evaluations WHERE run = :run ORDER BY evaluation DESC LIMIT 1)),
        (best_bits, best_epoch) = (
            SELECT min(validation_bits), epoch FROM evaluations WHERE run = :run),
        version = version + 1
    WHERE id = :run
"""


def _add(db: sqlite3.Connection, run_id: str, event: Event) -> bool:
    """Write one event's rows; tell whether there were any."""
    match event:
        case Step():
            _add_step(db, run_id, event)
        case EpochEnd():
            _add_evaluation(db, run_id, event)
        case Sample():
            db.execute(
                "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, event.index, event.temperature, event.epoch, event.opening, event.text),
            )
        case Diverged():
            # The training has gone back: the curve must not have two branches.
            rewind(db, run_id, event.back_to_step)
            values = {"step": event.step, "back": event.back_to_step}
            scale = round(event.learning_rate_scale, 6)
            add_notice(db, run_id, Message(f"notices.{event.reason}", {**values, "scale": scale}))
        case Checkpoint() | Finished():
            return False
    return True


def _add_step(db: sqlite3.Connection, run_id: str, event: Step) -> None:
    row = {"run": run_id, **_finite(event)}
    db.execute(
        """INSERT INTO steps
           SELECT :run, coalesce(max(n) + 1, 0), :step, :epoch, :seconds, :loss, :grad_norm,
                  :learning_rate, :chars_per_second
           FROM steps WHERE run = :run""",
        row,
    )
    db.execute(
        """UPDATE runs SET step = :step, epoch = :epoch, seconds = :seconds,
               learning_rate = :learning_rate, chars_per_second = :chars_per_second
           WHERE id = :run""",
        row,
    )


def _add_evaluation(db: sqlite3.Connection, run_id: str, event: EpochEnd) -> None:
    row = {
        "run": run_id,
        **_finite(event),
        "train": _bits(event.train_loss),
        "held_out": _bits(event.validation_loss),
    }
    db.execute(
        """INSERT OR REPLACE INTO evaluations
           VALUES (:run, :index, :step, :epoch, :seconds, :train, :held_out, :best)""",
        row,
    )
    db.execute(
        """UPDATE runs SET step = :step, epoch = :epoch, seconds = :seconds,
               train_bits = :train, last_bits = :held_out
           WHERE id = :run""",
        row,
    )
    if event.best:
        db.execute(
            "UPDATE runs SET best_bits = :held_out, best_epoch = :epoch WHERE id = :run", row
        )


def _finite(event: Step | EpochEnd) -> dict[str, float | None]:
    """Return an event's fields; SQLite has no infinity or nan that a chart could show."""
    return {k: v if math.isfinite(v) else None for k, v in vars(event).items()}


def _bits(nats: float) -> float | None:
    return nats / math.log(2) if math.isfinite(nats) else None


def _sign_of_life(db: sqlite3.Connection, run_id: str, *, changed: bool) -> None:
    done = db.execute(
        "UPDATE runs SET heartbeat = ?, version = version + ? WHERE id = ?",
        (time.time(), int(changed), run_id),
    )
    if done.rowcount == 0:
        raise StoreError("unknown_run")


def _bump_corpus(db: sqlite3.Connection, corpus_fingerprint: str) -> None:
    db.execute("UPDATE runs SET version = version + 1 WHERE corpus = ?", (corpus_fingerprint,))
