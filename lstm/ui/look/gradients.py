"""Gradient against lag: how far back the error reaches, in an RNN, an LSTM and this network."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import streamlit as st

from lstm.config import ModelConfig
from lstm.insight.gradients import (
    FLOOR,
    Comparison,
    Contender,
    LagGradient,
    compare,
    gradient_by_lag,
    unroll,
)
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.language import t
from lstm.ui.look import frame, lines, wishes
from lstm.ui.look.context import Context

FORMULAS = (
    r"g(k) = \left\lVert \frac{\partial\,\text{loss}_T}{\partial h_{T-k}} \right\rVert",
    r"\text{RNN:}\quad \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2)\,W",
    r"\text{LSTM:}\quad \frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(f_t) + \ldots",
)
CODE = (gradient_by_lag, unroll)

Part = Literal["h", "c"]
PARTS: tuple[Part, ...] = ("h", "c")
STEPS = ("0", "50", "200")
EXPLODING = 2.0
"""Recurrent gain of the RNN that is always shown beside the chosen one."""

FAR = 60
"""Lag at which the curves are compared in words."""

_SHAPE = ModelConfig(hidden_size=128, embedding_size=32)
_LOOKS = (
    (lines.RED, "solid"),
    (lines.PURPLE, "dashdot"),
    (lines.BLUE, "dash"),
    (lines.GREEN, "longdash"),
)
_DECADES = (-20, 10)
_HEIGHT = 440


def render(context: Context) -> None:
    """Draw the view."""
    left, right = st.columns(2)
    with left:
        said = t("look_gradients.bias")
        bias = wishes.number("bias", 0.0, 5.0, label=said, default=1.0, step=0.5)
        steps = wishes.one_of("steps", STEPS, label=t("look_gradients.steps"), say=_steps_said)
    with right:
        said = t("look_gradients.gain")
        gain = wishes.number("gain", 0.5, 2.0, label=said, default=1.0, step=0.1)
        part = wishes.one_of("part", PARTS, label=t("look_gradients.part"), say=_part_said)
    frame.windowed(context)
    contenders = contenders_of(bias, gain)
    own = context.computed("gradients", lambda: gradient_by_lag(context.model, context.ids))

    def work() -> Iterator[Comparison]:
        size = context.vocabulary.size
        return compare(contenders, context.ids, size, _SHAPE, int(steps))

    def show(found: Comparison) -> None:
        _draw(context, found, own, part)

    frame.in_background(context, "gradients", work, show, bias, gain, steps)


def contenders_of(bias: float, gain: float) -> tuple[Contender, ...]:
    """Return the fresh networks: the RNN, one that explodes, the LSTM; all of one size."""
    exploding = () if gain == EXPLODING else (Contender("rnn", gain=EXPLODING),)
    return (Contender("rnn", gain=gain), *exploding, Contender("lstm", forget_bias=bias))


def names_of(contenders: tuple[Contender, ...]) -> list[str]:
    """Return what the lines are called."""
    return [
        t("look_gradients.lstm", bias=f"{one.forget_bias:g}")
        if one.cell == "lstm"
        else t("look_gradients.rnn", gain=f"{one.gain:g}")
        for one in contenders
    ]


def gradients_chart(
    named: list[tuple[str, LagGradient]], part: Part, looks: tuple[tuple[str, str], ...] = _LOOKS
) -> Figure:
    """Draw gradients against lag on a logarithmic axis that never changes.

    Args:
        named: Each curve with what it is called.
        part: Of the memory: h, or the LSTM's c, which other cells have not.
        looks: Colour and dashes of each.
    """
    traces = []
    for place, (name, curve) in enumerate(named):
        values = curve_of(curve, part)
        if values is None:
            continue
        colour, dash = looks[place % len(looks)]
        lags = np.arange(len(values))
        if part == "h":
            traces.append(lines.band(f"band-{place}", lags, curve.low, curve.high, colour=colour))
        traces.append(lines.line(f"lag-{place}", name, lags, values, colour=colour, dash=dash))
    layout = lines.layout(t("look_gradients.lag"), t("look_gradients.gradient"), f"lag-{part}")
    layout["xaxis"] |= {"range": [0, 100]}
    layout["yaxis"] |= {
        "type": "log",
        "range": list(_DECADES),
        "dtick": 5,
        "exponentformat": "power",
    }
    across, label = lines.level(1.0, t("look_gradients.same"), logarithmic=True)
    layout |= {"shapes": [across], "annotations": [label]}
    return {"data": traces, "layout": layout}


def curve_of(curve: LagGradient, part: Part) -> np.ndarray[tuple[int], np.dtype[np.float32]] | None:
    """Return a network's curve in its last layer, (K + 1,); None if it has no such memory."""
    values = curve.hidden if part == "h" else curve.memory
    return None if values is None else values[-1]


def fate(value: float) -> str:
    """Return the key of what became of a gradient that was 1."""
    if value <= 1e-6:
        return "vanished"
    return "exploded" if value >= 10 else "alive"


def table_of(named: list[tuple[str, LagGradient]], part: Part) -> list[list[str]]:
    """Return each curve's value at a far lag, and what that means, the head first."""
    rows = [["", t("look_gradients.at", lag=FAR), t("look_gradients.so")]]
    for name, curve in named:
        values = curve_of(curve, part)
        if values is None:
            rows.append([name, "–", t("look_gradients.no_memory")])
            continue
        far = float(values[min(FAR, len(values) - 1)])
        said = f"< {FLOOR:.0e}" if far <= FLOOR else f"{far:.1e}"
        rows.append([name, said, t(f"look_gradients.{fate(far)}")])
    return rows


def _draw(context: Context, found: Comparison, own: LagGradient, part: Part) -> None:
    config = context.model.config
    this = t("look_gradients.own", cell=config.cell.upper(), hidden=config.hidden_size)
    named = [*zip(names_of(found.contenders), found.curves, strict=True), (this, own)]
    # An RNN that is already at the gain of the exploding one stands there once.
    looks = _LOOKS if len(named) == len(_LOOKS) else (_LOOKS[0], *_LOOKS[2:])
    table = table_of(named, part)
    title = t("look_gradients.title")
    figure = gradients_chart(named, part, looks)
    frame.plot(figure, key="gradients", title=title, height=_HEIGHT, table=table)
    st.caption(t("look_gradients.after", steps=found.step, hidden=_SHAPE.hidden_size))
    st.html(blocks.table_html(t("look_gradients.far"), table))
    head = [t("look_gradients.lag"), *(name for name, _ in named)]
    frame.numbers("gradients", head, lambda: rows_of(named, part))


def rows_of(named: list[tuple[str, LagGradient]], part: Part) -> list[list[object]]:
    """Return the numbers behind the figure: one row for each lag."""
    curves = [curve_of(curve, part) for _, curve in named]
    longest = max((len(curve) for curve in curves if curve is not None), default=0)
    return [
        [lag, *("" if one is None or lag >= len(one) else float(one[lag]) for one in curves)]
        for lag in range(longest)
    ]


def _steps_said(steps: str) -> str:
    if steps == "0":
        return t("look_gradients.fresh")
    return t("look_gradients.trained", steps=steps)


def _part_said(part: str) -> str:
    return t(f"look_gradients.part_{part}")
