"""Two visitors, and one is not let into the other's room: by browsers and by forged messages."""

import contextlib
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.Common_pb2 import DoubleArray, StringArray
from streamlit.proto.WidgetStates_pb2 import WidgetState

from lstm.messages import text
from lstm.runs import Message, RunState, RunStore
from lstm.ui.visitor import COOKIE
from tests.browser.conftest import PATIENCE, OpenPage, Server
from tests.browser.typewriter import Typewriter
from tests.browser.wire import wire
from tests.store_tools import save_network
from tests.ui.page_tools import ANNA, BERT, run_with_a_past

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

SECRET = "Anna's secret"


def a_network(server: Server, owner: str = ANNA, name: str = SECRET) -> str:
    """A run with a past and a network that rests."""
    with RunStore(server.data) as store:
        run = run_with_a_past(store, owner=owner)
        store.rename(run.id, name)
        save_network(store, run.id)
        store.end(run.id, RunState.FINISHED, Message("notices.finished_stopped"))
        return run.id


def as_visitor(page: Page, server: Server, key: str) -> Page:
    page.context.add_cookies([{"name": COOKIE, "value": key, "url": server.url}])
    return page


def see(page: Page, path: str, sentence: str) -> str:
    """Go there, wait for a sentence, and return all that the page holds."""
    page.goto(path)
    expect(page.get_by_text(sentence).first).to_be_visible()
    return page.content()


def test_by_its_id_a_run_opens_for_its_owner_alone(open_page: OpenPage, server: Server) -> None:
    run = a_network(server)
    anna = as_visitor(open_page("/runs"), server, ANNA)
    see(anna, f"/train?run={run}", SECRET)
    bert = as_visitor(open_page("/runs"), server, BERT)
    nothing = text("errors.unknown_run")
    for path, sentence in (
        (f"/train?run={run}", nothing),
        (f"/train?from={run}", nothing),
        (f"/train?shared={run}", text("errors.unknown_share")),
        (f"/?run={run}", text("write.no_such_run")),
        (f"/look?run={run}", text("write.no_such_run")),
        (f"/runs?compare={run},{run}", text("runs.empty")),
    ):
        assert SECRET not in see(bert, path, sentence)


def test_a_link_shows_and_never_changes_until_it_is_taken_back(
    open_page: OpenPage, server: Server
) -> None:
    run = a_network(server)
    anna = as_visitor(open_page("/learn"), server, ANNA)
    see(anna, f"/train?run={run}", SECRET)
    anna.get_by_role("button", name=text("runs.share.title"), exact=True).click()
    anna.get_by_role("button", name=text("runs.share.make"), exact=True).click()
    link = anna.locator('[data-testid="stPopoverBody"] code')
    expect(link).to_contain_text("/train?shared=")
    address = link.inner_text().strip()
    assert address.startswith(server.url)
    bert = as_visitor(open_page("/learn"), server, BERT)
    see(bert, address, text("train.watch.shared"))
    expect(bert.get_by_role("heading", name=SECRET)).to_be_visible()
    expect(bert.locator(".charloom-plot-canvas").first).to_be_visible()
    for key in ("train.watch.stop", "train.watch.longer", "runs.take_home", "runs.share.title"):
        expect(bert.get_by_role("button", name=text(key), exact=True)).to_have_count(0)
    bert.get_by_role("link", name=text("train.watch.write"), exact=True).click()
    Typewriter(bert).wait_for(20)
    expect(bert.get_by_role("button", name=text("runs.take_home"))).to_have_count(0)
    anna.get_by_role("button", name=text("runs.share.stop"), exact=True).click()
    expect(link).to_have_count(0)
    assert SECRET not in see(bert, address, text("errors.unknown_share"))


# ---- forged messages ----------------------------------------------------------------------------


def pressed(name: str) -> WidgetState:
    return WidgetState(id=name, trigger_value=True)


def facts(server: Server, run: str) -> tuple[object, ...]:
    with RunStore(server.data) as store:
        now = store.run(run)
        return (now.state, now.name, now.deleted, now.kept, now.version, store.shares(now.owner))


def test_another_s_buttons_do_nothing(server: Server) -> None:
    run = a_network(server)
    with RunStore(server.data) as store:
        token = store.share(run)
    with wire(server.url, ANNA) as anna:
        assert "secret" in anna.ask(f"run={run}", "train")
        stolen = anna.ids()
        assert "secret" in anna.ask("", "runs")
        stolen += anna.ids()
    assert any("delete" in name for name in stolen)
    assert any("share-stop" in name for name in stolen)
    before = facts(server, run)
    with wire(server.url, BERT) as bert:
        assert "secret" in bert.ask(f"shared={token}", "train")
        for page, query in (("train", f"shared={token}"), ("train", f"run={run}"), ("runs", "")):
            states = [pressed(name) for name in stolen]
            states += [WidgetState(id=name, string_value="forged") for name in stolen]
            bert.ask(query, page, states)
            bert.ask(query, page, [WidgetState(id="_visitor", string_value=ANNA)])
            said = bert.ask(f"run={run}", "train", states)
            assert "secret" not in said
    assert facts(server, run) == before


def test_another_s_curve_cannot_be_laid_over_one_s_own(server: Server) -> None:
    run = a_network(server)
    mine = a_network(server, BERT, "mine")
    a_network(server, BERT, "mine as well")
    with wire(server.url, BERT) as bert:
        bert.ask(f"run={mine}", "train")
        (earlier,) = [name for name in bert.ids() if name.endswith("-earlier")]
        said = bert.ask(
            f"run={mine}&compare={run}",
            "train",
            [WidgetState(id=earlier, string_array_value=StringArray(data=[run, SECRET]))],
        )
        assert "mine" in said
        assert "secret" not in said


@pytest.mark.parametrize("room", ["", "train", "look"])
def test_components_take_any_message(server: Server, room: str) -> None:
    """Of every type and of absurd sizes: the page is drawn, and no script fails."""
    run = a_network(server)
    before = len(server.log.read_text("utf-8"))
    names = ("request", "index", "place", "chosen", "lost")
    values = (
        "null", "[]", "{}", "true", "-1", "1e999", '"x"', "[[[]]]", '{"seq": "a", "asks": [{}]}',
        f'"{"x" * 100_000}"', "9" * 4000, '{"seq": 1, "asks": [' + "{}," * 1000 + "{}]}",
    )  # fmt: skip
    with wire(server.url, ANNA) as anna:
        anna.ask(f"run={run}", room)
        parts = anna.ids("bidi_component")
        assert parts
        for value in values:
            body = "{" + ",".join(f'"{name}": {value}' for name in names) + "}"
            states = [WidgetState(id=name, json_value=body) for name in parts]
            said = anna.ask(f"run={run}", room, states)
            assert "uncaught" not in said.lower()
        assert "secret" in anna.ask(f"run={run}", room)
    assert '"level": "error"' not in server.log.read_text("utf-8")[before:]


FORGED: dict[str, dict[str, Any]] = {
    "button_group": {"string_array_value": StringArray(data=["forged", ""])},
    "checkbox": {"bool_value": True},
    "color_picker": {"string_value": "forged"},
    "multiselect": {"string_array_value": StringArray(data=["forged", "x" * 100_000])},
    "number_input": {"double_value": 1e300},
    "radio": {"string_value": "forged"},
    "selectbox": {"string_value": "forged"},
    "slider": {"double_array_value": DoubleArray(data=[1e300])},
    "text_area": {"string_value": "x\0" * 100_000},
    "text_input": {"string_value": "x\0" * 100_000},
}
EVENTS = json.dumps(
    [{"event": name, "value": []} for name in ("turn", "guess", "chosen", "place", "request")]
)


def forged(name: str, kind: str) -> WidgetState:
    """A state of the kind that the widget has, with a value that it never offered."""
    if kind == "bidi_component":
        events = f"$$STREAMLIT_INTERNAL_KEY_{name}__events"
        return WidgetState(id=events, json_trigger_value=EVENTS)
    return WidgetState(id=name, **FORGED[kind])


def test_controls_take_no_value_that_they_never_offered(server: Server) -> None:
    run = a_network(server)
    before = len(server.log.read_text("utf-8"))
    for page, query in (
        ("", f"run={run}"),
        ("train", f"run={run}"),
        ("train", "preset=quick"),
        ("train", f"from={run}&text=paste"),
        ("runs", ""),
        ("class", ""),
        ("look", f"run={run}&view=next"),
        ("learn", "chapter=tasks"),
        ("learn", "chapter=guessing"),
    ):
        with wire(server.url, ANNA) as anna:
            anna.ask(query, page)
            widgets = anna.widgets()
            known = {*FORGED, "bidi_component"}
            states = [forged(name, kind) for name, kind in widgets.items() if kind in known]
            assert states, page
            for _ in range(2):  # what a callback has kept is drawn in the second round
                anna.ask(query, page, states)
    assert '"level": "error"' not in server.log.read_text("utf-8")[before:]


# ---- what an operator sees ----------------------------------------------------------------------


def test_health_and_log_tell_nothing_of_anybody(server: Server) -> None:
    run = a_network(server)
    with RunStore(server.data) as store:
        token = store.share(run)
    with wire(server.url, ANNA) as anna:
        anna.ask(f"run={run}&opening=marker-text&text=marker-text", "train")
        anna.ask("rng=x&temperature=marker-text&opening=marker-text")
    for path in (f"/train?shared={token}", "/nothing?marker-text", "/media/marker-text"):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(server.url + path)
    told = json.loads(urllib.request.urlopen(server.url + "/health").read())
    assert set(told) == {
        "status", "version", "scheduler", "waiting", "running", "free_bytes",
    }  # fmt: skip
    assert (told["status"], told["scheduler"]) == ("ok", "here")
    lines = [line for line in server.log.read_text("utf-8").splitlines() if line[:1] == "{"]
    assert any(json.loads(line).get("kind") == "page" for line in lines)
    log = "\n".join(lines)
    for secret in ("secret", "marker-text", ANNA, BERT, run, token, "127.0.0.1"):
        assert secret not in log
