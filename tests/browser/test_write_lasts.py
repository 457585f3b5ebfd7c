"""The typewriter when things go wrong around it: a restarted server, a training, hostile text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.runs import RunStore
from lstm.ui.visitor import COOKIE
from tests.browser.conftest import OpenPage, Server, free_port, start_server, stop_server
from tests.browser.typewriter import Typewriter
from tests.engine_tools import words
from tests.store_tools import save_network

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x^2$ ![](http://evil.invalid/a.png)"


def visitor_key(page: Page) -> str:
    return next(
        str(cookie["value"]) for cookie in page.context.cookies() if cookie["name"] == COOKIE
    )


def make_run(server: Server, owner: str, text: str) -> str:
    with RunStore(server.data) as store:
        corpus = Corpus.from_text(text, name="words")
        shape, plan = ModelConfig(hidden_size=8, embedding_size=5), TrainConfig(seconds=3600)
        run = store.create(owner, HOSTILE, corpus, shape, plan, "quick")
        store.pause(run.id)  # no worker takes it: this test plays the worker
        save_network(store, run.id, seed=0, epoch=3)
        return run.id


def test_hostile_names_and_texts_stay_text(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    run_id = make_run(server, visitor_key(page), words(3_000) + HOSTILE * 20)
    page.goto(f"/?run={run_id}&temperature=2")
    typewriter = Typewriter(page)
    typewriter.control("opening").fill(HOSTILE)
    typewriter.control("begin").click()
    typewriter.control("pace").select_option("150")
    typewriter.wait_for(400)
    expect(typewriter.sheet.locator(".opening")).to_have_text(HOSTILE)
    network_choice = page.get_by_role("combobox", name="Written by")
    expect(network_choice).to_have_value(f"{HOSTILE} (mine)")
    assert typewriter.root.locator("img").count() == 0
    assert page.locator("main img, .katex").count() == 0
    assert not [url for url in fetched if "evil" in url or url.endswith("/x")]


def test_another_browser_has_another_key_and_does_not_see_the_run(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page()
    run_id = make_run(server, visitor_key(page), words(3_000))
    other = open_page(f"/?run={run_id}")
    assert visitor_key(other) != visitor_key(page)
    expect(other.get_by_role("alert").first).to_contain_text("not yours")
    expect(Typewriter(other).root).to_have_attribute("data-stream", "bundled:essays-en")


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[list[Server]]:
    """A server that the test may kill; the last one of the list runs."""
    servers = [start_server(tmp_path, free_port())]
    yield servers
    stop_server(servers[-1])


@pytest.mark.parametrize("written", [20, 200])
def test_it_goes_on_after_the_server_was_killed(
    fragile: list[Server], chromium: Browser, tmp_path: Path, written: int
) -> None:
    context = chromium.new_context(base_url=fragile[0].url, locale="en-US")
    page = context.new_page()
    page.goto("/?rng=5&temperature=0.8")
    typewriter = Typewriter(page)
    typewriter.wait_for(written)
    fragile[0].process.kill()
    fragile[0].process.wait()
    before = typewriter.text()
    fragile.append(start_server(tmp_path, int(fragile[0].url.rpartition(":")[2])))
    typewriter.wait_for(len(before) + 300)
    text = typewriter.text()
    assert text.startswith(before)
    typewriter.control("pace").select_option("150")
    typewriter.restart()
    typewriter.wait_for(len(before))
    assert typewriter.text().startswith(before)
    context.close()
