"""The take-home page in a real browser, from a file: it writes what the server writes.

The seeds were fixed before the texts were first compared.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from lstm.checkpoint import Saved, load, loads
from lstm.config import SampleConfig
from lstm.export import player
from lstm.messages import LANGUAGES, Language, text
from lstm.paths import ASSETS
from lstm.sampling import Writer
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.browser.conftest import PATIENCE
from tests.browser.typewriter import Typewriter
from tests.export.export_tools import HOSTILE, a_network

pytestmark = pytest.mark.browser

LENGTH = 2_000
SAMPLES = {
    "greedy": SampleConfig(0.0),
    "cool": SampleConfig(0.5),
    "as learned": SampleConfig(1.0),
    "wild": SampleConfig(1.6),
    "top-k": SampleConfig(1.2, top_k=5),
    "top-p": SampleConfig(1.2, top_p=0.8),
    "min-p": SampleConfig(1.4, min_p=0.1),
    "all": SampleConfig(1.3, top_k=20, top_p=0.95, min_p=0.02),
}

Open = Callable[..., Page]


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages asked of the network and wrote on their consoles; a test fails by any."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def open_player(chromium: Browser, tmp_path: Path, complaints: list[str]) -> Iterator[Open]:
    """Opens a page from the disk, in a window of the given size."""
    contexts: list[BrowserContext] = []

    def open_one(page_file: bytes, *, width: int = 1440, before: str = "") -> Page:
        file = tmp_path / f"player-{len(contexts)}.html"
        file.write_bytes(page_file)
        context = chromium.new_context(viewport={"width": width, "height": 850})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.add_init_script(before)
        page.on("request", lambda request: _note_request(complaints, request.url, file))
        page.on("console", lambda said: _note_error(complaints, said))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()


def _note_error(complaints: list[str], said: ConsoleMessage) -> None:
    if said.type == "error":
        complaints.append(said.text)


def _note_request(complaints: list[str], url: str, file: Path) -> None:
    if url != file.as_uri() and not url.startswith(("data:", "blob:")):
        complaints.append(url)


def quiet(page: Page) -> Page:
    """Stop the typewriter, so that a test has the processor to itself."""
    Typewriter(page).control("play").click()
    return page


def written_there(page: Page, sample: SampleConfig, opening: str = "", rng: int = 1) -> str:
    written: str = page.evaluate(
        """([sample, opening, rng, length]) => {
            const writer = new charloom.Writer(charloom.network, { sample, opening, rng });
            for (let i = 0; i < length; i++) writer.write();
            return writer.text();
        }""",
        [sample.to_json(), opening, rng, LENGTH],
    )
    return written


def written_here(saved: Saved, sample: SampleConfig, opening: str = "", rng: int = 1) -> str:
    opening = opening.lower() if saved.lowercase else opening
    writer = Writer(saved.model(), saved.vocabulary, sample=sample, opening=opening, rng=rng)
    return writer.write_text(LENGTH)


def test_a_trained_network_writes_the_same_2000_characters(open_player: Open) -> None:
    saved = load(ASSETS / "models" / "nietzsche.safetensors")
    page = quiet(open_player(player(saved)))
    for rng, (name, sample) in enumerate(SAMPLES.items(), start=1):
        there = written_there(page, sample, "The Truth ", rng)
        assert there == written_here(saved, sample, "The Truth ", rng), name
        assert len(there) == LENGTH


@pytest.mark.parametrize(
    "shape",
    [
        {"cell": "lstm", "hidden_size": 70, "num_layers": 1},
        {"cell": "lstm", "hidden_size": 33, "num_layers": 3, "embedding_size": 0},
        {"cell": "gru", "hidden_size": 64, "num_layers": 1, "embedding_size": 0},
        {"cell": "gru", "hidden_size": 40, "num_layers": 2},
        {"cell": "rnn", "hidden_size": 31, "num_layers": 1},
        {"cell": "lstm", "hidden_size": 45, "num_layers": 1, "embedding_size": 37, "tied": True},
        {"cell": "rnn", "hidden_size": 16, "num_layers": 2, "embedding_size": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("has_webassembly", [True, False])
def test_every_shape_writes_the_same(
    open_player: Open, shape: dict[str, Any], has_webassembly: bool
) -> None:
    saved = a_network(**shape)
    without = "" if has_webassembly else "delete globalThis.WebAssembly"
    page = quiet(open_player(player(saved), before=without))
    fast = page.evaluate("charloom.network.arithmetic.kernel !== null")
    assert fast is has_webassembly
    for name in ("greedy", "as learned", "all"):
        assert written_there(page, SAMPLES[name], "cats", 5) == written_here(
            saved, SAMPLES[name], "cats", 5
        ), name


def test_the_unknown_symbol_is_never_written(open_player: Open) -> None:
    saved = a_network(Vocabulary((" ", "a", "b", UNKNOWN)))
    page = quiet(open_player(player(saved)))
    there = written_there(page, SampleConfig(2.0))
    assert there == written_here(saved, SampleConfig(2.0))
    assert UNKNOWN not in there


def test_steering_rewinding_and_branching_change_nothing_before(open_player: Open) -> None:
    saved = a_network()
    page = quiet(open_player(player(saved)))
    there = page.evaluate(
        """() => {
            const writer = new charloom.Writer(charloom.network, { opening: "a", rng: 9 });
            for (let i = 0; i < 300; i++) writer.write();
            writer.sample = { ...writer.sample, temperature: 1.5 };
            for (let i = 0; i < 200; i++) writer.write();
            writer.rewind(130);
            writer.branch(70, "z");
            for (let i = 0; i < 100; i++) writer.write();
            return writer.text();
        }"""
    )
    writer = Writer(saved.model(), saved.vocabulary, opening="a", rng=9)
    writer.write_text(300)
    writer.sample = SampleConfig(1.5)
    writer.write_text(200)
    writer.branch(70, "z")
    writer.write_text(100)
    assert there == writer.text


@pytest.mark.parametrize(
    "vocabulary",
    [
        Vocabulary(tuple(sorted("\n abcdefghijklmnopqrstuvwxyz.,'\"-?!"))),
        Vocabulary(tuple(sorted("ABCÄÖÜ ,;:()«»—…0123ßéσΣςıİǅ"))),
        Vocabulary((*sorted("一二三，。；“”「」（）０１２\u3000"), UNKNOWN)),
        Vocabulary(("x", "y")),
    ],
    ids=["small letters", "mixed", "Chinese", "two"],
)
def test_unknown_characters_get_the_same_stand_ins(
    open_player: Open, vocabulary: Vocabulary
) -> None:
    """Over every character that this Python's Unicode knows; surrogates can't cross the wire."""
    page = quiet(open_player(player(a_network(vocabulary, hidden_size=4))))
    everything = "".join(chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF)
    assigned = "".join(c for c in everything if _is_assigned(c))
    there = page.evaluate("text => charloom.network.vocabulary.substitute(text)[0]", assigned)
    here, _ = vocabulary.substitute(assigned)
    differing = [(c, a, b) for c, a, b in zip(assigned, there, here, strict=True) if a != b]
    assert differing == []


def _is_assigned(character: str) -> bool:
    return unicodedata.category(character) not in {"Cn", "Co"}


def test_the_typewriter_writes_with_it(open_player: Open) -> None:
    saved = a_network(lowercase=True)
    page = open_player(player(saved))
    typewriter = Typewriter(page)
    typewriter.control("pace").select_option("150")
    typewriter.control("opening").fill("The CAFÉ ")
    typewriter.control("dice").fill("7")
    typewriter.control("begin").click()
    typewriter.wait_for(300)
    shown = typewriter.text()
    writer = Writer(
        saved.model(), saved.vocabulary, sample=SampleConfig(0.7), opening="the café ", rng=7
    )
    assert writer.write_text(len(shown)) == shown
    expect(typewriter.sheet.locator(".opening")).to_have_text(writer.opening)
    expect(page.locator(".replaced")).to_contain_text("é → e")
    assert page.locator(".odds .row:not(.head)").count() == 13


def test_the_temperature_acts_on_the_next_characters(open_player: Open) -> None:
    typewriter = Typewriter(open_player(player(a_network())))
    typewriter.wait_for(20)
    typewriter.set_temperature(1.8)
    typewriter.wait_for(60)
    temperatures = typewriter.temperatures()
    assert temperatures[0] == 0.7
    assert temperatures[-1] == 1.8
    assert temperatures == sorted(temperatures)


def test_an_endless_circle_is_told(open_player: Open) -> None:
    page = open_player(player(a_network(hidden_size=4)))
    typewriter = Typewriter(page)
    typewriter.control("pace").select_option("150")
    typewriter.set_temperature(0)
    expect(page.locator(".note.loop")).to_be_visible(timeout=PATIENCE)


def test_it_speaks_both_languages(open_player: Open) -> None:
    page = open_player(player(a_network(), "zh"))
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("#note")).to_have_text(text("export.player.note", "zh"))
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#note")).to_have_text(text("export.player.note", "en"))
    typewriter = Typewriter(page)
    expect(typewriter.control("restart")).to_have_text(text("write.typewriter.restart", "en"))
    typewriter.wait_for(20)


def test_a_hostile_network_is_only_text(open_player: Open) -> None:
    vocabulary = Vocabulary(tuple(sorted(set("</script><img src=x onerror=alert(1)>"))))
    saved = a_network(vocabulary, name=HOSTILE)
    page = open_player(player(saved), before="globalThis.alert = () => console.error('alert')")
    typewriter = Typewriter(page)
    typewriter.control("opening").fill("</script><img src=x onerror=alert(1)>")
    typewriter.control("begin").click()
    typewriter.wait_for(60)
    expect(page.locator("h1")).to_contain_text("<img src=x onerror")
    assert page.locator("img").count() == 0


def test_the_network_can_be_saved_as_a_file(open_player: Open) -> None:
    saved = a_network(name="My cats")
    page = open_player(player(saved))
    page.locator(".network summary").click()
    with page.expect_download() as download:
        page.locator("#keep").click()
    assert download.value.suggested_filename == "My-cats.safetensors"
    assert loads(download.value.path().read_bytes()).vocabulary == saved.vocabulary


def test_no_text_can_become_html_even_by_mistake(open_player: Open, complaints: list[str]) -> None:
    page = quiet(open_player(player(a_network())))
    failed = page.evaluate(
        """() => {
            try {
                document.body.innerHTML = "<p>";
            } catch (error) {
                return error.name;
            }
        }"""
    )
    assert failed == "TypeError"
    assert "TrustedHTML" in complaints.pop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_shows_it_without_sideways_scrolling(open_player: Open, language: Language) -> None:
    page = open_player(player(a_network(name="x" * 80), language), width=390)
    Typewriter(page).wait_for(10)
    page.locator(".network summary").click()
    page.locator(".more summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_is_worked_by_keyboard(open_player: Open) -> None:
    page = open_player(player(a_network()))
    typewriter = Typewriter(page)
    typewriter.wait_for(20)
    typewriter.control("play").focus()
    page.keyboard.press("Enter")
    typewriter.wait_for_state("paused")
    page.keyboard.press("Enter")
    typewriter.wait_for(typewriter.position() + 5)
    typewriter.slider.focus()
    page.keyboard.press("ArrowRight")
    assert typewriter.slider.input_value() == "0.75"
