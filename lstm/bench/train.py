"""How fast training is, against what the processor can multiply and with company beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from lstm.bench.rows import Row, best_time
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus, Vocabulary
from lstm.model import GATES, bfloat16_is_native
from lstm.presets import preset
from lstm.training import probe

SYMBOLS = 57
_CHARACTERS = 400_000
_SIZE = 1024


def rows() -> Iterator[Row]:
    """Measure the training speed by hidden size, the classic recipe, and company."""
    corpus = _corpus()
    precision = "bfloat16" if bfloat16_is_native() else "float32"
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    peak = _peak(dtype)
    name = f"matrix multiplication, {precision}, one thread"
    yield Row("train", name, peak / 1e9, "GFLOP/s")
    for hidden in (128, 256, 512):
        model = ModelConfig(hidden_size=hidden)
        speed = probe(corpus, model, TrainConfig(seconds=60.0), seconds=2.0)
        yield Row("train", f"continuous, hidden {hidden}", speed, "characters/s")
        work = speed * operations(model, SYMBOLS)
        what = f"continuous, hidden {hidden}, share of it"
        yield Row("train", what, work / 1e9, "GFLOP/s", name, work / peak)
        most = _attainable(hidden, TrainConfig(seconds=60.0), dtype)
        what = f"its recurrent multiplications and nothing else, hidden {hidden}"
        yield Row("train", what, most / 1e9, "GFLOP/s", name, most / peak)
    classic = preset("classic", _CHARACTERS, SYMBOLS)
    speed = probe(corpus, classic.model, classic.train, seconds=2.0)
    yield Row("train", "classic", speed, "characters/s")
    yield from _company(corpus)


def operations(model: ModelConfig, symbols: int) -> float:
    """Return the floating-point operations that training on one character takes.

    Two for each weight of a matrix in the forward pass, twice that in the backward pass.
    """
    inputs = [model.embedding_size or symbols] + [model.hidden_size] * (model.num_layers - 1)
    gates = GATES[model.cell] * model.hidden_size
    weights = sum(gates * (size + model.hidden_size) for size in inputs)
    return 6.0 * (weights + symbols * model.hidden_size)


def _company(corpus: Corpus) -> Iterator[Row]:
    """Measure one thread and all of them, alone and beside one busy process."""
    model = ModelConfig(hidden_size=256)
    speeds: dict[str, float] = {}
    alone = "one thread, alone"
    cores = os.cpu_count() or 1
    for threads in dict.fromkeys((1, cores)):
        name = "one thread" if threads == 1 else f"{threads} threads"
        config = TrainConfig(seconds=60.0, threads=threads)
        speeds[f"{name}, alone"] = probe(corpus, model, config, seconds=2.0)
        with _busy_process():
            speeds[f"{name}, a busy process beside it"] = probe(corpus, model, config, seconds=3.0)
    for name, speed in speeds.items():
        against, ratio = ("", None) if name == alone else (alone, speed / speeds[alone])
        yield Row("train", name, speed, "characters/s", against, ratio)


@contextmanager
def _busy_process() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _peak(dtype: torch.dtype) -> float:
    left, right = (torch.randn(_SIZE, _SIZE).to(dtype) for _ in range(2))
    with _one_thread():
        return 2.0 * _SIZE**3 / best_time(lambda: left @ right, 1.0)


def _attainable(hidden: int, config: TrainConfig, dtype: torch.dtype) -> float:
    """Return the operations a second of what an LSTM layer must multiply at the least.

    Forwards and backwards a step hangs on its neighbour, so each is a multiplication of its own,
    as low as there are streams; only the gradient of the weights is one for all steps.
    """
    streams, steps, gates = config.batch_size, config.seq_len, 4 * hidden
    weights = torch.randn(hidden, gates).to(dtype)
    states, signals = (torch.randn(streams * steps, n).to(dtype) for n in (hidden, gates))
    state, signal = states[:streams], signals[:streams]
    with _one_thread():
        forward = best_time(lambda: state @ weights, 0.3)
        backward = best_time(lambda: signal @ weights.t(), 0.3)
        gradient = best_time(lambda: states.t() @ signals, 0.3)
    return 3 * 2.0 * streams * hidden * gates / (forward + backward + gradient / steps)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _corpus() -> Corpus:
    """Return noise of the usual size: speed does not depend on what the text says."""
    vocabulary = Vocabulary(tuple(chr(ord("!") + number) for number in range(SYMBOLS)))
    ids = np.random.default_rng(1).integers(SYMBOLS, size=_CHARACTERS).astype(np.uint16)
    return Corpus("noise", ids, vocabulary, 0.1, lowercase=False)
