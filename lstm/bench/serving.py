"""A server of one's own, with a data folder of its own, and what it costs the machine.

Knows nothing of what is asked of it.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from lstm.errors import BenchError
from lstm.runs import RunStore

ROOT = Path(__file__).parents[2]
_PATIENCE = 120.0
_POLL = 0.01


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: Its address, without a path.
        data: The folder of its store.
        process: Its process.
        log: What it prints.
    """

    url: str
    data: Path
    process: psutil.Process
    log: Path

    def store(self) -> RunStore:
        """Open the store of its data folder."""
        return RunStore(self.data)

    def memory(self) -> float:
        """Return the memory that it holds, in bytes."""
        return float(self.process.memory_info().rss)

    def effort(self) -> float:
        """Return the processor seconds that it has used so far."""
        return spent(self.process)


def spent(process: psutil.Process) -> float:
    """Return the processor seconds that a process has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def serving(
    folder: Path,
    settings: Mapping[str, str],
    *options: str,
    app: str = "app.py",
    settled: bool = True,
) -> Iterator[Server]:
    """Start a server and end it after the block, and the trainings that it started.

    Args:
        folder: For its store and its log.
        settings: Variables that it gets besides those of this process.
        *options: Further ones for ``streamlit run``.
        app: The file of the app, from the project's folder.
        settled: Begin the block when its networks are loaded; otherwise as soon as it takes
            connections.

    Raises:
        BenchError: It does not start.
    """
    port, log, data = _free_port(), folder / "server.log", folder / "store"
    command = [
        *(sys.executable, "-m", "streamlit", "run", app, *options),
        *("--server.port", str(port), "--server.address", "127.0.0.1"),
        *("--server.headless", "true"),
    ]
    environment = {**os.environ, **settings, "CHARLOOM_DATA": str(data)}
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(partial(_is_settled, url) if settled else partial(_listens, port), child)
        yield Server(url, data, psutil.Process(child.pid), log)
    finally:
        _end(child)


def _wait_for(ready: Callable[[], bool], child: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < until:
        if ready():
            return
        time.sleep(_POLL)
    raise BenchError("bench_no_server")


def _end(child: "subprocess.Popen[bytes]") -> None:
    workers: list[psutil.Process] = []
    if child.poll() is None:
        workers = psutil.Process(child.pid).children(recursive=True)
    child.terminate()
    child.wait(_PATIENCE)
    for worker in workers:
        with suppress(psutil.NoSuchProcess):  # it ended with the server
            worker.kill()


def _is_settled(url: str) -> bool:
    """Tell whether the server has loaded its networks: its store is there then."""
    try:
        with urllib.request.urlopen(f"{url}/health") as answer:
            return b'"here"' in answer.read()
    except urllib.error.URLError:  # it takes no connections yet
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
