"""Beside the store: writes down what workers on other machines tell, in order and once.

One of it serves all runs. It may be ended and begun anew at any time, since whatever it has to
remember lies in the store. Knows nothing of Ray, which calls it from several threads.
"""

import dataclasses
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from lstm.checkpoint import dumps
from lstm.cluster.wishes import Answer, Wish, Word
from lstm.corpus import Corpus
from lstm.database import MAY_PASS
from lstm.errors import CharloomError, StoreError
from lstm.patience import sign_of
from lstm.processes import FileLock
from lstm.runs import RunStore


class Recorder:
    """Does to a store what workers ask for.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: str) -> None:
        """Open the store."""
        self._store = RunStore(Path(folder))
        self._waiting: dict[str, FileLock] = {}
        self._at_files: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def ping(self) -> bool:
        """Answer at all."""
        return True

    def write(self, wish: Wish) -> Answer:
        """Do what a wish says, unless it is done; see ``Desk``."""
        return self._shown(wish.run, _answer(partial(self._write, wish)))

    def put(self, wish: Wish, saved: bytes, best: bytes | None) -> Answer:
        """Keep a checkpoint, if the run still is the sender's; see ``Desk``."""
        return self._shown(wish.run, _answer(partial(self._put, wish, saved, best)))

    def look(self, run: str, lease: int, what: Literal["run", "commands", "checkpoint"]) -> Answer:
        """Return something of a run; see ``Desk``."""
        return _answer(partial(self._look, run, lease, what))

    def corpus(self, key: str) -> Answer:
        """Return a text whose ids are an array in memory; see ``Desk``."""
        return _answer(partial(self._corpus, key))

    def _write(self, wish: Wish) -> object:
        if wish.word not in get_args(Word):
            raise StoreError("wish_unknown")
        durable = wish.word != "saved" and bool(wish.names.get("durable", wish.word != "append"))
        act = partial(getattr(self._store, wish.word), wish.run, *wish.values, **wish.names)
        done, value = self._store.once(wish.run, wish.lease, wish.number, act, durable=durable)
        if done and wish.log:
            self._log(wish)
        if wish.word == "append":
            return self._store.commands(wish.run)
        if wish.word == "begin":
            return value or self._store.run(wish.run)
        # Asked twice whether it may go, it may not: had it gone, the lease would be over.
        return bool(value) if wish.word == "release" else None

    def _put(self, wish: Wish, saved: bytes, best: bytes | None) -> int:
        with self._at_files[wish.run]:  # nobody else gets the run's files meanwhile
            self._store.check_lease(wish.run, wish.lease)
            return self._store.put_packed(wish.run, saved, best)

    def _look(self, run: str, lease: int, what: str) -> object:
        self._store.check_lease(run, lease)
        if what == "run":
            return self._store.run(run)
        if what == "commands":
            return self._store.commands(run)
        with self._at_files[run]:
            saved, damaged = self._store.load_checkpoint(run)
        return None if saved is None else dumps(saved), damaged

    def _corpus(self, key: str) -> Corpus:
        corpus = self._store.corpus(key)
        # As a plain array: a memory map would travel with the name of a file that is only here.
        return dataclasses.replace(corpus, ids=corpus.ids.view(np.ndarray))

    def _shown(self, run: str, answer: Answer) -> Answer:
        """Show the pages that a worker waits for the disk, as it would beside the store."""
        sign = self._waiting.pop(run, None)
        if sign is not None:
            sign.release()
        if answer.refused in MAY_PASS:
            sign = FileLock(sign_of(self._store.run_folder(run), answer.refused))
            with suppress(OSError):  # a disk that refuses may refuse this, too
                sign.acquire()
            self._waiting[run] = sign
        return answer

    def _log(self, wish: Wish) -> None:
        file = self._store.log_file(wish.run)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            log.write(wish.log)


def _answer(act: Callable[[], Any]) -> Answer:
    try:
        return Answer(act())
    except CharloomError as error:
        return Answer.of_error(error)
