"""The room Write in a real browser, from the first character to the last click."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from lstm.config import SampleConfig
from lstm.sampling import probabilities
from lstm.ui.components import typewriter as component
from tests.browser.conftest import OpenPage
from tests.browser.typewriter import Typewriter

pytestmark = pytest.mark.browser

FOLDER = Path(component.__file__).parent


def test_it_writes_by_itself(open_page: OpenPage) -> None:
    page = open_page()
    typewriter = Typewriter(page)
    typewriter.wait_for(60)
    assert len(typewriter.text()) >= 60
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Give it a text. Watch it learn to write."
    )


def test_dragging_the_temperature_changes_only_what_comes(open_page: OpenPage) -> None:
    page = open_page("/?temperature=0.5&rng=7")
    typewriter = Typewriter(page)
    typewriter.wait_for(40)
    box = typewriter.slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    before = typewriter.text()
    for step in range(1, 21):
        page.mouse.move(box["x"] + box["width"] * (0.25 + 0.025 * step), middle)
        page.wait_for_timeout(30)
    page.mouse.up()
    after_drag = typewriter.position()
    final = float(typewriter.slider.input_value())
    typewriter.wait_for(after_drag + 60)
    typewriter.control("play").click()
    assert typewriter.text().startswith(before)
    temperatures = typewriter.temperatures()
    assert set(temperatures[: len(before) - 1]) == {0.5}
    assert set(temperatures[after_drag:]) == {final}
    assert 0.5 < final < 2
    assert len(set(temperatures)) > 2  # the drag itself left its trace


def test_one_move_acts_on_the_very_next_character(open_page: OpenPage) -> None:
    page = open_page("/?temperature=1&rng=3")
    typewriter = Typewriter(page)
    typewriter.wait_for(30)
    position = typewriter.slider.evaluate(
        """slider => {
            slider.value = 0.2;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            slider.dispatchEvent(new Event('change', { bubbles: true }));
            return Number(slider.closest('.typewriter').dataset.position);
        }"""
    )
    typewriter.wait_for(position + 40)
    temperatures = typewriter.temperatures()
    assert set(temperatures[:position]) == {1.0}
    assert set(temperatures[position:]) == {0.2}


def test_the_same_dice_write_the_same_text(open_page: OpenPage) -> None:
    page = open_page("/?rng=11")
    typewriter = Typewriter(page)
    typewriter.control("pace").select_option("150")
    typewriter.wait_for(300)
    first = typewriter.text()[:300]
    typewriter.restart()
    typewriter.wait_for(300)
    assert typewriter.text()[:300] == first
    typewriter.restart("roll")
    typewriter.wait_for(300)
    assert typewriter.text()[:300] != first


def test_pause_and_go_on(open_page: OpenPage) -> None:
    page = open_page("/?rng=11")
    typewriter = Typewriter(page)
    typewriter.wait_for(50)
    play = typewriter.control("play")
    expect(play).to_have_text("Pause")
    play.click()
    typewriter.wait_for_state("paused")
    expect(play).to_have_text("Go on")
    there = typewriter.text()
    page.wait_for_timeout(700)
    assert typewriter.text() == there
    play.click()
    typewriter.wait_for(len(there) + 20)
    assert typewriter.text().startswith(there)


def test_unknown_characters_of_an_opening_are_named(open_page: OpenPage) -> None:
    page = open_page()
    typewriter = Typewriter(page)
    typewriter.wait_for(5)
    typewriter.control("opening").fill("The snow ☃ fell")
    typewriter.control("begin").click()
    expect(typewriter.root.locator(".replaced")).to_contain_text("☃ →")
    expect(typewriter.sheet.locator(".opening")).to_have_text(re.compile("^The snow . fell$"))
    typewriter.wait_for(20)


def test_choosing_another_character_branches_the_text(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(120)
    typewriter.control("play").click()
    typewriter.wait_for_state("paused")
    before = typewriter.text()
    typewriter.sheet.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    typewriter.wait_for_state("choosing")
    place = len(before) - 20
    odds = typewriter.root.locator(".odds")
    expect(odds.locator("h2")).to_have_text("What else could stand here?")
    expect(odds.locator(".row.is .sign")).to_have_count(1)
    other = odds.locator("button.row:not(.is)").first
    typewriter.wait_for_drawing()  # of the last place: until then the odds are those before it
    character = other.locator(".sign").inner_text()
    other.click()
    typewriter.wait_for(place + 40)
    after = typewriter.text()
    assert after.startswith(before[:place])
    assert after[place] == {"␣": " ", "↵": "\n"}.get(character, character)
    assert typewriter.root.locator(".by-hand").inner_text().strip("\n") in {after[place], ""}


def test_a_click_asks_about_a_character_and_escape_goes_on(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(60)
    typewriter.sheet.locator(".run", has_text=re.compile(r"\w{5}")).first.click(
        position={"x": 12, "y": 14}
    )
    typewriter.wait_for_state("choosing")
    expect(typewriter.root.locator(".lead")).to_contain_text("bits here")
    page.keyboard.press("Escape")
    typewriter.wait_for_state("writing")


def test_the_language_changes_in_place(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(40)
    before = typewriter.text()[:40]
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("给它一篇文字，看它学会写作。")
    expect(typewriter.control("play")).to_have_text("暂停")
    assert typewriter.text().startswith(before)
    expect(page).to_have_url(re.compile("lang=zh"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.goto("/")
    expect(typewriter.control("play")).to_have_text("暂停")


def test_the_browsers_language_comes_first(open_page: OpenPage) -> None:
    page = open_page(language="zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("给它一篇文字，看它学会写作。")


def test_tints_rest_on_the_same_text(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(80)
    typewriter.control("play").click()
    typewriter.wait_for_state("paused")
    text = typewriter.text()
    for tint, kind in (("surprise", "s"), ("temperature", "t")):
        typewriter.control("tint").select_option(tint)
        expect(typewriter.root.locator(".legend")).to_be_visible()
        expect(typewriter.sheet.locator(f"[class^='run {kind}']")).not_to_have_count(0)
        assert typewriter.text() == text


def test_four_columns_share_the_dice(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(10)
    typewriter.compare(60)
    temperatures = [typewriter.runs(lane)[0].temperature for lane in range(1, 5)]
    assert temperatures == [0.2, 0.5, 1.0, 1.2]
    typewriter.control("compared-0").fill("0.5")
    typewriter.control("compared-0").press("Enter")
    typewriter.restart()
    typewriter.wait_for_columns(60)
    assert typewriter.text(1)[:60] == typewriter.text(2)[:60]


def test_leaving_the_room_and_coming_back_goes_on(open_page: OpenPage) -> None:
    page = open_page("/?rng=5&temperature=0.8")
    typewriter = Typewriter(page)
    typewriter.wait_for(60)
    before = typewriter.text()[:60]
    rooms = page.locator(".st-key-rooms a")
    rooms.nth(1).click()
    expect(typewriter.root).to_have_count(0)
    rooms.nth(0).click()
    typewriter.wait_for(80)
    assert typewriter.text().startswith(before)


def test_a_network_is_chosen_and_named_in_the_address(open_page: OpenPage) -> None:
    page = open_page("/?model=bundled:nietzsche&rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(40)
    text = typewriter.text()
    assert text == text.lower()
    expect(typewriter.root).to_have_attribute("data-stream", "bundled:nietzsche")


def test_the_text_can_be_taken_away(open_page: OpenPage) -> None:
    page = open_page("/?rng=5&opening=The sea")
    typewriter = Typewriter(page)
    typewriter.wait_for(40)
    typewriter.control("play").click()
    typewriter.wait_for_state("paused")
    typewriter.root.locator("summary").click()
    with page.expect_download() as download:
        typewriter.control("download").click()
    assert download.value.suggested_filename == "charloom.txt"
    assert download.value.path().read_text("utf-8") == "The sea" + typewriter.text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    typewriter.control("copy").click()
    expect(typewriter.control("copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "The sea" + typewriter.text()


def test_the_bars_are_estimated_well_until_the_server_answers(chromium: Browser) -> None:
    """While the slider moves, the browser works out the chances from twelve and the entropy."""
    rng = np.random.default_rng(1)
    page = chromium.new_page()
    page.add_script_tag(content=(FOLDER / "dom.js").read_text("utf-8"))
    page.add_script_tag(content=(FOLDER / "odds.js").read_text("utf-8"))
    for _ in range(30):
        logits = rng.normal(size=80) * rng.uniform(1, 4)
        plain = probabilities(logits, SampleConfig(temperature=1))
        order = np.argsort(-plain)[:12]
        record = {
            "entropy": float(-(plain * np.log2(plain)).sum()),
            "settings": {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0},
        }
        for temperature, top_k in ((0.3, 0), (0.7, 5), (1.4, 0), (1.4, 3)):
            sample = SampleConfig(temperature=temperature, top_k=top_k)
            wished = {"temperature": temperature, "top_k": top_k, "top_p": 1, "min_p": 0}
            estimated = page.evaluate(
                "([record, before, wished]) => oddsAt(record, before, wished)",
                [record, plain[order].tolist(), wished],
            )
            exact = probabilities(logits, sample)[order]
            np.testing.assert_allclose(estimated, exact, atol=0.06)
    page.close()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(390, 844), (1440, 900), (1920, 1080)])
def test_it_fits_every_screen(open_page: OpenPage, language: str, size: tuple[int, int]) -> None:
    page = open_page("/?rng=5", language=language, theme="dark", size=size)
    typewriter = Typewriter(page)
    typewriter.wait_for(10)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    box = typewriter.slider.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= size[1]  # the temperature is there without scrolling


def test_the_header_stays_where_it_is(open_page: OpenPage) -> None:
    page = open_page("/?rng=5")
    typewriter = Typewriter(page)
    typewriter.wait_for(10)
    header = page.locator(".st-key-header")
    before = header.bounding_box()
    typewriter.wait_for(120)  # past several reruns
    assert header.bounding_box() == before
    page.locator(".st-key-rooms a").nth(1).click()
    expect(typewriter.root).to_have_count(0)
    assert header.bounding_box() == before
