"""The chapter on the kinds of tasks in a real browser, by keyboard alone, in both languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import Language, text
from tests.browser.conftest import PATIENCE, OpenPage

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)


def state(page: Page, language: Language, step: int) -> re.Pattern[str]:
    """What is said after so many training steps, however many cases are right then."""
    said = text("learn_tasks.state", language, step=step, right="RIGHT", held=150)
    return re.compile(re.escape(said).replace("RIGHT", r"\d+"))


@pytest.mark.parametrize(("language", "typed"), [("en", "a (b) c"), ("zh", "春（夏）秋")])
def test_a_network_learns_and_answers_by_keyboard(
    open_page: OpenPage, language: Language, typed: str
) -> None:
    page = open_page(f"/learn?chapter=tasks&task=brackets&lang={language}", language=language)
    chapter = page.locator(".st-key-learn-chapter")
    expect(chapter.get_by_text(state(page, language, 0)).first).to_be_visible()
    expect(page.locator(".st-key-live-tasks-brackets-cancel")).to_have_count(0)
    step = page.locator(".st-key-live-tasks-brackets-step button")
    step.focus()
    step.press("Enter")
    expect(chapter.get_by_text(state(page, language, 10)).first).to_be_visible()
    box = page.get_by_role("textbox", name=text("learn_tasks.own_brackets", language))
    box.focus()
    box.press("ControlOrMeta+a")
    page.keyboard.insert_text(typed)
    box.press("Enter")
    count = len(typed)
    drawing = page.locator(".charloom-shape[role=img]")
    place = text("learn_tasks.now_silent", language, place=count, count=count, fed="@", said="@")
    expect(drawing).to_have_attribute("aria-label", re.compile(re.escape(place.split("@")[0])))
    moments = page.locator(".st-key-tasks-moment-brackets").get_by_role("slider")
    moments.focus()
    moments.press("ArrowLeft")
    place = text(
        "learn_tasks.now_silent", language, place=count - 1, count=count, fed="@", said="@"
    )
    expect(drawing).to_have_attribute("aria-label", re.compile(re.escape(place.split("@")[0])))
    expect(drawing.locator("g.coming")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
