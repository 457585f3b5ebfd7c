"""Which characters mattered: what one character's chance depended on, by two measures."""

from collections.abc import Iterator
from html import escape

import numpy as np
import streamlit as st

from lstm.insight.attribution import (
    SPAN,
    Attribution,
    AttributionMap,
    attribution,
    attribution_map,
    blank_id,
)
from lstm.ui import blocks
from lstm.ui.charts import Figure, plain
from lstm.ui.components.tinted import Lane, Tinted, Told, legend_of, picked, steps_of, tinted
from lstm.ui.language import t
from lstm.ui.look import frame, lines, wishes
from lstm.ui.look.context import Context

FORMULAS = (
    r"a_k = \left\lVert \frac{\partial \log p(y \mid x)}{\partial e_k} \right\rVert",
    r"o_k = \log_2 p(y \mid x) - \log_2 p(y \mid x,\ x_k := \text{space})",
)
CODE = (attribution, attribution_map)

MOST = 2.0
"""Bits at which the scale of the occlusion ends, for every text and every network."""

MAPPED = 120
"""Characters, at most, of which every pair is shown."""

_KEY = "tinted-attribution"
_FIRST = 160
_HEIGHT = 560
# Light at zero, dark and of another hue at the most; told apart without seeing colours.
_SCALE = "Cividis"


def render(context: Context) -> None:
    """Draw the view."""
    target = chosen(len(context.ids))
    if len(context.ids) < 2:
        blocks.alert(t("look_attribution.too_short"), "info")
        return
    frame.windowed(context)
    blank = blank_id(context.vocabulary)
    found = context.computed(
        "attribution", lambda: attribution(context.model, context.ids, target, blank), target
    )
    frame.facts(
        [
            (t("look_attribution.target"), at(context, target)),
            (t("look_attribution.chance"), f"{found.chance:.1%}"),
            (t("look_attribution.strongest"), f"{found.strongest:.3g}"),
            (t("look_attribution.agreement"), f"{found.agreement:+.2f}"),
        ]
    )
    tinted(coloured(context, found), key=_KEY, chosen=target, choose=True)
    st.html(f'<p class="charloom-about">{escape(said_of(context, found))}</p>')
    head = [t(f"look_attribution.{name}") for name in ("place", "character", "gradient", "lost")]
    frame.numbers("attribution", head, lambda: rows_of(context, found))
    if wishes.switch("map", label=t("look_attribution.map", most=MAPPED)):
        _map(context)


def chosen(length: int) -> int:
    """Return the character to explain: the one clicked last, else the address's, else an early one.

    The first character is never explained: nothing stands before it.
    """
    clicked = picked(_KEY, length)
    if clicked is not None:
        wishes.put("place", max(1, clicked) + 1)
    said = wishes.as_whole(wishes.value("place") or "")
    place = min(_FIRST, length - 1) if said is None else said - 1
    return max(1, min(place, length - 1))


def coloured(context: Context, found: Attribution) -> Tinted:
    """Return the text twice: by the gradient at each character, and by what blanking it costs."""
    before = np.arange(len(context.ids))
    looked = (before >= found.first) & (before < found.target)
    gradient = np.where(looked, found.gradient, np.nan)
    occlusion = np.where(looked, found.occlusion, np.nan)
    share = gradient / max(found.strongest, 1e-30)
    by_gradient, by_occlusion = (
        t("look_attribution.by_gradient"),
        t("look_attribution.by_occlusion"),
    )
    return Tinted(
        text=context.text,
        lanes=(
            Lane(by_gradient, steps_of(share, 1.0), "amount", _shares()),
            Lane(
                by_occlusion,
                steps_of(occlusion, MOST, "signed"),
                "signed",
                legend_of(MOST, "signed"),
            ),
        ),
        told=(
            Told(t("look_attribution.gradient"), gradient, 4),
            Told(t("look_attribution.lost"), occlusion, 3),
        ),
        name="charloom-attribution",
    )


def _shares() -> list[str]:
    """Return the legend of a scale from nothing to the strongest."""
    said = legend_of(100.0)
    return [word if place % 4 == 0 else "" for place, word in enumerate(_percent(said))]


def _percent(said: list[str]) -> list[str]:
    return [f"{word.removesuffix('+')} %" for word in said]


def said_of(context: Context, found: Attribution) -> str:
    """Say in words which characters mattered most, for those who can't see the colours."""
    strong = np.argsort(-found.gradient)[:5]
    cost = np.argsort(-found.occlusion)[:5]
    by_gradient = ", ".join(at(context, int(k)) for k in strong if found.gradient[k] > 0)
    by_occlusion = ", ".join(at(context, int(k)) for k in cost if found.occlusion[k] > 0)
    return t(
        "look_attribution.said",
        gradient=by_gradient or "–",
        occlusion=by_occlusion or "–",
        span=SPAN,
    )


def at(context: Context, place: int) -> str:
    """Return a character with its place, whichever way its script runs."""
    return f"\u2068{called(context.text[place])}\u2069 ({place + 1})"


def called(character: str) -> str:
    """Return a character as it can be read: blanks have names."""
    names = {" ": "space", "\u3000": "space", "\n": "newline", "\t": "tab"}
    return t(f"look.tinted.{names[character]}") if character in names else character


def rows_of(context: Context, found: Attribution) -> list[list[object]]:
    """Return the numbers behind the colours, for the characters that were looked at."""
    return [
        [
            place + 1,
            context.text[place],
            float(f"{found.gradient[place]:.5g}"),
            float(f"{found.occlusion[place]:.5g}"),
        ]
        for place in range(found.first, found.target)
    ]


# ---- every character at once ------------------------------------------------------------------


def _map(context: Context) -> None:
    start = max(0, min(chosen(len(context.ids)) - MAPPED // 2, len(context.ids) - MAPPED))
    piece = context.ids[start : start + MAPPED]
    text = context.text[start : start + MAPPED]

    def work() -> Iterator[AttributionMap]:
        return attribution_map(context.model, piece)

    def show(found: AttributionMap) -> None:
        title = t("look_attribution.map_title")
        figure = map_chart(found, text, start + 1)
        frame.plot(figure, key="attribution-map", title=title, height=_HEIGHT)
        head = [t("look_attribution.target"), *(str(place + 1) for place in range(len(text)))]
        frame.numbers("attribution-map", head, lambda: map_rows(found, text))

    st.caption(t("look_attribution.map_note", first=start + 1, last=start + len(piece)))
    frame.in_background(context, "attribution_map", work, show, start)


def map_chart(found: AttributionMap, text: str, start: int = 1) -> Figure:
    """Draw how strongly each character (across) told on each later one (downwards).

    Args:
        found: The gradients, as far as they are known.
        text: The characters.
        start: Place of the first of them, counted from 1.
    """
    scaled = found.scaled()
    below = np.tril(np.ones(scaled.shape, dtype=bool), -1)
    below[found.done :] = False
    percent = np.where(below, np.rint(100 * scaled), np.nan)
    labels = [f"{place} {plain(called(one))}" for place, one in enumerate(text, start)]
    ticks = {"type": "category", "nticks": 24, "showgrid": False, "automargin": True}
    heat = {
        "type": "heatmap",
        "x": labels,
        "y": labels,
        "z": [[None if np.isnan(v) else int(v) for v in row] for row in percent.tolist()],
        "zmin": 0,
        "zmax": 100,
        "colorscale": _SCALE,
        "colorbar": {"title": {"text": "%"}, "thickness": 14},
        "hovertemplate": "%{x} → %{y}: %{z} %<extra></extra>",
        "hoverongaps": False,
    }
    layout = lines.layout(t("look_attribution.earlier"), t("look_attribution.later"), "map")
    layout["xaxis"] |= {**ticks, "nticks": 12}
    layout["yaxis"] |= {**ticks, "autorange": "reversed"}
    layout |= {"hovermode": "closest", "margin": {"l": 60, "r": 16, "t": 16, "b": 56}}
    return {"data": [heat], "layout": layout}


def map_rows(found: AttributionMap, text: str) -> list[list[object]]:
    """Return the raw gradients: one row for each character explained."""
    return [
        [text[row], *(float(f"{value:.4g}") for value in found.gradient[row])]
        for row in range(found.done)
    ]
