"""Surprise: the text coloured by what each character cost, and which network it suits better."""

import numpy as np
import streamlit as st

from lstm.insight.authorship import Verdict, who_wrote
from lstm.insight.surprise import Surprise, surprise
from lstm.ui import blocks
from lstm.ui.charts import Figure, plain
from lstm.ui.components.tinted import Lane, Tinted, Told, legend_of, steps_of, tinted
from lstm.ui.language import language, t
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import Context
from lstm.ui.networks import Choice, choices
from lstm.ui.visitor import owner

FORMULAS = (
    r"s_t = -\log_2 p(x_t \mid x_1 \ldots x_{t-1})",
    r"H_t = -\sum_v p_v \log_2 p_v",
    r"\text{loss} = \frac{1}{T} \sum_t s_t",
)
CODE = (surprise, who_wrote)

MOST = 8.0
"""Bits at which the scale ends, for every text and every network."""

COLOURS = ("#0072B2", "#D55E00")
_HEIGHT = 300
_NOBODY = "none"


def render(context: Context) -> None:
    """Draw the view."""
    found = context.computed(
        "surprise", lambda: surprise(context.model, context.ids, window=context.window)
    )
    frame.facts(
        [
            (t("look_surprise.mean"), f"{found.mean_bits:.2f}"),
            (t("look_surprise.expected"), f"{found.mean_entropy:.2f}"),
            (t("look_surprise.among"), f"{2**found.mean_bits:.1f}"),
        ]
    )
    tinted(coloured(context, found), key="tinted-surprise")
    head = [t(f"look_surprise.{name}") for name in ("place", "character", "bits", "entropy")]
    frame.numbers("surprise", head, lambda: _rows(context, found))
    _who_wrote(context)


def coloured(context: Context, found: Surprise) -> Tinted:
    """Return the text twice: by what it cost, and by what the network expected it to cost."""
    bits, entropy = t("look_surprise.bits"), t("look_surprise.entropy")
    legend = legend_of(MOST)
    return Tinted(
        text=context.text,
        lanes=(
            Lane(bits, steps_of(found.bits, MOST), "amount", legend),
            Lane(entropy, steps_of(found.entropy, MOST), "amount", legend),
        ),
        told=(Told(bits, found.bits), Told(entropy, found.entropy)),
        top=[
            [(context.name(key), share) for key, share in zip(keys, shares, strict=True)]
            for keys, shares in zip(found.top.tolist(), found.chances.tolist(), strict=True)
        ],
        name="charloom-surprise",
    )


def _rows(context: Context, found: Surprise) -> list[list[object]]:
    columns = zip(context.text, found.bits.tolist(), found.entropy.tolist(), strict=True)
    return [
        [place, character, round(bits, 4), round(entropy, 4)]
        for place, (character, bits, entropy) in enumerate(columns, 1)
    ]


# ---- who wrote this? --------------------------------------------------------------------------


def _who_wrote(context: Context) -> None:
    st.html(blocks.title_html(t("look_surprise.who"), level=3))
    others = {one.key: one for one in choices(owner()) if one.key != context.choice.key}
    chosen = wishes.one_of_many(
        "other",
        [_NOBODY, *others],
        label=t("look_surprise.other"),
        say=lambda key: (
            t("look_surprise.nobody") if key == _NOBODY else others[key].title(language())
        ),
    )
    if chosen != _NOBODY:
        _contest(context, others[chosen])


def _contest(context: Context, other: Choice) -> None:
    rival = Context.of(other, context.text)
    verdict = context.computed(
        "who_wrote",
        lambda: who_wrote((context.reader, rival.reader), context.text),
        rival.network,
        context.text,
    )
    names = (context.choice.title(language()), other.title(language()))
    winner = names[verdict.winner]
    lost = max(verdict.mean_bits) - min(verdict.mean_bits)
    blocks.alert(t("look_surprise.verdict", name=winner, bits=f"{lost:.2f}"), "good")
    if not verdict.known.all():
        left_out = int((~verdict.known).sum())
        blocks.alert(t("look_surprise.left_out", characters=left_out), "info")
    table = contest_table(verdict, names, context.text)
    title = t("look_surprise.who")
    frame.plot(contest_chart(verdict, names), key="who", title=title, height=_HEIGHT)
    st.html(blocks.table_html(t("look_surprise.by_sentence"), table))
    frame.numbers("who", table[0], lambda: table[1:])


def contest_chart(verdict: Verdict, names: tuple[str, str]) -> Figure:
    """Draw the bits per character of each network on each sentence, side by side."""
    places = list(range(1, len(verdict.sentences) + 1))
    traces = []
    for number, name in enumerate(names):
        values = [None if np.isnan(v) else round(v, 3) for v in verdict.sentence_bits[number]]
        pattern = {"shape": "" if number == 0 else "/", "fillmode": "overlay"}
        traces.append(
            {
                "type": "bar",
                "name": plain(name),
                "x": places,
                "y": values,
                "marker": {"color": COLOURS[number], "pattern": pattern},
                "hovertemplate": "%{y:.2f}",
            }
        )
    layout = {
        "barmode": "group",
        "xaxis": {"title": {"text": t("look_surprise.sentence")}, "tickformat": "d"},
        "yaxis": {"title": {"text": t("charts.unit_bits")}, "rangemode": "tozero"},
        "margin": {"l": 56, "r": 16, "t": 40, "b": 48},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified",
        "uirevision": "who",
    }
    return {"data": traces, "layout": layout}


def contest_table(verdict: Verdict, names: tuple[str, str], text: str) -> list[list[str]]:
    """Return the sentences with the bits of both networks and the winner of each."""
    rows = [["#", t("look_surprise.sentence"), *names, t("look_surprise.winner")]]
    for place, part in enumerate(verdict.sentences):
        means = verdict.sentence_bits[:, place]
        bits = ["–" if np.isnan(value) else f"{value:.2f}" for value in means]
        winner = int(verdict.winners[place])
        said = names[winner] if winner >= 0 else "–"
        rows.append([str(place + 1), text[part.start : part.stop].strip(), *bits, said])
    return rows
