"""The trajectory: the network's path through its own memory, seen from the side."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from lstm.insight.classes import CLASSES, character_classes
from lstm.insight.reading import Floats
from lstm.insight.trajectory import (
    Axes,
    Trajectory,
    cell_axes,
    principal_axes,
    states,
    trajectory,
)
from lstm.ui.charts import Figure
from lstm.ui.components.tinted import Lane, Tinted, Told, tinted
from lstm.ui.language import t
from lstm.ui.look import frame, lines, wishes
from lstm.ui.look.context import Context, digest

FORMULAS = (
    r"(h_t - \bar h)_{t = 1 \ldots T} = U \Sigma V^\top",
    r"z_t = (h_t - \bar h)\,V_{1,2}",
    r"\text{share of axis } i = \sigma_i^2 / \sum_j \sigma_j^2",
)
CODE = (principal_axes, trajectory)

Kind = Literal["pca", "cells"]
KINDS: tuple[Kind, ...] = ("pca", "cells")

TAIL = 8
"""Characters that the tail behind the playhead shows."""

_NAME = "charloom-trajectory"
_KEPT = "_look_axes"
_MOST_KEPT = 8
_HEIGHT = 520
_LOOKS = {
    "newline": (lines.PURPLE, "star"),
    "space": (lines.GREY, "circle-open"),
    "capital": (lines.RED, "triangle-up"),
    "lowercase": (lines.BLUE, "circle"),
    "letter": (lines.BLUE, "circle"),
    "han": (lines.GREEN, "square"),
    "digit": (lines.GREEN, "diamond"),
    "punctuation": (lines.RED, "x"),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """Axes that were chosen for a text, and where they end.

    Attributes:
        network: The weights that they were computed from.
        axes: The directions.
        end: The figure runs from -end to end in both of them.
    """

    network: str
    axes: Axes
    end: float


def render(context: Context) -> None:
    """Draw the view."""
    left, right = st.columns(2)
    with left:
        kind = wishes.one_of("axes", KINDS, label=t("look_trajectory.axes"), say=_kind_said)
    with right:
        layer = wishes.layer(context.model.config.num_layers)
    found, end = _cells(context, layer) if kind == "cells" else _components(context, layer)
    frame.windowed(context)
    first, second = found.variance.tolist()
    frame.facts(
        [
            (_axis_said(found, 0), f"{first:.1%}"),
            (_axis_said(found, 1), f"{second:.1%}"),
            (t("look_trajectory.unseen"), f"{1 - first - second:.1%}"),
        ]
    )
    frame.plot(
        trajectory_chart(context.text, found, end),
        key="trajectory",
        title=t("look_trajectory.title"),
        height=_HEIGHT,
        summary=t("look_trajectory.summary", first=f"{first:.1%}", second=f"{second:.1%}"),
    )
    tinted(played(context.text, found), key="tinted-trajectory")
    head = [t("look_trajectory.place"), t("look_trajectory.character"), "x", "y"]
    frame.numbers("trajectory", head, lambda: rows_of(context.text, found))


def _components(context: Context, layer: int) -> tuple[Trajectory, float]:
    """Return the path along the directions of most spread; those of an earlier epoch are kept."""
    kept: dict[str, Seen] = st.session_state.setdefault(_KEPT, {})
    key = f"{context.choice.key}/{layer}/{digest(context.spelled)}"
    seen = kept.get(key)
    axes = None if seen is None else seen.axes
    found = context.computed(
        "trajectory",
        lambda: trajectory(states(context.model, context.ids, layer), axes),
        layer,
        None if seen is None or seen.network == context.network else seen.network,
    )
    if seen is None:
        kept[key] = seen = Seen(context.network, found.axes, end_of(found))
        for old in list(kept)[:-_MOST_KEPT]:
            del kept[old]
    if seen.network != context.network:
        st.caption(t("look_trajectory.kept"))
        said = t("look_trajectory.refit")
        st.button(said, key="axes-refit", on_click=kept.__delitem__, args=(key,))
    return found, seen.end


def _cells(context: Context, layer: int) -> tuple[Trajectory, float]:
    """Return the path along two cells, whose answers lie between -1 and 1."""
    size = context.model.config.hidden_size
    if size == 1:
        return _components(context, layer)
    left, right = st.columns(2)
    with left:
        said = t("look_trajectory.across", most=size)
        across = wishes.whole("across", 1, size, label=said, default=1, box=True)
    with right:
        said = t("look_trajectory.upwards", most=size)
        upwards = wishes.whole("upwards", 1, size, label=said, default=2, box=True)
    axes = cell_axes(size, across - 1, upwards - 1)
    found = context.computed(
        "trajectory",
        lambda: trajectory(states(context.model, context.ids, layer), axes),
        layer,
        across,
        upwards,
    )
    return found, 1.0


def end_of(found: Trajectory) -> float:
    """Return where the axes end so that the whole path has room, rounded up to a half."""
    return float(np.ceil(2.1 * max(float(np.abs(found.points).max()), 0.4)) / 2)


def trajectory_chart(text: str, found: Trajectory, end: float) -> Figure:
    """Draw the path, a sign for each character by its kind, and the playhead at the beginning."""
    points = found.points
    name = t("look_trajectory.path")
    path = lines.line("path", name, points[:, 0], points[:, 1], colour=lines.GREY)
    path |= {"opacity": 0.35, "line": {"color": lines.GREY, "width": 1}, "hoverinfo": "skip"}
    look = (lines.PURPLE, "diamond")
    tail = _marks("tail", t("look_trajectory.tail"), points[:1], look)
    tail |= {"mode": "lines", "line": {"color": lines.PURPLE, "width": 3}}
    head = _marks("head", t("look_trajectory.head"), points[:1], look, 18)
    head["marker"] |= {"opacity": 1, "line": {"width": 2, "color": "#ffffff"}}
    layout = lines.layout(_axis_said(found, 0), _axis_said(found, 1), f"path-{found.axes.names}")
    layout["xaxis"] |= {"range": [-end, end]}
    layout["yaxis"] |= {"range": [-end, end]}
    layout |= {"hovermode": "closest", "meta": {"follows": _NAME, "tail": TAIL}}
    return {"data": [path, *_kinds(text, points), tail, head], "layout": layout}


def _kinds(text: str, points: Floats) -> list[Figure]:
    kinds = character_classes(text)
    traces = []
    for number, kind in enumerate(CLASSES):
        places = np.flatnonzero(kinds == number)
        if len(places):
            name = t(f"look_trajectory.kind.{kind}")
            trace = _marks(f"kind-{kind}", name, points[places], _LOOKS[kind])
            trace["text"] = [str(place + 1) for place in places.tolist()]
            traces.append(trace | {"hovertemplate": "%{text}"})
    return traces


def _marks(uid: str, name: str, points: Floats, look: tuple[str, str], size: int = 7) -> Figure:
    colour, symbol = look
    return {
        "type": "scatter",
        "mode": "markers",
        "uid": uid,
        "name": name,
        "x": lines.digits(points[:, 0]),
        "y": lines.digits(points[:, 1]),
        "marker": {"color": colour, "symbol": symbol, "size": size, "opacity": 0.75},
    }


def played(text: str, found: Trajectory) -> Tinted:
    """Return the text with the playhead that the figure follows."""
    return Tinted(
        text=text,
        lanes=(Lane(t("look_trajectory.play"), [-1] * len(text), "marks", ()),),
        told=(Told("x", found.points[:, 0]), Told("y", found.points[:, 1])),
        play=True,
        name=_NAME,
    )


def rows_of(text: str, found: Trajectory) -> list[list[object]]:
    """Return the numbers behind the figure."""
    return [
        [place, character, round(x, 5), round(y, 5)]
        for place, (character, (x, y)) in enumerate(
            zip(text, found.points.tolist(), strict=True), 1
        )
    ]


def _axis_said(found: Trajectory, number: int) -> str:
    if found.axes.names is not None:
        return t("look_trajectory.cell", cell=found.axes.names[number] + 1)
    return t("look_trajectory.component", number=number + 1)


def _kind_said(kind: str) -> str:
    return t(f"look_trajectory.axes_{kind}")
