"""One training that goes on, others that wait behind it, and a meter on it and on the server.

Knows nothing of who looks at them.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise

import psutil

from lstm import library
from lstm.bench.serving import Server, spent
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.presets import preset
from lstm.records import Run
from lstm.runs import RunStore

_PATIENCE = 120.0
_EVERY = 0.2  # seconds between two looks


@dataclass(frozen=True)
class School:
    """One training and others that wait behind it, each of another visitor.

    Attributes:
        store: Where they live.
        runs: All of them, the one that trains first.
        token: By which everybody may watch the first one.
        characters: Length of the text that they learn, without its held-out part.
    """

    store: RunStore
    runs: tuple[Run, ...]
    token: str
    characters: int

    @classmethod
    def of(cls, store: RunStore, waiting: int, hidden: int | None = None) -> "School":
        """Queue the trainings and wait until the first one has written a checkpoint.

        Args:
            store: Of the server.
            waiting: How many wait behind the first one.
            hidden: Size of their networks; default: what the preset of some minutes takes.

        Raises:
            BenchError: It does not get so far.
        """
        corpus = Corpus.from_text(library.read_bundled("essays-en"), name="essays")
        chosen = preset("standard", corpus.characters, corpus.vocabulary.size)
        recipe = replace(chosen.train, seconds=1800.0, epochs=None, patience=None)
        model = replace(chosen.model, hidden_size=hidden or chosen.model.hidden_size)
        runs = []
        for number in range(1 + waiting):
            key, name = secrets.token_urlsafe(32), f"essays {number}"
            runs.append(store.create(key, name, corpus, model, recipe, "standard"))
        school = cls(store, tuple(runs), store.share(runs[0].id), corpus.split)
        school._wait_until(runs[0], lambda run: run.has_model)
        return school

    def first(self) -> Run:
        """Return the one that trains, as it is now."""
        return self.store.run(self.runs[0].id)

    def end(self) -> str:
        """Stop all of them, the last one first, and return the log of the first.

        Raises:
            BenchError: They do not stop.
        """
        for run in reversed(self.runs):
            if self.store.run(run.id).allows("stop"):
                self.store.stop(run.id)
        for run in self.runs:
            self._wait_until(run, lambda now: not now.is_active and now.pid is None)
        return self.store.log_file(self.runs[0].id).read_text("utf-8")

    def _wait_until(self, run: Run, condition: Callable[[Run], bool]) -> None:
        """Wait for something to be true of a training.

        Raises:
            BenchError: It does not come true.
        """
        until = time.monotonic() + _PATIENCE
        while not condition(self.store.run(run.id)):
            if time.monotonic() > until:
                raise BenchError("bench_no_training")
            time.sleep(_EVERY)


@dataclass(frozen=True)
class Look:
    """What the meter read at one moment.

    Attributes:
        moment: By the monotonic clock.
        epoch: Of the training.
        memory: Of the server, in bytes.
        server: Processor seconds that the server has used.
        worker: Processor seconds that the training has used.
    """

    moment: float
    epoch: float
    memory: float
    server: float
    worker: float


@dataclass
class Meter:
    """Looks at a school and its server several times a second.

    Attributes:
        looks: What it has read, oldest first.
    """

    school: School
    server: Server
    looks: list[Look] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look during a block, from a thread of its own."""
        ended = threading.Event()
        thread = threading.Thread(target=self._look, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def between(self, begin: float, end: float) -> list[Look]:
        """Return what was read between two moments.

        Raises:
            BenchError: The training did not get on between them.
        """
        looks = [look for look in self.looks if begin <= look.moment <= end]
        fresh = [b for a, b in pairwise(looks) if a.epoch != b.epoch]
        if len(fresh) < 2:
            raise BenchError("bench_no_training")
        return looks[looks.index(fresh[0]) : looks.index(fresh[-1]) + 1]

    def speed(self, begin: float, end: float) -> float:
        """Return how many characters a second were trained on between two moments."""
        looks = self.between(begin, end)
        passed = looks[-1].moment - looks[0].moment
        return (looks[-1].epoch - looks[0].epoch) * self.school.characters / passed

    def _look(self, ended: threading.Event) -> None:
        worker = psutil.Process(self.school.first().pid)
        while not ended.wait(_EVERY):
            self.looks.append(
                Look(
                    time.monotonic(),
                    self.school.first().epoch,
                    self.server.memory(),
                    self.server.effort(),
                    spent(worker),
                )
            )
