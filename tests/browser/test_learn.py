"""The lesson in a real browser, from start to end, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import LANGUAGES, Language, text
from lstm.ui.learn.chapters import CHAPTERS
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.test_accessible import settled

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)


def title(page: Page, key: str, language: Language) -> None:
    """Wait for a chapter."""
    heading = page.locator(".st-key-learn-chapter h1")
    expect(heading).to_have_text(text(f"learn_{key}.title", language))
    expect(page).to_have_url(re.compile(f"chapter={key}"))


def tab_to(page: Page, selector: str) -> None:
    """Go from control to control until the wanted one has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.closest(wanted) !== null", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lesson_is_walked_by_keyboard_alone(open_page: OpenPage, language: Language) -> None:
    page = open_page("/learn", language=language)
    title(page, CHAPTERS[0], language)
    settled(page)
    tab_to(page, ".st-key-learn-next")
    for key in CHAPTERS[1:]:
        page.keyboard.press("Enter")
        title(page, key, language)
        settled(page)
        expect(page.locator(".st-key-learn-next button")).to_have_count(1)
        expect(page.get_by_role("alert")).to_have_count(0)
    seen = text("learn.all_seen", language, all=len(CHAPTERS))
    expect(page.locator(".charloom-seen")).to_have_text(seen)


def listens(page: Page, key: str) -> None:
    """Wait until the arrow keys turn pages from a chapter."""
    expect(page.locator(f"html[data-charloom-turns={key}]")).to_be_attached()


def test_arrow_keys_turn_the_pages_of_a_presentation(open_page: OpenPage) -> None:
    page = open_page("/learn?chapter=copying&page=homework&present=1", size=(1920, 1080))
    title(page, "copying", "en")
    expect(page.locator(".st-key-header")).to_be_hidden()
    listens(page, "copying")
    page.keyboard.press("ArrowRight")
    title(page, "yours", "en")
    listens(page, "yours")
    page.keyboard.press("ArrowRight")  # there is no chapter behind it
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")  # without waiting: both count
    title(page, "recipes", "en")
    listens(page, "recipes")
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-header")).to_be_visible()
    expect(page.locator("html[data-charloom-turns='']")).to_be_attached()
    page.keyboard.press("ArrowRight")
    settled(page)
    title(page, "recipes", "en")


def test_characters_are_guessed_at_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("/learn?chapter=guessing")
    box = page.locator(".st-key-guess-box input")
    box.focus()
    for place, character in enumerate("qzxjv"):
        page.keyboard.type(character)
        if place < 4:
            expect(page.locator(".st-key-guess-box .hint")).to_contain_text(character)
    expect(page.locator(".charloom-ranks tbody td")).to_have_count(3)
    expect(box).to_be_focused()


def test_a_teacher_makes_a_link_that_opens_the_same_with_less(open_page: OpenPage) -> None:
    page = open_page("/learn?chapter=temperature&temperature=0.3")
    title(page, "temperature", "en")
    settled(page)
    page.locator(".st-key-learn-teacher button").first.click()
    expect(page.locator("img.charloom-qr")).to_be_visible()
    page.get_by_role("combobox", name=text("learn.teacher.hide")).click()
    page.get_by_role("option", name=text("learn.control.chapters")).click()
    made = page.locator("[data-testid=stCode]")
    expect(made).to_contain_text("hide=chapters")
    link = made.inner_text().strip()
    with page.expect_download() as waiting:
        page.locator(".st-key-learn-handout-temperature button").click()
    assert waiting.value.path().read_text("utf-8").startswith("<!doctype html>")
    again = open_page(link[link.index("/learn") :])
    title(again, "temperature", "en")
    shown = text("learn_temperature.at", temperature="0.3")
    expect(again.locator(".charloom-sheet h2", has_text=shown)).to_be_visible()
    expect(again.locator(".st-key-learn-next")).to_have_count(0)
