"""The run store as a worker on another machine has it: every word goes to the recorder.

What is written is numbered, and sent again until the recorder answers; what comes back as an
error of the store is one here, too, so that the worker waits for a full disk as it does beside
it. While nobody answers, the training waits. Knows nothing of how words travel.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, cast

from lstm.checkpoint import Saved, dumps, loads
from lstm.cluster.wishes import Answer, Away, Desk, Wish, Word
from lstm.corpus import Corpus
from lstm.errors import StoreError
from lstm.events import Event as Told
from lstm.leases import LEASE_OVER, NOT_A_PROCESS, WISH_MISSING
from lstm.patience import GaveUp
from lstm.records import CommandRow, Message, Run, RunState

FRESH_SECONDS = 0.4
"""What the visitor asked for came with the last answer; after so long it is asked for anew."""

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_MOST_LOG = 64 * 1024


@dataclass(frozen=True)
class Tenure:
    """By what right a worker writes.

    Attributes:
        run: The run to be trained.
        lease: By which it is this worker's.
        place: What its machine is called.
        most: Seconds of waiting for an answer after which the worker goes.
    """

    run: str
    lease: int
    place: str
    most: float


class RemoteStore:
    """What a worker needs of the store; the methods are those of ``lstm.ledger.Ledger``.

    Args:
        tenure: The run, and by what right.
        desk: The recorder.
        folder: For the worker's own lock and log, on its machine.
        leave: Set by whoever wants the worker to go; see also ``make_room``.
    """

    def __init__(self, tenure: Tenure, desk: Desk, folder: Path, leave: Event) -> None:
        """Send nothing yet; see the class."""
        self.folder = folder
        self._tenure, self._desk, self._leave = tenure, desk, leave
        self._waits = False
        self._turn = Lock()
        self._number = 0
        self._logged = 0
        self._commands: list[CommandRow] = []
        self._commands_at = -FRESH_SECONDS

    # ---- this machine's own ---------------------------------------------------------------

    def run_folder(self, run_id: str) -> Path:
        """Return a folder for what lives no longer than this worker."""
        del run_id
        return self.folder

    def lock_file(self, run_id: str) -> Path:
        """Return the file that the worker keeps locked."""
        del run_id
        return self.folder / "worker.lock"

    def log_file(self, run_id: str) -> Path:
        """Return where the worker writes; it is sent on bit by bit."""
        del run_id
        return self.folder / "log.txt"

    # ---- what is looked at ----------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """Return the run."""
        return cast(Run, self._ask(partial(self._desk.look, run_id, self._tenure.lease, "run")))

    def commands(self, run_id: str) -> list[CommandRow]:
        """Return what the visitor asked for, as new as it needs to be."""
        if time.monotonic() - self._commands_at < FRESH_SECONDS:
            self._commands_at = -FRESH_SECONDS
            return self._commands
        rows = self._ask(partial(self._desk.look, run_id, self._tenure.lease, "commands"))
        return cast(list[CommandRow], rows)

    def corpus(self, corpus_fingerprint: str) -> Corpus:
        """Return a text out of the cluster's memory."""
        return cast(Corpus, self._ask(partial(self._desk.corpus, corpus_fingerprint)))

    def load_checkpoint(self, run_id: str) -> tuple[Saved | None, int]:
        """Return the newest checkpoint, and how many damaged ones were passed over."""
        look = partial(self._desk.look, run_id, self._tenure.lease, "checkpoint")
        data, damaged = cast(tuple[bytes | None, int], self._ask(look))
        return None if data is None else loads(data), damaged

    # ---- what is written ------------------------------------------------------------------

    def begin(self, run_id: str, pid: int, pid_started: float | None) -> Run:
        """Say that this worker trains the run; its lease stands for the process."""
        del run_id, pid, pid_started
        values = (self._tenure.lease, NOT_A_PROCESS, self._tenure.place)
        run = cast(Run, self._write("begin", *values))
        with self._turn:
            self._waits = False
            self._leave.clear()
        return run

    def append(self, run_id: str, events: Iterable[Told], *, durable: bool = False) -> None:
        """Add what the training told; see ``Journal.append``."""
        del run_id
        rows = self._write("append", list(events), durable=durable)
        self._commands, self._commands_at = cast(list[CommandRow], rows), time.monotonic()

    def beat(self, run_id: str) -> None:
        """Note that the worker lives."""
        self.append(run_id, ())

    def notice(self, run_id: str, key: str, **values: str | float | None) -> None:
        """Add a sentence for the run's owner."""
        del run_id
        self._write("notice", key, **values)

    def command_done(self, run_id: str, command_id: int, step: int) -> None:
        """Note that a command took effect."""
        del run_id
        self._write("command_done", command_id, step)

    def rewind(self, run_id: str, step: int) -> None:
        """Forget what was measured after a step."""
        del run_id
        self._write("rewind", step)

    def sweep_run(self, run_id: str) -> None:
        """Remove what an earlier worker left half-written."""
        del run_id
        self._write("sweep_run")

    def put_checkpoint(self, run_id: str, saved: Saved, best: Saved | None) -> int:
        """Send a checkpoint to the store; see ``Shelf.put_checkpoint``."""
        del run_id
        packed = None if best is None else dumps(best, with_training=False)
        put = partial(self._desk.put, self._wish("saved", (), {}), dumps(saved), packed)
        return cast(int, self._ask(put))

    def checkpoint_written(self, run_id: str, saved: Saved, size: int) -> None:
        """Note how far the newest checkpoint reaches."""
        del run_id
        step, epoch = saved.state.numbers["step"], saved.info["epoch"]
        self._write("saved", int(step or 0), float(epoch), size)

    def halt(self, run_id: str) -> None:
        """Say that the training is saved and waits."""
        del run_id
        self._write("halt")
        self._waits = True

    def release(self, run_id: str) -> bool:
        """Let the worker go, unless the run has its turn again."""
        del run_id
        return bool(self._write("release"))

    def end(self, run_id: str, state: RunState, reason: Message) -> Run:
        """Say that the worker is done; the value is the run as it was before."""
        run = self.run(run_id)
        self._write("end", state, reason)
        return run

    def shut_down(self, run_id: str) -> Run:
        """Say that the worker was told to go and has saved; the value as of ``end``."""
        run = self.run(run_id)
        self._write("shut_down")
        return run

    def make_room(self) -> None:
        """Let the worker go if the run is halted; one that has its turn by now goes on."""
        with self._turn:
            if self._waits:
                self._leave.set()

    # ---- how it is sent -------------------------------------------------------------------

    def _write(self, word: Word, *values: Any, **names: Any) -> Any:  # noqa: ANN401
        """Send a wish until it is answered; the next one has the next number.

        Raises:
            StoreError: The store refused, and nothing was done.
            GaveUp: The run is another worker's by now, or nobody answered for too long.
        """
        wish = self._wish(word, values, names)
        answer = self._ask(partial(self._desk.write, wish))
        self._number += 1
        self._logged += len(wish.log.encode("utf-8"))
        self._commands_at = -FRESH_SECONDS
        return answer

    def _wish(self, word: Word, values: tuple[Any, ...], names: dict[str, Any]) -> Wish:
        tenure = self._tenure
        return Wish(
            tenure.run, tenure.lease, self._number + 1, word, values, names, self._log_news()
        )

    def _ask(self, ask: Callable[[], Answer]) -> Any:  # noqa: ANN401
        began, pause = time.monotonic(), _FIRST_WAIT
        while True:
            try:
                return ask().result()
            except Away as away:
                waited = time.monotonic() - began
                if self._leave.wait(pause) or waited >= self._tenure.most:
                    raise GaveUp from away
                pause = min(2 * pause, _LONGEST_WAIT)
            except StoreError as error:
                if error.key in (LEASE_OVER, WISH_MISSING):
                    raise GaveUp from error
                raise

    def _log_news(self) -> str:
        """Return what the worker has written into its log and not sent yet, a part at a time."""
        file = self.log_file(self._tenure.run)
        if not file.exists():
            return ""
        with file.open("rb") as log:
            log.seek(self._logged)
            news = log.read(_MOST_LOG)
        whole = news[: news.rfind(b"\n") + 1]  # no part of a line, so no part of a character
        return whole.decode("utf-8")
