"""Reading in a process of its own, so that no file can slow down, fill up or crash the server.

A damaged PDF may keep a pure-Python parser busy for hours, and parsers in C have had holes. The
process has bounded memory and time and nothing to give away. It stays for the next file and goes
when none comes; the second visitor at a time gets a second one, a third waits. Knows nothing of
file formats.
"""

import atexit
import contextlib
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from lstm.errors import DocumentError
from lstm.readers.document import Document, Source
from lstm.readers.wire import Message, answered, receive, request, send

AT_A_TIME = 2
"""Files that are read at a time; the machine has other things to do."""

PATIENCE = 90.0
"""Seconds after which a reading process is killed. Readers that can stop in between do so long
before (``bounds.SECONDS``)."""

IDLE = 60.0
"""Seconds for which a process without work is kept."""

_ROOT = Path(__file__).parents[2]
"""Where the package lies, so that ``-m`` finds it."""

_log = logging.getLogger(__name__)


class ReadingRoom:
    """A few reading processes, shared by all visitors.

    Args:
        at_a_time: How many there are at most.
        patience: Seconds that one file may take.
        idle: Seconds after which a process without work ends.
    """

    def __init__(
        self, at_a_time: int = AT_A_TIME, patience: float = PATIENCE, idle: float = IDLE
    ) -> None:
        """Start nothing yet."""
        self._seats = threading.BoundedSemaphore(at_a_time)
        self._patience = patience
        self._idle = idle
        self._lock = threading.Lock()
        self._free: list[_Process] = []

    def read(self, source: Source) -> list[Document]:
        """Read a file; see ``kinds.read_here``.

        Raises:
            DocumentError: It can't be read, or not within the bounds.
        """
        with self._seats:
            process = self._take()
            message = process.ask(request(source), self._patience)
            if message is None:
                key = "reading_took_too_long" if process.was_late else "reading_costs_too_much"
                process.end()
                raise DocumentError(key, name=source.name)
            self._put_back(process)
        if "failed" in message.head:
            _log.error("A reader failed: %s", message.head["failed"])
        return answered(message)

    def close(self) -> None:
        """End the processes that have no work."""
        with self._lock:
            processes, self._free = self._free, []
        for process in processes:
            process.end()

    def _take(self) -> "_Process":
        with self._lock:
            while self._free:
                process = self._free.pop()
                if process.is_alive:
                    return process
                process.end()
        return _Process()

    def _put_back(self, process: "_Process") -> None:
        with self._lock:
            self._free.append(process)
        process.ends_in(self._idle, self._retire)

    def _retire(self, process: "_Process") -> None:
        with self._lock:
            if process not in self._free:
                return
            self._free.remove(process)
        process.end()


class _Process:
    """One reading process and its pipes."""

    def __init__(self) -> None:
        """Start it; importing its libraries takes a part of a second."""
        self.was_late = False
        self._timer: threading.Timer | None = None
        self._child = subprocess.Popen(
            [sys.executable, "-m", "lstm.readers"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked. Something else may have ended it while it had no work."""
        return self._child.poll() is None

    def ask(self, message: Message, patience: float) -> Message | None:
        """Send a request and wait for its answer; None if the process ended without one."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._start_timer(patience, self._give_up)
        try:
            send(self._child.stdin, message)
            return receive(self._child.stdout)
        except OSError:  # it ended while it was being asked
            return None
        finally:
            self._stop_timer()

    def ends_in(self, seconds: float, retire: Callable[["_Process"], None]) -> None:
        """Have ``retire`` called after a time, unless it is asked again before."""
        self._start_timer(seconds, lambda: retire(self))

    def end(self) -> None:
        """End the process and wait for that."""
        self._stop_timer()
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent can't be sent any more
                    pipe.close()

    def _give_up(self) -> None:
        self.was_late = True
        self._child.kill()

    def _start_timer(self, seconds: float, action: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = threading.Timer(seconds, action)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


ROOM = ReadingRoom()
"""The reading room of this server."""

atexit.register(ROOM.close)
