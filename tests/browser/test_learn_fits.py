"""Each chapter fits one screen without scrolling, and axe-core finds no fault with it."""

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import Language
from lstm.ui.learn.chapters import CHAPTERS
from tests.browser.axe import PAINTED, Inspector
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.test_accessible import LOOKS, settled
from tests.browser.test_learn import title

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

STAGES = {
    "order": ".charloom-plot-canvas .main-svg",
    "loop": ".charloom-figure svg",
    "tasks": ".charloom-shape svg",
    "vanishing": ".charloom-plot-canvas .main-svg",
    "gates": ".charloom-figure svg",
    "guessing": ".st-key-guess-box input",
    "temperature": ".charloom-plot-canvas .main-svg",
    "recipes": ".st-key-recipes-start",
    "copying": ".charloom-table",
    "yours": ".st-key-learn-ways",
}
"""What each chapter is about: when it is there, the rest of its screen is, too."""

ESSENTIAL = (
    '[class*="st-key-live-"][class*="-buttons"]',
    *(".charloom-figure", ".charloom-plot-canvas", ".charloom-sheet", ".charloom-guessing"),
    *(".st-key-guess-box", ".st-key-recipes-start", ".st-key-learn-ways"),
    ".st-key-tasks-walk",
)

LOWEST = """names => Math.max(0, ...[...document.querySelectorAll(names.join())]
    .filter((one) => one.closest('.st-key-learn-chapter') && one.getClientRects().length > 0)
    .map((one) => one.getBoundingClientRect().bottom))"""

PROJECTOR, SCREEN = (1920, 1080), (1440, 900)


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate(PAINTED)


def staged(page: Page, key: str, language: Language) -> None:
    """Wait until a chapter and its experiment stand."""
    title(page, key, language)
    settled(page)
    expect(page.locator(f".st-key-learn-chapter {STAGES[key]}").first).to_be_visible()
    page.evaluate(PAINTED)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_every_chapter_fits_a_screen_and_is_for_everybody(
    open_page: OpenPage, language: Language, theme: str
) -> None:
    page = open_page("/learn", language=language, theme=theme, size=SCREEN)
    inspector = Inspector(page)
    for key in CHAPTERS:
        staged(page, key, language)
        for size in (PROJECTOR, SCREEN):
            resize(page, size)
            lowest = page.evaluate(LOWEST, ESSENTIAL)
            assert lowest <= size[1], f"{key} reaches down to {lowest} of {size[1]}"
        inspector.inspect(key)
        if key != CHAPTERS[-1]:
            page.locator(".st-key-learn-next button").click()
    assert not inspector.found, inspector.report()


def test_a_presentation_fits_the_projector(open_page: OpenPage) -> None:
    page = open_page("/learn?present=1", size=PROJECTOR)
    for key in CHAPTERS:
        if key == "recipes":  # its race begins by itself here, and takes its time
            continue
        page.goto(f"/learn?present=1&chapter={key}")
        staged(page, key, "en")
        lowest = page.evaluate(LOWEST, ESSENTIAL)
        assert lowest <= PROJECTOR[1], f"{key} reaches down to {lowest}"
