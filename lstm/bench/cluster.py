"""Trainings on a cluster against local processes, and what the machine of the store does for them.

The cluster is one of several machines that are processes of this one, each with one core to give.
So how much several trainings get done together says as much of this machine's cores as of Ray.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from lstm import library
from lstm.bench.rows import SECONDS, Row, best_time
from lstm.bench.serving import spent
from lstm.cluster.executor import RayExecutor
from lstm.cluster.recorder import Recorder
from lstm.cluster.wishes import Wish
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.events import Step
from lstm.executors import LocalExecutor
from lstm.leases import NOT_A_PROCESS, new_lease
from lstm.machines import ANYWHERE
from lstm.model import CharModel
from lstm.presets import preset
from lstm.processes import number_from_environment
from lstm.records import Run, RunState
from lstm.runs import RunStore
from lstm.scheduler import Scheduler

COUNTS = (2, 4, 8)
"""Machines of the clusters, each with as many trainings."""

_TRAINING_SECONDS = 20.0
_ROUNDS = 2
_LOOK_SECONDS = 0.1
_PATIENCE = 600.0
_MEMORY = 100 * 2**20
_RECORDER = "ray::SharingRecorder"
_WISHES = 2000
_STEPS_A_SECOND = 2  # that a training tells of
_COPIES = 3  # of every weight: itself and the optimizer's two moments


def rows(counts: tuple[int, ...] = COUNTS) -> Iterator[Row]:
    """Measure one training here and there, then several at once on several machines.

    Raises:
        BenchError: Ray is not installed, or a training failed.
        ConfigError: ``CHARLOOM_BENCH_SECONDS`` is not a number, or below 1.
    """
    seconds = number_from_environment(SECONDS, _TRAINING_SECONDS, 1.0)
    here = there = 0.0
    with _machines(1) as address:
        for _ in range(_ROUNDS):  # in turn, so that other work on this machine meets both
            here = max(here, _train(None, 1, seconds)[0])
            there = max(there, _train(address, 1, seconds)[0])
        wishes = _obeyed(None), _obeyed(address)
    yield Row("ray", "one training, local process", here, "characters/s")
    what = "one training, on another machine"
    yield Row("ray", what, there, "characters/s", "local process", there / here)
    for what, took in wishes[0].items():
        away = wishes[1][what]
        yield Row("ray", f"{what}, local process", 1e3 * took, "ms")
        name = f"{what}, on another machine"
        yield Row("ray", name, 1e3 * away, "ms", "local process", away / took)
    for count in counts:
        with _machines(count) as address:
            speed, effort = _train(address, count, seconds)
        what = f"{count} trainings on {count} machines, together"
        yield Row("ray", what, speed, "characters/s", "one of them alone", speed / there)
        what = f"work of the recorder for each of {count} trainings"
        yield Row("ray", what, 1e3 * effort, "ms of processor a second")
    yield from _recorder_rows()


def _recorder_rows() -> Iterator[Row]:
    """Measure the recorder's own work, without what Ray needs to carry wishes to it."""
    with (
        tempfile.TemporaryDirectory(prefix="charloom-bench-") as folder,
        RunStore(Path(folder)) as store,
    ):
        (run,) = _queued(store, 1, _TRAINING_SECONDS)
        store.claim(1)
        lease = new_lease()
        store.attach(run, lease, NOT_A_PROCESS, ANYWHERE)
        recorder = Recorder(folder)
        steps = [Step(1, 0.1, 1.0, 2.0, 1.0, 0.01, 1e5)] * _STEPS_A_SECOND
        began = time.process_time()
        for number in range(1, _WISHES + 1):
            recorder.write(Wish(run, lease, number, "append", (steps,)))
            recorder.look(run, lease, "commands")
        took = 1e3 * (time.process_time() - began) / _WISHES
        yield Row("ray", "recorder: one second of a training", took, "ms of processor")
        network = CharModel(store.run(run).symbols, store.run(run).model_config)
        weights = 4 * sum(value.numel() for value in network.parameters())
        data = bytes(_COPIES * weights)
        yield Row("ray", "a checkpoint of the preset Quick", len(data) / 1e6, "MB")
        wish = Wish(run, lease, _WISHES + 1, "saved")
        took = best_time(lambda: recorder.put(wish, data, None))
        yield Row("ray", "recorder: that checkpoint", 1e3 * took, "ms")


def _train(address: str | None, count: int, seconds: float) -> tuple[float, float]:
    """Let some train at once, on a cluster or, without its address, here.

    Returns:
        Characters a second of them together, from the first step of the first to the end of the
        last, and processor seconds of the recorder for each second of each.
    """
    with _at_work(address, count, seconds) as (store, runs):
        before = _recorder_effort()
        ended = _wait(store, runs, lambda run: not run.is_active)
        effort = _recorder_effort() - before
    began = min(run.started or 0.0 for run in ended)
    took = max(run.finished or 0.0 for run in ended) - began
    learned = sum(run.epoch * run.characters for run in ended)
    return learned / took, effort / (count * took)


def _obeyed(address: str | None) -> dict[str, float]:
    """Return the seconds until a training does what its visitor asks for, by what it is."""
    took: dict[str, float] = {}
    with _at_work(address, 1, _PATIENCE) as (store, (run,)):
        for what, ask, state in (
            ("pause", store.pause, RunState.PAUSED),
            ("resume", store.resume, RunState.RUNNING),
            ("stop", store.stop, RunState.STOPPED),
        ):
            began = time.monotonic()
            ask(run)
            _wait(store, [run], partial(_is_in, state))
            took[what] = time.monotonic() - began
    return took


def _is_in(state: RunState, run: Run) -> bool:
    return run.state == state


@contextmanager
def _at_work(
    address: str | None, count: int, seconds: float
) -> Iterator[tuple[RunStore, list[str]]]:
    """Let some train during a block, which begins when all of them have."""
    with (
        tempfile.TemporaryDirectory(prefix="charloom-bench-") as folder,
        RunStore(Path(folder)) as store,
    ):
        runs = _queued(store, count, seconds)
        local = LocalExecutor(store)
        executor = RayExecutor(store, address, local) if address else local
        scheduler = Scheduler(store, count, executor)
        scheduler.start()
        try:
            _wait(store, runs, lambda run: run.state != RunState.QUEUED and run.step > 0)
            yield store, runs
        finally:
            scheduler.stop()
            for child in local.children:
                child.wait(_PATIENCE)


def _queued(store: RunStore, count: int, seconds: float) -> list[str]:
    corpus = Corpus.from_text(library.read_bundled("essays-en"), name="essays")
    chosen = preset("quick", corpus.characters, corpus.vocabulary.size)
    longer = chosen.train.to_json() | {"seconds": seconds, "epochs": None, "threads": 1}
    recipe = type(chosen.train).from_json(longer)
    owners = [f"visitor {number}" for number in range(count)]
    runs = [store.create(one, "bench", corpus, chosen.model, recipe, "quick") for one in owners]
    store.baselines_done(runs[0].corpus_fingerprint)  # nothing else is to run meanwhile
    return [run.id for run in runs]


def _wait(store: RunStore, runs: list[str], done: Callable[[Run], bool]) -> list[Run]:
    """Wait until something holds of all runs, and return them.

    Raises:
        BenchError: One failed, or it took too long.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        now = [store.run(run) for run in runs]
        for run in now:
            if run.state in (RunState.FAILED, RunState.INTERRUPTED):
                reason = run.reason.text() if run.reason else "-"
                raise BenchError("bench_training_failed", reason=reason)
        if all(done(run) for run in now):
            return now
        time.sleep(_LOOK_SECONDS)
    raise BenchError("bench_no_training")


def _recorder_effort() -> float:
    """Return the processor seconds of the recorders so far; 0 where nothing is recorded."""
    effort = 0.0
    for process in psutil.Process().children(recursive=True):  # another cluster's are not meant
        try:
            if any(_RECORDER in word for word in process.cmdline()):
                effort += spent(process)
        except psutil.NoSuchProcess:
            continue
    return effort


@contextmanager
def _machines(count: int) -> Iterator[str]:
    """Start a cluster of machines with one core each, beside the server's; give its address.

    Raises:
        BenchError: Ray is not installed.
    """
    try:
        from ray.cluster_utils import Cluster  # only here: it is not needed for anything else
    except ModuleNotFoundError as error:
        raise BenchError("bench_needs", name=error.name) from error
    before = os.environ.get("RAY_TMPDIR")
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "ray").mkdir()
        os.environ["RAY_TMPDIR"] = folder
        settings: dict[str, Any] = {"object_store_memory": _MEMORY}
        head = {"num_cpus": 0, "include_dashboard": False, **settings}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for number in range(count):
                cluster.add_node(num_cpus=1, node_name=f"machine-{number}", **settings)
            yield str(cluster.address)
        finally:
            cluster.shutdown()
            _restore("RAY_TMPDIR", before)


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
