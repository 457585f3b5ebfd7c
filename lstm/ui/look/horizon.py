"""The memory horizon: bits against the number of characters that the network may see."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import streamlit as st

from lstm.insight.horizon import CONTEXTS, Horizon, horizon, limited_bits
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.language import language, t
from lstm.ui.look import frame, lines, wishes
from lstm.ui.look.context import Context
from lstm.ui.networks import Choice, choices
from lstm.ui.visitor import owner

FORMULAS = (
    r"\text{bits}(k) = \frac{1}{N} \sum_{t} -\log_2 p(x_t \mid x_{t-k} \ldots x_{t-1})",
    r"\text{error} = \frac{s}{\sqrt{N}}",
)
CODE = (horizon, limited_bits)

_NOBODY = "none"
_LOOKS = ((lines.BLUE, "solid", "circle"), (lines.RED, "dash", "diamond"))
_HEIGHT = 420
_LEAST_GAIN = 2.0


@dataclass(frozen=True, eq=False)
class Horizons:
    """What has been measured so far, of one network or of two at the same places."""

    own: Horizon
    other: Horizon | None
    share: float


def render(context: Context) -> None:
    """Draw the view."""
    options = {one.key: one for one in choices(owner()) if one.key != context.choice.key}
    chosen = wishes.one_of_many(
        "other",
        list(dict.fromkeys([partner(context.choice, list(options.values())), _NOBODY, *options])),
        label=t("look_horizon.other"),
        say=lambda key: (
            t("look_surprise.nobody") if key == _NOBODY else options[key].title(language())
        ),
    )
    frame.windowed(context)
    rival = Context.of(options[chosen], context.text) if chosen != _NOBODY else None
    names = [name_of(one) for one in (context, rival) if one is not None]

    def work() -> Iterator[Horizons]:
        return measured(context, rival)

    def show(found: Horizons) -> None:
        _draw(found, names)

    frame.in_background(context, "horizon", work, show, rival.network if rival else "")


def partner(choice: Choice, others: list[Choice]) -> str:
    """Return the network to compare with at first: another cell that learned the same text."""
    own = choice.run
    for other in others:
        run = other.run
        if own is None or run is None or run.corpus_fingerprint != own.corpus_fingerprint:
            continue
        if run.model_config.cell != own.model_config.cell:
            return other.key
    return _NOBODY


def name_of(context: Context) -> str:
    """Return a network's name with its cell."""
    return f"{context.model.config.cell.upper()}: {context.choice.title(language())}"


def measured(context: Context, rival: Context | None) -> Iterator[Horizons]:
    """Measure one network, then the other, at the same places."""
    part = 0.5 if rival else 1.0
    own = None
    for own in horizon(context.model, context.ids):
        yield Horizons(own, None, own.share * part)
    if rival is None or own is None:
        return
    for other in horizon(rival.model, rival.ids):
        yield Horizons(own, other, part + other.share * part)


def horizon_chart(named: list[tuple[str, Horizon]]) -> Figure:
    """Draw bits against context with the standard error, and dashed what everything would give."""
    traces, shapes, labels = [], [], []
    for (name, found), (colour, dash, symbol) in zip(named, _LOOKS, strict=False):
        trace = lines.line(
            f"horizon-{symbol}", name, found.contexts, found.bits, colour=colour, dash=dash
        )
        trace |= {
            "mode": "lines+markers",
            "marker": {"size": 8, "symbol": symbol, "color": colour},
            "error_y": {"type": "data", "array": lines.digits(found.errors), "thickness": 1.5},
        }
        traces.append(trace)
        across, label = lines.level(
            round(found.carried, 4), t("look_horizon.everything"), left=True
        )
        across["line"] |= {"color": colour}
        shapes.append(across)
        labels.append(label)
    layout = lines.layout(t("look_horizon.context"), t("charts.unit_bits"), "horizon")
    ends = [float(np.log10(CONTEXTS[0])) - 0.05, float(np.log10(CONTEXTS[-1])) + 0.05]
    ticks = [2**power for power in range(8)]
    layout["xaxis"] |= {"type": "log", "range": ends, "tickvals": ticks}
    layout["xaxis"]["ticktext"] = [str(tick) for tick in ticks]
    layout["yaxis"] |= {"range": span_of([found for _, found in named])}
    layout |= {"shapes": shapes, "annotations": labels}
    return {"data": traces, "layout": layout}


def span_of(found: list[Horizon]) -> list[float]:
    """Return the ends of the axis in half bits, so that it stays while points are added."""
    low = min(min(float((one.bits - one.errors).min()), one.carried) for one in found)
    high = max(float((one.bits + one.errors).max()) for one in found)
    return [max(0.0, np.floor(2 * low - 0.4) / 2), np.ceil(2 * high + 0.2) / 2]


def reach(found: Horizon) -> int | None:
    """Return the context from which on no longer one is better by more than the noise.

    The places are the same, so half the standard error is told apart with ease.
    """
    best = float(found.bits.min())
    close = np.flatnonzero(found.bits <= best + found.errors / _LEAST_GAIN)
    return int(found.contexts[close[0]]) if len(close) and close[0] < len(found.bits) - 1 else None


def table_of(named: list[tuple[str, Horizon]]) -> list[list[str]]:
    """Return bits and errors, one row for each context, the head first."""
    rows = [[t("look_horizon.context"), *(name for name, _ in named)]]
    for place, context in enumerate(named[0][1].contexts.tolist()):
        cells = [
            f"{one.bits[place]:.3f} ± {one.errors[place]:.3f}" if place < len(one.bits) else ""
            for _, one in named
        ]
        rows.append([str(context), *cells])
    carried = [f"{one.carried:.3f} ± {one.carried_error:.3f}" for _, one in named]
    return [*rows, [t("look_horizon.everything"), *carried]]


def _draw(found: Horizons, names: list[str]) -> None:
    parts = [part for part in (found.own, found.other) if part is not None]
    named = list(zip(names, parts, strict=False))
    table = table_of(named)
    title = t("look_horizon.title")
    frame.plot(horizon_chart(named), key="horizon", title=title, height=_HEIGHT, table=table)
    if found.share >= 1:
        blocks.alert(" ".join(said_of(name, one) for name, one in named), "info")
    st.caption(t("look_horizon.note", places=len(found.own.places)))
    with st.expander(t("look_horizon.numbers")):
        st.html(blocks.table_html(t("look_horizon.numbers"), table))
    head = [t("look_horizon.context"), *_heads(named)]
    frame.numbers("horizon", head, lambda: rows_of(named))


def said_of(name: str, found: Horizon) -> str:
    """Say how far a network's memory is of use to it."""
    far = reach(found)
    if found.carried < float((found.bits - found.errors / _LEAST_GAIN).min()):
        return t("look_horizon.carried", name=name, bits=f"{found.bits.min() - found.carried:.2f}")
    if far is None:
        return t("look_horizon.no_end", name=name, most=int(found.contexts[-1]))
    return t("look_horizon.reach", name=name, context=far)


def _heads(named: list[tuple[str, Horizon]]) -> list[str]:
    return [said for name, _ in named for said in (name, f"{name}, ±")]


def rows_of(named: list[tuple[str, Horizon]]) -> list[list[object]]:
    """Return the numbers behind the figure."""
    rows: list[list[object]] = []
    for place, context in enumerate(named[0][1].contexts.tolist()):
        row: list[object] = [context]
        for _, one in named:
            known = place < len(one.bits)
            row += [float(one.bits[place]), float(one.errors[place])] if known else ["", ""]
        rows.append(row)
    return rows
