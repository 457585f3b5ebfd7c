"""Four gates: what is forgotten, learned, remembered and used at each character."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from lstm.insight.classes import CLASSES, character_classes
from lstm.insight.gates import (
    Gates,
    LSTMGates,
    Saturation,
    checked_gates,
    layer_gates,
    saturation,
)
from lstm.insight.reading import Floats, read
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.components.tinted import Lane, Tinted, Told, picked, steps_of, tinted
from lstm.ui.language import t
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import Context

FORMULAS = (
    r"f, i, o = \sigma(W x_t + U h_{t-1} + b) \qquad g = \tanh(W x_t + U h_{t-1} + b)",
    r"c_t = f \odot c_{t-1} + i \odot g \qquad h_t = o \odot \tanh(c_t)",
    r"\text{remember} = \frac{\sum |f \odot c_{t-1}|}{\sum |f \odot c_{t-1}| + \sum |i \odot g|}",
)
CODE = (layer_gates, LSTMGates, saturation)

SHOWN = 1_000
"""Characters whose gates are drawn."""

RANGES = {"forget": 1.0, "learn": 0.5, "remember": 1.0, "use": 0.5, "update": 1.0, "reset": 1.0}
"""Where the colours of each row end, for every text and every network."""

COLOURS = {
    "forget": "#0072B2",
    "input": "#D55E00",
    "output": "#009E73",
    "update": "#0072B2",
    "reset": "#D55E00",
}
_PATTERNS = {"forget": "", "input": "/", "output": ".", "update": "", "reset": "/"}
_KEY = "tinted-gates"
_HEIGHT = 260
_OFTEN = 5  # a mean over fewer characters says nothing


@dataclass(frozen=True, eq=False)
class Look:
    """What is kept of a layer's gates: the sums, not the millions of numbers behind them.

    Attributes:
        names: Of the rows.
        rows: See ``LSTMGates.rows``, (4, T).
        spread: How the values of each gate are spread.
        half_life: Median over the cells, in characters.
        longest: The longest one.
    """

    names: tuple[str, ...]
    rows: Floats
    spread: dict[str, Saturation]
    half_life: float
    longest: float


def render(context: Context) -> None:
    """Draw the view."""
    checked_gates(context.model)
    layer = wishes.layer(context.model.config.num_layers)
    look = context.computed("gates", lambda: _look(context, layer), layer)
    place = picked(_KEY, len(look.rows[0]))
    if place is None:
        asked = wishes.as_whole(wishes.value("place") or "") or 1
        place = asked - 1 if asked <= len(look.rows[0]) else 0
    wishes.put("place", place + 1)
    if len(context.text) > SHOWN:
        blocks.alert(t("look_gates.first", shown=SHOWN), "info")
    tinted(heat_map(context.text[:SHOWN], look), key=_KEY, chosen=place, choose=True)
    frame.facts(_by_kind(context.text[:SHOWN], look))
    head = ["place", "character", *look.names]
    frame.numbers("gates", head, lambda: _rows(context.text, look))
    left, right = st.columns(2, gap="medium")
    with left:
        _one_character(context, layer, place)
    with right:
        _spread(look)


def _look(context: Context, layer: int) -> Look:
    ids = context.ids[:SHOWN]
    gates = layer_gates(context.model, read(context.model, ids), layer)
    lives = gates.half_lives()
    return Look(
        names=gates.ROWS,
        rows=gates.rows(),
        spread={name: saturation(getattr(gates, name)) for name in gates.GATES},
        half_life=float(np.median(lives)),
        longest=float(lives.max()),
    )


def heat_map(text: str, look: Look) -> Tinted:
    """Return the text with a row of cells below it for each of the four."""
    lanes, told = [], []
    for name, values in zip(look.names, look.rows, strict=True):
        most = RANGES[name]
        title = t(f"look_gates.row_{name}")
        legend = ["0", *[""] * 7, f"{most:g}"]
        lanes.append(Lane(title, steps_of(values, most), "amount", legend))
        told.append(Told(t(f"look_gates.short_{name}"), values))
    return Tinted(text, lanes, told, under=True, play=True, name="charloom-gates")


def _by_kind(text: str, look: Look) -> list[tuple[str, str]]:
    """Return the mean of the first row at each kind of character, for kinds that occur often."""
    kinds = character_classes(text)
    name = t(f"look_gates.short_{look.names[0]}")
    often = [kind for kind in np.unique(kinds).tolist() if (kinds == kind).sum() >= _OFTEN]
    return [
        (
            t("look_gates.at_kind", row=name, kind=t(f"look.kind.{CLASSES[kind]}")),
            f"{float(look.rows[0][kinds == kind].mean()):.2f}",
        )
        for kind in often
    ]


def _rows(text: str, look: Look) -> list[list[object]]:
    return [
        [place + 1, text[place], *(round(float(row[place]), 4) for row in look.rows)]
        for place in range(look.rows.shape[1])
    ]


# ---- one character ----------------------------------------------------------------------------


def _one_character(context: Context, layer: int, place: int) -> None:
    """Show the numbers of one character: over all cells, and those of one cell in full."""
    gates = context.computed("gates-at", lambda: _at(context, layer, place), layer, place)
    title = t("look_gates.at", place=place + 1)
    st.html(blocks.title_html(title, _visible(context.text[place]), level=3))
    head = [t(f"look_gates.{name}") for name in ("gate", "mean", "least", "most", "shut", "open")]
    rows = []
    for name in ("forget", "input", "output") if "memory" in gates else ("update", "reset"):
        values = gates[name]
        shares = [f"{100 * (values < 0.1).mean():.0f} %", f"{100 * (values > 0.9).mean():.0f} %"]
        numbers = [f"{v:.3f}" for v in (values.mean(), values.min(), values.max())]
        rows.append([t(f"look_gates.gate_{name}"), *numbers, *shares])
    st.html(blocks.table_html(t("look_gates.over_cells"), [head, *rows]))
    cells = len(next(iter(gates.values())))
    cell = wishes.whole("cell", 1, cells, label=t("look_gates.cell"), default=1, box=True) - 1
    for line in worked_out({name: float(values[cell]) for name, values in gates.items()}):
        st.latex(line)


def _at(context: Context, layer: int, place: int) -> dict[str, Floats]:
    """Return all numbers of one character, each (H,)."""
    reading = read(context.model, context.ids[: place + 1])
    gates: Gates = layer_gates(context.model, reading, layer)
    names = ["forget", "input", "candidate", "output", "memory", "hidden"]
    if not isinstance(gates, LSTMGates):
        names = ["reset", "update", "candidate", "hidden"]
    found = {name: getattr(gates, name)[-1].copy() for name in names}
    source = gates.memory if isinstance(gates, LSTMGates) else gates.hidden
    found["before"] = source[-2].copy() if place else np.zeros_like(source[-1])
    return found


def worked_out(numbers: dict[str, float]) -> list[str]:
    """Return a cell's step with its numbers, as LaTeX."""
    n = {name: f"{value:.3f}" for name, value in numbers.items()}
    signed = {name: f"({said})" if said.startswith("-") else said for name, said in n.items()}
    if "memory" in numbers:
        return [
            rf"c_t = f c_{{t-1}} + i g = {n['forget']} \cdot {signed['before']}"
            rf" + {n['input']} \cdot {signed['candidate']} = {n['memory']}",
            rf"h_t = o \tanh c_t = {n['output']} \cdot \tanh({n['memory']}) = {n['hidden']}",
        ]
    return [
        rf"h_t = (1 - z) n + z h_{{t-1}} = (1 - {n['update']}) \cdot {signed['candidate']}"
        rf" + {n['update']} \cdot {signed['before']} = {n['hidden']}",
    ]


def _visible(character: str) -> str:
    names = {" ": "space", "\n": "newline", "\t": "tab"}
    return t(f"look.tinted.{names[character]}") if character in names else character


# ---- saturation -------------------------------------------------------------------------------


def _spread(look: Look) -> None:
    title = t("look_gates.spread")
    st.html(blocks.title_html(title, level=3))
    frame.plot(spread_chart(look.spread), key="gates-spread", title=title, height=_HEIGHT)
    pairs = [
        (
            t(f"look_gates.gate_{name}"),
            t("look_gates.ends", shut=f"{100 * one.shut:.0f}", open=f"{100 * one.open:.0f}"),
        )
        for name, one in look.spread.items()
    ]
    lives = t("look_gates.lives", median=f"{look.half_life:.1f}", longest=f"{look.longest:.0f}")
    frame.facts([*pairs, (t("look_gates.half_life"), lives)])


def spread_chart(spread: dict[str, Saturation]) -> Figure:
    """Draw how often each gate stands where between shut and open."""
    traces = []
    for name, one in spread.items():
        middles = ((one.edges[:-1] + one.edges[1:]) / 2).astype(float)
        traces.append(
            {
                "type": "bar",
                "name": t(f"look_gates.gate_{name}"),
                "x": np.round(middles, 4).tolist(),
                "y": np.round(100 * one.shares.astype(float), 2).tolist(),
                "marker": {
                    "color": COLOURS[name],
                    "pattern": {"shape": _PATTERNS[name], "fillmode": "overlay"},
                },
                "hovertemplate": "%{y:.1f} %",
            }
        )
    layout = {
        "barmode": "group",
        "bargap": 0.12,
        "xaxis": {"title": {"text": t("look_gates.axis_value")}, "range": [0, 1]},
        "yaxis": {"title": {"text": t("look_gates.axis_share")}, "rangemode": "tozero"},
        "margin": {"l": 56, "r": 12, "t": 36, "b": 46},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "uirevision": "gates",
    }
    return {"data": traces, "layout": layout}
