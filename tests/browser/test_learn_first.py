"""A first chapter in a real browser: its experiment is stepped through by keyboard."""

import pytest
from playwright.sync_api import expect

from lstm.messages import text
from tests.browser.conftest import PATIENCE, OpenPage

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)


def test_the_loop_is_stepped_through_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/learn?chapter=loop&word=and")
    drawing = page.locator(".st-key-drawing-loop .charloom-figure")
    expect(drawing.locator("svg")).to_be_visible()
    expect(page.locator(".st-key-live-loop-cancel")).to_have_count(0)
    step = page.get_by_role("button", name=text("learn_live.step"), exact=True)
    for read in ("an", "and"):
        step.focus()
        page.keyboard.press("Enter")
        said = text("learn_loop.said", read=read, guesses="").removesuffix(".")
        expect(page.locator(".charloom-said")).to_contain_text(said)
    expect(step).to_be_disabled()
