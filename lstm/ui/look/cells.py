"""Cells: a text coloured by one cell, cells that follow something, what one of them is worth."""

from collections.abc import Iterator
from functools import partial

import streamlit as st

from lstm.config import SampleConfig
from lstm.insight.cells import Cost, Finding, Ranking, activity, cost, rank
from lstm.insight.intervention import Draft, switched_off
from lstm.insight.reading import Floats
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.components.tinted import Lane, Tinted, Told, legend_of, steps_of, tinted
from lstm.ui.language import t
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import Context
from lstm.ui.look.material import long_text

FORMULAS = (
    r"a_{j,t} = \tanh(c_{j,t})",
    r"r = \frac{\sum_t (a_t - \bar a)(y_t - \bar y)}"
    r"{\sqrt{\sum_t (a_t - \bar a)^2 \sum_t (y_t - \bar y)^2}}",
    r"\Delta_t = s_t^{\text{cell off}} - s_t",
)
CODE = (rank, activity, cost, switched_off)

MOST_EXTRA = 4.0
"""Bits at which the colours of the extra cost end."""

_COST = "#D55E00"
_LEAST_REACH = 0.1  # bits that the axis shows at least on either side
_HEIGHT = 260
_OPENING = 80  # last characters of the text that the network goes on from
_WRITTEN = 220


def render(context: Context) -> None:
    """Draw the view."""
    config = context.model.config
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        layer = wishes.layer(config.num_layers)
        with st.container(width=220):
            cell = wishes.whole(
                "cell", 1, config.hidden_size, label=t("look_cells.cell"), default=1, box=True
            )
        off = wishes.switch("off", label=t("look_cells.off"))
    number = cell - 1
    values = context.computed("activity", lambda: _activity(context, layer, number), layer, number)
    costs = None
    if off:
        costs = context.computed("cost", lambda: _cost(context, layer, number), layer, number)
    tinted(coloured(context.text, cell, values, costs), key="tinted-cells")
    head = [t("look_surprise.place"), t("look_surprise.character"), t("look_cells.activity")]
    frame.numbers(
        "cells", head, lambda: zip(range(1, len(values) + 1), context.text, values, strict=True)
    )
    if costs is not None:
        _worth(context, layer, number, costs)
    _ranking(context)


def _activity(context: Context, layer: int, cell: int) -> Floats:
    return activity(context.model, context.ids, layer)[:, cell].copy()


def _cost(context: Context, layer: int, cell: int) -> Cost:
    return cost(context.model, context.vocabulary, context.ids, layer, (cell,))


def coloured(text: str, cell: int, values: Floats, costs: Cost | None) -> Tinted:
    """Return the text coloured by a cell, and by what switching it off costs."""
    name = t("look_cells.lane", cell=cell)
    lanes = [Lane(name, steps_of(values, 1.0, "signed"), "signed", legend_of(1.0, "signed"))]
    told = [Told(t("look_cells.activity"), values)]
    if costs is not None:
        extra = costs.bits_off - costs.bits
        title = t("look_cells.extra")
        steps = steps_of(extra, MOST_EXTRA, "signed")
        lanes.append(Lane(title, steps, "signed", legend_of(MOST_EXTRA, "signed")))
        told.append(Told(title, extra))
    return Tinted(text, lanes, told, play=True, name="charloom-cells")


# ---- what it is worth -------------------------------------------------------------------------


def _worth(context: Context, layer: int, cell: int, costs: Cost) -> None:
    title = t("look_cells.worth", cell=cell + 1)
    st.html(blocks.title_html(title, level=3))
    frame.facts(
        [
            (t("look_cells.with"), f"{costs.bits.mean():.3f}"),
            (t("look_cells.without"), f"{costs.bits_off.mean():.3f}"),
            (t("look_cells.difference"), f"{costs.extra_bits:+.3f}"),
        ]
    )
    frame.plot(cost_chart(costs), key="cells-cost", title=title, height=_HEIGHT)
    before, after = context.computed(
        "without", lambda: _both(context, layer, cell), "texts", layer, cell
    )
    st.html(blocks.title_html(t("look_cells.same_dice"), level=3))
    for column, name, text in zip(st.columns(2), ("with", "without"), (before, after), strict=True):
        with column:
            st.caption(t(f"look_cells.writes_{name}"))
            st.code(text, language=None, wrap_lines=True)


def _both(context: Context, layer: int, cell: int) -> tuple[str, str]:
    """Return what the network writes with the cell and without it."""
    sample = SampleConfig(temperature=0.7)
    draft = Draft(context.spelled[-_OPENING:], _WRITTEN, sample)
    without = switched_off(context.model, layer, (cell,))
    before = draft.written_by(context.model, context.vocabulary)
    return before, draft.written_by(without, context.vocabulary)


def cost_chart(costs: Cost) -> Figure:
    """Draw the extra bits at each kind of character, costliest first."""
    names = [
        t("look_cells.kind_count", kind=t(f"look.kind.{one.name}"), count=one.characters)
        for one in costs.classes
    ]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(one.extra_bits, 4) for one in costs.classes],
        "y": names,
        "marker": {"color": _COST},
        "hovertemplate": "%{x:.3f}",
    }
    # A cell that costs nothing must not look as if it cost something.
    reach = max(_LEAST_REACH, 1.1 * max(abs(one.extra_bits) for one in costs.classes))
    layout = {
        "xaxis": {"title": {"text": t("look_cells.extra")}, "range": [-reach, reach]},
        "yaxis": {"autorange": "reversed", "automargin": True, "type": "category"},
        "margin": {"l": 8, "r": 12, "t": 10, "b": 46},
        "uirevision": "cells-cost",
    }
    return {"data": [trace], "layout": layout}


# ---- the ranking ------------------------------------------------------------------------------


def _ranking(context: Context) -> None:
    st.html(blocks.title_html(t("look_cells.ranking"), level=3))
    text, unseen = long_text(context)
    source = "unseen" if unseen else "written"
    st.caption(t(f"look_cells.on_{source}", characters=f"{len(text):,}"))
    if not wishes.switch("search", label=t("look_cells.search")):
        return
    frame.in_background(
        context, "rank", partial(_rank, context, text), _show_ranking, len(text), unseen
    )


def _rank(context: Context, text: str) -> Iterator[Ranking]:
    yield from rank(context.model, context.vocabulary, context.vocabulary.encode(text))


def _show_ranking(ranking: Ranking) -> None:
    findings = ranking.findings()
    if not any(one.found for one in findings):
        blocks.alert(t("look_cells.none_found"), "info")
    table = ranking_table(findings)
    st.html(blocks.table_html(t("look_cells.table"), table))
    found = {f"{one.layer + 1}.{one.cell + 1}": one for one in findings if one.found}
    with st.container(horizontal=True, gap="small"):
        for key, one in found.items():
            label = t("look_cells.look_at", cell=one.cell + 1, probe=_probe(one.probe))
            st.button(label, key=f"cell-{key}", on_click=_look_at, args=(one.layer, one.cell))
    if ranking.missing:
        names = t("charts.list_separator").join(_probe(key) for key in ranking.missing)
        st.caption(t("look_cells.missing", names=names))
    frame.numbers("cells-ranking", table[0], lambda: table[1:])


def _look_at(layer: int, cell: int) -> None:
    """Colour the text by another cell."""
    wishes.put("layer", layer + 1)
    wishes.put("cell", cell + 1)
    st.session_state[frame.REDRAW] = True


def ranking_table(findings: tuple[Finding, ...]) -> list[list[str]]:
    """Return the best cell of each probe as a table, the head first."""
    names = ("probe", "best", "fit", "confirmed", "control", "untrained", "verdict")
    rows = [[t(f"look_cells.{name}") for name in names]]
    for one in findings:
        untrained = "…" if one.untrained is None else f"{one.untrained:.2f}"
        verdict = "none"
        if one.found:
            verdict = "shared" if one.companions else "alone"
        best = t("look_cells.place", layer=one.layer + 1, cell=one.cell + 1)
        numbers = [f"{one.fit:+.2f}", f"{one.confirmed:+.2f}", f"{one.control:.2f}", untrained]
        said = t(f"look_cells.verdict_{verdict}", count=one.companions)
        rows.append([_probe(one.probe), best, *numbers, said])
    return rows


def _probe(key: str) -> str:
    return t(f"look_cells.probe_{key}")
