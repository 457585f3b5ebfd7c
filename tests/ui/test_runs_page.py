"""The room Runs, drawn without a browser."""

from html import escape

import pytest

from lstm.config import ModelConfig, TrainConfig
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui.pages.runs import PAGE
from tests.store_tools import make_run, tiny_corpus
from tests.ui.page_tools import ANNA, BERT, labels, open_room, page_text, run_with_a_past, runs_room

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_yet_leads_to_train(store: RunStore, language: Language) -> None:
    room = open_room(runs_room, lang=language)
    assert not room.exception
    assert text("runs.empty", language) in page_text(room)
    assert text("runs.to_train", language) in labels(room.get("page_link"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_my_runs_are_listed_with_their_results(store: RunStore, language: Language) -> None:
    run = run_with_a_past(store)
    store.rename(run.id, HOSTILE)
    room = open_room(runs_room, lang=language)
    assert not room.exception
    said = page_text(room)
    assert escape(HOSTILE) in said
    assert "<img" not in said
    assert "0.962" in said
    assert text("train.state.running", language) in said


def test_nobody_sees_another_s_runs(store: RunStore) -> None:
    run_with_a_past(store)
    assert escape("my run") not in page_text(open_room(runs_room, BERT))
    assert text("runs.empty", "en") in page_text(open_room(runs_room, BERT))


def test_renaming(store: RunStore) -> None:
    run = make_run(store, owner=ANNA)
    room = open_room(runs_room)
    room.text_input(key=f"name-{run.id}").set_value("other")
    room.button(key=f"save-{run.id}").click().run()
    assert store.run(run.id).name == "other"
    room.text_input(key=f"name-{run.id}").set_value("  ")
    room.button(key=f"save-{run.id}").click().run()
    assert store.run(run.id).name == "other"
    assert text("errors.blank_name", "en") in page_text(room)


def test_deleting_can_be_undone_even_after_a_reload(store: RunStore) -> None:
    run = make_run(store, owner=ANNA)
    room = open_room(runs_room)
    room.button(key=f"delete-{run.id}").click().run()
    assert store.run(run.id).deleted is not None
    assert f"delete-{run.id}" not in [button.key for button in room.button]
    again = open_room(runs_room)
    assert text("runs.deleted", "en", name="my run") in page_text(again)
    again.button(key=f"undo-{run.id}").click().run()
    assert store.run(run.id).deleted is None
    assert not again.exception


def test_comparing_shows_one_chart_and_what_differs(store: RunStore) -> None:
    one = run_with_a_past(store)
    other = run_with_a_past(store, evaluations=5)
    room = open_room(runs_room)
    assert len(room.get("bidi_component")) == 0
    room.checkbox(key=f"compare-{one.id}").check().run()
    room.checkbox(key=f"compare-{other.id}").check().run()
    assert not room.exception
    assert room.query_params["compare"] == f"{one.id},{other.id}"
    assert len(room.get("bidi_component")) == 1
    assert text("runs.same", "en") in page_text(room)
    linked = open_room(runs_room, compare=f"{one.id},{other.id},nonsense,<b>")
    assert not linked.exception
    assert len(linked.get("bidi_component")) == 1
    linked.checkbox(key=f"compare-{one.id}").uncheck().run()
    assert len(linked.get("bidi_component")) == 0


def test_the_table_names_only_what_differs(store: RunStore) -> None:
    one = run_with_a_past(store)
    changed = make_run(store, owner=ANNA, learning_rate=0.5, clip=2.0)
    store.append(changed.id, [])
    other = run_with_a_past(store)
    from lstm.ui import describe

    rows = describe.differing_rows([store.run(one.id), store.run(changed.id)])
    assert [row[0] for row in rows[1:]] == ["Learning rate", "Gradient clipping"]
    assert len(describe.differing_rows([store.run(one.id), store.run(other.id)])) == 1


@pytest.mark.parametrize(("language", "said"), [("en", ["yes", "no"]), ("zh", ["是", "否"])])
def test_what_is_on_or_off_is_told_in_words(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, language: Language, said: list[str]
) -> None:
    from lstm.ui import describe
    from lstm.ui import language as languages

    corpus, recipe = tiny_corpus(), TrainConfig(seconds=60.0)
    shapes = [ModelConfig(hidden_size=8, embedding_size=4, tied=tied) for tied in (True, False)]
    runs = [store.create(ANNA, "one", corpus, shape, recipe, "quick") for shape in shapes]
    monkeypatch.setattr(languages, "language", lambda: language)
    monkeypatch.setattr(describe, "language", lambda: language)
    assert describe.differing_rows(runs)[1:] == [[text("settings.label.tied", language), *said]]


def test_someone_else_s_run_can_t_be_compared(store: RunStore) -> None:
    theirs = run_with_a_past(store, owner=BERT)
    run_with_a_past(store)
    mine = run_with_a_past(store)
    room = open_room(runs_room, compare=f"{mine.id},{theirs.id}")
    assert len(room.get("bidi_component")) == 0


def test_a_long_list_is_opened_bit_by_bit(store: RunStore) -> None:
    for _ in range(PAGE + 3):
        store.stop(make_run(store, owner=ANNA).id)
    room = open_room(runs_room)
    assert labels(room.button).count("Delete") == PAGE
    room.button(key="more").click().run()
    assert labels(room.button).count("Delete") == PAGE + 3
