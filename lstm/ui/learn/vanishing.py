"""The vanishing gradient, measured; exploding and clipping; and the memory race as the proof."""

from collections.abc import Iterator

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.insight.gradients import Comparison, Contender, compare
from lstm.insight.race import Lap, run_race
from lstm.lessons.clipping import Descent, with_and_without
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.language import t
from lstm.ui.learn import live, parts
from lstm.ui.learn.lesson import Lesson
from lstm.ui.look import frame, gradients, lines, race

TERMS = ("gradient", "vanishing", "lstm", "gate", "forget_bias", "clipping", "tanh")
CONTROLS = ("part", "bias", "gain", "limit", "delay")

PARTS = ("measured", "exploding", "proof")

BIAS = 3.0
"""The lesson's forget bias."""

GAIN = 1.2
"""The lesson's recurrent gain where a network without tanh explodes."""

LIMIT = 1.0
"""The lesson's limit of the gradient."""

DELAYS = ("40", "20", "80")
"""Letters of noise in the race, the lesson's first."""

_LONGEST = 20_000
_SYMBOLS = 300
_SHAPE = ModelConfig(hidden_size=48, embedding_size=0)
_STEPS = 60
_HEIGHT = 280
_LOOKS = ((lines.RED, "solid"), (lines.BLUE, "dash"))
_TOP_BITS = 20.0  # where the axis of the loss ends: a network that breaks has no limit


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    parts.style()
    label = t("learn_vanishing.part")
    part = parts.one_of(lesson, "part", PARTS, label=label, say=_part_said)
    left, right = st.columns([5, 8], gap="medium")
    {"measured": _measured, "exploding": _exploding, "proof": _proof}[part](lesson, left, right)


def prime(lesson: Lesson) -> None:
    """Begin what takes time."""
    live.prime("gradients", (lesson.text, BIAS, 1.0), _measuring(lesson.text, BIAS, 1.0))


def _part_said(part: str) -> str:
    return t(f"learn_vanishing.part_{part}")


def _bias(lesson: Lesson) -> float:
    label = t("learn_vanishing.bias")
    return parts.number(lesson, "bias", (0.0, 5.0, 0.5), label=label, default=BIAS)


# ---- measured ---------------------------------------------------------------------------------


def _measured(lesson: Lesson, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        parts.prose("learn_vanishing.measured")
        bias = _bias(lesson)
        label = t("learn_vanishing.gain")
        gain = parts.number(lesson, "gain", (0.5, 2.0, 0.1), label=label, default=1.0)
        parts.prose("learn_vanishing.measured_see")
    with right:
        work = _measuring(lesson.text, bias, gain)
        live.live(lesson, "gradients", (lesson.text, bias, gain), work, _draw_gradients)


def _measuring(text: str, bias: float, gain: float) -> live.Work[Comparison]:
    contenders = (Contender("rnn", gain=gain), Contender("lstm", forget_bias=bias))

    def work(dice: int) -> Iterator[Comparison]:
        corpus = Corpus.from_text(text[:_LONGEST], cap=_SYMBOLS)
        return compare(contenders, corpus.ids, corpus.vocabulary.size, _SHAPE, _STEPS, dice)

    return work


def _draw_gradients(found: Comparison) -> None:
    named = [*zip(gradients.names_of(found.contenders), found.curves, strict=True)]
    figure = gradients.gradients_chart(named, "h", _LOOKS)
    table, title = gradients.table_of(named, "h"), t("learn_vanishing.chart")
    frame.plot(figure, key="vanishing", title=title, height=_HEIGHT, table=table)
    st.html(blocks.table_html(t("learn_vanishing.left", step=found.step), table))


# ---- exploding and clipping -------------------------------------------------------------------


def _exploding(lesson: Lesson, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        parts.prose("learn_vanishing.exploding")
        label = t("learn_vanishing.gain")
        gain = parts.number(lesson, "gain", (0.5, 2.0, 0.1), label=label, default=GAIN)
        label = t("learn_vanishing.limit")
        limit = parts.number(lesson, "limit", (0.25, 5.0, 0.25), label=label, default=LIMIT)
        parts.prose("learn_vanishing.exploding_see")

    def work(dice: int) -> Iterator[Descent]:
        return with_and_without(lesson.text, gain, limit, dice)

    def show(found: Descent) -> None:
        _draw_descent(found, limit)

    with right:
        live.live(lesson, "clipping", (lesson.text, gain, limit), work, show)


def _draw_descent(found: Descent, limit: float) -> None:
    names = (t("learn_vanishing.without"), t("learn_vanishing.with", limit=f"{limit:g}"))
    table = descent_table(found, names)
    title = t("learn_vanishing.descent")
    figure = descent_chart(found, names)
    frame.plot(figure, key="clipping", title=title, height=_HEIGHT, table=table)
    st.html(blocks.table_html(title, table))


def descent_chart(found: Descent, names: tuple[str, str]) -> Figure:
    """Draw the losses; a cross where a network has broken."""
    traces: list[Figure] = []
    for row, (name, (colour, dash)) in enumerate(zip(names, _LOOKS, strict=True)):
        bits = np.minimum(found.bits[row], _TOP_BITS)
        traces.append(lines.line(f"bits-{row}", name, found.steps, bits, colour=colour, dash=dash))
        broke = found.broke_at[row]
        if broke is not None:
            traces.append(_cross(row, broke, colour))
    layout = lines.layout(t("learn_vanishing.steps"), t("learn_vanishing.bits"), "clipping")
    layout["xaxis"] |= {"range": [0, 120]}
    layout["yaxis"] |= {"range": [0, _TOP_BITS + 0.5]}
    layout["margin"] |= {"t": 40, "b": 42}
    across, label = lines.level(found.blind, t("learn_vanishing.blind"))
    layout |= {"shapes": [across], "annotations": [label]}
    return {"data": traces, "layout": layout}


def _cross(row: int, step: int, colour: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "uid": f"broke-{row}",
        "name": t("learn_vanishing.broke"),
        "x": [step],
        "y": [_TOP_BITS - 0.5],
        "marker": {"size": 15, "symbol": "x", "color": colour},
        "hovertemplate": "%{x}",
    }


def descent_table(found: Descent, names: tuple[str, str]) -> list[list[str]]:
    """Return what became of each copy, the head first."""
    head = ["", *(t(f"learn_vanishing.{name}") for name in ("loss", "largest", "became"))]
    rows = [head]
    for row, (name, broke) in enumerate(zip(names, found.broke_at, strict=True)):
        norms = found.norms[row][np.isfinite(found.norms[row])]
        largest = f"{float(norms.max()):.2g}" if len(norms) else "–"
        if broke is None:
            rows.append([name, f"{found.bits[row, -1]:.2f}", largest, t("learn_vanishing.learns")])
        else:
            rows.append([name, "–", largest, t("learn_vanishing.broke_at", step=broke)])
    return rows


# ---- the proof --------------------------------------------------------------------------------


def _proof(lesson: Lesson, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        parts.prose("learn_vanishing.proof")
        label = t("learn_vanishing.delay")
        delay = parts.one_of(lesson, "delay", DELAYS, label=label, say=str)
        bias = _bias(lesson)
        example = race.examples(race.race_of(int(delay), bias, 1))[:3]
        st.html(blocks.table_html(t("learn_vanishing.tasks"), example))

    def work(dice: int) -> Iterator[Lap]:
        return run_race(race.race_of(int(delay), bias, dice))

    def show(lap: Lap) -> None:
        _draw_race(lap, delay, bias)

    with right:
        live.live(lesson, "race", (delay, bias), work, show)


def _draw_race(lap: Lap, delay: str, bias: float) -> None:
    course = race.race_of(int(delay), bias, 1)  # the dice change nothing that is written here
    table = race.table_of(course, lap)
    title = t("learn_vanishing.race")
    figure = race.race_chart(course, lap)
    frame.plot(figure, key="proof", title=title, height=_HEIGHT, table=table)
    st.html(blocks.table_html(title, table))
