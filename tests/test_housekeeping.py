"""What is cleaned away, what never is, and what its owner is told."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lstm.errors import StoreError
from lstm.housekeeping import UNDO_SECONDS, Removal, kept_until
from lstm.limits import Limits
from lstm.records import Message, Run, RunState
from lstm.runs import RunStore
from tests.store_tools import make_run

DAY = 86_400.0
DONE = Message("notices.finished_seconds")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunStore]:
    monkeypatch.setenv("CHARLOOM_KEEP_DAYS", "30")
    monkeypatch.setenv("CHARLOOM_WAITING", "100")
    with RunStore(tmp_path / "data") as opened:
        yield opened


def ended(store: RunStore, owner: str = "anna", *, days_ago: float = 0.0, size: int = 0) -> Run:
    """A run that ended when its visitor was last here."""
    run = make_run(store, owner)
    store.run_folder(run.id).mkdir(parents=True)
    store.end(run.id, RunState.FINISHED, DONE)
    age(store, run.id, days_ago, size)
    return store.run(run.id)


def age(store: RunStore, run_id: str, days: float, size: int = 0) -> None:
    with store._database.write() as db:
        db.execute(
            """UPDATE runs SET seen = seen - :gone, created = created - :gone,
                   finished = finished - :gone, size_bytes = :size WHERE id = :run""",
            {"gone": days * DAY, "size": size, "run": run_id},
        )


def reasons(store: RunStore, owner: str = "anna") -> list[tuple[str, str]]:
    return [(removal.name, removal.reason) for removal in store.removals(owner)]


def test_what_nobody_comes_back_to_goes_and_its_owner_is_told(store: RunStore) -> None:
    old, young = ended(store, days_ago=31), ended(store, days_ago=29)
    assert store.clean_up() == [old.id]
    assert not store.run_folder(old.id).exists()
    with pytest.raises(StoreError):
        store.run(old.id)
    assert store.run(young.id) == young
    (removal,) = store.removals("anna")
    assert (removal.name, removal.reason) == (old.name, "unseen")
    assert store.removals("ben") == []
    store.removals_read("ben", removal.id)
    assert store.removals("anna") == [removal]
    store.removals_read("anna", removal.id)
    assert store.removals("anna") == []
    assert store.clean_up() == []


def test_a_visit_keeps_all_of_a_visitors_runs(store: RunStore) -> None:
    runs = [ended(store, days_ago=31) for _ in range(2)]
    gone = ended(store, "ben", days_ago=31)
    store.touch("anna")
    assert store.clean_up() == [gone.id]
    assert {run.id for run in store.runs("anna")} == {run.id for run in runs}


def test_nothing_goes_that_is_kept_or_not_at_rest(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0.000001")
    kept, trains, paused = ended(store), make_run(store, "ben"), make_run(store, "carl")
    store.keep(kept.id)
    for run in (trains, paused):
        store.begin(run.id, os.getpid(), None)
    store.halt(paused.id)
    waits, deleted = make_run(store), ended(store)
    store.delete(deleted.id)
    runs = (kept, trains, paused, waits, deleted)
    for run in runs:
        age(store, run.id, 400, size=10_000)
    assert store.first_to_go() is None
    assert store.clean_up() == []
    assert all(store.run(run.id) for run in runs)
    assert store.release(paused.id)
    assert store.clean_up() == [paused.id], "its process is gone: it is at rest"


def test_the_one_unseen_the_longest_makes_room_first(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_KEEP_DAYS", "0")
    runs = [ended(store, days_ago=days, size=1_000_000) for days in (2, 9, 5, 400)]
    empty = ended(store, days_ago=500)
    assert store.clean_up() == []
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0.0025")
    assert store.room_taken() == 4_000_000 + 2 * runs[0].characters
    assert store.first_to_go() == runs[3].id, "the empty one gives no room"
    assert store.clean_up() == [runs[3].id, runs[1].id]
    assert store.room_taken() <= 2_500_000
    assert reasons(store) == [(runs[1].name, "room"), (runs[3].name, "room")]
    assert store.run(empty.id) == empty
    assert store.clean_up() == []


def test_a_text_goes_with_the_last_of_its_runs(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ended(store, days_ago=2, size=10), ended(store, days_ago=1)
    with store._database.write() as db:
        db.execute("UPDATE corpora SET created = created - ?", (DAY,))
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0.00001")
    assert store.clean_up() == [first.id, second.id]
    assert store.room_taken() == 0
    with pytest.raises(StoreError):
        store.corpus(first.corpus_fingerprint)


def test_time_in_which_nobody_could_come_does_not_count(store: RunStore) -> None:
    run = ended(store)
    assert store.clean_up() == []
    with store._database.write() as db:  # the server was off, or the clock jumped ahead
        db.execute("UPDATE rounds SET looked = looked - ?", (400 * DAY,))
    age(store, run.id, 400)
    assert store.clean_up() == []
    age(store, run.id, 31)
    assert store.clean_up() == [run.id]


def test_a_clock_that_was_set_back_makes_no_difference(store: RunStore) -> None:
    run = ended(store)
    store.clean_up()
    with store._database.write() as db:
        db.execute("UPDATE rounds SET looked = looked + ?", (400 * DAY,))
        db.execute("UPDATE runs SET seen = seen + ?", (400 * DAY,))
    store.clean_up()
    assert store.run(run.id).seen == pytest.approx(run.seen, abs=60.0)


def test_until_when_a_run_is_kept(store: RunStore) -> None:
    limits = Limits.now()
    run = ended(store, days_ago=1)
    assert kept_until(run, limits) == pytest.approx((run.finished or 0.0) + 30 * DAY)
    assert kept_until(replace(run, kept=True), limits) is None
    assert kept_until(replace(run, pid=7), limits) is None
    assert kept_until(replace(run, state=RunState.QUEUED), limits) is None
    assert kept_until(run, replace(limits, keep_seconds=float("inf"))) is None


def test_places_in_the_line_go_with_a_visitors_last_run(store: RunStore) -> None:
    for owner in ("anna", "ben"):
        make_run(store, owner)
    store.delete(store.runs("anna")[0].id)
    store.purge(float("inf"))
    with store._database.read() as db:
        assert [row[0] for row in db.execute("SELECT owner FROM turns")] == ["ben"]


def test_a_removal_is_newest_first(store: RunStore) -> None:
    for days in (31, 33, 32):
        ended(store, days_ago=days)
    store.clean_up()
    ids = [removal.id for removal in store.removals("anna")]
    assert ids == sorted(ids, reverse=True)
    assert all(isinstance(removal, Removal) for removal in store.removals("anna"))


def test_files_whose_run_never_came_are_swept(store: RunStore) -> None:
    """The server was killed between the two; an hour later nobody brings them any more."""
    run = ended(store)
    long_ago = time.time() - 2 * UNDO_SECONDS
    for name in ("neverCame111", "comesNow1111"):
        store.run_folder(name).mkdir()
        (store.run_folder(name) / "last.safetensors").write_bytes(b"weights")
    for name in (run.id, "neverCame111"):
        os.utime(store.run_folder(name), (long_ago, long_ago))
    assert store.purge() == []
    assert not store.run_folder("neverCame111").exists()
    assert store.run_folder("comesNow1111").exists()
    assert store.run_folder(run.id).exists()


def test_a_class_goes_when_its_runs_are_gone_and_nobody_joins_any_more(store: RunStore) -> None:
    def years_ago(code: str, years: int) -> None:
        with store._database.write() as db:
            gone = {"gone": years * 365 * DAY, "code": code}
            db.execute("UPDATE classes SET created = created - :gone WHERE code = :code", gone)
            db.execute("UPDATE members SET joined = joined - :gone WHERE class = :code", gone)

    with_run, left, joined, young = (store.open_class("teacher", name).code for name in "abcd")
    store.join_class(with_run, "anna", "Anna")
    ended(store, "anna")
    store.join_class(left, "ben", "Ben")
    for code in (with_run, left, joined):
        years_ago(code, 1)
    store.join_class(joined, "cleo", "Cleo")
    store.clean_up()
    assert {room.code for room in store.classes("teacher")} == {with_run, joined, young}
    assert store.members(left) == []
