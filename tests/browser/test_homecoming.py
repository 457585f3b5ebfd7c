"""A model is taken home, brought back in a real browser, writes, and is trained on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lstm.checkpoint import dumps
from lstm.messages import Language, text
from tests.browser.axe import Inspector
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.test_accessible import LOOKS, settled
from tests.browser.test_takehome import open_offers, take
from tests.browser.typewriter import Typewriter
from tests.export.export_tools import a_network

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_model_comes_back_and_writes(
    open_page: OpenPage, tmp_path: Path, language: Language, theme: str
) -> None:
    page = open_page(language=language, theme=theme)
    inspector = Inspector(page)
    Typewriter(page).wait_for(5)
    open_offers(page, language)
    file = take(page, "model", language, tmp_path)
    page.goto("/runs")
    page.get_by_text(text("runs.back.title", language), exact=True).click()
    chooser = page.locator('[data-testid="stFileUploader"] input[type=file]')
    chooser.set_input_files(
        {"name": "x.safetensors", "mimeType": "application/octet-stream", "buffer": b"nothing"}
    )
    expect(page.get_by_role("alert").first).to_contain_text(
        text("errors.checkpoint_damaged", language)
    )
    settled(page)
    inspector.inspect("bad file")
    chooser.set_input_files(file)
    keep = page.get_by_role("button", name=text("runs.back.keep", language), exact=True)
    expect(keep).to_be_visible()
    settled(page)
    inspector.inspect("what was found")
    keep.click()
    page.get_by_role("link", name=text("runs.write", language), exact=True).click()
    expect(page).to_have_url(re.compile(r"run="))
    Typewriter(page).wait_for(50)
    page.goto("/runs")
    page.get_by_role("link", name=text("train.on.link", language), exact=True).click()
    expect(page).to_have_url(re.compile(r"from="))
    expect(page.get_by_text(text("train.on.network", language), exact=True)).to_be_visible()
    begin = page.get_by_role("button", name=text("train.start", language), exact=True)
    expect(begin).to_be_visible()
    settled(page)
    inspector.inspect("train it on")
    assert not inspector.found, inspector.report()
    begin.click()
    expect(page).to_have_url(re.compile(r"[?&]run="))
    stop = page.get_by_role("button", name=text("train.watch.stop", language), exact=True)
    stop.click()
    expect(page.get_by_text(text("train.state.stopped", language), exact=True)).to_be_visible()


def test_what_was_found_stays_where_it_appeared(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(dumps(a_network()))
    page = open_page("/runs")
    page.get_by_text(text("runs.back.title"), exact=True).click()
    chooser = page.locator('[data-testid="stFileUploader"] input[type=file]')
    keep = page.get_by_role("button", name=text("runs.back.keep"), exact=True)
    for kept in range(1, 4):
        expect(chooser).to_have_count(1)
        page.evaluate(_PLACES)
        chooser.set_input_files(file)
        expect(keep).to_be_visible()
        settled(page)
        assert len(page.evaluate("window.places")) == 1
        keep.click()
        expect(page.locator("[class*='st-key-run-']")).to_have_count(kept)
        settled(page)


_PLACES = """() => {
    window.places = [];
    const look = () => {
        const button = document.querySelector('.st-key-keep-returned button');
        const place = button && Math.round(button.getBoundingClientRect().y);
        if (button && place !== window.places.at(-1)) window.places.push(place);
        requestAnimationFrame(look);
    };
    look();
}"""
"""Notes every place at which the button is seen, frame by frame."""
