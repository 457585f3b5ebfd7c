"""One chart with the trainings of a whole class: the best stand out, the rest stay findable.

Fifty lines can't all have a colour of their own. So the best and the viewer's own have colour,
dash, marker and a name in the legend, and all others are thin and grey; every line tells its name
under the pointer, and the table below the chart names them all. Knows nothing of runs or stores.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from lstm.ui.charts import comparison_chart, plain
from lstm.ui.curves import Curve, Look, Points, thin

Mark = Literal["first", "second", "third", "own", "other"]

BEST: tuple[Mark, ...] = ("first", "second", "third")
"""Marks of the best trainings, in this order."""

POINTS = 48
"""Most points of one line: fifty lines go to fifty viewers."""

GREY = "#857D75"

_STYLES: dict[Mark, dict[str, Any]] = {
    "first": {"color": "#D55E00", "dash": "solid", "width": 3.5, "symbol": "star"},
    "second": {"color": "#0072B2", "dash": "dash", "width": 3, "symbol": "square"},
    "third": {"color": "#009E73", "dash": "dot", "width": 3, "symbol": "diamond"},
    "own": {"color": "#B5588A", "dash": "dashdot", "width": 3.5, "symbol": "circle"},
    "other": {"color": GREY, "dash": "solid", "width": 1.3, "symbol": "circle"},
}


def class_chart(curves: Sequence[Curve], look: Look) -> dict[str, Any]:
    """Draw the held-out losses of a class.

    Args:
        curves: The trainings, best first. Their names are hostile.
        look: Unit, axis and language.
    """
    figure = comparison_chart([thinned(curve) for curve in curves], look)
    for place, (trace, curve) in enumerate(zip(figure["data"], curves, strict=True)):
        mark = BEST[place] if place < len(BEST) else "other"
        trace |= {"name": plain(curve.name), **_styled(mark, len(trace["x"]))}
    # What is drawn last lies on top: the best.
    figure["data"].reverse()
    figure["layout"] |= {
        "hovermode": "closest",
        "hoverdistance": 30,
        "legend": figure["layout"]["legend"] | {"traceorder": "reversed"},
    }
    return figure


def with_own(figure: Mapping[str, Any], own: Iterable[int]) -> dict[str, Any]:
    """Return a class's chart for one viewer: their own lines stand out as well.

    Args:
        figure: What ``class_chart`` drew for everybody; it stays as it is.
        own: Places of the viewer's own trainings, from 0.
    """
    names = {f"run-{place}" for place in own if place >= len(BEST)}
    mine = [trace for trace in figure["data"] if trace["uid"] in names]
    rest = [trace for trace in figure["data"] if trace["uid"] not in names]
    marked = [trace | _styled("own", len(trace["x"])) for trace in mine]
    top = max(0, len(rest) - len(BEST))
    return {**figure, "data": [*rest[:top], *marked, *rest[top:]]}


def thinned(curve: Curve) -> Curve:
    """Return a curve with few enough points for a chart of many."""
    points = curve.validation
    epoch, value = thin(points.epoch, points.value, POINTS)
    seconds, _ = thin(points.seconds, points.value, POINTS)
    return Curve(curve.name, curve.training, Points(epoch, seconds, value))


def _styled(mark: Mark, points: int) -> dict[str, Any]:
    style = _STYLES[mark]
    line = {part: style[part] for part in ("color", "dash", "width")}
    stands_out = mark != "other"
    # A line of one point would not show; of a long one the last point carries the mark.
    sizes = [0] * max(0, points - 1) + [11 if stands_out else 4]
    return {
        "mode": "lines+markers",
        "line": line,
        "marker": {
            "color": style["color"],
            "symbol": style["symbol"],
            "size": sizes,
            "line": {"width": 0},
        },
        "showlegend": stands_out,
        "hoverlabel": {"namelength": -1},
        "hovertemplate": "%{fullData.name}<br>%{y:.4~g}<extra></extra>",
    }
