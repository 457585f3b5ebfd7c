"""Taking a network home: which files are offered to whom, and what is in them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lstm import checkpoint
from lstm.errors import CheckpointError, ExportError
from lstm.export.names import FORMATS
from lstm.messages import LANGUAGES, Language, text
from lstm.paths import ASSETS
from lstm.runs import RunStore
from lstm.ui import takehome
from lstm.ui.takehome import _Errand, _export, _model, _samples, _story_of_model, _story_of_run
from tests.export.export_tools import a_run
from tests.ui.page_tools import (
    ANNA,
    BERT,
    labels,
    open_room,
    page_text,
    run_with_a_past,
    runs_room,
    train_room,
    write_room,
)
from tests.ui.test_write_page import a_run_with_a_model

KINDS = (*FORMATS, "model", "samples")
MODEL = ASSETS / "models" / "essays-en.safetensors"


def offered(room: AppTest) -> list[str]:
    assert not room.exception
    return labels(room.get("download_button"))


def names(kinds: tuple[str, ...], language: Language = "en") -> list[str]:
    return [text(f"runs.file.{kind}", language) for kind in kinds]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_is_offered_in_every_format_to_its_owner(store: RunStore, language: Language) -> None:
    run = a_run_with_a_model(store)
    for script, query in ((runs_room, {}), (train_room, {"run": run}), (write_room, {"run": run})):
        room = open_room(script, lang=language, **query)
        assert offered(room) == names(KINDS, language)
        popovers = [block.proto.popover.label for block in room.get("popover")]
        assert text("runs.take_home", language) in popovers


def test_nobody_else_is_offered_it(store: RunStore) -> None:
    run = a_run_with_a_model(store)
    assert offered(open_room(train_room, BERT, run=run)) == []


def test_the_network_of_the_landing_page_is_offered_without_a_past(store: RunStore) -> None:
    assert offered(open_room(write_room)) == names((*FORMATS, "model"))


def test_nothing_is_made_before_it_is_wanted(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run_with_a_model(store)

    def made(*_: object) -> bytes:
        raise AssertionError("made too early")

    monkeypatch.setattr(takehome, "_export", made)
    assert len(offered(open_room(runs_room))) == len(KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_are_what_they_are_called(store: RunStore, language: Language) -> None:
    run = a_run(store)

    def tell() -> Any:  # noqa: ANN401
        return _story_of_run(store, run.id)

    assert f'lang="{language}"'.encode() in _export(tell, "html", language)
    assert b"<html" in _export(tell, "report", language)
    assert zipfile.ZipFile(io.BytesIO(_export(tell, "archive", language))).testzip() is None
    story = _story_of_model(MODEL, "Essays")
    assert story.name == "Essays"
    assert story.saved.vocabulary == checkpoint.load(MODEL).vocabulary


def test_the_model_and_the_samples_of_a_run(store: RunStore) -> None:
    run = run_with_a_past(store)
    everything = _samples(store, run.id)
    assert all(f"the sample {index}" in everything for index in (1, 2, 3))
    with pytest.raises(ExportError):
        _model(store, run.id)
    folder = store.run_folder(run.id)
    folder.mkdir(parents=True)
    (folder / "last.safetensors").write_bytes(b"newest")
    assert _model(store, run.id) == b"newest"
    (folder / "best.safetensors").write_bytes(b"best")
    assert _model(store, run.id) == b"best"


def test_what_can_t_be_made_is_remembered_until_the_page_has_said_it(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    errand = _Errand()
    with pytest.raises(CheckpointError) as caught:
        errand.run(lambda: _export(lambda: _story_of_model(broken, "it"), "html", "en"))
    assert errand.outcome() is caught.value
    assert errand.run(lambda: b"fine") == b"fine"
    assert errand.outcome() is None


def test_the_page_says_why_a_file_could_not_be_made(store: RunStore) -> None:
    run = a_run_with_a_model(store)
    room = open_room(runs_room)
    key = f"take-{run}-html"
    errand = room.session_state[f"_errand-{key}"]
    error = ExportError("export_too_large", most=96)

    def fail() -> bytes:
        raise error

    with pytest.raises(ExportError):
        errand.run(fail)
    room.download_button(key=key).click().run()
    assert error.text("en") in page_text(room)
    assert store.run(run).owner == ANNA
