"""What the pages say when the data folder can't be used, and that they stay up."""

import fcntl
from html import escape
from pathlib import Path
from typing import IO

import pytest

from lstm.errors import StoreError
from lstm.messages import LANGUAGES, Language, text
from lstm.records import RunState
from lstm.runs import RunStore
from tests.store_tools import make_run
from tests.ui.page_tools import ANNA, open_room, page_text, run_with_a_past, runs_room, train_room


def frame() -> None:
    from lstm.ui.pages import runs
    from lstm.ui.trouble import retried

    with retried():
        runs.render()


def locked(path: Path) -> IO[str]:
    """Lock a file as another process would, unbeknown to this one's own bookkeeping."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def refuse(monkeypatch: pytest.MonkeyPatch, store: RunStore, *names: str) -> str:
    """Let the store refuse to do some things, as on a full disk; return the English sentence."""
    error = StoreError("disk_full", folder=store.folder)

    def full(*_: object, **__: object) -> None:
        raise error

    for name in names:
        monkeypatch.setattr(RunStore, name, full)
    return escape(str(error))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["disk_full", "store_read_only"])
def test_a_training_that_waits_for_the_disk_says_so(
    store: RunStore, language: Language, key: str
) -> None:
    run = run_with_a_past(store)
    said = escape(text(f"notices.waits_{key}", language))
    with locked(store.run_folder(run.id) / f"waits.{key}"):
        assert said in page_text(open_room(train_room, run=run.id, lang=language))
    assert said not in page_text(open_room(train_room, run=run.id, lang=language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_server_that_does_not_lead_says_who_starts_the_trainings(
    store: RunStore, language: Language
) -> None:
    run = make_run(store, owner=ANNA)
    said = escape(text("notices.elsewhere", language))
    with locked(store.leader_file()):
        assert said in page_text(open_room(train_room, run=run.id, lang=language))
    assert said not in page_text(open_room(train_room, run=run.id, lang=language))


def test_a_full_disk_keeps_no_page_from_being_drawn(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with_a_past(store)
    sentence = refuse(monkeypatch, store, "touch", "pause")
    room = open_room(train_room, run=run.id)
    assert not room.exception
    assert sentence in page_text(room)
    assert "0.962" in page_text(room), "its figures are there all the same"
    room.button(key="run-pause").click().run()
    assert not room.exception
    assert store.run(run.id).state == RunState.RUNNING
    room = open_room(runs_room)
    assert not room.exception
    assert sentence in page_text(room)
    assert escape(run.name) in page_text(room)


@pytest.mark.parametrize("refused", ["add_corpus", "create"])
def test_a_training_that_can_not_be_noted_is_a_sentence_beside_the_button(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    room = open_room(train_room, preset="quick", text="paste")
    room.text_area(key="pasted").set_value("some words\n" * 100).run()
    sentence = refuse(monkeypatch, store, refused)
    room.button(key="start").click().run()
    assert not room.exception
    assert sentence in page_text(room)
    assert store.runs(ANNA) == []
    monkeypatch.undo()


def test_a_store_that_can_not_be_used_at_all_is_a_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, store, "runs")
    sentence = escape(str(StoreError("disk_full", folder=store.folder)))
    room = open_room(frame)
    assert not room.exception
    assert sentence in page_text(room)
