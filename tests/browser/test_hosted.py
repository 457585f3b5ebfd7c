"""Behind nginx, as the README tells it: under a sub-path, and in a frame of another site."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from lstm.messages import text
from lstm.runs import RunStore
from lstm.ui.visitor import COOKIE
from tests.browser.conftest import (
    LOOKED_FOR,
    PATIENCE,
    Server,
    launch,
    start_server,
    stop_server,
)
from tests.browser.proxy import Proxy, proxied
from tests.browser.test_train import SMALL, start, upload, wait_for_evaluations
from tests.browser.typewriter import Typewriter

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

STRICT = "--test-third-party-cookie-phaseout"
"""As browsers are, or will be: cookies of other sites only if they are partitioned."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("server"), below="charloom")
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxied(server.url, tmp_path_factory.mktemp("nginx")) as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that keeps no cookie of another site unless it is partitioned."""
    errors: list[str] = []
    strict = launch(chromium.browser_type, STRICT)
    context = strict.new_context(ignore_https_errors=True, locale="en-US")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    refused: list[str] = []
    page.on(
        "response",
        lambda answer: (
            refused.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and not answer.url.endswith(LOOKED_FOR)
            else None
        ),
    )
    yield page
    strict.close()
    assert errors == []
    assert refused == []


def test_under_a_sub_path(page: Page, proxy: Proxy, server: Server) -> None:
    page.goto(f"{proxy.plain}/?rng=5")
    Typewriter(page).wait_for(30)
    page.get_by_role("link", name=text("common.rooms.train"), exact=True).click()
    expect(page).to_have_url(re.compile(re.escape(f"{proxy.plain}/train")))
    page.goto(f"{proxy.plain}/train?text=upload&{SMALL}&seconds=600")
    upload(page)
    start(page)
    wait_for_evaluations(page, 1)
    (cookie,) = [one for one in page.context.cookies() if one["name"] == COOKIE]
    assert (cookie["path"], cookie["sameSite"], cookie["secure"]) == ("/charloom", "Lax", False)
    page.reload()
    stop_training(page, server, str(cookie["value"]))


def test_in_a_frame_of_another_site(page: Page, proxy: Proxy, server: Server) -> None:
    page.goto(proxy.embedding)
    frame = page.frame("app")
    assert frame is not None
    Typewriter(frame).wait_for(30)
    frame.goto(f"{proxy.secure}/train?text=upload&{SMALL}&seconds=600")
    upload(frame)
    start(frame)
    wait_for_evaluations(frame, 1)
    kept = {str(one["name"]): one for one in page.context.cookies()}
    for name in (COOKIE, "_streamlit_xsrf"):
        assert (kept[name]["sameSite"], kept[name]["secure"]) == ("None", True)
        assert kept[name].get("partitionKey") == "https://localhost"
    with frame.expect_navigation():
        frame.evaluate("() => location.reload()")
    stop_training(frame, server, str(kept[COOKIE]["value"]))


def stop_training(page: Page | Frame, server: Server, owner: str) -> None:
    """Only the owner's page offers to stop; and the store knows whose the run is."""
    page.get_by_role("button", name=text("train.watch.stop"), exact=True).click()
    expect(page.get_by_text(text("train.state.stopped"), exact=True)).to_be_visible()
    with RunStore(server.data) as store:
        assert len(store.runs(owner)) == 1
