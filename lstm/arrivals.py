"""How runs come into the store: new ones, networks that come back, and networks that go on.

A run whose network came back in a file has no text: its row among the texts counts no characters
and has no files. Knows nothing of what becomes of a run.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lstm.config import ModelConfig, TrainConfig
from lstm.control import NEXT_TURN
from lstm.corpus import Corpus
from lstm.database import Database
from lstm.errors import StoreError
from lstm.lifecycle import get_run
from lstm.quizzes import Quizzes
from lstm.records import RETURNED, UNTOLD, Message, Run, RunState
from lstm.returning import MOST_BITS, MOST_FACT, Continuation, Returned
from lstm.roll import enrol
from lstm.shelf import Shelf
from lstm.turns import stand_in_line
from lstm.waiting import check_room

NAME_LENGTH = 80
"""Most characters of a run's name."""

_ID_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Arrivals(Quizzes, Shelf):
    """The runs' lives, classes and files, with the ways in.

    Args:
        folder: The data folder; made if need be.

    Raises:
        StoreError: The folder can't be made or its database can't be opened.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the store; see the class."""
        Shelf.__init__(self, folder)
        Quizzes.__init__(self, Database(self.folder / "charloom.sqlite3"))

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
            StoreError: It can't be written, or too many runs of the visitor wait.
        """
        key = self.add_corpus(corpus)
        run_id = _new_id()
        columns = {
            "owner": owner,
            "name": tidy_name(name) or tidy_name(corpus.name) or run_id,
            "state": RunState.QUEUED,
            "preset": preset,
            "corpus": key,
            "corpus_name": corpus.name,
        }
        with self._database.write(durable=True) as db:
            check_room(db, owner)
            stand_in_line(db, owner)
            _insert(db, run_id, model_config, train_config, columns)
            enrol(db, run_id, owner)
            return get_run(db, run_id)

    def adopt(self, owner: str, returned: Returned) -> Run:
        """Keep a network that came back in a file as a finished run without a text.

        Args:
            owner: Key of the visitor.
            returned: What was in the file.

        Raises:
            StoreError: It can't be written.
        """
        run_id, now = _new_id(), time.time()
        name = tidy_name(returned.title) or run_id
        saved = replace(returned.saved, info=_facts(returned, name))
        newest = replace(returned.newest or saved, info=saved.info)
        bits, epoch = saved.info.get("bits_per_char"), saved.info["epoch"]
        columns = {
            "owner": owner,
            "name": name,
            "state": RunState.FINISHED,
            "preset": RETURNED if saved.train_config else UNTOLD,
            "corpus": f"none-{run_id}",
            "corpus_name": saved.info["corpus"],
            "finished": now,
            "reason": Message("notices.brought_back").to_json(),
            "epoch": epoch,
            "seconds": saved.info.get("seconds", 0.0),
            "last_bits": bits,
            "best_bits": bits,
            "checkpoint_step": 0,
            "checkpoint_epoch": epoch,
            "size_bytes": self.put_checkpoint(run_id, newest, saved),
        }
        train_config = saved.train_config or TrainConfig(epochs=1)
        try:
            with self._database.write(durable=True) as db:
                db.execute(
                    """INSERT INTO corpora (key, name, characters, symbols, created,
                           baselines_begun, baselines_done)
                       VALUES (:key, :name, 0, :symbols, :now, :now, :now)""",
                    {
                        "key": columns["corpus"],
                        "name": columns["corpus_name"],
                        "symbols": saved.vocabulary.size,
                        "now": now,
                    },
                )
                _insert(db, run_id, saved.model_config, train_config, columns)
                return get_run(db, run_id)
        except StoreError:
            self.remove_run(run_id)
            raise

    def go_on(
        self, owner: str, name: str, continuation: Continuation, train_config: TrainConfig
    ) -> Run:
        """Put a run at the end of the queue that starts from the weights of another network.

        Args:
            owner: Key of the visitor.
            name: What to call it; blank: the text's name.
            continuation: The network and the text.
            train_config: How to train it.

        Raises:
            StoreError: It can't be written, or too many runs of the visitor wait.
        """
        corpus = continuation.corpus
        key, run_id = self.add_corpus(corpus), _new_id()
        called = tidy_name(name) or tidy_name(corpus.name) or run_id
        info = {"name": called, "corpus": corpus.name, "epoch": 0.0}
        start = replace(continuation.saved, train_config=train_config, info=info)
        # Its weights lie there before it can get its turn.
        size = self.put_checkpoint(run_id, start, None)
        columns = {
            "owner": owner,
            "name": called,
            "state": RunState.QUEUED,
            "preset": RETURNED,
            "corpus": key,
            "corpus_name": corpus.name,
            "checkpoint_step": 0,
            "checkpoint_epoch": 0.0,
            "size_bytes": size,
        }
        try:
            with self._database.write(durable=True) as db:
                check_room(db, owner)
                stand_in_line(db, owner)
                _insert(db, run_id, start.model_config, train_config, columns)
                enrol(db, run_id, owner)
                return get_run(db, run_id)
        except StoreError:
            self.remove_run(run_id)
            raise


def tidy_name(name: str) -> str:
    """Return a name on one line, cut to ``NAME_LENGTH``, without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:NAME_LENGTH].rstrip()


def _facts(returned: Returned, name: str) -> dict[str, Any]:
    """Return what a file says of its network, without what only claims to be a fact."""
    corpus = returned.saved.info.get("corpus")
    facts: dict[str, Any] = {
        "name": name,
        "corpus": tidy_name(corpus) if isinstance(corpus, str) else "",
        "epoch": returned.fact("epoch") or 0.0,
    }
    for key, most in (("bits_per_char", MOST_BITS), ("seconds", MOST_FACT)):
        value = returned.fact(key, most)
        if value is not None:
            facts[key] = value
    return facts


def _insert(
    db: sqlite3.Connection,
    run_id: str,
    model_config: ModelConfig,
    train_config: TrainConfig,
    columns: Mapping[str, object],
) -> None:
    """Add a run; the columns' names come from this code, never from outside."""
    now = time.time()
    row = {
        "id": run_id,
        "model_config": json.dumps(model_config.to_json()),
        "train_config": json.dumps(train_config.to_json()),
        "created": now,
        "seen": now,
        **columns,
    }
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT INTO runs ({names}, turn) VALUES ({values}, {NEXT_TURN})", row)


def _new_id() -> str:
    """Return letters and digits that nobody can guess (70 bits) or misread."""
    return "".join(secrets.choice(_ID_SIGNS) for _ in range(12))
