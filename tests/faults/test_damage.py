"""Files that are damaged, old, new or gone: named, and no other run has to suffer."""

import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lstm.config import ModelConfig, TrainConfig
from lstm.errors import StoreError
from lstm.runs import RunState, RunStore
from lstm.scheduler import Scheduler
from lstm.schema import MIGRATIONS
from lstm.worker import run_worker
from tests.store_tools import make_run, tiny_corpus

DATABASE = "charloom.sqlite3"
BACKUP = "charloom.backup.sqlite3"


def old_store(folder: Path) -> dict[RunState, str]:
    """A data folder as the first release left it, with a run in every state."""
    text = RunStore(folder)
    key = text.put_corpus(tiny_corpus(), None)
    text.close()
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()
    runs = {}
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        for statement in MIGRATIONS[0]:
            db.execute(statement)
        db.execute("PRAGMA user_version = 1")
        db.execute(
            "INSERT INTO corpora VALUES (?, 'words', 20000, 20, ?, NULL, NULL)", (key, time.time())
        )
        network = json.dumps(ModelConfig(hidden_size=16, embedding_size=8).to_json())
        recipe = TrainConfig.from_json({"batch_size": 8, "seq_len": 32, "epochs": 1}).to_json()
        for turn, state in enumerate(RunState, 1):
            runs[state] = f"run{turn}"
            reason = '{"key": "notices.interrupted", "values": {}}'
            at_rest = state in {RunState.INTERRUPTED, RunState.FAILED, RunState.FINISHED}
            db.execute(
                """INSERT INTO runs (id, owner, name, state, preset, corpus, corpus_name,
                       model_config, train_config, created, seen, turn, reason)
                   VALUES (?, ?, ?, ?, 'quick', ?, 'words', ?, ?, ?, ?, ?, ?)""",
                (
                    runs[state],
                    f"owner {turn}",
                    f"the {state} one",
                    state,
                    key,
                    network,
                    json.dumps(recipe),
                    time.time(),
                    time.time(),
                    turn,
                    reason if at_rest else None,
                ),
            )
            db.execute(
                "INSERT INTO steps VALUES (?, 0, 10, 0.1, 1.5, 2.0, 0.5, 0.01, 900)", (runs[state],)
            )
            db.execute(
                "INSERT INTO notices (run, created, step, message) VALUES (?, 1, 10, ?)",
                (runs[state], reason),
            )
        db.commit()
    return runs


# ---- databases of other times -------------------------------------------------------------


def test_a_store_of_the_first_release_opens_with_all_that_it_held(tmp_path: Path) -> None:
    runs = old_store(tmp_path)
    with RunStore(tmp_path) as store:
        for turn, (state, run_id) in enumerate(runs.items(), 1):
            run = store.run(run_id)
            assert (run.state, run.name) == (state, f"the {state} one")
            assert (run.aside, run.place) == (None, None)
            assert store.steps(run_id).step.tolist() == [10]
            assert len(store.notices(run_id)) == 1
            assert store.runs(f"owner {turn}") == [run]
        with closing(sqlite3.connect(tmp_path / DATABASE)) as db:
            assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_store_of_the_first_release_works_on(tmp_path: Path) -> None:
    runs = old_store(tmp_path)
    with RunStore(tmp_path) as store:
        for state in (RunState.STARTING, RunState.RUNNING):  # their processes are long gone
            store.lost(runs[state], None)
        store.resume(runs[RunState.INTERRUPTED])
        trained = set()
        while (run := store.claim(1)) is not None:
            assert run_worker(run.id, store)
            assert store.run(run.id).state == RunState.FINISHED
            trained.add(run.id)
        active = (RunState.QUEUED, RunState.STARTING, RunState.RUNNING, RunState.INTERRUPTED)
        assert trained == {runs[state] for state in active}
        store.delete(runs[RunState.STOPPED])
        assert store.run(runs[RunState.STOPPED]).deleted is not None


def test_a_newer_store_is_named_and_left_alone(tmp_path: Path) -> None:
    RunStore(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        db.commit()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreError, match="newer Charloom"):
        RunStore(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


# ---- a damaged database -------------------------------------------------------------------


def filled(folder: Path) -> list[str]:
    """A store with enough in it that its pages are worth damaging, copied aside, and closed."""
    with RunStore(folder) as store:
        runs = [make_run(store, f"owner {number}").id for number in range(30)]
        store.back_up()
    return runs


def spoil_header(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[:16] = b"not a database!!"
    file.write_bytes(content)


def spoil_pages(file: Path) -> None:
    content = bytearray(file.read_bytes())
    rng = random.Random(1)
    for start in range(4096, len(content), 4096):
        content[start : start + 64] = rng.randbytes(64)
    file.write_bytes(content)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


def read_all(folder: Path, runs: list[str]) -> None:
    with RunStore(folder) as store:
        for run_id in runs:
            store.run(run_id)


@pytest.mark.parametrize("spoil", [spoil_header, spoil_pages, cut_off])
def test_a_damaged_database_is_named_and_its_copy_brings_everything_back(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    runs = filled(tmp_path)
    spoil(tmp_path / DATABASE)
    with pytest.raises(StoreError) as damaged:
        read_all(tmp_path, runs)
    assert damaged.value.key == "store_damaged"
    for language in ("en", "zh"):
        sentence = damaged.value.text(language)
        assert DATABASE in sentence
        assert BACKUP in sentence
    for file in tmp_path.glob(f"{DATABASE}*"):  # as the sentence says
        file.unlink()
    (tmp_path / BACKUP).rename(tmp_path / DATABASE)
    read_all(tmp_path, runs)


def test_a_damaged_database_never_replaces_the_good_copy(tmp_path: Path) -> None:
    runs = filled(tmp_path)
    good = (tmp_path / BACKUP).read_bytes()
    with RunStore(tmp_path) as store:
        spoil_pages(tmp_path / DATABASE)
        with pytest.raises(StoreError, match="damaged"):
            store.back_up()
    assert (tmp_path / BACKUP).read_bytes() == good
    assert not list(tmp_path.glob(".*.new"))
    assert runs


def test_the_scheduler_copies_the_database_aside(tmp_path: Path) -> None:
    with RunStore(tmp_path / "data") as store:
        run = make_run(store)
        store.pause(run.id)
        store.claim_baselines()  # no process is started here
        scheduler = Scheduler(store, 1)
        scheduler.tick()
        scheduler.stop()
        (tmp_path / "copy").mkdir()
        shutil.copy(store.folder / BACKUP, tmp_path / "copy" / DATABASE)
    with RunStore(tmp_path / "copy") as copy:
        assert copy.run(run.id).state == RunState.PAUSED


# ---- a text that is gone ------------------------------------------------------------------


def lose(file: Path) -> None:
    file.unlink()


def halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def scramble(file: Path) -> None:
    file.write_bytes(b"\xff" * file.stat().st_size)


@pytest.mark.parametrize("harm", [lose, halve, scramble])
@pytest.mark.parametrize("name", ["corpus.json", "ids.u16"])
def test_a_run_whose_text_is_harmed_fails_with_a_sentence_and_the_others_train(
    tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    with RunStore(tmp_path) as store:
        other = store.create(
            "bert",
            "",
            tiny_corpus(seed=2),
            ModelConfig(hidden_size=16, embedding_size=8),
            TrainConfig.from_json({"batch_size": 8, "seq_len": 32, "epochs": 1}),
            "quick",
        )
        harmed = make_run(store, epochs=1)
        harm(tmp_path / "corpora" / harmed.corpus_fingerprint / name)
        while (run := store.claim(1)) is not None:
            assert run_worker(run.id, store)
        failed = store.run(harmed.id)
        assert failed.state == RunState.FAILED
        assert failed.reason is not None
        assert failed.reason.key in {"errors.damaged_corpus", "errors.corpus_missing"}
        assert store.run(other.id).state == RunState.FINISHED


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("model_config", "{"),
        ("model_config", '{"hidden_size": "many"}'),
        ("train_config", "[]"),
        ("state", "asleep"),
        ("reason", "{}"),
    ],
)
def test_a_damaged_entry_is_named_and_the_others_stay_usable(
    tmp_path: Path, column: str, value: str
) -> None:
    with RunStore(tmp_path) as store:
        hurt, whole = (make_run(store, "visitor") for _ in range(2))
        with sqlite3.connect(tmp_path / DATABASE) as db:
            db.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, hurt.id))
        assert [run.id for run in store.runs("visitor")] == [whole.id]
        assert store.damaged("visitor") == [(hurt.id, "my run")]
        assert store.damaged("other") == []
        with pytest.raises(StoreError) as damaged:
            store.run(hurt.id)
        assert damaged.value.key == "run_damaged"
        started = [claimed.id for claimed in (store.claim(1), store.claim(1)) if claimed]
        assert started == [whole.id]
        assert [run.id for run in store.watched()] == [whole.id]
        assert store.queue_place(whole.id) is None


def test_a_damaged_entry_of_a_training_gives_its_slot_back(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        hurt, whole = (make_run(store, owner) for owner in ("anna", "ben"))
        claimed = store.claim(1)
        assert claimed is not None
        assert claimed.id == hurt.id
        with sqlite3.connect(tmp_path / DATABASE) as db:
            db.execute("UPDATE runs SET model_config = '' WHERE id = ?", (hurt.id,))
        assert store.watched() == []
        following = store.claim(1)
        assert following is not None
        assert following.id == whole.id
