"""Order, loop, vanishing gradient and gates, drawn without a browser."""

import html
import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from lstm.insight.reading import Floats
from lstm.lessons.cell import one_cell
from lstm.lessons.clipping import Descent
from lstm.lessons.order import Progress
from lstm.lessons.unrolled import HIDDEN, Step
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui.learn import gates, loop, order, vanishing
from lstm.ui.learn.cell_drawing import cell_svg
from lstm.ui.learn.svg import colour
from lstm.ui.look import jobs
from lstm.ui.words import signed
from tests.engine_tools import network
from tests.ui.learn.room import open_chapter
from tests.ui.page_tools import page_text

HOSTILE = "<img src=x onerror=alert(1)> **b**"
SHORT = "the cat sat on the mat. a dog ran after it! " * 12
CHAPTERS = ("order", "loop", "vanishing", "gates")
BEGINS = {
    "order": "live-order-play",
    "loop": "live-loop-play",
    "vanishing": "live-gradients-play",
    "gates": "live-gates-play",
}


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """What a test has set going ends with it."""
    yield
    for job in list(jobs._jobs.values()):
        job.cancel()
    jobs._jobs.clear()


def said(page: AppTest) -> str:
    return html.unescape(page_text(page))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", CHAPTERS)
def test_a_chapter_can_be_entered(store: RunStore, key: str, language: Language) -> None:
    page = open_chapter(key, language, SHORT)
    assert not page.exception
    assert any(button.key == BEGINS[key] for button in page.button)
    assert "charloom-term" in page_text(page)
    assert "](" not in said(page)


@pytest.mark.parametrize("part", vanishing.PARTS)
def test_each_of_the_three_experiments_can_be_linked_to(store: RunStore, part: str) -> None:
    page = open_chapter("vanishing", text=SHORT, part=part, bias="nan", gain="99", delay="-1")
    assert not page.exception
    keys = {"measured": "gradients", "exploding": "clipping", "proof": "race"}
    assert any(button.key == f"live-{keys[part]}-play" for button in page.button)


@pytest.mark.parametrize(
    ("key", "control"), [("order", "sentence"), ("loop", "word"), ("gates", "words")]
)
def test_hostile_words_do_no_harm(store: RunStore, key: str, control: str) -> None:
    page = open_chapter(key, "en", HOSTILE + SHORT, (), **{control: HOSTILE, "cell": "x"})
    assert not page.exception
    assert "<img" not in page_text(page)
    for other in (*page.markdown, *page.caption):
        assert "onerror" not in str(other.value)


@pytest.mark.parametrize("key", CHAPTERS)
def test_what_the_teacher_hides_is_not_there_and_its_value_counts(
    store: RunStore, key: str
) -> None:
    module = {"order": order, "loop": loop, "vanishing": vanishing, "gates": gates}[key]
    page = open_chapter(key, text=SHORT, hidden=module.CONTROLS, word="cat", part="proof")
    assert not page.exception
    assert not page.text_input
    assert not page.selectbox
    assert not page.number_input
    assert not [one for one in page.slider if not str(one.key).startswith("live-")]
    assert not [one for one in page.segmented_control if not str(one.key).startswith("live-")]


def test_a_cell_can_be_stepped_through(store: RunStore) -> None:
    page = open_chapter("gates", words="abc")
    while any(button.key == "live-gates-cancel" for button in page.button):
        page.run()
    assert text("learn_gates.table", letter="a") in said(page)
    page.button(key="live-gates-step").click().run()
    assert not page.exception
    assert text("learn_gates.table", letter="b") in said(page)


# -- figures ------------------------------------------------------------------------------------


def numbers(*shape: int) -> Floats:
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)


def test_the_loop_is_drawn_with_its_numbers_and_everything_escaped() -> None:
    step = Step(
        word="a<b ",
        place=1,
        before=numbers(HIDDEN),
        after=numbers(HIDDEN),
        states=numbers(2, HIDDEN),
        letters=("<", " ", "\n", "\ufffd"),
        chances=np.array([0.4, 0.3, 0.2, 0.1], np.float32),
        share=0.5,
    )
    drawn = ET.fromstring(loop.unrolled_svg(step))
    told = [part.text for part in drawn.iter() if part.text]
    assert "40%" in told
    assert f"{float(step.states[1, 0]):.2f}" in told
    assert text("learn_loop.blank") in told
    assert "a<" in loop.sentence(step)
    assert len(loop.table_of(step)) == HIDDEN + 1


def test_the_cell_is_drawn_with_its_numbers_and_everything_escaped() -> None:
    model = network(7, cell="lstm")
    spelled = "<&>ab c"
    for moment in one_cell(model, np.arange(7), 1):
        drawn = ET.fromstring(cell_svg(spelled, moment, "en"))
        told = [part.text for part in drawn.iter() if part.text]
        assert f"f = {moment.forget:.2f}" in told
        assert f"c = {signed(moment.memory)}" in told
        assert not any("= -" in words or "−0.00" in words for words in told)
        assert len(gates.table_of(moment)) == 5


def test_colours_are_white_at_zero_and_leave_words_readable() -> None:
    assert colour(0.0) == "#ffffff"
    assert colour(1.0) != colour(-1.0)
    for value in (-1.0, 1.0, 5.0):
        shade = [int(colour(value)[at : at + 2], 16) for at in (1, 3, 5)]
        assert min(shade) > 90


@pytest.mark.parametrize(
    ("passage", "word"),
    [
        ("where there is a there there", "there"),
        ("我们的路我们的家我们的", "我们的"),
        ("12 34", "12"),
    ],
)
def test_a_word_is_found_in_every_text(passage: str, word: str) -> None:
    assert loop.own_word(passage) == word


def test_charts_can_be_drawn_whatever_has_broken() -> None:
    bits = np.array([[6.0, math.inf, math.nan], [6.0, 5.0, 4.0]], np.float32)
    found = Descent(np.arange(1, 4), bits, bits, 6.0, 1.0)
    names = ("without", "with")
    go.Figure(vanishing.descent_chart(found, names))
    rows = vanishing.descent_table(found, names)
    assert rows[1][-1] == text("learn_vanishing.broke_at", step=2)
    assert rows[2][-1] == text("learn_vanishing.learns")
    part = Progress(np.array([0, 10]), np.array([[6, 4], [6, 3], [6, 5]], np.float32), 4.3, 3.4, 1)
    go.Figure(order.order_chart(part))
    assert order.table_of(part)[2][2] == "3.00"
    assert not order.by_heart(part)
