"""The queue on the page: place and start, what to do meanwhile, who is away, what is allowed."""

import gc
import weakref
from html import escape

import pytest

from lstm.messages import LANGUAGES, Language, text
from lstm.records import RunState
from lstm.runs import RunStore
from lstm.ui import describe, words
from lstm.ui.pages import write
from tests.store_tools import make_run
from tests.test_housekeeping import age, ended
from tests.ui.page_tools import (
    ANNA,
    BERT,
    labels,
    open_room,
    page_text,
    runs_room,
    train_room,
    write_room,
)

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"


def elsewhere() -> None:
    from lstm.ui import turn

    turn.line()


@pytest.fixture
def store(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The store of a server that trains one run at a time."""
    monkeypatch.setenv("CHARLOOM_SLOTS", "1")
    return store


# ---- place and start ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_waiting_run_says_when_it_starts_and_what_to_do_meanwhile(
    store: RunStore, language: Language
) -> None:
    make_run(store, BERT, seconds=92.0)
    mine = make_run(store, ANNA)
    room = open_room(train_room, run=mine.id, lang=language)
    assert not room.exception
    said = page_text(room)
    assert text("train.turn.place", language, place=2) in said
    start = text("train.turn.about", language, duration=words.duration(100, language))
    assert start in said
    away = words.duration(300, language)
    assert text("train.turn.away", language, duration=away) in said
    assert text("train.turn.own", language) not in said
    assert text("train.turn.play", language) in labels(room.get("page_link"))
    listed = page_text(open_room(runs_room, lang=language))
    assert text("train.turn.short", language, place=2, start=start) in listed


def test_what_follows_an_own_training_says_so(store: RunStore) -> None:
    first, second = make_run(store, ANNA), make_run(store, ANNA)
    store.claim(1)
    store.begin(first.id, 1, None)
    assert text("train.turn.own", "en") in page_text(open_room(train_room, run=second.id))


def test_nothing_is_made_of_a_wait_that_is_over_at_once(store: RunStore) -> None:
    run = make_run(store, ANNA)
    said = page_text(open_room(train_room, run=run.id))
    assert text("train.turn.now", "en") in said
    assert text("train.turn.place", "en", place=1) not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_rooms_tell_how_it_fares(store: RunStore, language: Language) -> None:
    room = open_room(elsewhere, lang=language)
    assert page_text(room) == ""
    make_run(store, BERT, seconds=92.0)
    mine, more = make_run(store, ANNA), make_run(store, ANNA)
    store.rename(mine.id, HOSTILE)
    room = room.run()
    said = page_text(room)
    assert "<img" not in said
    start = text("train.turn.about", language, duration=words.duration(100, language))
    turn = text("train.turn.short", language, place=2, start=start)
    assert escape(text("train.turn.waits", language, name=HOSTILE, turn=turn)) in said
    assert text("train.turn.more", language, count=1) in said
    assert labels(room.get("page_link")) == [text("train.turn.open", language)]
    store.stop(more.id)
    store.begin(mine.id, 1, None)
    assert escape(text("train.turn.began", language, name=HOSTILE)) in page_text(room.run())
    store.stop(mine.id)
    store.lost(mine.id, 1)
    assert page_text(room.run()) == ""


def test_what_was_begun_before_the_visit_is_no_news(store: RunStore) -> None:
    run = make_run(store, ANNA)
    store.begin(run.id, 1, None)
    assert page_text(open_room(elsewhere)) == ""


# ---- who is away --------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [train_room, runs_room, write_room, elsewhere])
def test_any_page_of_its_owner_brings_a_run_back(store: RunStore, room: object) -> None:
    run = make_run(store, ANNA)
    store.step_aside(float("inf"))
    query = {"run": run.id} if room is train_room else {}
    open_room(room, BERT, **query)  # type: ignore[arg-type]
    assert store.run(run.id).aside is not None
    open_room(room, ANNA, **query)  # type: ignore[arg-type]
    assert store.run(run.id).aside is None


def test_others_see_that_its_owner_is_away_and_its_owner_that_it_is_back(store: RunStore) -> None:
    run = make_run(store, ANNA)
    store.step_aside(float("inf"))
    assert describe.state(store.run(run.id)) == text("train.state.aside", "en")
    mine = page_text(open_room(train_room, run=run.id).run())
    assert text("notices.came_back", "en") in mine
    assert text("train.state.queued", "en") in mine


# ---- what is kept -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_until_when_a_run_is_kept_and_the_switch(store: RunStore, language: Language) -> None:
    run = make_run(store, ANNA)
    store.stop(run.id)
    room = open_room(runs_room, lang=language)
    day = words.day(store.run(run.id).seen + 90 * 86_400, language)
    assert text("runs.until", language, day=day) in page_text(room)
    room.toggle(key=f"keep-{run.id}").set_value(True).run()
    assert store.run(run.id).kept
    assert text("runs.for_good", language) in page_text(room)
    room.toggle(key=f"keep-{run.id}").set_value(False).run()
    assert not store.run(run.id).kept


def test_without_cleaning_up_there_is_nothing_to_switch(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_KEEP_DAYS", "0")
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0")
    store.stop(make_run(store, ANNA).id)
    room = open_room(runs_room)
    assert not room.toggle
    assert text("runs.kept", "en") not in page_text(room)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_cleaned_away_is_told_until_it_is_read(
    store: RunStore, language: Language
) -> None:
    for number in range(7):
        run = ended(store, ANNA, days_ago=100)
        store.rename(run.id, f"{HOSTILE} {number}")
    store.clean_up()
    room = open_room(runs_room, lang=language)
    assert not room.exception
    said = page_text(room)
    assert escape(f"{HOSTILE} 6") in said
    assert "<img" not in said
    assert text("runs.removed_more", language, count=2) in said
    room.button(key="read").click().run()
    assert escape(HOSTILE) not in page_text(room)
    assert store.removals(ANNA) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_disk_is_announced_before_anything_goes(
    store: RunStore, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ended(store, ANNA)
    store.rename(run.id, HOSTILE)
    age(store, run.id, 0, size=900_000)
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0.002")
    assert "0.002" not in page_text(open_room(runs_room, lang=language))
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0.001")
    said = page_text(open_room(runs_room, lang=language))
    assert escape(text("runs.next_to_go", language, name=HOSTILE)) in said
    assert "1 MB" in said
    assert store.clean_up() == []
    assert text("runs.next_to_go", language, name="x").split("x")[0] not in page_text(
        open_room(runs_room, BERT, lang=language)
    )


# ---- what is allowed ----------------------------------------------------------------------------


def test_one_waiting_run_too_many_is_a_sentence(store: RunStore) -> None:
    for _ in range(5):
        make_run(store, ANNA)
    room = open_room(train_room, preset="quick")
    room.button(key="start").click().run()
    assert not room.exception
    assert text("errors.too_many_waiting", "en", most=5) in page_text(room)
    assert len(store.runs(ANNA)) == 5


@pytest.mark.parametrize(
    ("query", "error", "values"),
    [
        ({"seconds": "1801"}, "too_many_seconds", {"most": 1800.0}),
        ({"epochs": "1001"}, "too_many_epochs", {"most": 1000}),
    ],
)
def test_what_is_more_than_the_server_allows_is_said_at_its_control(
    store: RunStore, query: dict[str, str], error: str, values: dict[str, float]
) -> None:
    room = open_room(train_room, preset="quick", **query)
    assert not room.exception
    assert text(f"errors.{error}", "en", **values) in page_text(room)
    assert room.button(key="start").disabled


def test_a_network_that_is_too_large_is_not_even_tried(store: RunStore) -> None:
    room = open_room(train_room, preset="quick", hidden_size="2048", num_layers="4")
    assert not room.exception
    assert "20,000,000" in page_text(room)
    assert room.button(key="start").disabled


def test_presets_fit_into_the_longest_time(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_MAX_SECONDS", "45")
    room = open_room(train_room, preset="quick")
    assert not room.button(key="start").disabled
    room.button(key="start").click().run()
    (run,) = store.runs(ANNA)
    assert run.train_config.seconds == 45.0
    store.saved(run.id, 1, 0.1, 10)
    store.end(run.id, RunState.FINISHED, ended(store, BERT).reason)  # type: ignore[arg-type]
    assert "longer-45" in [button.key for button in open_room(train_room, run=run.id).button]


def test_texts_that_are_too_long_together_are_a_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_CHARACTERS", "1000")
    room = open_room(train_room, text="upload")
    parts = [(f"{HOSTILE}{n}.txt", b"one two three " * 40, "text/plain") for n in range(2)]
    room.file_uploader[0].set_value(parts).run()
    assert not room.exception
    sentence = text("errors.too_much_text", "en", name=f"{HOSTILE}1.txt", most=1000)
    assert escape(sentence) in page_text(room)
    pasted = open_room(train_room, text="paste")
    pasted.text_area(key="pasted").set_value("word " * 300).run()
    name = text("train.text.pasted", "en")
    assert escape(text("errors.too_much_text", "en", name=name, most=1000)) in page_text(pasted)


def test_writing_faster_than_the_server_can_is_a_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_WRITING_EACH", "1")
    stream = "bundled:essays-en"
    lane = {"lane": 0, "position": 0, "before": "", "count": 30, "put": None, "temperature": 0.5}
    request = {"seq": 1, "stream": stream, "opening": "", "rng": 3, "asks": [lane]}
    monkeypatch.setattr(write, "last_request", lambda _: request)
    room = open_room(write_room, visitor="w" * 43)
    answered = room.run().session_state["_write"].reply
    assert (answered["seq"], len(answered["lanes"][0]["text"])) == (1, 30)
    request["seq"] = 2
    refused = room.run().session_state["_write"].reply
    assert refused == {"seq": 2, "error": text("errors.writes_too_fast", "en")}


def test_a_session_that_is_gone_frees_its_writers(store: RunStore) -> None:
    room = open_room(write_room)
    desk = weakref.ref(room.session_state["_write"].desk)
    assert desk() is not None
    del room
    gc.collect()
    assert desk() is None
