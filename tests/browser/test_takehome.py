"""A network taken home in a real browser: clicked, saved, opened from the disk, and it writes."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from tests.browser.conftest import PATIENCE, OpenPage, Server
from tests.browser.test_train import SMALL, evaluations, start, upload, wait_for_evaluations
from tests.browser.typewriter import Typewriter

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)


def open_offers(page: Page, language: Language) -> None:
    page.get_by_role("button", name=text("runs.take_home", language)).click()


def take(page: Page, kind: str, language: Language, folder: Path) -> Path:
    with page.expect_download() as caught:
        page.get_by_role("button", name=text(f"runs.file.{kind}", language), exact=True).click()
    file = folder / caught.value.suggested_filename
    caught.value.save_as(file)
    return file


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_landing_network_writes_from_the_disk(
    open_page: OpenPage, tmp_path: Path, language: Language
) -> None:
    page = open_page(language=language)
    Typewriter(page).wait_for(5)
    open_offers(page, language)
    file = take(page, "html", language, tmp_path)
    assert file.name.endswith(".html")
    page.goto(file.as_uri())
    Typewriter(page).wait_for(50)


def test_the_buttons_work_while_other_parts_of_the_page_go_on(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    Typewriter(page).wait_for(300)  # past the first page: the typewriter has asked for more
    open_offers(page, "en")
    assert take(page, "onnx", "en", tmp_path).stat().st_size > 1000
    page.goto(f"/train?text=upload&{SMALL}&seconds=600")
    upload(page)
    start(page)
    wait_for_evaluations(page, 2)
    open_offers(page, "en")
    for kind in ("model", "samples", "report"):
        wait_for_evaluations(page, evaluations(page) + 1)
        assert take(page, kind, "en", tmp_path).stat().st_size > 100
    page.keyboard.press("Escape")
    page.get_by_role("button", name=text("train.watch.stop", "en"), exact=True).click()
    expect(page.get_by_text(text("train.state.stopped", "en"), exact=True)).to_be_visible()


def test_a_run_is_taken_home_and_a_damaged_one_is_said_to_be(
    open_page: OpenPage, server: Server, tmp_path: Path
) -> None:
    page = open_page(f"/train?text=upload&{SMALL}&seconds=none&epochs=1")
    upload(page)
    run = start(page)
    wait_for_evaluations(page, 1)
    expect(page.get_by_text(text("train.state.finished", "en"), exact=True)).to_be_visible(
        timeout=60_000
    )
    page.goto("/runs")
    open_offers(page, "en")
    archive = take(page, "archive", "en", tmp_path)
    assert archive.read_bytes()[:2] == b"PK"
    with RunStore(server.data) as store:
        for which in ("best", "last"):
            (store.run_folder(run) / f"{which}.safetensors").write_bytes(b"nothing")
    page.get_by_role("button", name=text("runs.file.html", "en"), exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="model file is damaged")).to_be_visible(
        timeout=60_000
    )
