"""The slower views of the room Look inside in a real browser: started, watched, stopped, played."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from lstm.messages import LANGUAGES, Language, text
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.test_look import go_to

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TEXT = "\n".join(["The cat sat on the mat, and then the dogs ran far away."] * 4)


def plot(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-plot-{key} .charloom-plot-canvas .main-svg").first


def said(page: Page, key: str, language: Language, **values: object) -> Locator:
    return page.get_by_text(text(key, language, **values), exact=True).first


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_slower_views_can_be_clicked_through(open_page: OpenPage, language: Language) -> None:
    page = open_page(f"/look?view=gradients&text={TEXT}", language=language)
    expect(said(page, "look_gradients.exploded", language)).to_be_visible()
    expect(plot(page, "gradients")).to_be_visible()
    go_to(page, "attribution", language)
    page.locator(".st-key-tinted-attribution .paper [data-place='30']").first.click()
    expect(page).to_have_url(re.compile("place=31"))
    expect(page.locator(".charloom-facts")).to_contain_text("(31)")
    go_to(page, "horizon", language)
    expect(plot(page, "horizon")).to_be_visible()
    go_to(page, "novelty", language)
    expect(said(page, "look_novelty.table", language)).to_be_visible()
    expect(plot(page, "novelty")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_race_is_started_and_stopped(open_page: OpenPage, language: Language) -> None:
    page = open_page("/look?view=race&delay=80", language=language, size=(390, 844))
    page.get_by_role("button", name=text("look_race.start", language)).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(plot(page, "race")).to_be_visible()
    page.locator(".st-key-cancel-race button").click()
    expect(said(page, "look.cancelled", language)).to_be_visible()
    expect(page.locator(".st-key-cancel-race")).to_have_count(0)
    expect(plot(page, "race")).to_be_visible()


def test_the_figure_follows_the_playhead(open_page: OpenPage) -> None:
    page = open_page(f"/look?view=trajectory&text={TEXT}")
    expect(plot(page, "trajectory")).to_be_visible()
    paper = page.locator(".st-key-tinted-trajectory .paper")
    paper.focus()
    paper.press("Home")
    paper.press("ArrowRight")
    expect(paper.locator("[data-place='1']")).to_have_class(re.compile("here"))
    follows = """place => {
        const { data } = document.querySelector('.st-key-plot-trajectory .charloom-plot-canvas');
        const of = (uid) => data.find((trace) => trace.uid === uid);
        return of('head').x[0] === of('path').x[place] && of('tail').x.length === place + 1;
    }"""
    page.wait_for_function(follows, arg=1)
    page.get_by_role("button", name=text("look.tinted.play"), exact=True).click()
    page.wait_for_function(follows, arg=4)
    page.get_by_role("button", name=text("look.tinted.pause"), exact=True).click()
