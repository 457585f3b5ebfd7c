"""What if? A gate is held open or shut, and the network goes on writing."""

from collections.abc import Iterator
from functools import partial

import streamlit as st

from lstm.config import SampleConfig
from lstm.insight.gates import checked_gates
from lstm.insight.intervention import HOLDS, Draft, Effect, Hold, held, what_if
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.language import t
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import Context

FORMULAS = (
    r"f_t = \sigma(W x_t + U h_{t-1} + b) \;\longrightarrow\; f_t = \text{const}",
    r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
)
CODE = (what_if, held)

_GATES = {"lstm": ("forget", "input", "output"), "gru": ("update", "reset")}
_AS_IS, _HELD = "#009E73", "#D55E00"
_ROW = 46  # pixels of one bar
_OPENING = 80
_WRITTEN = 220

Found = tuple[Effect, ...]


class _Share(tuple[Effect, ...]):
    """The effects so far; ``share`` tells how much of the work is done."""

    @property
    def share(self) -> float:
        return self[-1].share if self else 0.0


def render(context: Context) -> None:
    """Draw the view."""
    checked_gates(context.model)
    gates = _GATES[context.model.config.cell]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        gate = wishes.one_of("gate", gates, label=t("look_whatif.gate"), say=_gate)
        with st.container(width=320):
            at = wishes.number("held", 0.0, 1.0, label=t("look_whatif.at"), default=0.5)
    own = Hold(gate, round(at, 2))
    holds = HOLDS[context.model.config.cell]
    holds = holds if own in holds else (*holds, own)
    draft = Draft(context.spelled[-_OPENING:], _WRITTEN, SampleConfig(temperature=0.7))
    blocks.alert(t("look_whatif.caution"), "info")
    work = partial(_effects, context, holds, draft)
    frame.in_background(context, "whatif", work, _show, holds)


def _effects(context: Context, holds: tuple[Hold, ...], draft: Draft) -> Iterator[_Share]:
    found: list[Effect] = []
    for effect in what_if(context.model, context.vocabulary, context.ids, holds, draft):
        found.append(effect)
        yield _Share(found)


def _show(effects: Found) -> None:
    title = t("look_whatif.bars")
    height = 90 + _ROW * len(effects)
    frame.plot(effect_chart(effects), key="whatif", title=title, height=height)
    head = [t("look_whatif.change"), t("charts.unit_bits"), t("look_whatif.writes")]
    frame.numbers(
        "whatif", head, lambda: [[name_of(e.hold), round(e.bits, 4), e.written] for e in effects]
    )
    columns = st.columns(2, gap="medium")
    for place, effect in enumerate(effects):
        with columns[place % 2]:
            st.html(blocks.title_html(name_of(effect.hold), f"{effect.bits:.2f}", level=3))
            st.code(effect.written, language=None, wrap_lines=True)


def effect_chart(effects: Found) -> Figure:
    """Draw the bits per character of the network as it is and with each gate held."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(effect.bits, 4) for effect in effects],
        "y": [name_of(effect.hold) for effect in effects],
        "text": [f"{effect.bits:.2f}" for effect in effects],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": [_AS_IS if effect.hold is None else _HELD for effect in effects],
            "pattern": {
                "shape": ["" if effect.hold is None else "/" for effect in effects],
                "fillmode": "overlay",
            },
        },
        "hovertemplate": "%{x:.2f}",
    }
    layout = {
        "xaxis": {"title": {"text": t("charts.unit_bits")}, "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed", "automargin": True, "type": "category"},
        "margin": {"l": 8, "r": 48, "t": 10, "b": 46},
        "uirevision": "whatif",
    }
    return {"data": [trace], "layout": layout}


def name_of(hold: Hold | None) -> str:
    """Return what was done, in words."""
    if hold is None:
        return t("look_whatif.as_is")
    known = {0.0: "shut", 1.0: "open"}
    if hold.value in known:
        return t(f"look_whatif.{hold.gate}_{known[hold.value]}")
    return t("look_whatif.held", gate=_gate(hold.gate), value=f"{hold.value:g}")


def _gate(name: str) -> str:
    return t(f"look_gates.gate_{name}")
