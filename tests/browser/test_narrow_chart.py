"""The ladder's labels on a phone: no curve runs through one of them."""

import pytest
from playwright.sync_api import expect

from lstm.baselines import Baseline
from lstm.events import EpochEnd, Step
from lstm.runs import RunStore
from lstm.ui.visitor import COOKIE
from tests.browser.conftest import PATIENCE, OpenPage, Server
from tests.store_tools import make_run

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

LADDER = {"uniform": 4.6, "unigram": 4.1, "ngram2": 3.4, "ngram3": 2.6, "ngram5": 2.1}

POINTS_IN_LABELS = """() => {
    const canvas = document.querySelector('.charloom-plot-canvas');
    const { left, top } = canvas.getBoundingClientRect();
    const { _offset: x0 } = canvas._fullLayout.xaxis, { _offset: y0 } = canvas._fullLayout.yaxis;
    const { xaxis, yaxis } = canvas._fullLayout;
    const boxes = [...canvas.querySelectorAll('.annotation-text-g .bg')].map(
        (node) => node.getBoundingClientRect());
    const hidden = [];
    for (const trace of canvas.data) {
        trace.x.forEach((value, i) => {
            const x = left + x0 + xaxis.l2p(value), y = top + y0 + yaxis.l2p(trace.y[i]);
            if (boxes.some((box) => x > box.left && x < box.right && y > box.top && y < box.bottom))
                hidden.push([trace.uid, value]);
        });
    }
    return { labels: boxes.length, hidden };
}"""


def a_run_that_ends_at_the_ladder(store: RunStore, owner: str) -> str:
    """Its curve falls from the top rung to just above the lowest and stays there."""
    run = make_run(store, owner=owner)
    store.begin(run.id, pid=1, pid_started=None)
    for key, bits in LADDER.items():
        store.add_baseline(run.corpus_fingerprint, Baseline(key, None, bits, False))
    for index in range(1, 61):
        loss = 1.5 + 1.7 * 0.85**index
        seconds = float(index)
        step = Step(10 * index, index / 10, seconds, loss, 0.5, 0.008, 1000.0)
        end = EpochEnd(index, 10 * index, index / 10, seconds, loss, loss, True, 0.1)
        store.append(run.id, [step, end])
    store.stop(run.id)
    return run.id


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_label_hides_a_curve(open_page: OpenPage, server: Server, language: str) -> None:
    with RunStore(server.data) as store:
        run = a_run_that_ends_at_the_ladder(store, "a" * 43)
    page = open_page("about:blank", language=language, size=(390, 844))
    page.context.add_cookies([{"name": COOKIE, "value": "a" * 43, "url": server.url}])
    page.goto(f"/train?run={run}")
    expect(page.locator(".charloom-plot-canvas .annotation").first).to_be_visible()
    seen = page.evaluate(POINTS_IN_LABELS)
    assert seen["labels"] >= 2
    assert seen["hidden"] == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", ["history", "whatif"])
def test_no_number_beside_a_bar_is_cut_off(open_page: OpenPage, view: str, language: str) -> None:
    page = open_page(f"/look?view={view}", language=language, size=(390, 844))
    expect(page.locator(".charloom-plot-canvas .bartext").nth(4)).to_be_visible()
    room = page.evaluate(
        """() => [...document.querySelectorAll('.charloom-plot-canvas .bartext')].map((number) =>
            number.closest('svg').getBoundingClientRect().right
            - number.getBoundingClientRect().right)"""
    )
    assert min(room) >= 0
