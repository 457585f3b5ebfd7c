"""Doors: another visitor gets nowhere by an id, and a link shows a run without changing it."""

from collections.abc import Callable
from html import escape

import pytest
from streamlit.testing.v1 import AppTest

from lstm.errors import StoreError
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui import access
from lstm.ui.networks import choices
from lstm.ui.watch import index_of
from tests.store_tools import save_network
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

NAME = "Anna's secret"


def a_network(store: RunStore) -> str:
    """Anna's run, with a past and a network."""
    run = run_with_a_past(store)
    store.rename(run.id, NAME)
    save_network(store, run.id)
    return run.id


def everything(page: AppTest) -> str:
    """All that a drawn room sends to the browser."""
    return "\n".join(str(part.proto) for part in page._tree if hasattr(part, "proto"))


@pytest.mark.parametrize("room", [train_room, write_room, look_room, runs_room])
@pytest.mark.parametrize("name", ["run", "from", "shared", "model", "compare", "earlier"])
def test_an_id_opens_nothing_for_another_visitor(
    store: RunStore, room: Callable[[], None], name: str
) -> None:
    run = a_network(store)
    store.share(run)
    for value in (run, f"run:{run}", f"{run},{run}", f"shared:{run}"):
        page = open_room(room, BERT, **{name: value})
        assert not page.exception
        assert "secret" not in everything(page)
        assert f"take-{run}" not in everything(page)


def test_a_foreign_run_is_told_like_one_that_does_not_exist(store: RunStore) -> None:
    run = a_network(store)
    for name in ("run", "from"):
        theirs, nothing = (
            page_text(open_room(train_room, BERT, **{name: value})) for value in (run, "none")
        )
        assert theirs == nothing
        assert text("errors.unknown_run") in theirs


@pytest.mark.parametrize("act", ["pause", "stop", "delete", "rename", "share", "unshare", "keep"])
def test_nothing_is_asked_of_a_foreign_run(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    run = a_network(store)
    monkeypatch.setattr(access, "owner", lambda: BERT)
    token, before = store.share(run), store.run(run)
    with pytest.raises(StoreError, match="no such run"):
        access.ask(getattr(store, act), run)
    assert store.run(run) == before
    assert store.shares(ANNA) == {run: token}


@pytest.mark.parametrize("run_id", ["", "x" * 41, "a b", "a\0", "\ud800", "' OR 1=1 --", "é"])
def test_what_is_no_id_is_no_run(store: RunStore, run_id: str) -> None:
    a_network(store)
    with pytest.raises(StoreError, match="no such run"):
        access.own(run_id)


def test_what_was_not_offered_is_not_taken() -> None:
    assert access.only_known(["b", "x", "b", "a"], {"a": "A", "b": "B"}) == ("b", "a")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_shows_the_run_and_no_control_of_it(store: RunStore, language: Language) -> None:
    run = a_network(store)
    token = store.share(run)
    page = open_room(train_room, BERT, shared=token, lang=language)
    assert not page.exception
    said = page_text(page)
    assert escape(NAME) in said
    assert text("train.watch.shared", language) in said
    assert len(page.get("bidi_component")) == 4
    assert [button.key for button in page.button] == ["new-training"]
    assert not page.get("download_button")
    assert not page.get("number_input")
    assert not page.multiselect


def test_the_owner_sees_by_a_link_what_others_see(store: RunStore) -> None:
    token = store.share(a_network(store))
    assert [b.key for b in open_room(train_room, ANNA, shared=token).button] == ["new-training"]


def test_by_a_link_one_writes_and_takes_nothing_home(store: RunStore) -> None:
    run = a_network(store)
    token, before = store.share(run), store.run(run)
    page = open_room(write_room, BERT, shared=token)
    assert not page.exception
    assert page.session_state["_write"].desk.network.stream == f"shared:{token}"
    assert not page.get("download_button")
    assert store.run(run).version == before.version


def test_by_a_link_one_looks_inside_without_the_text(store: RunStore) -> None:
    run = a_network(store)
    token = store.share(run)
    page = open_room(look_room, BERT, shared=token, view="novelty")
    assert not page.exception
    assert "secret" in everything(page)
    shared = choices(BERT, token)[-1]
    own = choices(ANNA)[-1]
    assert (own.corpus() is None, shared.corpus()) == (False, None)
    assert index_of(own).result() is not None
    assert index_of(shared).result() is None


@pytest.mark.parametrize("room", [train_room, write_room, look_room])
def test_a_link_that_was_taken_back_shows_nothing(
    store: RunStore, room: Callable[[], None]
) -> None:
    run = a_network(store)
    token = store.share(run)
    page = open_room(room, BERT, shared=token)
    assert "secret" in everything(page)
    store.unshare(run)
    page.run()
    assert not page.exception
    again = open_room(room, BERT, shared=token)
    assert not again.exception
    for one in (page, again):
        assert "secret" not in page_text(one)
        assert [b for b in labels(one.selectbox) if "secret" in b] == []


def test_a_typewriter_stops_when_sharing_does(store: RunStore) -> None:
    run = a_network(store)
    (shared,) = choices(BERT, store.share(run))[-1:]
    shared.check()
    store.unshare(run)
    with pytest.raises(StoreError, match="shows nothing"):
        shared.check()
    with pytest.raises(StoreError, match="shows nothing"):
        shared.file()


def test_sharing_and_stopping_in_the_list(store: RunStore) -> None:
    run = a_network(store)
    page = open_room(runs_room)
    page.button(key=f"share-make-{run}").click().run()
    token = store.shares(ANNA)[run]
    assert any(f"/train?shared={token}" in code.value for code in page.code)
    page.button(key=f"share-stop-{run}").click().run()
    assert store.shares(ANNA) == {}
    assert not page.code


def test_sharing_at_the_run(store: RunStore) -> None:
    run = a_network(store)
    page = open_room(train_room, run=run)
    page.button(key=f"share-make-{run}").click().run()
    assert any(store.shares(ANNA)[run] in code.value for code in page.code)
