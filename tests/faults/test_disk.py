"""A disk that is full, read-only or broken: the training waits for it and loses nothing."""

import errno
import os
import resource
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lstm import patience
from lstm.database import MAY_PASS
from lstm.errors import StoreError
from lstm.messages import LANGUAGES, Language, text
from lstm.patience import GaveUp, Patience, waits_for
from lstm.processes import is_locked, started
from lstm.runs import Run, RunState, RunStore
from lstm.scheduler import Scheduler, serve
from tests.faults.fault_tools import Nursery, nothing_is_lost, one_branch, server_log, trains
from tests.store_tools import make_run, tiny_corpus, wait_for_step, wait_until, working

REFUSALS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "store_read_only",
    errno.EACCES: "store_read_only",
    errno.EIO: "store_not_opened",
}
SQLITE_REFUSALS = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "store_read_only",
    sqlite3.SQLITE_IOERR: "store_not_opened",
}


class Disk:
    """Refuses to do certain things as long as it is told to, and counts how often it did.

    Args:
        refusal: What a refused call raises.
    """

    def __init__(self, refusal: Callable[[], Exception]) -> None:
        self.refusal, self.refuses, self.refused = refusal, False, 0

    def guarded(self, act: Callable[..., Any], applies: Callable[..., bool]) -> Callable[..., Any]:
        """The same function on this disk."""

        def guarded(*words: Any, **named: Any) -> Any:  # noqa: ANN401
            if self.refuses and applies(*words, **named):
                self.refused += 1
                raise self.refusal()
            return act(*words, **named)

        return guarded


def anything(*_: object, **__: object) -> bool:
    return True


def of_a_log(path: Path, *_: object, **__: object) -> bool:
    return path.name == "log.txt"


def in_models(*words: object, prefix: str = "", **_: object) -> bool:
    return "safetensors" in prefix + "".join(map(str, words))


class Connection(sqlite3.Connection):
    """A connection to a database on a disk that may refuse what would change it."""

    disk: Disk
    statements: tuple[str, ...]

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401
        if self.disk.refuses and sql.startswith(self.statements):
            self.disk.refused += 1
            raise self.disk.refusal()
        return super().execute(sql, *values)


def sqlite_error(code: int) -> Callable[[], Exception]:
    def make() -> Exception:
        error = sqlite3.OperationalError("refused")
        error.sqlite_errorcode = code
        return error

    return make


def os_error(code: int) -> Callable[[], Exception]:
    return lambda: OSError(code, os.strerror(code))


Site = Callable[[Disk, pytest.MonkeyPatch], None]


def database(*statements: str) -> Site:
    def install(disk: Disk, patch: pytest.MonkeyPatch) -> None:
        connect = sqlite3.connect
        factory = type("OnDisk", (Connection,), {"disk": disk, "statements": statements})
        patch.setattr(
            "lstm.database.sqlite3.connect", lambda *a, **k: connect(*a, factory=factory, **k)
        )

    return install


def call(holder: object, name: str, applies: Callable[..., bool] = anything) -> Site:
    """A function that the system may refuse."""

    def install(disk: Disk, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(holder, name, disk.guarded(getattr(holder, name), applies))

    return install


WRITING: dict[str, Site] = {
    "temporary file": call(tempfile, "mkstemp", in_models),
    "sync": call(os, "fsync"),
    "new name": call(Path, "replace", in_models),
}
"""Each step of writing a checkpoint."""

STATEMENTS = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "COMMIT")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(patience, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr("lstm.keeper.SAVE_SECONDS", 0.05)
    monkeypatch.setattr("lstm.keeper.LATEST_SAVE_SECONDS", 0.05)
    monkeypatch.setattr("lstm.training.REPORT_SECONDS", 0.02)
    monkeypatch.setattr("lstm.worker.FLUSH_SECONDS", 0.02)


def waits_and_goes_on(store: RunStore, disk: Disk, key: str) -> Run:
    """Train; let the disk refuse; see that it waits without training; let it go on to its end."""
    run = make_run(store)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        disk.refuses = True
        wait_until(lambda: store.waits_for(run.id) == key)
        wait_until(lambda: disk.refused >= 3)
        held = store.run(run.id)
        assert held.state == RunState.RUNNING
        disk.refuses = False
        gone_on = wait_for_step(store, run.id, held.step)
        assert store.waits_for(run.id) is None
        store.stop(run.id)
    nothing_is_lost(store.folder, [run.id])
    stopped = store.run(run.id)
    assert stopped.state == RunState.STOPPED
    assert stopped.checkpoint_step == stopped.step >= gone_on.step
    (notice,) = store.notices(run.id)
    assert notice.message.key == "notices.waited"
    return stopped


# ---- the worker, refused at each place ----------------------------------------------------


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("site", WRITING)
def test_a_refused_checkpoint_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: str, code: int
) -> None:
    disk = Disk(os_error(code))
    WRITING[site](disk, monkeypatch)
    with RunStore(tmp_path) as store:
        waits_and_goes_on(store, disk, REFUSALS[code])


@pytest.mark.parametrize("code", SQLITE_REFUSALS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_refused_transaction_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, code: int
) -> None:
    disk = Disk(sqlite_error(code))
    database(statement)(disk, monkeypatch)
    with RunStore(tmp_path) as store:
        run = make_run(store)
        with working(store, run.id):
            wait_for_step(store, run.id, 0)
            disk.refuses = True
            wait_until(lambda: store.waits_for(run.id) == SQLITE_REFUSALS[code])
            wait_until(lambda: disk.refused >= 3)
            disk.refuses = False
            wait_until(lambda: store.notices(run.id))
            store.stop(run.id)
        assert store.run(run.id).state == RunState.STOPPED
        one_branch(store, run.id)


def test_a_checkpoint_that_can_not_be_read_now_is_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(os_error(errno.EIO))
    call(Path, "read_bytes", in_models)(disk, monkeypatch)
    with RunStore(tmp_path) as store:
        run = make_run(store)
        with working(store, run.id):
            wait_for_step(store, run.id, 0)
            store.stop(run.id)
        store.resume(run.id)
        disk.refuses = True
        with working(store, run.id):
            wait_until(lambda: store.waits_for(run.id) == "store_not_opened")
            disk.refuses = False
            wait_for_step(store, run.id, store.run(run.id).step)
            store.stop(run.id)
        keys = {notice.message.key for notice in store.notices(run.id)}
        assert keys == {"notices.resumed", "notices.waited"}


def test_told_to_go_it_goes_though_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(os_error(errno.ENOSPC))
    WRITING["sync"](disk, monkeypatch)
    with RunStore(tmp_path) as store:
        run = make_run(store)
        with working(store, run.id) as leave:
            wait_for_step(store, run.id, 0)
            disk.refuses = True
            wait_until(lambda: store.waits_for(run.id) == "disk_full")
            leave.set()
        disk.refuses = False
        gone = store.lost(run.id, os.getpid())
        assert gone.state == RunState.QUEUED, "it goes on by itself, from its checkpoint"


def test_no_process_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(os_error(errno.ENOSPC))
    WRITING["sync"](disk, monkeypatch)
    with RunStore(tmp_path) as store:
        run = make_run(store)
        monkeypatch.setenv("CHARLOOM_MAX_SECONDS", "1")
        disk.refuses = True
        with working(store, run.id):
            pass
        assert store.run(run.id).state == RunState.RUNNING
        assert store.lost(run.id, os.getpid()).state == RunState.QUEUED


def test_patience_is_for_what_passes_only(tmp_path: Path) -> None:
    waiting = Patience(tmp_path / "run", threading.Event(), 0.1)

    def fail(key: str) -> None:
        raise StoreError(key, folder=tmp_path)

    with pytest.raises(StoreError, match="damaged"):
        waiting.insist(lambda: fail("store_damaged"))
    for key in MAY_PASS:
        with pytest.raises(GaveUp):
            waiting.insist(lambda key=key: fail(key))  # type: ignore[misc]
        assert waits_for(tmp_path / "run") is None
    assert waiting.waited == 0.0


def test_without_room_for_its_sign_it_waits_all_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    answers = iter([False, True])

    def second_time() -> str:
        if not next(answers):
            raise StoreError("disk_full", folder=tmp_path)
        return "done"

    waiting = Patience(blocked / "run", threading.Event(), 60.0)
    assert waiting.insist(second_time) == "done"
    assert waiting.waited > 0.0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", MAY_PASS)
def test_every_wait_has_its_sentence(language: Language, key: str) -> None:
    assert text(f"notices.waits_{key}", language)


# ---- what a page asks for -----------------------------------------------------------------


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("name", ["ids.u16", "corpus.json", "report.json"])
def test_a_text_that_can_not_be_kept_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    disk = Disk(os_error(code))

    def concerns(*_: object, prefix: str = "", **__: object) -> bool:
        return name in prefix

    call(tempfile, "mkstemp", concerns)(disk, monkeypatch)
    with RunStore(tmp_path) as store:
        disk.refuses = True
        with pytest.raises(StoreError) as refused:
            store.add_corpus(tiny_corpus(), {"cleaned": []})
        assert refused.value.key == REFUSALS[code]
        disk.refuses = False
        key = store.add_corpus(tiny_corpus(), {"cleaned": []})
        assert store.corpus(key).characters == tiny_corpus().characters


@pytest.mark.parametrize("code", SQLITE_REFUSALS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_wish_that_can_not_be_noted_is_a_sentence_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, code: int
) -> None:
    disk = Disk(sqlite_error(code))
    database(statement)(disk, monkeypatch)
    with RunStore(tmp_path) as store:
        run = make_run(store)
        wishes: list[Callable[[], object]] = [
            lambda: make_run(store),
            lambda: store.pause(run.id),
            lambda: store.rename(run.id, "other"),
            lambda: store.delete(run.id),
        ]
        for wish in wishes:
            before = store.runs("anna", include_deleted=True)
            disk.refuses, disk.refused = True, 0
            refused = refusal(wish)
            disk.refuses = False
            assert refused == (SQLITE_REFUSALS[code] if disk.refused else None)
            assert not refused or store.runs("anna", include_deleted=True) == before


def refusal(wish: Callable[[], object]) -> str | None:
    """The error that a wish runs into."""
    try:
        wish()
    except StoreError as error:
        return error.key
    return None


# ---- the server ---------------------------------------------------------------------------


def test_a_worker_without_room_for_its_log_is_started_later(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(os_error(errno.ENOSPC))
    call(Path, "open", of_a_log)(disk, monkeypatch)
    run = make_run(store, epochs=1)
    store.claim_baselines()  # no process is started here
    scheduler = Scheduler(store, 1)
    disk.refuses = True
    with pytest.raises(StoreError, match="full"):
        scheduler.tick()
    assert store.run(run.id).state == RunState.STARTING
    monkeypatch.setattr(store, "claim", lambda *_: None)
    scheduler.tick()
    assert store.run(run.id).state == RunState.QUEUED
    scheduler.stop()


def test_a_server_waits_for_a_folder_that_can_not_be_used_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lstm.scheduler._LONGEST_PAUSE", 0.02)
    folder = tmp_path / "data"
    folder.write_text("in the way")
    ended = threading.Event()
    server = threading.Thread(target=serve, args=(ended, folder))
    server.start()
    wait_until(lambda: "can't be used" in caplog.text)
    folder.unlink()
    wait_until(lambda: is_locked(folder / "scheduler.lock"))
    ended.set()
    server.join(60)
    assert not server.is_alive()
    assert caplog.text.count("can't be used") == 1


def test_real_processes_that_may_not_write_wait_and_go_on(
    nursery: Nursery, store: RunStore
) -> None:
    """The system itself refuses every write to a file, by a limit that can be lifted again."""
    run = make_run(store)
    server = nursery.server(store)
    training = trains(store, run.id)
    wait_for_step(store, run.id, 0)
    assert training.pid is not None
    limit_writing(server, 0)
    limit_writing(training.pid, 0)
    wait_until(lambda: store.waits_for(run.id) is not None)
    wait_until(lambda: "this tick failed" in server_log(store) or store.waits_for(run.id))
    held = store.run(run.id)
    assert (held.state, held.pid) == (RunState.RUNNING, training.pid)
    limit_writing(server, None)
    limit_writing(training.pid, None)
    gone_on = wait_for_step(store, run.id, held.step)
    assert (gone_on.pid, gone_on.attempts) == (training.pid, 0)
    assert started(server) is not None
    store.stop(run.id)
    wait_until(lambda: store.run(run.id).state == RunState.STOPPED)
    nothing_is_lost(store.folder, [run.id])


def limit_writing(pid: int, most: int | None) -> None:
    """Let a process write files of at most so many bytes, or of any length again."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most is None else most, hard))
