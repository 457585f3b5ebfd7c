"""A file on its way to the server, while the page around its control is drawn anew."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from lstm.messages import text
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.test_accessible import settled
from tests.browser.test_train import SMALL, upload

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

_HOLD = """() => {
    const send = WebSocket.prototype.send;
    const held = [];
    WebSocket.prototype.send = function (data) { held.push([this, data]); };
    window.held = held;
    window.release = () => {
        WebSocket.prototype.send = send;
        held.forEach(([socket, data]) => socket.send(data));
    };
}"""
"""Holds back what the page says to the server, until it is released, all at once."""


def a_short_file(open_page: OpenPage) -> tuple[Page, Locator]:
    """A page with a file that is too short, and the button that takes it away."""
    page = open_page(f"/train?text=upload&{SMALL}")
    upload(page, "short.txt", b"aaaa")
    expect(page.get_by_role("alert")).to_be_visible()
    settled(page)
    return page, page.get_by_role("button", name=text("train.text.remove"), exact=True)


def test_a_slow_file_arrives_though_the_page_is_drawn_meanwhile(open_page: OpenPage) -> None:
    page, remove = a_short_file(open_page)
    held: list[Route] = []
    page.route("**/_stcore/upload_file/**", lambda route: held.append(route))
    with page.expect_request("**/_stcore/upload_file/**"):
        upload(page)
    remove.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    settled(page)
    for route in held:
        route.continue_()
    expect(page.get_by_text(text("train.cost.parameters"))).to_be_visible()


def test_a_file_chosen_at_the_moment_of_a_click_arrives(open_page: OpenPage) -> None:
    page, remove = a_short_file(open_page)
    page.evaluate(_HOLD)
    remove.click()
    upload(page)
    page.wait_for_function("window.held.length >= 2")
    page.evaluate("window.release()")
    expect(page.get_by_text(text("train.cost.parameters"))).to_be_visible()
