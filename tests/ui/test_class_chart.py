"""The chart of a class: fifty lines, of which the best and one's own stand out."""

import itertools
import json
import math

import numpy as np
import pytest

from lstm.ui.classroom.chart import POINTS, class_chart, with_own
from lstm.ui.components.liveplot import figure_json
from lstm.ui.curves import UNITS, Curve, Look, Points, Unit

HOSTILE = "<a href='http://example.com'>x</a> $x$"
PAPERS = ("#FBF7EF", "#191614")
"""The page's background, light and dark."""


def curve(name: str, points: int = 20, level: float = 2.0) -> Curve:
    epoch = np.arange(1, points + 1, dtype=np.float64)
    nothing = Points(np.empty(0), np.empty(0), np.empty(0))
    return Curve(name, nothing, Points(epoch, 2 * epoch, level + np.exp(-epoch / 3)))


def a_class(count: int = 50, points: int = 300) -> list[Curve]:
    return [curve(f"name {i}: run", points, 1.5 + i / 50) for i in range(count)]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_only_the_best_and_one_s_own_are_in_the_legend() -> None:
    figure = with_own(class_chart(a_class(), Look()), (0, 30))
    named = [trace["name"] for trace in figure["data"] if trace["showlegend"]]
    assert named == ["name 30: run", "name 2: run", "name 1: run", "name 0: run"]
    assert [trace["name"] for trace in figure["data"]][-4:] == named  # on top of all others
    assert figure["layout"]["hovermode"] == "closest"
    assert all("fullData.name" in trace["hovertemplate"] for trace in figure["data"])


def test_who_stands_out_does_so_without_colours_too() -> None:
    figure = with_own(class_chart(a_class(5), Look()), (3,))
    styles = [
        (trace["line"]["dash"], trace["marker"]["symbol"], trace["line"]["width"])
        for trace in figure["data"]
    ]
    assert all(a != b for a, b in itertools.combinations(styles, 2))
    assert len({trace["line"]["color"] for trace in figure["data"]}) == 5


@pytest.mark.parametrize("paper", PAPERS)
def test_every_line_can_be_seen_on_the_page(paper: str) -> None:
    figure = with_own(class_chart(a_class(5), Look()), (3,))
    for trace in figure["data"]:
        assert contrast(trace["line"]["color"], paper) >= 3


def test_fifty_lines_stay_small_enough_for_fifty_viewers() -> None:
    figure = class_chart(a_class(), Look())
    assert all(len(trace["x"]) <= POINTS for trace in figure["data"])
    assert len(figure_json(figure)) < 60_000


@pytest.mark.parametrize("unit", UNITS)
def test_names_are_text_in_every_unit(unit: Unit) -> None:
    figure = class_chart([curve(HOSTILE)], Look(unit=unit))
    assert "<a" not in figure["data"][0]["name"]
    assert "&lt;a" in figure["data"][0]["name"]
    json.loads(figure_json(figure))


def test_a_line_of_one_point_and_an_empty_one_are_no_trouble() -> None:
    empty = Points(np.empty(0), np.empty(0), np.empty(0))
    figure = class_chart([curve("one", 1), Curve("none", empty, empty)], Look())
    sizes = [trace["marker"]["size"] for trace in figure["data"]]
    assert [len(trace["x"]) for trace in figure["data"]] == [0, 1]
    assert sizes[1] == [11]
    assert math.isfinite(figure["layout"]["yaxis"]["range"][1])


def test_what_one_viewer_sees_changes_nothing_for_the_others() -> None:
    figure = class_chart(a_class(8), Look())
    before = figure_json(figure)
    assert figure_json(with_own(figure, (5, 6))) != before
    assert figure_json(figure) == before
    assert figure_json(with_own(figure, (0, 2))) == before  # the best are marked as such
