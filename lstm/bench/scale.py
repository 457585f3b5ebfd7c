"""A text of 100 MB: read, trained on, judged by the simple models, and what that takes in memory.

The text is the bundled essays, repeated, with a letter in fifty replaced so that no two copies are
the same. The worker and the process of the reference lines are those of the app.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from lstm import library
from lstm.bench.rows import Row
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.presets import preset
from lstm.records import RunState
from lstm.runs import RunStore

BYTES = 100_000_000
_BLOCK = 10_000_000
_CHANGED = 50
_SECONDS = 20.0
_LOOK_SECONDS = 0.1


def rows(size: int = BYTES, seconds: float = _SECONDS) -> Iterator[Row]:
    """Measure reading, training for a moment, and the reference lines.

    Args:
        size: Bytes of the text.
        seconds: Training time.

    Raises:
        BenchError: The training failed.
    """
    with tempfile.TemporaryDirectory(prefix="charloom-bench-") as folder:
        file = Path(folder) / "large.txt"
        _write_text(file, size)
        began = time.perf_counter()
        corpus = Corpus.from_files([file])
        yield Row("scale", f"{size / 1e6:.0f} MB of text: read", time.perf_counter() - began, "s")
        with RunStore(Path(folder) / "store") as store:
            store.add_corpus(corpus)
            yield from _train(corpus, store, seconds)
            yield from _lines(corpus, store)


def _train(corpus: Corpus, store: RunStore, seconds: float) -> Iterator[Row]:
    chosen = preset("quick", corpus.characters, corpus.vocabulary.size)
    config = chosen.train.to_json() | {"seconds": seconds}
    recipe = type(chosen.train).from_json(config)
    run = store.create("bench", "large", corpus, chosen.model, recipe, "quick")
    most = _most_memory(store, run.id)
    run = store.run(run.id)
    if run.state != RunState.FINISHED:
        raise BenchError("bench_training_failed", reason=run.reason.text() if run.reason else "-")
    yield Row("scale", "worker, most memory", most / 1e6, "MB")
    yield Row("scale", "training speed", run.chars_per_second or 0.0, "characters/s")
    began = time.perf_counter()
    points = len(store.steps(run.id).step)
    took = 1e3 * (time.perf_counter() - began)
    yield Row("scale", f"course of the run, {points} points: read", took, "ms")


def _lines(corpus: Corpus, store: RunStore) -> Iterator[Row]:
    key = next(run.corpus_fingerprint for run in store.runs("bench"))
    began = time.perf_counter()
    most = _most_memory(store, "baselines", key)
    yield Row("scale", "reference lines", time.perf_counter() - began, "s")
    yield Row("scale", "reference lines, most memory", most / 1e6, "MB")
    sampled = sum(line.sampled for line in store.baselines(key))
    yield Row("scale", "reference lines that say they are from a sample", sampled, "lines")


def _most_memory(store: RunStore, *work: str) -> int:
    """Run a worker to its end and return the most memory of its own that it had, in bytes.

    Pages of the text that is mapped into memory are shared and can be dropped at any time.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "lstm", "worker", *work],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "CHARLOOM_DATA": str(store.folder), "OMP_NUM_THREADS": "1"},
    )
    process, most = psutil.Process(child.pid), 0
    while child.poll() is None:
        try:
            memory = process.memory_info()
        except psutil.NoSuchProcess:  # it ended in between
            break
        most = max(most, memory.rss - getattr(memory, "shared", 0))
        time.sleep(_LOOK_SECONDS)
    child.wait()
    return most


def _write_text(file: Path, size: int) -> None:
    letters = np.frombuffer(library.read_bundled("essays-en").encode("ascii", "ignore"), np.uint8)
    rng = np.random.default_rng(1)
    with file.open("wb") as out:
        for start in range(0, size, _BLOCK):
            block = np.resize(np.roll(letters, -start), min(_BLOCK, size - start)).copy()
            places = rng.integers(len(block), size=len(block) // _CHANGED)
            block[places] = rng.choice(letters, size=len(places))
            out.write(block.tobytes())
