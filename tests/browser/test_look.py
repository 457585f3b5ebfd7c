"""The room Look inside in a real browser: from view to view, in both languages."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from lstm.messages import LANGUAGES, Language, text
from tests.browser.conftest import PATIENCE, OpenPage

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

HOSTILE = "<img src=x onerror=alert(1)> **b** $x$ مرحبا"


def go_to(page: Page, key: str, language: Language) -> None:
    """Choose a view and wait for its question."""
    name = text(f"look_{key}.name", language)
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_test_id("stPills").get_by_role("button", name=name, exact=True)
    ).first.click()
    title = text(f"look_{key}.title", language)
    expect(page.locator("h2.charloom-title", has_text=title)).to_be_visible()
    expect(page).to_have_url(re.compile(f"view={key}"))


def paper(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-tinted-{key} .paper").first


def test_every_view_can_be_clicked_through(open_page: OpenPage) -> None:
    for language in LANGUAGES:
        page = open_page("/look", language=language, size=(1440, 900))
        ladder = page.locator(".st-key-plot-ladder .charloom-plot-canvas")
        go_to(page, "history", language)
        expect(ladder).to_be_visible()
        expect(page.locator(".st-key-look-history .page")).to_have_count(4)
        go_to(page, "next", language)
        page.locator(".st-key-next-step button").click()
        expect(paper(page, "next").locator(".marks-2")).to_have_count(1)
        go_to(page, "surprise", language)
        paper(page, "surprise").locator("[data-place='5']").hover()
        said = page.locator(".st-key-tinted-surprise .said")
        expect(said).to_contain_text(text("look_surprise.bits", language))
        expect(said).to_contain_text(text("look.tinted.expected", language))
        go_to(page, "cells", language)
        expect(paper(page, "cells").locator("[class*='signed-']").first).to_be_visible()
        go_to(page, "gates", language)
        paper(page, "gates").locator("[data-place='3']").click()
        expect(page).to_have_url(re.compile("place=4"))
        expect(page.get_by_text(text("look_gates.at", language, place=4))).to_be_visible()
        go_to(page, "whatif", language)
        expect(page.locator(".st-key-plot-whatif .charloom-plot-canvas")).to_be_visible()


def test_a_link_shows_the_same_and_hostile_text_stays_text(open_page: OpenPage) -> None:
    page = open_page("/look?view=surprise&model=bundled:nietzsche", size=(390, 844))
    box = page.get_by_role("textbox", name=text("look.text", most=4000))
    expect(box).not_to_have_value("")
    box.fill(HOSTILE)
    box.press("Control+Enter")
    first = paper(page, "surprise")
    expect(first).to_have_text(HOSTILE)
    expect(first.locator("img")).to_have_count(0)
    again = open_page(page.url[page.url.index("/look") :])
    expect(paper(again, "surprise")).to_have_text(HOSTILE)
    first.focus()
    first.press("End")
    expect(page.locator(".st-key-tinted-surprise .who")).to_have_text(HOSTILE[-1])


def test_what_is_seen_can_be_taken_home(open_page: OpenPage) -> None:
    page = open_page("/look?view=surprise&model=bundled:essays-en&other=bundled:nietzsche")
    expect(page.locator(".st-key-plot-who .charloom-plot-canvas .main-svg").first).to_be_visible()
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
        name = text(f"look.tinted.{kind}")
        for key in ("tinted-surprise", "plot-who"):
            with page.expect_download() as waiting:
                page.locator(f".st-key-{key}").get_by_role("button", name=name).click()
            assert waiting.value.suggested_filename.endswith(f".{kind}")
            assert waiting.value.path().read_bytes().startswith(start)
    with page.expect_download() as waiting:
        page.locator(".st-key-csv-surprise button").click()
    assert waiting.value.path().read_bytes().count(b"\r\n") == 601
