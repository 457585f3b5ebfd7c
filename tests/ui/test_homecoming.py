"""A model is brought back in the room Runs, and used like any other run."""

from collections.abc import Callable
from html import escape

import pytest
from streamlit.testing.v1 import AppTest

from lstm.checkpoint import Saved, dumps
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import CheckpointError
from lstm.events import Checkpoint
from lstm.export.bundle import archive
from lstm.export.story import Story
from lstm.messages import LANGUAGES, Language, text
from lstm.records import Message, Run, RunState
from lstm.returning import Returned
from lstm.runs import RunStore
from lstm.training import train as training_events
from lstm.ui.look.views import VIEWS
from lstm.ui.networks import Choice, choices
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.engine_tools import bare_state, network, words
from tests.ui.page_tools import (
    ANNA,
    BERT,
    labels,
    look_room,
    open_room,
    page_text,
    run_with_a_past,
    runs_room,
    train_room,
    write_room,
)

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"


def bare(name: str = "my words") -> Saved:
    vocabulary = Vocabulary.of(words(3000))
    model = network(vocabulary.size, hidden_size=8, embedding_size=5)
    info = {"name": name, "bits_per_char": 2.25, "epoch": 3.0}
    return Saved(model.config, vocabulary, bare_state(model), info=info)


def brought(room: AppTest, data: bytes, name: str) -> AppTest:
    return room.file_uploader[0].set_value((name, data, "application/octet-stream")).run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_is_shown_and_kept(store: RunStore, language: Language) -> None:
    room = brought(open_room(runs_room, lang=language), dumps(bare(HOSTILE)), "x.safetensors")
    assert not room.exception
    said = page_text(room)
    assert escape(HOSTILE) in said
    assert "<img" not in said
    assert "2.250" in said
    assert text("write.cell.lstm", language, hidden=8) in said
    assert text("runs.back.training_absent", language) in said
    room.button(key="keep-returned").click().run()
    assert not room.exception
    (run,) = store.runs(ANNA)
    assert (run.name, run.state) == (HOSTILE, RunState.FINISHED)
    assert "keep-returned" not in [button.key for button in room.button]
    assert text("train.preset.untold", language) in page_text(room)


def test_an_archive_is_read_and_put_aside(store: RunStore) -> None:
    room = brought(open_room(runs_room), archive(Story.of_model(bare())), "words.zip")
    assert "my words" in page_text(room)
    room.button(key="drop-returned").click().run()
    assert "my words" not in page_text(room)
    assert store.runs(ANNA) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bad_file_is_said_to_be_one(store: RunStore, language: Language) -> None:
    room = brought(open_room(runs_room, lang=language), b"nothing", "x.safetensors")
    assert not room.exception
    assert escape(text("errors.checkpoint_damaged", language)) in page_text(room)
    assert "keep-returned" not in [button.key for button in room.button]
    room = brought(room, dumps(bare()), "x.safetensors")
    assert escape(text("errors.checkpoint_damaged", language)) not in page_text(room)
    assert "keep-returned" in [button.key for button in room.button]


def test_damaged_training_is_told_beside_a_whole_network(store: RunStore) -> None:
    room = open_room(runs_room)
    room.session_state["_returned"] = Returned(
        "x", bare(), damaged=CheckpointError("checkpoint_damaged")
    )
    room.run()
    why = text("errors.checkpoint_damaged", "en")
    assert escape(text("runs.back.damaged", "en", why=why)) in page_text(room)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "draw", [train_room, write_room, look_room], ids=["train", "write", "look"]
)
def test_every_room_knows_a_run_without_a_text(
    store: RunStore, draw: Callable[[], None], language: Language
) -> None:
    run = store.adopt(ANNA, Returned("file", bare()))
    room = open_room(draw, run=run.id, lang=language)
    assert not room.exception
    assert escape(text("errors.corpus_missing", language)) not in page_text(room)


def test_it_is_among_the_networks_to_write_with(store: RunStore) -> None:
    run = store.adopt(ANNA, Returned("file", bare()))
    choice = choices(ANNA)[-1]
    assert choice == Choice(f"run:{run.id}", run)
    assert choice.corpus() is None


def test_it_is_compared_with_a_run_that_has_a_curve(store: RunStore) -> None:
    one, other = store.adopt(ANNA, Returned("file", bare())), run_with_a_past(store)
    room = open_room(runs_room, compare=f"{one.id},{other.id}")
    assert not room.exception
    assert len(room.get("bidi_component")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_taken_home_again(store: RunStore, language: Language) -> None:
    from lstm.export import FORMATS, export

    run = store.adopt(ANNA, Returned("file", bare()))
    for kind in FORMATS:
        assert export(Story.of_run(store, run.id), kind, language)


# -- symbols that are no text ----------------------------------------------------------------------


def nameless(store: RunStore) -> Run:
    """A network whose every symbol has no sign of its own, or is half of one."""
    vocabulary = Vocabulary(("\x00", "\x1b", "\ud800", "\udfff"))
    model = network(vocabulary.size)
    return store.adopt(ANNA, Returned("file", Saved(model.config, vocabulary, bare_state(model))))


@pytest.mark.parametrize("draw", [write_room, runs_room, train_room])
def test_a_room_bears_symbols_that_are_no_text(store: RunStore, draw: Callable[[], None]) -> None:
    run = nameless(store)
    asked = {"from": run.id, "text": "essays-en"} if draw is train_room else {"run": run.id}
    assert not open_room(draw, **asked).exception


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_bears_symbols_that_are_no_text(store: RunStore, view: str) -> None:
    assert not open_room(look_room, run=nameless(store).id, view=view, text="ab\ncd").exception


# -- training it on --------------------------------------------------------------------------------

NEW = "Ünlü, <b>dann</b> sät ein Zöllner: Ähren & mehr!\n" * 80


def test_it_is_trained_on_with_another_text(store: RunStore) -> None:
    run = store.adopt(ANNA, Returned("file", bare(HOSTILE)))
    room = open_room(train_room, text="paste", **{"from": run.id})
    assert not room.exception
    room.text_area(key="pasted").set_value(NEW).run()
    assert not room.exception
    said = page_text(room)
    assert escape(HOSTILE) in said
    assert text("train.on.pair", "en", new="ö", known="o") in said
    assert text("train.on.pair", "en", new="&lt;", known=text("train.on.blank", "en")) in said
    assert "<b>" not in said
    room.button(key="start-on").click().run()
    assert not room.exception
    newest = store.runs(ANNA)[0]
    assert newest.id != run.id
    assert room.query_params["run"] == newest.id
    assert (newest.state, newest.model_config) == (RunState.QUEUED, run.model_config)
    assert newest.symbols > run.symbols
    assert newest.has_model


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_symbols_are_told_in_every_language(store: RunStore, language: Language) -> None:
    run = store.adopt(ANNA, Returned("file", bare()))
    room = open_room(train_room, lang=language, text="essays-zh", **{"from": run.id})
    assert not room.exception
    assert text("train.on.kept", language) in page_text(room)
    assert text("train.start", language) in labels(room.button)


def test_a_text_that_it_knows_brings_nothing_new(store: RunStore) -> None:
    run = store.adopt(ANNA, Returned("file", bare()))
    room = open_room(train_room, text="paste", **{"from": run.id})
    room.text_area(key="pasted").set_value(words(3000)).run()
    assert text("train.on.all_known", "en") in page_text(room)
    room.text_area(key="pasted").set_value("short").run()
    assert not room.exception
    assert "start-on" not in [button.key for button in room.button]


@pytest.mark.parametrize("same", [True, False])
def test_the_optimizer_is_kept_for_the_same_text_and_the_page_says_so(
    store: RunStore, same: bool
) -> None:
    corpus = Corpus.from_text(words(3000))
    shape, config = ModelConfig(hidden_size=8), TrainConfig(epochs=1, batch_size=4, seq_len=16)
    run = store.create(ANNA, "mine", corpus, shape, config, "quick")
    events = training_events(corpus, shape, config)
    *_, state = [event.state for event in events if isinstance(event, Checkpoint)]
    saved = Saved(shape, corpus.vocabulary, state, config, info={"name": "mine"})
    store.put_checkpoint(run.id, saved, saved)
    store.end(run.id, RunState.FINISHED, Message("notices.finished_epochs"))
    room = open_room(train_room, text="paste", **{"from": run.id})
    pasted = words(3000) if same else words(3000, seed=5)
    room.text_area(key="pasted").set_value(pasted).run()
    said = text(f"train.on.optimizer_{'kept' if same else 'fresh'}", "en")
    assert said in page_text(room)
    room.button(key="start-on").click().run()
    assert not room.exception
    newest, _ = store.load_checkpoint(store.runs(ANNA)[0].id)
    assert newest is not None
    assert any(name.startswith("optimizer.") for name in newest.state.tensors) == same


def test_more_symbols_than_there_may_be_are_told(store: RunStore) -> None:
    symbols = "".join(chr(c) for c in range(0x20, 0x20 + 65_535) if not 0xD800 <= c <= 0xDFFF)
    symbols += "".join(chr(c) for c in range(0x20000, 0x20000 + 65_500 - len(symbols)))
    vocabulary = Vocabulary.of("".join(sorted(set(symbols) - {UNKNOWN})), cap=65_534)
    model = network(vocabulary.size, hidden_size=1, embedding_size=1)
    run = store.adopt(ANNA, Returned("file", Saved(model.config, vocabulary, bare_state(model))))
    room = open_room(train_room, text="paste", **{"from": run.id})
    new = "".join(chr(c) for c in range(0x30000, 0x30000 + 400))
    room.text_area(key="pasted").set_value(new * 5).run()
    assert not room.exception
    assert escape(text("errors.symbols_together", "en", most=65_535)) in page_text(room)
    assert "start-on" not in [button.key for button in room.button]


def test_nobody_else_can_go_on_with_it(store: RunStore) -> None:
    run = store.adopt(BERT, Returned("file", bare()))
    for which in (run.id, "nonsense"):
        room = open_room(train_room, **{"from": which})
        assert not room.exception
        assert not room.selectbox
        assert escape(text("errors.unknown_run", "en")) in page_text(room)
