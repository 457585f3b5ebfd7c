"""The drawing of a task's shape: what has happened is filled in, hostile text stays text."""

import re

import numpy as np
import pytest

from lstm.lessons.tasks.parts import Answer, Shape
from lstm.ui.learn.tasks_diagram import COLUMNS, VALUES, Words, bars_svg, diagram_svg

WORDS = Words("out", "kept", "i&")


def answer(count: int, *, silent: int = 0, own: int | None = None) -> Answer:
    """An answer to the letters a, b, c and so on."""
    fed = tuple(chr(ord("a") + place % 26) for place in range(count))
    said = ("",) * silent + tuple(letter.upper() for letter in fed[silent:])
    memory = np.linspace(-1, 1, count * 8, dtype=np.float32).reshape(count, 8)
    sure = np.full(count, 0.5, np.float32)
    return Answer("", fed, said, sure, memory, count if own is None else own)


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_what_has_not_happened_yet_is_empty() -> None:
    svg = diagram_svg(answer(5), "aligned", 2, WORDS, {})
    assert texts(svg) == [
        "out",
        "kept",
        "i&amp;",
        "a",
        "A",
        "b",
        "B",
        "c",
        "C",
        "",
        "",
        "",
        "",
    ]
    assert svg.count('class="value"') == 3 * VALUES
    assert svg.count('<g class="past">') == 3
    assert svg.count('<g class="coming">') == 2
    assert svg.count('class="running"') == 1


@pytest.mark.parametrize(("moment", "first"), [(0, "a"), (10, "g"), (19, "l")])
def test_of_many_moments_those_around_the_running_one_are_drawn(moment: int, first: str) -> None:
    svg = diagram_svg(answer(20), "aligned", moment, WORDS, {})
    assert svg.count("<g ") == COLUMNS
    assert texts(svg)[3] == first
    assert svg.count("…") == 1 + (moment == 10)


@pytest.mark.parametrize(
    ("shape", "said"),
    [("many_to_one", 1), ("aligned", 6), ("unaligned", 3)],
)
def test_each_shape_speaks_at_its_own_moments(shape: Shape, said: int) -> None:
    svg = diagram_svg(answer(6, silent=3 if shape == "unaligned" else 0), shape, 5, WORDS, {})
    assert svg.count("box said") == said


def test_what_is_fed_back_has_an_arrow_of_its_own() -> None:
    assert diagram_svg(answer(4, own=1), "one_to_many", 3, WORDS, {}).count("arrow back") == 3
    assert "arrow back" not in diagram_svg(answer(4), "aligned", 3, WORDS, {})


def test_hostile_text_stays_text() -> None:
    one = answer(3)
    hostile = Answer("", ("<", "&", '"'), ("<b>", "&", "x"), one.sure, one.memory, 3)
    svg = diagram_svg(hostile, "aligned", 2, WORDS, {"x": "<i>"})
    bars = bars_svg(np.array([0.9, 0.1, 0.5], np.float32), '<&"', 1)
    for drawn in (svg, bars):
        assert set(re.findall(r"<(/?\w+)", drawn)) <= {
            *("svg", "/svg", "defs", "/defs", "marker", "/marker", "path", "rect", "text"),
            *("/text", "g", "/g", "line"),
        }
    assert "&lt;b&gt;" in svg


def test_bars_point_to_the_verdict() -> None:
    svg = bars_svg(np.array([0.9, 0.1], np.float32), "ab", 1)
    up, down = re.findall(r'<rect class="([^"]*)" x="\d+" y="([\d.]+)"', svg)
    assert up[0] == "yes"
    assert down == ("no now", "36.0")
    assert float(up[1]) < 36
