"""The room Train, drawn without a browser: what it offers, says and does."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from html import escape
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from lstm import library, pace
from lstm.config import TrainConfig
from lstm.errors import DownloadError, StoreError
from lstm.messages import LANGUAGES, Language, text
from lstm.records import Message, RunState
from lstm.runs import RunStore
from tests.readers.makers import ENGLISH, essay, flowed_pdf, zipped
from tests.store_tools import make_run, tiny_corpus, wait_until
from tests.ui.page_tools import (
    ANNA,
    BERT,
    labels,
    open_room,
    page_text,
    run_with_a_past,
    train_room,
    values,
)

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ [a](http://example.com)"


def the(room: AppTest, label: str) -> int:
    return labels(room.number_input).index(label)


# ---- the text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_ready_and_understood(store: RunStore, language: Language) -> None:
    room = open_room(train_room, lang=language)
    assert not room.exception
    assert room.selectbox(key=f"text-source-{language}").value == f"essays-{language}"
    assert text("train.start", language) in labels(room.button)
    said = page_text(room)
    assert text("train.text.characters", language) in said
    assert text("train.cost.parameters", language) in said
    assert room.code[0].value


def test_the_preset_that_fits_is_named(store: RunStore) -> None:
    captions = open_room(train_room).radio[0].proto.captions
    assert ["Fits this text" in caption for caption in captions] == [True, False, False, False]


@pytest.mark.parametrize("pasted", ["", "   \n ", "too short", "a" * 500])
def test_a_bad_text_gets_a_sentence_and_no_start(store: RunStore, pasted: str) -> None:
    room = open_room(train_room, text="paste")
    room.text_area(key="pasted").set_value(pasted).run()
    assert not room.exception
    assert "Start training" not in labels(room.button)
    assert text("train.network.waits", "en") in page_text(room)
    assert ('role="alert"' in page_text(room)) == bool(pasted.strip())


def test_pasted_text_is_never_taken_for_markup(store: RunStore) -> None:
    room = open_room(train_room, text="paste")
    room.text_area(key="pasted").set_value(HOSTILE + " words" * 200).run()
    assert room.code[0].value.startswith(HOSTILE)
    assert room.code[0].language in {None, "", "plaintext"}
    assert "<img" not in page_text(room)


def test_files_are_read_listed_joined_and_removed(store: RunStore) -> None:
    room = open_room(train_room, text="upload")
    chinese = "字句之间，" * 60
    room.file_uploader[0].set_value(
        [
            (f"{HOSTILE}.txt", b"one two three " * 40, "text/plain"),
            ("文.txt", chinese.encode("gb18030"), "text/plain"),
            ("picture.txt", b"\x89PNG\r\n\x1a\n\0\0", "text/plain"),
        ]
    ).run()
    assert not room.exception
    said = page_text(room)
    assert "<img src" not in said
    assert "&lt;img src" in said
    assert "UTF-8, GB18030" in said
    assert text("errors.binary_file", "en", name="picture.txt") in said
    assert "Start training" in labels(room.button)
    room.button(key="remove-0").click().run()
    assert "UTF-8" not in page_text(room)
    room.button(key="remove-0").click().run()
    assert "Start training" not in labels(room.button)


def test_another_column_of_a_table_can_be_chosen(store: RunStore) -> None:
    rows = [f"{HOSTILE},row {number} says {'some words ' * 9}" for number in range(40)]
    data = "\n".join([f"{HOSTILE},text", *rows]).encode()
    room = open_room(train_room, text="upload")
    room.file_uploader[0].set_value([("table.csv", data, "text/csv")]).run()
    assert not room.exception
    column = room.selectbox(key="column-0-1")
    assert column.options == [HOSTILE, "text"]
    assert column.value == "text"
    assert room.code[0].value.startswith("row 0 says")
    column.set_value(HOSTILE).run()
    assert room.code[0].value.startswith(HOSTILE)
    assert "<img src" not in page_text(room)


def test_what_was_removed_from_a_pdf_is_shown(store: RunStore) -> None:
    data = flowed_pdf(essay("en") * 2, ENGLISH, (HOSTILE,), "- {page} -")
    room = open_room(train_room, text="upload")
    room.file_uploader[0].set_value([("essay.pdf", data, "application/pdf")]).run()
    assert not room.exception
    removed, excerpt = room.code
    assert removed.value.startswith(f"1: {HOSTILE}\n1: - 1 -\n2: {HOSTILE}")
    assert excerpt.value.startswith(essay("en")[0])
    assert text("documents.pdf_edges", "en", count=removed.value.count("\n") + 1) in page_text(room)


def test_an_archive_is_listed_text_by_text(store: RunStore) -> None:
    files: dict[str, bytes | str] = {f"{n}.txt": f"text {n} " * 50 for n in range(8)}
    files |= {"bad.docx": "no Word file", "photo.jpg": b"\xff\xd8\xff"}
    room = open_room(train_room, text="upload")
    room.file_uploader[0].set_value([("all.zip", zipped(files), "application/zip")]).run()
    assert not room.exception
    said = page_text(room)
    assert all(f"all.zip/{n}.txt" in said for n in range(8))
    assert escape(text("errors.damaged_file", "en", name="all.zip/bad.docx")) in said
    assert "all.zip/0.txt: " + text("documents.zip_others", "en", count=1) in said
    room.button(key="remove-7").click().run()
    assert "all.zip/7.txt" not in page_text(room)


def test_the_column_of_a_table_in_an_archive_is_said(store: RunStore) -> None:
    sentence = "It rained all night, and in the morning it still rained. " * 20
    rows = "number,title,essay\n" + "".join(f'{n},day {n},"{sentence}"\n' for n in range(3))
    room = open_room(train_room, text="upload")
    files: dict[str, bytes | str] = {"a.csv": rows, "b.txt": sentence}
    room.file_uploader[0].set_value([("all.zip", zipped(files), "application/zip")]).run()
    assert not room.exception
    column = text("documents.csv_column", "en", column="essay", rows=3)
    told = text("train.text.of_file", "en", name="all.zip/a.csv", sentence=column)
    assert escape(told) in page_text(room)


def test_a_public_text_is_offered_and_offline_is_said(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object) -> None:
        raise DownloadError("download_failed", url="http://example.com")

    monkeypatch.setattr(library, "download", offline)
    room = open_room(train_room, text="nietzsche")
    assert "601 kB" in page_text(room)
    room.button(key="fetch").click().run()
    job = room.session_state["_download"]
    wait_until(lambda: not job.is_running)
    room.run()
    assert not room.exception
    assert text("errors.download_failed", "en", url="http://example.com") in page_text(room)
    assert "fetch" in [button.key for button in room.button]


def test_a_download_shows_how_far_it_is_and_can_be_given_up(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(
        _text: object,
        _folder: object,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        progress(300_000, 600_901)
        wait_until(cancelled)
        raise DownloadError("download_cancelled")

    monkeypatch.setattr(library, "download", slow)
    room = open_room(train_room, text="nietzsche")
    room.button(key="fetch").click().run()
    job = room.session_state["_download"]
    wait_until(lambda: job.done)
    room.run()
    assert "Fetching: 300 kB of 601 kB" in page_text(room)
    room.button(key="cancel-fetch").click().run()
    wait_until(lambda: not job.is_running)
    room.run()
    assert text("errors.download_cancelled", "en") in page_text(room)


# ---- the network --------------------------------------------------------------------------------


def test_the_address_restores_the_settings_and_drops_nonsense(store: RunStore) -> None:
    room = open_room(
        train_room,
        preset="deep",
        hidden_size="64",
        cell="<script>",
        dropout="nan",
        num_layers="two",
    )
    assert not room.exception
    assert room.radio[0].value == "deep"
    assert room.number_input[the(room, "Hidden size")].value == 64
    assert room.number_input[the(room, "Layers")].value == 1
    assert "hidden_size" in room.query_params
    assert not {"cell", "dropout", "num_layers"} & set(room.query_params)


def test_a_change_is_kept_in_the_address_until_it_is_undone(store: RunStore) -> None:
    room = open_room(train_room, preset="quick")
    place = the(room, "Hidden size")
    usual = room.number_input[place].value
    parameters = page_text(room)
    room.number_input[place].set_value(32).run()
    assert room.query_params["hidden_size"] == "32"
    assert page_text(room) != parameters
    room.number_input[place].set_value(usual).run()
    assert "hidden_size" not in room.query_params


def test_another_preset_has_its_own_numbers(store: RunStore) -> None:
    room = open_room(train_room, preset="quick", hidden_size="32")
    room.radio[0].set_value("classic").run()
    assert not room.exception
    assert room.query_params["preset"] == "classic"
    assert "hidden_size" not in room.query_params
    assert room.number_input[the(room, "Hidden size")].value == 128
    assert room.toggle[0].value is True  # the article's recipe lower-cases the text


def test_a_slow_machine_is_offered_smaller_networks(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = open_room(train_room, preset="deep", text="essays-en")
    monkeypatch.setattr(pace, "known", lambda: 1.0)
    slow = open_room(train_room, preset="deep", text="essays-en")
    sizes = [room.number_input[the(room, "Hidden size")].value for room in (slow, usual)]
    assert sizes == [128, 384]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_number_is_said_beside_it_and_holds_the_start(
    store: RunStore, language: Language
) -> None:
    room = open_room(train_room, lang=language, hidden_size="9999", validation="0.9")
    assert not room.exception
    for field, most in (("hidden_size", "2048"), ("validation", "0.5")):
        said = page_text(room)
        assert text(f"settings.label.{field}", language) in said
        assert most in said
    assert room.button(key="start").disabled


def test_a_training_that_never_ends_is_refused(store: RunStore) -> None:
    room = open_room(train_room, preset="quick", seconds="none")
    assert text("errors.no_end", "en") in page_text(room)
    assert room.button(key="start").disabled


def test_only_what_has_an_effect_is_asked(store: RunStore) -> None:
    assert "Stride" not in labels(open_room(train_room, preset="quick").number_input)
    classic = open_room(train_room, preset="classic")
    assert "Stride" in labels(classic.number_input)
    assert "Forget-gate bias" not in labels(open_room(train_room, cell="gru").number_input)


def test_start_queues_what_was_chosen_and_watches_it(store: RunStore) -> None:
    room = open_room(train_room, preset="quick", text="paste", hidden_size="32", seconds="7")
    room.text_area(key="pasted").set_value("some words\r\n" * 100).run()
    name = next(box for box in room.text_input if box.label == text("train.name", "en"))
    name.set_value(HOSTILE).run()
    room.button(key="start").click().run()
    assert not room.exception
    (run,) = store.runs(ANNA)
    assert room.query_params["run"] == run.id
    assert (run.state, run.preset, run.name) == (RunState.QUEUED, "quick", HOSTILE[:80])
    assert (run.model_config.hidden_size, run.train_config.seconds) == (32, 7.0)
    report = store.report(run.corpus_fingerprint)
    assert report is not None
    assert "documents.line_ends" in json.dumps(report)
    assert "<img" not in page_text(room)
    assert text("train.turn.now", "en") in page_text(room)


def test_a_click_on_start_is_not_lost_when_the_page_is_drawn_anew(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number changes, its estimate is there at once and has the page drawn anew: and start."""
    measured: Future[float] = Future()
    measured.set_result(1000.0)
    instant = SimpleNamespace(ask=lambda *_: measured)
    room = open_room(train_room, preset="quick", seconds="7")
    monkeypatch.setattr("lstm.ui.pages.train_network._probes", lambda: instant)
    room.number_input[the(room, "Hidden size")].set_value(24)
    room.button(key="start").click().run()
    assert not room.exception
    (run,) = store.runs(ANNA)
    assert run.model_config.hidden_size == 24
    assert room.query_params["run"] == run.id


def test_a_wish_to_start_something_impossible_is_forgotten(store: RunStore) -> None:
    room = open_room(train_room, preset="quick")
    room.number_input[the(room, "Hidden size")].set_value(9999)
    room.button(key="start").click().run()
    assert store.runs(ANNA) == []
    room.number_input[the(room, "Hidden size")].set_value(24).run()
    assert store.runs(ANNA) == []
    assert "run" not in room.query_params


def test_a_full_disk_is_said_and_nothing_is_lost(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("disk_full", folder="here")

    monkeypatch.setattr(RunStore, "create", full)
    room = open_room(train_room)
    room.button(key="start").click().run()
    assert text("errors.disk_full", "en", folder="here") in page_text(room)
    assert "run" not in room.query_params
    assert "Start training" in labels(room.button)


# ---- watching -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_running_training_shows_all_of_it(store: RunStore, language: Language) -> None:
    run = run_with_a_past(store)
    store.notice(run.id, "notices.resumed", step=12)
    room = open_room(train_room, run=run.id, lang=language)
    assert not room.exception
    said = page_text(room)
    for key in ("train.state.running", "train.watch.left", "train.samples.title"):
        assert text(key, language) in said
    assert text("notices.resumed", language, step=12) in said
    assert "0.962" in said  # 2/3 nats in bits
    assert len(room.get("bidi_component")) == 4


def buttons(store: RunStore, run_id: str, visitor: str = ANNA) -> set[str]:
    room = open_room(train_room, visitor, run=run_id)
    assert not room.exception
    keys = {button.key for button in room.button if button.key and not button.disabled}
    return {key for key in keys if not key.startswith("share-")}


def test_the_buttons_are_those_that_the_state_allows(store: RunStore) -> None:
    run = run_with_a_past(store)
    assert {"run-pause", "run-stop", "apply-rate", "new-training"} == buttons(store, run.id)
    store.pause(run.id)
    assert {"run-stop", "apply-rate", "new-training"} == buttons(store, run.id)
    store.halt(run.id)
    assert {"run-resume", "run-stop", "apply-rate", "new-training"} == buttons(store, run.id)
    store.end(run.id, RunState.FAILED, Message("notices.unexpected"))
    assert {"run-resume", "new-training"} == buttons(store, run.id)


def test_pause_asks_the_worker_and_says_so(store: RunStore) -> None:
    run = run_with_a_past(store)
    room = open_room(train_room, run=run.id)
    room.button(key="run-pause").click().run()
    assert store.run(run.id).pending == "pause"
    assert text("train.pending.pause", "en") in page_text(room)


def test_the_learning_rate_changes_and_a_wrong_one_is_refused(store: RunStore) -> None:
    run = run_with_a_past(store)
    room = open_room(train_room, run=run.id)
    room.number_input(key="new-rate").set_value(5.0)
    room.button(key="apply-rate").click().run()
    assert "must lie between" in page_text(room)
    assert store.commands(run.id) == []
    room.number_input(key="new-rate").set_value(0.001)
    room.button(key="apply-rate").click().run()
    assert [command.value for command in store.commands(run.id)] == [0.001]


def test_by_its_id_nobody_else_sees_it(store: RunStore) -> None:
    run = run_with_a_past(store)
    assert buttons(store, run.id, BERT) == {"new-training"}
    theirs, nothing = (open_room(train_room, BERT, run=one) for one in (run.id, "nothing"))
    assert page_text(theirs) == page_text(nothing)
    assert text("errors.unknown_run", "en") in page_text(theirs)


def test_an_unknown_run_is_said(store: RunStore) -> None:
    room = open_room(train_room, run="<b>nothing</b>")
    assert not room.exception
    assert text("errors.unknown_run", "en") in page_text(room)
    room.button(key="new-training").click().run()
    assert "Start training" in labels(room.button)


def test_a_deleted_run_can_be_brought_back_by_its_owner_alone(store: RunStore) -> None:
    run = run_with_a_past(store)
    store.delete(run.id)
    assert "new-training" in buttons(store, run.id, BERT)
    theirs = open_room(train_room, BERT, run=run.id)
    assert text("train.watch.undo", "en") not in labels(theirs.button)
    mine = open_room(train_room, run=run.id)
    mine.button(key="undo").click().run()
    assert store.run(run.id).deleted is None
    assert not mine.exception


def test_why_it_ended_is_said(store: RunStore) -> None:
    run = make_run(store, owner=ANNA)
    store.stop(run.id)
    assert text("notices.finished_stopped", "en") in page_text(open_room(train_room, run=run.id))


def test_another_language_changes_words_and_no_choices(store: RunStore) -> None:
    run = run_with_a_past(store)
    room = open_room(train_room, run=run.id, lang="en", unit="nats", span="near")
    room.query_params["lang"] = "zh"
    room.run()
    assert not room.exception
    assert values(room.get("button_group")) == ["nats", "epoch", "near"]
    setup = open_room(train_room, preset="deep", hidden_size="32", cell="gru", text="essays-en")
    setup.query_params["lang"] = "zh"
    setup.run()
    assert setup.radio[0].value == "deep"
    assert values(setup.selectbox)[:2] == ["essays-en", "gru"]
    assert setup.query_params["hidden_size"] == "32"


def test_another_text_keeps_what_was_chosen(store: RunStore) -> None:
    room = open_room(train_room, preset="quick", hidden_size="32", text="upload")
    for name, length in (("long.txt", 1_200_000), ("short.txt", 3_000)):
        words = b"one two three four " * (length // 19)
        room.file_uploader[0].set_value([(name, words, "text/plain")]).run()
        assert room.radio[0].value == "quick"
        assert room.query_params["hidden_size"] == "32"
        room.button(key="remove-0").click().run()


def test_units_change_what_is_said(store: RunStore) -> None:
    run = run_with_a_past(store)
    room = open_room(train_room, run=run.id, unit="perplexity")
    assert not room.exception
    assert "1.95" in page_text(room)  # exp(2/3)
    assert "guessing among N characters" in page_text(room)


def test_earlier_runs_lie_over_it_under_their_own_names(store: RunStore) -> None:
    older = run_with_a_past(store)
    store.rename(older.id, HOSTILE)
    run = run_with_a_past(store)
    room = open_room(train_room, run=run.id)
    room.multiselect(key="earlier").set_value([older.id]).run()
    assert not room.exception
    data = room.get("bidi_component")[0].proto.json
    assert "&lt;img src=x" in data
    assert "<img" not in data


def test_a_training_without_measurements_is_drawn_too(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_SLOTS", "1")
    corpus = tiny_corpus()
    run = store.create(
        ANNA, "fresh", corpus, make_run(store).model_config, TrainConfig(epochs=2), "classic"
    )
    room = open_room(train_room, run=run.id)
    assert not room.exception
    assert text("train.turn.place", "en", place=2) in page_text(room)
