"""What a first visit costs, in bytes, and what stands there until it has come. Without a clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lstm.messages import LANGUAGES, Language, text
from tests.browser.conftest import LOCALES, PATIENCE, OpenPage, Server
from tests.browser.typewriter import Typewriter

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

MOST = 1_800_000
"""Bytes of the landing page with all its fonts, as they come over the line."""

MOST_WITHOUT_FONTS = 900_000
"""Likewise what must come before the network writes: 5 s at 1.44 Mbit/s, Chromium's "Fast 3G"."""

MOST_AGAIN = 20_000
"""Likewise of a later visit."""


@dataclass
class Traffic:
    """What a page fetched, by request."""

    urls: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        cdp = page.context.new_cdp_session(page)
        cdp.send("Network.enable")
        cdp.on("Network.requestWillBeSent", self._ask)
        cdp.on("Network.responseReceived", self._answer)
        cdp.on("Network.loadingFinished", self._end)

    def bytes(self, *, fonts: bool = True) -> float:
        return sum(
            size
            for request, size in self.sizes.items()
            if fonts or not self.urls[request].endswith(".woff2")
        )

    def _ask(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _answer(self, event: dict[str, Any]) -> None:
        found = event["response"]["headers"]
        self.headers[event["requestId"]] = {name.lower(): found[name] for name in found}

    def _end(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=server.url, locale="en-US")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def visit(context: BrowserContext) -> Traffic:
    page, traffic = context.new_page(), Traffic()
    traffic.watch(page)
    page.goto("/?rng=5")
    Typewriter(page).wait_for(30)
    page.wait_for_load_state("networkidle")
    page.close()
    return traffic


def test_a_visit_costs_little_and_the_next_one_nearly_nothing(context: BrowserContext) -> None:
    first = visit(context)
    assert 0 < first.bytes(fonts=False) < MOST_WITHOUT_FONTS
    assert first.bytes() < MOST
    assert not [url for url in first.urls.values() if "plotly" in url]
    for request, headers in first.headers.items():
        url = first.urls[request]
        if "/static/" in url:
            assert "immutable" in headers["cache-control"], url
            assert re.search(r"\.[\w-]{8}\.(js|css|woff2)$", url), url
            packed = url.endswith(".woff2") or headers.get("content-encoding") == "gzip"
            assert packed or int(headers["content-length"]) < 500, url
    again = visit(context)
    assert again.bytes() < MOST_AGAIN


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stand_there_before_any_script(
    server: Server, chromium: Browser, language: Language
) -> None:
    slow = chromium.new_context(
        base_url=server.url, locale=LOCALES[language], viewport={"width": 390, "height": 844}
    )
    page = slow.new_page()
    page.route("**/static/**", lambda route: route.abort())
    page.goto("/train")
    for key in ("common.name", "write.sentence", "common.arriving"):
        expect(page.get_by_text(text(key, language), exact=True)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    slow.close()


def test_the_words_go_when_the_app_is_there(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    Typewriter(page).wait_for(1)
    expect(page.locator(".charloom-arriving")).to_be_hidden()


def test_a_page_whose_app_has_gone_is_opened_anew_and_once(open_page: OpenPage) -> None:
    """As when Streamlit's part in the browser fails: it takes away all that it has drawn."""
    page = open_page("/runs")
    title = page.get_by_role("heading", name=text("runs.title"), exact=True)
    expect(title).to_be_visible()
    failing = """() => {
        const root = document.getElementById("root");
        const fail = () => (root.replaceChildren(new Text()), root.replaceChildren());
        fail();
        setInterval(fail, 100); // the lifeline may come after the title
    }"""
    with page.expect_navigation():
        page.evaluate(failing)
    expect(title).to_be_visible()
    expect(page).to_have_url(re.compile("/runs"))
    page.evaluate(f"window.same = true; ({failing})()")
    expect(page.get_by_text(text("common.arriving"), exact=True)).to_be_visible()
    page.wait_for_timeout(1000)
    assert page.evaluate("window.same")
