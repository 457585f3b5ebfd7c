"""How soon the page is there: from a server that only starts, over a slow line, a second time.

Drives a real Chromium through playwright, which only this bench and the tests need. The figures
include the browser's own work, so they hold for the machine that they were measured on.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm import library
from lstm.bench.rows import Row
from lstm.bench.serving import Server, serving
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.presets import Preset, preset
from lstm.records import RunState
from lstm.training import probe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

FAST_3G: dict[str, Any] = {
    "offline": False,
    "latency": 150 * 3.75,
    "downloadThroughput": 1_600_000 / 8 * 0.9,
    "uploadThroughput": 750_000 / 8 * 0.9,
}
"""Chromium's preset of that name (Slow 4G in newer versions): milliseconds, bytes per second."""

_PATIENCE = 120.0
_MEASURED = 15.0  # seconds of training
_MOMENTS = {"rooms to choose from": ".st-key-header a", "the network writes": ".typewriter .run"}
"""What is waited for, in the order in which it appears."""

_FIRST_PAINT = """() => performance.timeOrigin
    + performance.getEntriesByName('first-contentful-paint')[0].startTime"""


_MOVES = 30

_MOVE = """async (slider, value) => {
    const wanted = `.run[data-t="${value.toFixed(2)}"]`;
    const began = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (!slider.getRootNode().querySelector(wanted)) {
        await new Promise(requestAnimationFrame);
    }
    return performance.now() - began;
}"""


def rows() -> Iterator[Row]:
    """Measure how soon the page is there, and how soon the text follows the slider.

    A server that only starts; a first and a second visit over a slow line; then the slider of the
    landing page, while a training has the other core; and that training's speed, by its own clock
    of optimizer steps, alone and with somebody who watches it while a network writes.

    Raises:
        BenchError: There is no playwright or no browser, the server does not start, or the
            training does not.
    """
    with _browser() as browser, tempfile.TemporaryDirectory(prefix="charloom-bench-") as folder:
        began = time.time()
        with serving(Path(folder), {}, settled=False) as server:
            url = f"{server.url}/"
            with browser.new_context() as context:
                yield from _visit(context, url, "server started", began)
            with browser.new_context() as context:
                yield from _visit(context, url, "Fast 3G, first visit")
                yield from _visit(context, url, "Fast 3G, second visit")
            with _training(server) as run, browser.new_context() as context:
                yield from _slider(context, url)
                yield from _speeds(server, run, context)


def _visit(
    context: "BrowserContext", url: str, name: str, began: float | None = None
) -> Iterator[Row]:
    """Open the landing page and tell when what was there; over a slow line if nothing had begun.

    Args:
        context: The browser's cache and cookies.
        url: The page.
        name: What to call the visit.
        began: When what is measured began, in Unix seconds; default: now.
    """
    page, sizes = context.new_page(), list[float]()
    page.set_default_timeout(_PATIENCE * 1000)
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    if began is None:
        wire.send("Network.emulateNetworkConditions", FAST_3G)
    start = time.time() if began is None else began
    page.goto(url, wait_until="commit")
    seen = {}
    for moment, selector in _MOMENTS.items():
        page.locator(selector).first.wait_for(state="attached")  # a line break has no size
        seen[moment] = time.time() - start
    seen = {"first words": page.evaluate(_FIRST_PAINT) / 1000 - start, **seen}
    for moment, seconds in seen.items():
        yield Row("page", f"{name}: {moment}", seconds, "s")
    page.wait_for_load_state("networkidle")
    yield Row("page", f"{name}: over the line", sum(sizes) / 1000, "kB")
    page.close()


def _slider(context: "BrowserContext", url: str) -> Iterator[Row]:
    """Move the slider while the network writes; tell when the first character obeyed it."""
    page = context.new_page()
    page.set_default_timeout(_PATIENCE * 1000)
    page.goto(url)
    slider = page.locator(".typewriter #temperature")
    page.locator(".typewriter .run").first.wait_for(state="attached")
    took = []
    for move in range(_MOVES):
        page.wait_for_timeout(500 + 37 * (move % 7))  # at any place between two answers
        took.append(slider.evaluate(_MOVE, 0.2 + 0.05 * move))
    for share in (50, 95):
        value = float(np.percentile(took, share))
        what = f"slider to first character beside a training, p{share} of {_MOVES}"
        yield Row("page", what, value, "ms")


def _speeds(server: Server, run: str, context: "BrowserContext") -> Iterator[Row]:
    """Tell the training's speed with two pages open, with none, and without any app."""
    with server.store() as store:
        token = store.share(run)
    watching = context.new_page()
    watching.set_default_timeout(_PATIENCE * 1000)
    watching.goto(f"{server.url}/train?shared={token}")
    watching.locator(".js-plotly-plot").first.wait_for()
    watched = _speed(server, run)
    for page in context.pages:
        page.close()
    alone = _speed(server, run)
    with server.store() as store:
        store.pause(run)
        _wait_for(lambda: store.run(run).state == RunState.PAUSED)
    corpus, chosen = _task()
    bare = probe(corpus, chosen.model, chosen.train, _MEASURED)
    name = "training, the bare loop"
    yield Row("page", name, bare, "characters/s")
    yield Row("page", "training in the app", alone, "characters/s", name, alone / bare)
    what = "training in the app, watched in one tab while a network writes in another"
    yield Row("page", what, watched, "characters/s", name, watched / bare)


def _speed(server: Server, run: str) -> float:
    """Return how many characters a second a training gets through, for a while."""
    with server.store() as store:
        before = store.run(run)
        _wait_for(lambda: store.run(run).seconds >= before.seconds + _MEASURED)
        after, train = store.run(run), before.train_config
    characters = (after.step - before.step) * train.batch_size * train.seq_len
    return characters / (after.seconds - before.seconds)


def _task() -> tuple[Corpus, Preset]:
    corpus = Corpus.from_text(library.read_bundled("essays-en"), name="essays")
    return corpus, preset("standard", corpus.characters, corpus.vocabulary.size)


def _wait_for(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not ready():
        if time.monotonic() > until:
            raise BenchError("bench_no_training")
        time.sleep(0.2)


@contextmanager
def _training(server: Server) -> Iterator[str]:
    """Let a training run for the length of a block; the value is its id."""
    corpus, chosen = _task()
    with server.store() as store:
        run = store.create("bench", "essays", corpus, chosen.model, chosen.train, "standard")
        _wait_for(lambda: store.run(run.id).has_model)
        yield run.id


@contextmanager
def _browser() -> Iterator["Browser"]:
    """Run the system's Chromium if there is one, else playwright's own."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise BenchError("bench_no_browser") from error
    system = Path(os.environ.get("CHARLOOM_CHROMIUM", "/usr/bin/chromium"))
    with sync_playwright() as playwright:
        path = system if system.exists() else None
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            raise BenchError("bench_no_browser") from error
        yield browser
        browser.close()
