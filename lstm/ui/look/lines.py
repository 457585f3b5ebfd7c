"""Lines for the figures of the room: numbers go in, Plotly's dictionaries come out.

Colours are those of ``lstm.ui.charts``, which stay apart for everybody on white and on dark; a
line also differs in its dashes and has a name. Knows nothing of networks or of Streamlit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lstm.ui.charts import OTHERS, Figure, plain
from lstm.ui.ladder import REFERENCE

PURPLE, GREEN, BLUE, RED = OTHERS
GREY = REFERENCE

Numbers = Sequence[float] | npt.NDArray[Any]


def digits(values: Numbers, count: int = 4) -> list[float | None]:
    """Return numbers with so many digits each: more than a pixel shows. None for NaN and inf."""
    array = np.asarray(values, dtype=np.float64).tolist()
    return [float(f"{value:.{count}g}") if np.isfinite(value) else None for value in array]


def line(
    uid: str, name: str, x: Numbers, y: Numbers, *, colour: str, dash: str = "solid"
) -> Figure:
    """Draw a line.

    Args:
        uid: Tells it from the others when the figure changes.
        name: What it is. May be hostile.
        x: Where its points stand.
        y: Their values; NaN leaves a gap.
        colour: One of this module's.
        dash: ``solid``, ``dash``, ``dot``, ``dashdot`` or ``longdash``.
    """
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": uid,
        "name": plain(name),
        "x": digits(x),
        "y": digits(y),
        "line": {"color": colour, "width": 2.5, "dash": dash},
        "hovertemplate": "%{y:.3~g}",
    }


def band(uid: str, x: Numbers, low: Numbers, high: Numbers, *, colour: str) -> Figure:
    """Draw the area between two lines, without a name."""
    there_and_back = [*digits(x), *digits(x)[::-1]]
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": uid,
        "x": there_and_back,
        "y": [*digits(high), *digits(low)[::-1]],
        "fill": "toself",
        "fillcolor": _see_through(colour),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def level(
    y: float, said: str, *, logarithmic: bool = False, left: bool = False
) -> tuple[Figure, Figure]:
    """Return a dashed line across the figure and its label, for ``shapes`` and ``annotations``.

    Args:
        y: Where it lies.
        said: The label, which stands on it at the right end.
        logarithmic: Whether the axis is.
        left: Whether the label stands at the left end instead.
    """
    across = {
        "type": "line",
        "layer": "below",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": GREY, "width": 1.2, "dash": "dash"},
    }
    label = {
        "text": said,
        "xref": "paper",
        "x": 0 if left else 1,
        "xanchor": "left" if left else "right",
        "y": float(np.log10(y)) if logarithmic else y,
        "yanchor": "bottom",
        "showarrow": False,
    }
    return across, label


def layout(x_title: str, y_title: str, revision: str) -> Figure:
    """Return the frame of a figure with a legend above it."""
    return {
        "xaxis": {"title": {"text": x_title}},
        "yaxis": {"title": {"text": y_title}, "automargin": True},
        "margin": {"l": 68, "r": 16, "t": 60, "b": 48},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified",
        "uirevision": revision,
    }


def _see_through(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
