"""Several visitors, one slot: their places and starts, who is away, and what they do meanwhile."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import Language, text
from lstm.records import RunState
from lstm.runs import RunStore
from tests.browser.conftest import PATIENCE, OpenPage, Server, start_server, stop_server
from tests.browser.test_train import SMALL, start
from tests.store_tools import wait_for_state, wait_until

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

ASIDE = "6"
"""Seconds without a page after which a run lets others pass."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trains one run at a time and soon misses an absent visitor."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHARLOOM_SLOTS", "1")
        environment.setenv("CHARLOOM_ASIDE_SECONDS", ASIDE)
        running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    stop_server(running)


def begin(open_page: OpenPage, language: Language = "en", seconds: int = 600) -> tuple[Page, str]:
    """Open the page in a browser of its own and queue a training."""
    address = f"/train?text=essays-{language}&{SMALL}&seconds={seconds}"
    page = open_page(address, language=language)
    return page, start(page, language)


def expect_place(page: Page, place: int, language: Language = "en") -> None:
    title = text("train.turn.place", language, place=place)
    expect(page.locator(".st-key-turn h2 bdi")).to_have_text(title)


def starts_in(language: Language = "en") -> re.Pattern[str]:
    whole = re.escape(text("train.turn.about", language, duration="#"))
    return re.compile(whole.replace(re.escape("#"), r".*\d+.*"))


def asides(store: RunStore, run: str) -> Callable[[], bool]:
    return lambda: store.run(run).aside is not None


def test_places_are_shown_given_up_and_taken_again(open_page: OpenPage, server: Server) -> None:
    with RunStore(server.data) as store:
        first, first_run = begin(open_page)
        expect(first.get_by_text(text("train.state.running"), exact=True)).to_be_visible()
        second, second_run = begin(open_page, "zh")
        third, third_run = begin(open_page)
        expect_place(second, 1, "zh")
        expect_place(third, 2)
        expect(second.locator(".st-key-turn h2")).to_contain_text(starts_in("zh"))
        expect(third.locator(".st-key-turn h2")).to_contain_text(starts_in())

        # Who waits in front closes the laptop: the one behind moves up and is not told twice.
        address = second.url
        second.goto("about:blank")
        wait_until(asides(store, second_run))
        expect_place(third, 1)
        second.goto(address)
        expect_place(second, 1, "zh")
        expect(second.get_by_text(text("notices.came_back", "zh"))).to_be_visible()
        expect_place(third, 2)

        # A visitor who plays elsewhere is still there, and sees how it fares.
        third.get_by_role("link", name=text("train.turn.play"), exact=True).click()
        line = third.locator(".st-key-turn-line")
        expect(line).to_contain_text(text("train.turn.short", place=2, start="")[:8])
        first.get_by_role("button", name=text("train.watch.stop"), exact=True).click()
        wait_for_state(store, second_run, RunState.RUNNING)
        expect(line).to_contain_text(text("train.turn.short", place=1, start="")[:8])
        store.stop(second_run)
        expect(line).to_contain_text(text("train.turn.began", name="School essays in English"))
        line.get_by_role("link", name=text("train.turn.open"), exact=True).click()
        expect(third).to_have_url(re.compile(rf"run={third_run}"))
        expect(third.locator(".st-key-turn-line")).to_have_count(0)
        third.get_by_role("button", name=text("train.watch.stop"), exact=True).click()
        assert wait_for_state(store, third_run, RunState.STOPPED).has_model
        assert store.run(first_run).state == RunState.STOPPED
