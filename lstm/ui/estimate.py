"""How long a training will take here: a short measured training, in the background.

One probe at a time, shared by everybody who asks for the same shape of network. Knows nothing of
pages, nor of the store.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.model import parameter_count
from lstm.training import OVERHEAD

Probe = Callable[[Corpus, ModelConfig, TrainConfig], float]

EXCERPT = 200_000
"""Characters that a probe trains on: speed hangs on the shapes, not on the length of the text."""

_KEPT = 256
_MOST_WORK = 2e11  # floating-point operations of one probing step: about a second
_MOST_VALUES = 3e7  # numbers that one probing step may hold: about 120 MB


@dataclass(frozen=True)
class Estimate:
    """What a training will cost.

    Attributes:
        seconds: Time until it ends, validation and samples included.
        epochs: Passes over the training text by then.
        chars_per_second: Measured training speed.
    """

    seconds: float
    epochs: float
    chars_per_second: float


def estimate(corpus: Corpus, train: TrainConfig, chars_per_second: float) -> Estimate:
    """Say when a training ends at a measured speed; the first of its limits ends it."""
    per_epoch = corpus.split / chars_per_second
    by_epochs = math.inf if train.epochs is None else train.epochs * per_epoch
    training = min(train.seconds or math.inf, by_epochs)
    return Estimate(training / (1 - OVERHEAD), training / per_epoch, chars_per_second)


class Probes:
    """Measured speeds by shape, and the one thread that measures them.

    May be shared by threads. A question that its asker has given up is not answered.

    Args:
        probe: Measures characters per second; takes about a second.
    """

    def __init__(self, probe: Probe) -> None:
        """Measure with this; see the class."""
        self._probe = probe
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="probe")
        self._speeds: OrderedDict[object, Future[float]] = OrderedDict()
        self._asked: dict[str, object] = {}

    def ask(
        self, asker: str, corpus: Corpus, model: ModelConfig, train: TrainConfig
    ) -> Future[float]:
        """Return the speed of a training, now or later.

        Args:
            asker: Who wants to know; an older question of theirs that still waits is dropped.
            corpus: The text.
            model: The network.
            train: The recipe.
        """
        key = _shape(corpus, model, train)
        with self._lock:
            if self._asked.get(asker) != key:
                self._drop(self._asked.pop(asker, None))
            future = self._speeds.get(key)
            if future is None or future.cancelled():
                future = self._thread.submit(self._measure, corpus, model, train)
                self._speeds[key] = future
            self._asked[asker] = key
            self._forget_old()
        return future

    def _measure(self, corpus: Corpus, model: ModelConfig, train: TrainConfig) -> float:
        excerpt = replace(corpus, ids=corpus.ids[:EXCERPT])
        return self._probe(excerpt, model, _affordable(corpus.vocabulary.size, model, train))

    def _drop(self, key: object) -> None:
        """Cancel a waiting probe that nobody else wants."""
        future = self._speeds.get(key)
        if future is not None and key not in self._asked.values() and future.cancel():
            del self._speeds[key]

    def _forget_old(self) -> None:
        while len(self._speeds) > _KEPT:
            self._speeds.popitem(last=False)[1].cancel()
        while len(self._asked) > _KEPT:
            del self._asked[next(iter(self._asked))]


def _shape(corpus: Corpus, model: ModelConfig, train: TrainConfig) -> object:
    """Return all that the speed hangs on. The vocabulary counts in steps of a quarter octave."""
    symbols = round(4 * math.log2(corpus.vocabulary.size))
    short = min(corpus.split, EXCERPT) if corpus.split < EXCERPT else EXCERPT
    parts = (train.recipe, train.seq_len, train.stride, train.batch_size, train.precision)
    return (symbols, short, replace(model, dropout=min(model.dropout, 0.5)), *parts)


def _affordable(symbols: int, model: ModelConfig, train: TrainConfig) -> TrainConfig:
    """Return the recipe with a batch small enough that a probing step can't hurt the server."""
    targets = train.seq_len if train.recipe == "continuous" else 1
    per_stream = targets * symbols + train.seq_len * 16 * model.hidden_size * model.num_layers
    work = 6 * parameter_count(symbols, model) * train.seq_len
    most = min(_MOST_VALUES / per_stream, _MOST_WORK / work)
    return replace(train, batch_size=max(1, min(train.batch_size, int(most))), threads=1)
