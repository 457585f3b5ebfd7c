"""How fast training is, against what the processor can multiply and with company beside it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from lstm import heap
from lstm.bench.rows import Row, best_time
from lstm.config import ModelConfig, Precision, TrainConfig
from lstm.corpus import Corpus, Vocabulary
from lstm.loss import at_once, cross_entropy
from lstm.model import GATES, CharModel, bfloat16_is_native
from lstm.presets import LARGE, preset, streams
from lstm.products import product
from lstm.training import probe

SYMBOLS = 57
MANY_SYMBOLS = 4447
_WIDE, _EMBEDDING = 384, 128  # those of the preset Standard for such a text
_CHARACTERS = 400_000
_SIZE = 1024


def rows() -> Iterator[Row]:
    """Measure the training speed by hidden size, the classic recipe, and company."""
    corpus = _corpus()
    yield from _by_size(corpus, "float32", torch.float32)
    if bfloat16_is_native():
        yield from _by_size(corpus, "bfloat16", torch.bfloat16)
    classic = preset("classic", _CHARACTERS, SYMBOLS)
    speed = probe(corpus, classic.model, classic.train, seconds=2.0)
    yield Row("train", "classic", speed, "characters/s")
    yield from _many_symbols()
    yield from _company(corpus)


def _many_symbols() -> Iterator[Row]:
    """Measure what the symbols of a Chinese novel cost: output layer and loss, and all."""
    corpus, config = _corpus(MANY_SYMBOLS), TrainConfig(seconds=60.0)
    count = config.batch_size * config.seq_len
    at_once_ms = 0.0
    for tied, name in ((False, "an output layer of its own"), (True, "tied to the embedding")):
        shape = ModelConfig(hidden_size=_WIDE, embedding_size=_EMBEDDING, tied=tied)
        name = f"{MANY_SYMBOLS:,} symbols, hidden {_WIDE}, {name}"
        step = 1e3 * count / probe(corpus, shape, config, seconds=2.0)
        yield Row("train", f"{name}: a step", step, "ms")
        if not tied:
            at_once_ms = _judging(shape, count, at_once)
            what = f"{name}: output layer and loss, all characters at once"
            yield Row("train", what, at_once_ms, "ms")
        near = _judging(shape, count, cross_entropy)
        what = f"{name}: output layer and loss, a few characters at a time"
        yield Row("train", what, near, "ms", "all characters at once", near / at_once_ms)
        yield Row("train", f"{what}, share", near, "ms", f"{name}: a step", near / step)


def _judging(shape: ModelConfig, count: int, judge: Callable[..., Tensor]) -> float:
    """Return how many milliseconds output layer and loss take, with their gradients."""
    model = CharModel(MANY_SYMBOLS, shape)
    generator = torch.Generator().manual_seed(1)
    values = torch.rand(count, shape.hidden_size, generator=generator, requires_grad=True)
    targets = torch.randint(MANY_SYMBOLS, (count,), generator=generator)
    trained = [values, *model.head.parameters()]
    if shape.tied:
        trained.append(model.get_parameter("embedding.weight"))

    def step() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16_is_native()):
            loss = judge(*model.output(values), targets)
        torch.autograd.grad(loss, trained)

    with _one_thread(), heap.kept():
        return 1e3 * best_time(step, 1.0)


def _by_size(corpus: Corpus, precision: Precision, dtype: torch.dtype) -> Iterator[Row]:
    """Measure the continuous recipe against one large multiplication, and against its own."""
    peak = _peak(dtype)
    whole = f"matrix multiplication, {precision}, one thread"
    yield Row("train", whole, peak / 1e9, "GFLOP/s")
    for hidden in (128, 256, 512):
        model = ModelConfig(hidden_size=hidden)
        count = streams(hidden, LARGE)
        config = TrainConfig(seconds=60.0, precision=precision, batch_size=count)
        name = f"continuous, {precision}, hidden {hidden}, {count} streams"
        speed = probe(corpus, model, config, seconds=2.0)
        row = Row("train", name, speed, "characters/s")
        yield row
        yield _giving_back(corpus, model, config, row)
        work = speed * operations(model, SYMBOLS)
        yield Row("train", f"{name}: work", work / 1e9, "GFLOP/s", whole, work / peak)
        most = _attainable(hidden, config, dtype)
        what = f"{name}: its recurrent multiplications and nothing else"
        yield Row("train", what, most / 1e9, "GFLOP/s", whole, most / peak)


def _giving_back(corpus: Corpus, model: ModelConfig, config: TrainConfig, kept: Row) -> Row:
    """Measure the same without ``lstm.heap``, which does nothing outside the main thread."""
    with ThreadPoolExecutor(1) as thread:
        speed = thread.submit(probe, corpus, model, config, seconds=2.0).result()
    what = f"{kept.what}: memory given back after each step"
    return Row("train", what, speed, kept.unit, kept.what, speed / kept.value)


def operations(model: ModelConfig, symbols: int) -> float:
    """Return the floating-point operations that training on one character takes.

    Two for each weight of a matrix in the forward pass, twice that in the backward pass.
    """
    inputs = [model.embedding_size or symbols] + [model.hidden_size] * (model.num_layers - 1)
    gates = GATES[model.cell] * model.hidden_size
    weights = sum(gates * (size + model.hidden_size) for size in inputs)
    output = symbols * model.hidden_size
    if model.tied:
        output = model.embedding_size * (model.hidden_size + symbols)
    return 6.0 * (weights + output)


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
        return 2.0 * _SIZE**3 / _multiplying(left, right, 1.0)


def _attainable(hidden: int, config: TrainConfig, dtype: torch.dtype) -> float:
    """Return the operations a second of what an LSTM layer must multiply at the least.

    Forwards and backwards a step hangs on its neighbour, so each is a multiplication of its own,
    as low as there are streams; only the gradient of the weights is one for all steps.
    """
    streams, steps, gates = config.batch_size, config.seq_len, 4 * hidden
    weights = torch.randn(gates, hidden).to(dtype)
    states, signals = (torch.randn(streams * steps, n).to(dtype) for n in (hidden, gates))
    with _one_thread():
        forward = _multiplying(states[:streams], weights, 0.3)
        backward = _multiplying(signals[:streams], weights.t(), 0.3)
        gradient = _multiplying(signals.t(), states.t(), 0.3)
    return 3 * 2.0 * streams * hidden * gates / (forward + backward + gradient / steps)


def _multiplying(rows: Tensor, matrix: Tensor, seconds: float) -> float:
    """Return the shortest time that a product (B, N) times (M, N) transposed takes.

    PyTorch knows two ways; which one is the faster hangs on processor and precision.
    """
    laid_out = product(matrix, len(rows))
    columns = matrix.t()
    return min(
        best_time(lambda: rows @ columns, seconds),
        best_time(lambda: laid_out(rows), seconds),
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _corpus(symbols: int = SYMBOLS) -> Corpus:
    """Return noise of the usual size: speed does not depend on what the text says."""
    vocabulary = Vocabulary(tuple(chr(ord("!") + number) for number in range(symbols)))
    ids = np.random.default_rng(1).integers(symbols, size=_CHARACTERS).astype(np.uint16)
    return Corpus("noise", ids, vocabulary, 0.1, lowercase=False)
