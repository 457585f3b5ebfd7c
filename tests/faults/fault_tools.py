"""What the tests of faults share: real processes to be killed, and what must hold afterwards."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np

import lstm
from lstm import checkpoint
from lstm.processes import is_locked, started
from lstm.runs import Run, RunState, RunStore
from tests.faults.nursery import ask
from tests.store_tools import wait_until

MOST_REPEATED = 1.0
"""Seconds of training that may be lost; 30 with the real settings, which save far less often."""


class Nursery:
    """A nursery, and the servers and workers that come from it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.servers = folder / "door", list[int]()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery", str(self.path)],
            cwd=Path(lstm.__file__).parent.parent,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def server(self, store: RunStore, clock: float = 0.0) -> int:
        """Start a server on a data folder; ``clock`` is how far its time of day is off."""
        folder = str(store.folder)
        log = f"{folder}/server.log"
        wish = {"do": "serve", "folder": folder, "log": log, "clock": clock}
        self.servers.append(ask(self.path, wish))  # type: ignore[arg-type]
        return self.servers[-1]

    def end_servers(self) -> None:
        """Kill the servers that are left."""
        for pid in self.servers:
            if started(pid) is not None:
                kill(pid)
        self.servers.clear()

    def worker(self, store: RunStore, run_id: str, clock: float = 0.0) -> int:
        """Start a worker without a server."""
        store.claim(99)
        log = store.log_file(run_id)
        log.parent.mkdir(parents=True, exist_ok=True)
        wish = {"do": "work", "words": [run_id], "folder": str(store.folder), "log": str(log)}
        return ask(self.path, {**wish, "clock": clock})  # type: ignore[dict-item]

    def close(self) -> None:
        """End the nursery and all that it bore."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Kill a process as the system would, and wait until it is gone."""
    os.kill(pid, number)
    wait_until(lambda: started(pid) is None)


def server_log(store: RunStore) -> str:
    """What the servers of a folder had to say."""
    return (store.folder / "server.log").read_text("utf-8")


def trains(store: RunStore, run_id: str, other_than: int | None = None) -> Run:
    """Wait until a run is trained by another process, with its owner at hand to resume it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        run = store.run(run_id)
        if run.state == RunState.INTERRUPTED:
            store.resume(run_id)
        if run.state == RunState.RUNNING and run.pid != other_than:
            return run
        time.sleep(0.005)
    raise AssertionError(f"{run.state}, {run.reason}: {store.log_file(run_id).read_text()[-3000:]}")


def nothing_is_lost(folder: Path, run_ids: list[str]) -> None:
    """The store opens, every run is there, every file is whole, every curve has one branch."""
    with RunStore(folder) as store:
        for run_id in run_ids:
            assert store.run(run_id).state != RunState.FAILED, store.run(run_id).reason
            one_branch(store, run_id)
    with closing(sqlite3.connect(folder / "charloom.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    for file in folder.glob("runs/*/*.safetensors"):
        if not file.name.startswith("."):
            checkpoint.load(file)


def one_branch(store: RunStore, run_id: str) -> None:
    """Steps rise, epochs follow each other, and no stretch of training is missing."""
    curve, rows = store.steps(run_id, 1_000_000), store.epochs(run_id)
    assert np.all(np.diff(curve.step) > 0)
    assert np.all(np.diff(curve.seconds) > 0)
    assert np.all(np.diff(curve.epoch) > 0)
    assert np.all(np.diff(curve.seconds, prepend=0.0) <= MOST_REPEATED)
    assert [row.index for row in rows] == list(range(1, len(rows) + 1))
    assert np.all(np.diff([row.step for row in rows]) > 0)


def stop_all(store: RunStore) -> None:
    """End every worker that is left."""
    for run in store.watched():
        if run.pid is not None and started(run.pid) is not None:
            kill(run.pid)
        wait_until(lambda run=run: not is_locked(store.lock_file(run.id)))  # type: ignore[misc]
