"""The rooms Train and Runs in a real browser: from a file to a network that has learned it."""

import random
import re

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from tests.browser.conftest import PATIENCE, OpenPage, Server

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

SMALL = "preset=quick&hidden_size=16&batch_size=8&embedding_size=8"
"""A network that learns in no time."""

HOSTILE = "<img src=x onerror=alert(1)> **b** $x$ &amp; [a](http://example.com).txt"
WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "then", "dogs", "ran", "far", "away")


def words(count: int = 4000) -> bytes:
    rng = random.Random(1)
    return " ".join(rng.choice(WORDS) for _ in range(count)).encode()


def upload(page: Page | Frame, name: str = "words.txt", content: bytes | None = None) -> None:
    file = {"name": name, "mimeType": "text/plain", "buffer": content or words()}
    page.locator('[data-testid="stFileUploader"] input[type=file]').set_input_files(file)  # type: ignore[arg-type]


def start(page: Page | Frame, language: Language = "en") -> str:
    """Start the training and return its id."""
    page.get_by_role("button", name=text("train.start", language), exact=True).click()
    page.wait_for_url(re.compile(r"run="), wait_until="commit")
    found = re.search(r"run=([\w-]+)", page.url)
    assert found is not None
    return found[1]


def plot(page: Page | Frame) -> Locator:
    return page.locator(".charloom-plot-canvas").first


def evaluations(page: Page | Frame) -> int:
    """Number of held-out points that the loss chart shows."""
    return int(
        plot(page).evaluate(
            "canvas => canvas.data?.find((trace) => trace.uid === 'validation')?.x.length ?? 0"
        )
    )


def wait_for_evaluations(page: Page | Frame, least: int) -> None:
    expect(plot(page)).to_be_visible()
    page.wait_for_function(
        """least => {
            const canvas = document.querySelector('.charloom-plot-canvas');
            const curve = canvas?.data?.find((trace) => trace.uid === 'validation');
            return (curve?.x.length ?? 0) >= least;
        }""",
        arg=least,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_uploaded_watched_and_stopped(open_page: OpenPage, language: Language) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=600", language=language)
    upload(page)
    expect(page.get_by_text(text("train.text.symbols", language), exact=True)).to_be_visible()
    run = start(page, language)
    wait_for_evaluations(page, 1)
    # A property on the node tells whether it is the same node later.
    page.evaluate("""() => {
        for (const node of document.querySelectorAll('.charloom-plot-canvas, .main-svg')) {
            node.charloomMark = true;
        }
    }""")
    before = evaluations(page)
    wait_for_evaluations(page, before + 2)
    kept = page.evaluate(
        "() => [...document.querySelectorAll('.charloom-plot-canvas, .charloom-plot-canvas > "
        ".plot-container .main-svg')].map((node) => node.charloomMark === true)"
    )
    assert kept
    assert all(kept)

    page.reload()
    wait_for_evaluations(page, before + 2)
    assert run in page.url
    pages = page.locator(".paper .text")
    expect(pages).to_have_count(4)
    expect(pages.first).not_to_be_empty()

    page.get_by_role("button", name=text("train.watch.stop", language), exact=True).click()
    expect(page.get_by_text(text("train.state.stopped", language), exact=True)).to_be_visible()
    expect(page.get_by_text(text("notices.finished_stopped", language))).to_be_visible()
    write = page.get_by_role("link", name=text("train.watch.write", language))
    expect(write).to_have_attribute("href", re.compile(rf"run={run}"))


def test_a_zoom_is_kept_while_the_curve_grows(open_page: OpenPage) -> None:
    page = open_page(f"/train?text=essays-en&{SMALL}&seconds=600")
    start(page)
    wait_for_evaluations(page, 1)
    box = plot(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.7 * box["height"], steps=6)
    page.mouse.up()
    undo = page.get_by_role("button", name="Show all")
    expect(undo).to_be_visible()
    ranges = "canvas => [canvas.layout.xaxis.range, canvas.layout.yaxis.range]"
    zoomed = plot(page).evaluate(ranges)
    wait_for_evaluations(page, evaluations(page) + 1)
    assert plot(page).evaluate(ranges) == zoomed
    undo.click()
    expect(undo).to_be_hidden()
    assert plot(page).evaluate(ranges) != zoomed
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()


def test_pause_resume_and_another_tab(open_page: OpenPage) -> None:
    page = open_page(f"/train?text=essays-en&{SMALL}&seconds=600")
    start(page)
    wait_for_evaluations(page, 1)
    page.get_by_role("button", name="Pause", exact=True).click()
    resume = page.get_by_role("button", name="Resume", exact=True)
    expect(resume).to_be_visible()

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    other.get_by_role("button", name="Resume", exact=True).click()
    stop = page.get_by_role("button", name="Stop and keep", exact=True)
    expect(page.get_by_text("learning", exact=True)).to_be_visible()  # without a click here
    stop.click()
    expect(other.get_by_text("stopped", exact=True)).to_be_visible()


def test_the_time_machine_goes_back_and_stays_there(open_page: OpenPage) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=600")
    upload(page)
    start(page)
    slider = page.get_by_role("slider", name=text("train.samples.slider"))
    expect(slider).to_have_attribute("max", re.compile(r"^[2-9]|\d\d"))
    newest = page.locator(".machine output").inner_text()
    slider.evaluate("""slider => {
        slider.value = 0;
        slider.dispatchEvent(new Event('input', { bubbles: true }));
    }""")
    said = page.locator(".machine output")
    expect(said).not_to_have_text(newest)
    first = said.inner_text()
    most = int(slider.get_attribute("max") or 0)
    expect(slider).not_to_have_attribute("max", str(most))  # more epochs have come
    expect(said).to_have_text(first)
    expect(slider).to_have_value("0")
    page.get_by_role("button", name=text("train.samples.newest")).click()
    expect(said).not_to_have_text(first)
    page.get_by_role("button", name="Stop and keep", exact=True).click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()


def test_a_training_ends_by_itself_and_can_go_on(open_page: OpenPage) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=none&epochs=2")
    upload(page)
    start(page)
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    expect(page.get_by_text(text("notices.finished_epochs"))).to_be_visible()
    page.get_by_role("button", name="Train longer").click()
    page.get_by_role("button", name="60 s").click()
    expect(page.get_by_role("button", name="Stop and keep", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop and keep", exact=True).click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()


def test_hostile_names_and_texts_stay_text(open_page: OpenPage) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=none&epochs=1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    hostile = b"<img src=http://example.com/a.png> **bold** $x^2$ :smile: " * 60
    upload(page, HOSTILE, hostile)
    expect(page.get_by_text("<img src=x").first).to_be_visible()
    start(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    expect(page.locator(".paper .text").first).not_to_be_empty()
    page.goto("/runs")
    expect(page.get_by_role("heading", level=2)).to_contain_text("<img src=x")
    for name in ("Rename", "Take it home"):
        page.get_by_role("button", name=name).click()
    assert not [url for url in asked if "example.com" in url]
    assert page.locator("img[src='x'], .katex").count() == 0


def test_runs_are_renamed_compared_deleted_and_taken_home(open_page: OpenPage) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=none&epochs=1")
    upload(page)
    for _ in range(2):
        start(page)
        expect(page.get_by_text("finished", exact=True)).to_be_visible()
        page.get_by_role("button", name="New training").click()
        expect(page.get_by_role("button", name="Start training")).to_be_visible()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", level=2)).to_have_count(2)

    page.get_by_role("button", name="Rename").first.click()
    page.get_by_label("New name").fill("my best one")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("my best one")

    expect(page.get_by_label("New name")).to_be_hidden()
    for place in range(2):
        page.get_by_text("Compare", exact=True).nth(place).click()
        expect(page.get_by_role("checkbox", name="Compare").nth(place)).to_be_checked()
    expect(plot(page)).to_be_visible()
    expect(page.get_by_text(text("runs.same"))).to_be_visible()

    page.get_by_role("button", name="Take it home").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Model (.safetensors)").click()
    assert download.value.suggested_filename.endswith(".safetensors")
    assert download.value.path().stat().st_size > 1000

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text("“my best one” is deleted", exact=False)).to_be_visible()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("my best one")


def test_another_visitor_watches_and_can_change_nothing(
    open_page: OpenPage, server: Server
) -> None:
    page = open_page(f"/train?text=essays-en&{SMALL}&seconds=600")
    run_id = start(page)
    wait_for_evaluations(page, 1)
    with RunStore(server.data) as store:
        token = store.share(run_id)
    other = open_page(f"/train?shared={token}")
    wait_for_evaluations(other, 1)
    expect(other.get_by_text(text("train.watch.shared"))).to_be_visible()
    expect(other.get_by_role("button", name="Stop and keep")).to_have_count(0)
    expect(other.get_by_role("button", name="Pause")).to_have_count(0)
    page.get_by_role("button", name="Stop and keep", exact=True).click()
    expect(other.get_by_text("stopped", exact=True)).to_be_visible()


@pytest.mark.parametrize(("theme", "size"), [("dark", (390, 844)), ("light", (1920, 1080))])
def test_nothing_hangs_over_the_edge(
    open_page: OpenPage, theme: str, size: tuple[int, int]
) -> None:
    page = open_page(
        f"/train?text=upload&{SMALL}&seconds=none&epochs=1",
        language="zh",
        theme=theme,
        size=size,
    )
    upload(page)
    expect(page.get_by_text(text("train.cost.parameters", "zh"))).to_be_visible()
    wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    start(page, "zh")
    expect(page.get_by_text(text("train.state.finished", "zh"), exact=True)).to_be_visible()
    wait_for_evaluations(page, 1)
    assert page.evaluate(wide) <= 0
    width = page.locator(".charloom-plot").first.evaluate("node => node.clientWidth")
    drawn = page.locator(".charloom-plot .main-svg").first.get_attribute("width")
    assert abs(float(drawn or 0) - width) < 2
