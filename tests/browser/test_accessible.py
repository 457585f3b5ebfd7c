"""Every room and its main states for everybody: axe-core, a phone's width, reduced motion."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui.look.views import VIEWS
from lstm.ui.rooms import ROOMS
from lstm.ui.visitor import COOKIE
from tests.browser.axe import TOO_WIDE, Inspector
from tests.browser.conftest import PATIENCE, OpenPage, Server
from tests.browser.test_narrow_chart import a_run_that_ends_at_the_ladder
from tests.browser.test_train import SMALL, start, upload, wait_for_evaluations
from tests.browser.typewriter import Typewriter

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

LOOKS = [("en", "light"), ("zh", "dark")]
"""Each language, and the theme that a page is opened in; it is inspected in the other one, too."""

LOOK_TEXT: dict[Language, str] = {
    "en": "\n".join(["The cat sat on the mat, and then the dogs ran far away."] * 3),
    "zh": "\n".join(["春天来了，花开了，鸟在树上唱歌，孩子们在河边奔跑。"] * 6),
}
"""Just long enough for every view."""

CHART = ".charloom-plot-canvas .main-svg"
CHARTS = ("history", "whatif", "gradients", "horizon", "trajectory", "novelty")
"""The views that show a chart without being asked."""


def settled(page: Page) -> None:
    """Wait until nothing on the page is being drawn anew."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    expect(page.locator("[data-stale=true]")).to_have_count(0)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_write(open_page: OpenPage, language: Language, theme: str) -> None:
    page = open_page("/?rng=5", language=language, theme=theme)
    inspector = Inspector(page)
    typewriter = Typewriter(page)
    typewriter.wait_for(60)
    settled(page)
    inspector.inspect("writing")
    typewriter.control("tint").select_option("surprise")
    inspector.inspect("surprise")
    typewriter.control("tint").select_option("temperature")
    typewriter.choose_the_last()
    inspector.inspect("choosing")
    page.keyboard.press("Escape")
    typewriter.compare(30)
    inspector.inspect("compare")
    assert not inspector.found, inspector.report()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_train(open_page: OpenPage, language: Language, theme: str) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=600", language=language, theme=theme)
    inspector = Inspector(page)
    upload(page, "short.txt", b"aaaa")
    expect(page.get_by_role("alert")).to_be_visible()
    settled(page)
    inspector.inspect("bad text")
    page.get_by_role("button", name=text("train.text.remove", language)).click()
    upload(page)
    expect(page.get_by_text(text("train.cost.parameters", language))).to_be_visible()
    settled(page)
    inspector.inspect("text chosen")
    start(page, language)
    wait_for_evaluations(page, 1)
    inspector.inspect("live")
    page.get_by_role("button", name=text("train.watch.stop", language), exact=True).click()
    expect(page.get_by_text(text("train.state.stopped", language), exact=True)).to_be_visible()
    settled(page)
    inspector.inspect("finished")
    page.goto(f"/train?hidden_size=-3&learning_rate=99&lang={language}")
    expect(page.get_by_role("alert").first).to_be_visible()
    settled(page)
    inspector.inspect("bad number")
    assert not inspector.found, inspector.report()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_look(open_page: OpenPage, language: Language, theme: str) -> None:
    page = open_page(
        f"/look?view=history&text={LOOK_TEXT[language]}", language=language, theme=theme
    )
    inspector = Inspector(page)
    for view in VIEWS:
        name = text(f"look_{view}.name", language)
        page.get_by_role("radio", name=name, exact=True).or_(
            page.get_by_test_id("stPills").get_by_role("button", name=name, exact=True)
        ).first.click()
        expect(page).to_have_url(re.compile(f"view={view}"))
        title = text(f"look_{view}.title", language)
        expect(page.locator("h2.charloom-title", has_text=title)).to_be_visible()
        if view in CHARTS:
            expect(page.locator(CHART).first).to_be_visible()
        settled(page)
        inspector.inspect(view)
        if view == "race":
            page.get_by_role("button", name=text("look_race.start", language)).click()
            expect(page.locator(CHART).first).to_be_visible()
            inspector.inspect("race that goes on")
            page.locator(".st-key-cancel-race button").click()
            expect(page.locator(".st-key-cancel-race")).to_have_count(0)
    assert not inspector.found, inspector.report()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_runs(open_page: OpenPage, server: Server, language: Language, theme: str) -> None:
    page = open_page("/runs", language=language, theme=theme)
    inspector = Inspector(page)
    expect(page.get_by_text(text("runs.empty", language))).to_be_visible()
    settled(page)
    inspector.inspect("empty")
    owner = next(str(one["value"]) for one in page.context.cookies() if one["name"] == COOKIE)
    with RunStore(server.data) as store:
        runs = [a_run_that_ends_at_the_ladder(store, owner) for _ in range(2)]
    page.goto(f"/runs?lang={language}")
    expect(page.get_by_role("heading", level=2)).to_have_count(2)
    settled(page)
    inspector.inspect("runs")
    page.goto(f"/runs?lang={language}&compare={','.join(runs)}")
    expect(page.locator(CHART).first).to_be_visible()
    settled(page)
    inspector.inspect("compare")
    assert not inspector.found, inspector.report()


OUTLINED = "one => getComputedStyle(one).outlineStyle !== 'none'"

HINT = """hint => {
    const shown = (style) => parseFloat(style.fontSize) > 0;
    const after = getComputedStyle(hint, '::after');
    const added = after.content === 'none' || !shown(after) ? '' : JSON.parse(after.content);
    return (shown(getComputedStyle(hint)) ? hint.textContent : '') + added;
}"""
"""What can be read of a hint of Streamlit's own."""


@pytest.mark.parametrize(
    ("language", "apply"), [("en", "Press Enter to apply"), ("zh", "按回车键生效")]
)
def test_a_field_that_one_types_into_is_outlined_whole_and_says_what_to_press(
    open_page: OpenPage, language: Language, apply: str
) -> None:
    page = open_page("/train", language=language)
    name = page.get_by_label(text("train.name", language), exact=True)
    field = page.get_by_test_id("stTextInputRootElement").filter(has=name)
    name.press_sequentially("!")
    settled(page)
    assert [one.evaluate(OUTLINED) for one in (field, name)] == [True, False]
    assert page.get_by_test_id("InputInstructions").locator("span").first.evaluate(HINT) == apply


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_needs_no_sideways_scrolling_in_any_room(
    open_page: OpenPage, language: Language
) -> None:
    page = open_page("/?rng=5", language=language, size=(390, 844))
    Typewriter(page).wait_for(10)
    too_wide = {}
    for room in ("", *ROOMS[1:], "class"):
        page.goto(f"/{room}?lang={language}")
        expect(page.locator(".st-key-header a").first).to_be_visible()
        settled(page)
        too_wide[room] = page.evaluate(TOO_WIDE)
    assert not any(too_wide.values()), too_wide


def test_reduced_motion_is_respected(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    page.emulate_media(reduced_motion="reduce")
    typewriter = Typewriter(page)
    typewriter.wait_for(10)
    settled(page)
    places = typewriter.root.evaluate(
        """root => new Promise((done) => {
            const places = [];
            const observer = new MutationObserver(() => {
                const place = Number(root.dataset.position);
                if (place !== places.at(-1)) places.push(place);
                if (places.length === 5) done(places);
            });
            observer.observe(root, { attributeFilter: ['data-position'] });
        })"""
    )
    assert min(after - before for before, after in pairwise(places)) > 1
    typewriter.control("play").click()
    typewriter.wait_for_state("paused")
    moving = """() => {
        const roots = [document];
        for (let i = 0; i < roots.length; i += 1) {
            for (const node of roots[i].querySelectorAll('*')) {
                if (node.shadowRoot) roots.push(node.shadowRoot);
            }
        }
        return roots.flatMap((root) => root.getAnimations())
            .filter((one) => one.playState === 'running')
            .map((one) => one.animationName ?? one.transitionProperty);
    }"""
    page.wait_for_function(f"() => ({moving})().length === 0")
