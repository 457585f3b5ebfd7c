"""The room Write, drawn without a browser: what it begins with and what it answers."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lstm import checkpoint
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui.pages import write
from tests.store_tools import make_run, save_network
from tests.ui.page_tools import ANNA, BERT, open_room, page_text, write_room

Value = dict[str, Any]


def visit(page: AppTest) -> Any:  # noqa: ANN401
    return page.session_state["_write"]


def a_run_with_a_model(store: RunStore, owner: str = ANNA, *, ended: bool = True) -> str:
    run = make_run(store, owner=owner)
    save_network(store, run.id)
    if ended:
        store.stop(run.id)
    return run.id


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Value:
    """What the typewriter asks for: filled in by the test."""
    request: Value = {}
    monkeypatch.setattr(write, "last_request", lambda _: request or None)
    return request


def fill(asked: Value, page: AppTest, **changes: object) -> None:
    lane = {"lane": 0, "position": 0, "before": "", "count": 30, "put": None, "temperature": 0.5}
    asked.update(seq=1, stream=visit(page).desk.network.stream, opening="", rng=3, asks=[lane])
    asked.update(changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_written_before_anybody_asks(store: RunStore, language: Language) -> None:
    page = open_room(write_room, lang=language, rng="7", temperature="0.5", opening="Once")
    assert not page.exception
    assert text("write.sentence", language) in page_text(page)
    reply = visit(page).reply
    assert reply["seq"] == 0
    assert (reply["rng"], reply["asked"]) == (7, "Once")
    assert len(reply["lanes"][0]["text"]) > 100
    assert set(reply["lanes"][0]["temperature"]) == {0.5}


@pytest.mark.parametrize(
    "query",
    [
        {"rng": "-1"},
        {"rng": "99999999999"},
        {"rng": "²"},
        {"temperature": "hot"},
        {"temperature": "nan"},
        {"temperature": "3"},
        {"opening": "x" * 5_000},
        {"model": "bundled:../../etc/passwd"},
        {"run": "../x"},
    ],
)
def test_nonsense_in_the_address_does_no_harm(store: RunStore, query: dict[str, str]) -> None:
    page = open_room(write_room, **query)
    assert not page.exception
    assert visit(page).reply["lanes"][0]["text"]
    assert len(visit(page).settings["opening"]) <= 2_000
    assert 0 <= visit(page).settings["rng"] < 2**32


def test_a_request_is_answered_once(store: RunStore, asked: Value) -> None:
    page = open_room(write_room, rng="3")
    fill(asked, page)
    reply = visit(page.run()).reply
    assert reply["seq"] == 1
    assert len(reply["lanes"][0]["text"]) == 30
    assert visit(page.run()).reply is reply


def test_a_bad_request_gets_a_sentence(store: RunStore, asked: Value) -> None:
    page = open_room(write_room, rng="3")
    fill(asked, page, rng="x")
    page.run()
    assert not page.exception
    assert visit(page).reply == {"seq": 1, "error": text("errors.bad_request", "en", field="rng")}
    fill(asked, page, seq=2)
    assert visit(page.run()).reply["seq"] == 2


def test_my_run_writes(store: RunStore, asked: Value) -> None:
    run_id = a_run_with_a_model(store)
    page = open_room(write_room, run=run_id)
    assert visit(page).desk.network.stream == f"run:{run_id}"
    assert not page.toggle
    fill(asked, page)
    page.run()
    assert not page.exception
    assert "watch" in visit(page).reply


def test_nobody_writes_with_anothers_run(store: RunStore) -> None:
    run_id = a_run_with_a_model(store)
    page = open_room(write_room, BERT, run=run_id)
    assert visit(page).desk.network.stream.startswith("bundled:")
    assert page.warning[0].value == text("write.no_such_run", "en")
    assert run_id not in str(page.selectbox[0].options)


def test_a_training_run_is_followed(
    store: RunStore, asked: Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_FOLLOW_EVERY", 0)
    run_id = a_run_with_a_model(store, ended=False)
    page = open_room(write_room, run=run_id)
    old = visit(page).desk.network.stepper
    assert visit(page).facts["epoch"] == 3.0
    assert page.toggle[0].value is True
    save_network(store, run_id, seed=1, epoch=4.0)
    fill(asked, page)
    page.run()
    assert visit(page).facts["epoch"] == 4.0
    assert visit(page).desk.network.stepper is not old
    page.toggle[0].set_value(False).run()
    save_network(store, run_id, seed=2, epoch=5.0)
    fill(asked, page, seq=2)
    page.run()
    assert visit(page).facts["epoch"] == 4.0


def test_a_run_that_is_gone_gets_a_sentence(store: RunStore, asked: Value) -> None:
    run_id = a_run_with_a_model(store)
    page = open_room(write_room, run=run_id)
    store.delete(run_id)
    page.run()
    assert not page.exception
    assert visit(page).desk.network.stream.startswith("bundled:")


def test_a_damaged_model_gets_a_sentence(store: RunStore) -> None:
    run_id = a_run_with_a_model(store)
    for file in store.run_folder(run_id).glob("*.safetensors"):
        file.write_bytes(b"nothing that makes sense")
    page = open_room(write_room, run=run_id)
    assert not page.exception
    assert visit(page).reply["error"] == text("errors.checkpoint_damaged", "en")


def test_choosing_a_network_puts_it_into_the_address(store: RunStore) -> None:
    run_id = a_run_with_a_model(store)
    page = open_room(write_room, model="bundled:nietzsche")
    assert visit(page).desk.network.stream == "bundled:nietzsche"
    page.selectbox[0].set_value(f"run:{run_id}").run()
    assert page.query_params["run"] == run_id
    assert "model" not in page.query_params
    assert visit(page).desk.network.stream == f"run:{run_id}"
    page.selectbox[0].set_value("bundled:essays-en").run()
    assert page.query_params["model"] == "bundled:essays-en"
    assert "run" not in page.query_params


def test_the_models_that_ship_are_whole_and_small() -> None:
    for name in write_networks():
        saved = checkpoint.load(name)
        assert name.stat().st_size <= 5 * 2**20
        assert saved.info["bits_per_char"]


def write_networks() -> list[Any]:
    from lstm.paths import ASSETS

    return sorted((ASSETS / "models").glob("*.safetensors"))
