"""RunStore: the one place where runs live, from the queue to the last checkpoint.

Below the data folder lie ``charloom.sqlite3``, ``corpora/<key>/`` (texts, shared between runs
with the same content) and ``runs/<id>/`` (``last``, ``previous`` and ``best.safetensors`` and
``log.txt``). Several processes use a store at once; every change of state is on the disk before
the method returns. Knows nothing of how workers are started or of pages.
"""

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from lstm.checkpoint import Saved
from lstm.config import ModelConfig, TrainConfig
from lstm.control import NEXT_TURN, Control, stop_run
from lstm.corpus import Corpus
from lstm.database import Database, storage_errors
from lstm.errors import StoreError
from lstm.lifecycle import SELECT_RUN, WAITING, get_run, set_run
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
    run_of,
)
from lstm.shelf import Shelf, corpus_key

__all__ = [
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
]

NAME_LENGTH = 80
"""Most characters of a run's name."""

UNDO_SECONDS = 3600.0
"""How long a deleted run can be brought back before its files go."""

_ID_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class RunStore(Control, Shelf):
    """Runs, their texts, checkpoints and measurements below one data folder.

    May be shared by threads; other processes may have it open as well.

    Args:
        folder: The data folder; default: ``lstm.paths.data_folder()``. Made if need be.

    Raises:
        StoreError: The folder can't be made or its database can't be opened.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Open or make the store; see the class."""
        Shelf.__init__(self, folder or data_folder())
        Control.__init__(self, Database(self.folder / "charloom.sqlite3"))

    def close(self) -> None:
        """Close the database connections that are not in use."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return the store; it is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    # ---- texts and checkpoints ------------------------------------------------------------

    def add_corpus(self, corpus: Corpus, report: Mapping[str, Any] | None = None) -> str:
        """Keep a text and return its key; a text that is there already is not written again.

        Args:
            corpus: The text with its split.
            report: What was understood and cleaned, as JSON values, for ``report``.

        Raises:
            StoreError: It can't be written.
        """
        key = self.put_corpus(corpus, report)
        row = (key, corpus.name, corpus.characters, corpus.vocabulary.size, time.time())
        with self._database.write(durable=True) as db:
            db.execute(
                """INSERT INTO corpora (key, name, characters, symbols, created)
                   VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (key) DO UPDATE SET created = excluded.created""",
                row,
            )
        return self.put_corpus(corpus, report)  # again, if ``purge`` took it in between

    def save_checkpoint(self, run_id: str, saved: Saved, best: Saved | None = None) -> None:
        """Write a run's newest checkpoint and note how far it reaches; see ``put_checkpoint``.

        Raises:
            StoreError: It can't be written; the older ones are still there.
        """
        size = self.put_checkpoint(run_id, saved, best)
        step, epoch = saved.state.numbers["step"], saved.info["epoch"]
        self.saved(run_id, int(step or 0), float(epoch), size)

    # ---- runs -----------------------------------------------------------------------------

    def create(
        self,
        owner: str,
        name: str,
        corpus: Corpus,
        model_config: ModelConfig,
        train_config: TrainConfig,
        preset: str,
    ) -> Run:
        """Put a new run at the end of the queue.

        Args:
            owner: Key of the visitor.
            name: What to call it; blank: the text's name.
            corpus: What to learn.
            model_config: Shape of the network.
            train_config: How to train it.
            preset: Name of the preset that the settings came from.

        Raises:
            StoreError: It can't be written.
        """
        key = self.add_corpus(corpus)
        run_id, now = _new_id(), time.time()
        row = {
            "id": run_id,
            "owner": owner,
            "name": tidy_name(name) or tidy_name(corpus.name) or run_id,
            "state": RunState.QUEUED,
            "preset": preset,
            "corpus": key,
            "corpus_name": corpus.name,
            "model_config": json.dumps(model_config.to_json()),
            "train_config": json.dumps(train_config.to_json()),
            "now": now,
        }
        with self._database.write(durable=True) as db:
            db.execute(
                f"""INSERT INTO runs (id, owner, name, state, preset, corpus, corpus_name,
                        model_config, train_config, created, seen, turn)
                    VALUES (:id, :owner, :name, :state, :preset, :corpus, :corpus_name,
                        :model_config, :train_config, :now, :now, {NEXT_TURN})""",
                row,
            )
            return get_run(db, run_id)

    def run(self, run_id: str) -> Run:
        """Return a run, deleted ones included.

        Raises:
            StoreError: No such run.
        """
        with self._database.read() as db:
            return get_run(db, run_id)

    def runs(self, owner: str, include_deleted: bool = False) -> list[Run]:
        """Return the runs of a visitor, newest first."""
        deleted = "" if include_deleted else "AND deleted IS NULL"
        with self._database.read() as db:
            rows = db.execute(
                f"{SELECT_RUN} WHERE owner = ? {deleted} ORDER BY runs.created DESC, turn DESC",
                (owner,),
            ).fetchall()
        return [run_of(row) for row in rows]

    def queue_place(self, run_id: str) -> int | None:
        """Return a run's place in the queue, 1 for the next one; None if it doesn't wait."""
        with self._database.read() as db:
            waiting = [row[0] for row in db.execute(f"SELECT id FROM runs WHERE {WAITING}")]
        return waiting.index(run_id) + 1 if run_id in waiting else None

    def touch(self, run_id: str) -> None:
        """Note that the owner has a page open on the run. Its version stays as it is."""
        with self._database.write() as db:
            db.execute("UPDATE runs SET seen = ? WHERE id = ?", (time.time(), run_id))

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

    def purge(self, deleted_before: float | None = None) -> list[str]:
        """Remove for good what was deleted long enough ago, and texts that no run uses.

        Args:
            deleted_before: Unix seconds; default: ``UNDO_SECONDS`` ago.

        Returns:
            The ids of the runs that are gone.
        """
        before = time.time() - UNDO_SECONDS if deleted_before is None else deleted_before
        with self._database.write(durable=True) as db:
            gone = db.execute(
                "DELETE FROM runs WHERE deleted < ? AND pid IS NULL RETURNING id", (before,)
            ).fetchall()
            unused = db.execute(
                """DELETE FROM corpora WHERE created < ? AND key NOT IN (SELECT corpus FROM runs)
                   RETURNING key""",
                (before,),
            ).fetchall()
            for (key,) in unused:  # before anybody can add it again
                self.remove_corpus(key)
        with storage_errors(self.folder):
            for (run_id,) in gone:
                self.remove_run(run_id)
        return [run_id for (run_id,) in gone]

    def _change(self, run_id: str, **columns: str | float | None) -> Run:
        with self._database.write(durable=True) as db:
            set_run(db, run_id, **columns)
            return get_run(db, run_id)


def tidy_name(name: str) -> str:
    """Return a name on one line, cut to ``NAME_LENGTH``, without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:NAME_LENGTH].rstrip()


def _new_id() -> str:
    """Return letters and digits that nobody can guess (70 bits) or misread."""
    return "".join(secrets.choice(_ID_SIGNS) for _ in range(12))
