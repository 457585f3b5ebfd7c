import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from lstm.messages import LANGUAGES, Language
from lstm.ui import charts
from lstm.ui.components.liveplot import figure_json
from lstm.ui.curves import (
    AXES,
    SPANS,
    UNITS,
    Axis,
    Curve,
    Look,
    Points,
    Reference,
    Span,
    Unit,
    in_unit,
    smooth,
    thin,
)
from lstm.ui.ladder import spread

NOTHING = Points(np.empty(0), np.empty(0), np.empty(0))
LADDER = tuple(
    Reference(key, bits)
    for key, bits in [
        ("uniform", 6.0),
        ("unigram", 4.6),
        ("ngram2", 3.5),
        ("ngram3", 2.9),
        ("ngram4", 2.55),
        ("ngram5", 2.41),
        ("ngram6", 2.45),
        ("xz", 3.2),
    ]
)


def points(count: int, value: float = 2.0, every: float = 0.5) -> Points:
    seconds = np.arange(1, count + 1) * np.float64(every)
    return Points(seconds / 10, seconds, value + 2 * np.exp(-seconds / 5))


def curve(count: int = 100, name: str = "mine", value: float = 1.5) -> Curve:
    return Curve(name, points(count, value), points(max(1, count // 10), value + 0.1, 5.0))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("span", SPANS)
def test_every_look_gives_a_valid_figure(
    language: Language, unit: Unit, axis: Axis, span: Span
) -> None:
    look = Look(language, unit, axis, span)
    figure = charts.loss_chart(curve(), look, LADDER, [curve(name="older")])
    go.Figure(figure)  # raises for anything that Plotly does not know
    assert json.loads(figure_json(figure)) == figure


@pytest.mark.parametrize("curves", [Curve("new", NOTHING, NOTHING), curve(1), curve(10_000)])
def test_a_curve_of_any_length_sends_at_most_500_points(curves: Curve) -> None:
    figure = charts.loss_chart(curves, Look(), LADDER)
    go.Figure(figure)
    assert all(len(trace["x"]) == len(trace["y"]) <= 500 for trace in figure["data"])
    assert len(figure_json(figure)) < 60_000


def test_units_are_the_same_loss() -> None:
    nats = np.array([0.0, math.log(2), 3 * math.log(2)])
    assert in_unit(nats, "nats").tolist() == nats.tolist()
    assert in_unit(nats, "bits") == pytest.approx([0, 1, 3])
    assert in_unit(nats, "perplexity") == pytest.approx([1, 2, 8])


def test_thinning_keeps_spikes_and_order() -> None:
    x = np.arange(10_000.0)
    y = np.sin(x / 700)
    y[[1234, 7777]] = (50.0, -50.0)
    few_x, few_y = thin(x, y)
    assert len(few_x) <= 500
    assert 50.0 in few_y
    assert -50.0 in few_y
    assert (np.diff(few_x) > 0).all()


@pytest.mark.parametrize("count", [1, 2, 3, 30, 200, 2000])
def test_smoothing_neither_leads_nor_lags(count: int) -> None:
    x = np.arange(count, dtype=np.float64)
    places, line = smooth(x, 5 - x / 1000)
    assert line == pytest.approx(5 - places / 1000, abs=1e-6)


def test_smoothing_passes_over_what_is_no_number() -> None:
    y = np.full(50, 2.0)
    y[[3, 20]] = (np.nan, np.inf)
    x, line = smooth(np.arange(50.0), y)
    assert len(x) == 48
    assert line == pytest.approx(2.0)
    assert len(smooth(NOTHING.seconds, NOTHING.value)[0]) == 0


def test_smoothing_takes_away_noise() -> None:
    noise = np.random.default_rng(1).normal(size=3000)
    x, line = smooth(np.arange(3000.0), noise)
    assert len(x) == 500
    assert line.std() < 0.3


def test_the_best_point_is_the_lowest_held_out_one() -> None:
    held_out = Points(np.arange(1.0, 5), np.arange(1.0, 5), np.array([3.0, 2.0, 1.5, 1.8]))
    figure = charts.loss_chart(Curve("mine", NOTHING, held_out), Look(unit="nats"))
    best = next(trace for trace in figure["data"] if trace["uid"] == "best")
    assert (best["x"], best["y"]) == ([3.0], [1.5])
    assert "1.500" in best["name"]


def test_a_value_that_is_no_number_leaves_a_gap() -> None:
    held_out = Points(np.arange(3.0), np.arange(3.0), np.array([2.0, math.nan, 1.0]))
    figure = charts.loss_chart(Curve("mine", held_out, held_out), Look(unit="nats"), LADDER)
    raw = next(trace for trace in figure["data"] if trace["uid"] == "validation")
    assert raw["y"] == [2.0, None, 1.0]
    figure_json(figure)


def test_the_ladder_marks_what_is_beaten() -> None:
    best = Points(np.ones(1), np.ones(1), np.array([2.5 * math.log(2)]))
    figure = charts.loss_chart(Curve("mine", NOTHING, best), Look(), LADDER)
    labels = [label["text"] for label in figure["layout"]["annotations"]]
    assert len(labels) == len(LADDER) == len(figure["layout"]["shapes"])
    beaten = {label for label in labels if label.startswith("✓")}
    assert {label for label in labels if "5-gram" in label or "6-gram" in label}.isdisjoint(beaten)
    assert len(beaten) == 6


def test_the_ladder_s_figures_have_two_decimals() -> None:
    figure = charts.loss_chart(curve(), Look(), [Reference("ngram4", 2.1)])
    assert figure["layout"]["annotations"][0]["text"].endswith("2.10")


def test_lines_and_labels_of_perplexity_stand_on_its_logarithm() -> None:
    figure = charts.loss_chart(curve(), Look(unit="perplexity"), [Reference("uniform", 6.0)])
    layout = figure["layout"]
    assert layout["shapes"][0]["y0"] == pytest.approx(64)
    assert layout["annotations"][0]["y"] == pytest.approx(math.log10(64))
    assert layout["yaxis"]["range"][0] < math.log10(64) < layout["yaxis"]["range"][1]


def test_only_what_is_drawn_sets_the_ends_of_the_axis() -> None:
    steep = Curve("steep", points(100, 9.0), points(10, 1.0, 5.0))
    figure = charts.comparison_chart([steep], Look(unit="nats"))
    assert figure["layout"]["yaxis"]["range"][1] < 4


def test_looking_near_leaves_out_what_is_far() -> None:
    figure = charts.loss_chart(curve(), Look(span="near"), LADDER)
    texts = " ".join(label["text"] for label in figure["layout"]["annotations"])
    assert "blind guess" not in texts
    assert figure["layout"]["yaxis"]["range"][1] < 4


def test_labels_keep_their_distance_and_their_order() -> None:
    places = [2.0, 3.0, 4.0, 100.0, 101.0]
    moved = [place + shift for place, shift in zip(places, spread(places, 18), strict=True)]
    gaps = np.diff(moved)
    assert (gaps >= 18 - 1e-9).all()
    assert min(moved) >= 9
    assert spread([20.0, 50.0], 18) == [0.0, 0.0]
    assert spread([], 18) == []


HOSTILE = "<b>x</b> <a href='https://example.com'>$a$</a>\u202e\n" + "long " * 50


def test_a_run_s_name_is_shown_as_it_is() -> None:
    figure = charts.comparison_chart([curve(name=HOSTILE)], Look())
    name = figure["data"][0]["name"]
    assert "<" not in name
    assert name.startswith("&lt;b&gt;x&lt;/b&gt;")
    assert "\u202e" not in name
    assert "\n" not in name
    assert len(name) < 100


def test_compared_runs_differ_in_colour_or_line() -> None:
    figure = charts.comparison_chart([curve(name=str(i)) for i in range(12)], Look())
    go.Figure(figure)
    looks = {(trace["line"]["color"], trace["line"]["dash"]) for trace in figure["data"]}
    assert len(looks) == 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_small_charts_are_valid(language: Language) -> None:
    look = Look(language, horizon=60.0, axis="seconds")
    for figure in (
        charts.gradient_chart(points(30), look, clip=1.0),
        charts.gradient_chart(NOTHING, look),
        charts.learning_rate_chart(points(30), look),
    ):
        go.Figure(figure)
        assert figure["layout"]["xaxis"]["range"] == [0, 60.0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chart_can_be_read_without_seeing_it(language: Language) -> None:
    look = Look(language)
    assert charts.loss_summary(Curve("new", NOTHING, NOTHING), look)
    said = charts.loss_summary(curve(), look, LADDER)
    assert look.say("reference_uniform") in said
    table = charts.loss_table(curve(), look)
    assert len({len(row) for row in table}) == 1
    assert len(table) == 11


@pytest.mark.parametrize("background", ["#FFFFFF", "#FBF7EF", "#191614", "#0E1117"])
@pytest.mark.parametrize("colour", [charts.TRAINING, charts.VALIDATION, *charts.OTHERS])
def test_curves_stand_out_in_both_themes(background: str, colour: str) -> None:
    assert contrast(background, colour) >= 3.0


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, "contrast ratio" and "relative luminance"."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
