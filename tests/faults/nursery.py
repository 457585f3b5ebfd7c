"""A clean process that has imported everything once and forks workers and servers from then on.

They are real processes, each with a number and a session of its own, but begin in milliseconds
instead of seconds. ``python -m tests.faults.nursery SOCKET``; it ends when its standard input does.
"""

import json
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import torch._dynamo  # noqa: F401 - the first step of any training imports it, for seconds

from lstm import keeper, patience, scheduler, training, worker, workplace
from lstm.runs import RunStore

Wish = dict[str, str | int | float | list[str]]

QUICK = {
    training: {"REPORT_SECONDS": 0.02},
    worker: {"FLUSH_SECONDS": 0.05, "_WAIT_SECONDS": 0.02, "_BEAT_SECONDS": 0.1},
    workplace: {"LOCK_PATIENCE": 2.0},
    keeper: {"SAVE_SECONDS": 0.05, "LATEST_SAVE_SECONDS": 0.15},
    patience: {"FIRST_WAIT": 0.05, "LONGEST_WAIT": 0.2},
    scheduler: {"TICK_SECONDS": 0.02, "BACKUP_SECONDS": 1.0, "_LONGEST_PAUSE": 0.2},
}
"""Everything is saved and looked at about a hundred times as often, so that a test may be short."""


def ask(path: Path, wish: Wish) -> int:
    """Ask a nursery for a process; return its number."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        line.sendall(json.dumps(wish).encode() + b"\n")
        return int(line.makefile().readline())


class ForkingExecutor(scheduler.LocalExecutor):
    """Workers out of a nursery."""

    def __init__(self, store: RunStore, nursery: Path, clock: float) -> None:
        super().__init__(store)
        self.nursery, self.clock = nursery, clock

    def spawn(self, words: list[str], log: Path, threads: int) -> int:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.open("ab").close()  # where the real one is refused by the disk
        folder = str(self._store.folder)
        wish: Wish = {"do": "work", "words": words, "folder": folder, "log": str(log)}
        return ask(self.nursery, {**wish, "clock": self.clock})


def serve(wish: Wish, nursery: Path) -> None:
    """Schedule as the web server does, with workers out of the nursery."""

    def executor(store: RunStore) -> ForkingExecutor:
        return ForkingExecutor(store, nursery, float(str(wish["clock"])))

    scheduler.LocalExecutor = executor  # type: ignore[misc,assignment]
    scheduler.serve(threading.Event(), Path(str(wish["folder"])))


def live(wish: Wish, nursery: Path) -> None:
    """What a forked process does."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(str(wish["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for module, values in QUICK.items():
        for name, value in values.items():
            assert hasattr(module, name)
            setattr(module, name, value)
    offset, clock = float(str(wish["clock"])), time.time
    time.time = lambda: clock() + offset
    os.environ["CHARLOOM_DATA"] = str(wish["folder"])
    logging.basicConfig(format="%(process)d %(message)s", force=True)
    if wish["do"] == "work":
        worker.main([str(word) for word in wish["words"]])  # type: ignore[union-attr]
    else:
        os.environ["CHARLOOM_SLOTS"] = "2"
        os.environ["CHARLOOM_HANG_SECONDS"] = "1"
        serve(wish, nursery)


def bear(line: socket.socket, door: socket.socket, nursery: Path) -> None:
    """Fork the process that is asked for over a line, and answer with its number."""
    asked = line.makefile().readline()
    if not asked.endswith("\n"):
        return  # who asked was killed in the middle of it
    pid = os.fork()
    if pid == 0:
        door.close()
        line.close()
        try:
            live(json.loads(asked), nursery)
        except BaseException:
            logging.getLogger().exception("died")
        finally:
            os._exit(0)
    line.sendall(f"{pid}\n".encode())


def main(path: Path) -> None:
    """Fork whatever is asked for, until nobody is left to ask."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to collect the ended ones
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([door, sys.stdin], [], [])[0]:
            line, _ = door.accept()
            with line, suppress(BrokenPipeError, ConnectionResetError):  # who asked was killed
                bear(line, door, path)
    for child in psutil.Process().children():
        child.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
