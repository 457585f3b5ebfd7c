"""The memory race: tiny RNNs and LSTMs learn to remember the first of many characters."""

from collections.abc import Iterator
from dataclasses import replace
from string import ascii_uppercase

import numpy as np
import streamlit as st

from lstm.insight.race import HIDDEN, LETTERS, SOLVED, Lap, Race, Runner, run_race, texts
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.language import t
from lstm.ui.look import frame, lines, wishes
from lstm.ui.look.context import Context

FORMULAS = (
    r"x = (x_0, x_1 \ldots x_T),\quad x_0 \in \{A \ldots D\},"
    r"\quad x_{i > 0} \in \{E \ldots H\}\ \text{by chance},\quad y = x_0",
    r"\text{accuracy} = \frac{1}{N} \sum_{n} \mathbf{1}[\hat y_n = y_n]",
)
CODE = (run_race, texts)

DELAYS = ("10", "20", "40", "80")
_DASHES = ("solid", "dash", "dot", "dashdot")
_RUNNING = "_look_race"
_HEIGHT = 400


def render(context: Context) -> None:
    """Draw the view."""
    delay = wishes.one_of("delay", DELAYS, label=t("look_race.delay"), say=str, default="20")
    left, right = st.columns(2)
    with left:
        said = t("look_race.bias")
        bias = wishes.number("bias", 0.0, 5.0, label=said, default=2.0, step=0.5)
    with right:
        dice = wishes.whole("dice", 1, 99, label=t("look_race.dice"), default=1, box=True)
    race = race_of(int(delay), bias, dice)
    st.html(blocks.table_html(t("look_race.examples"), examples(race)))
    if st.session_state.get(_RUNNING) != race:
        st.button(
            t("look_race.start"), key="race-start", type="primary", on_click=_start, args=(race,)
        )
        return

    def work() -> Iterator[Lap]:
        return run_race(race)

    # The race depends neither on the network nor on the text: whoever asks shares it.
    anywhere = replace(context, network="race", spelled="")
    frame.in_background(anywhere, "race", work, lambda lap: _draw(race, lap), race)


def race_of(delay: int, bias: float, dice: int) -> Race:
    """Return the race that the controls describe: four seeds of each kind."""
    return Race(
        delay=delay,
        runners=(Runner("rnn"), Runner("lstm", bias)),
        seeds=tuple(range(4 * dice - 3, 4 * dice + 1)),
        rng=dice,
    )


def _start(race: Race) -> None:
    st.session_state[_RUNNING] = race


def examples(race: Race) -> list[list[str]]:
    """Return some of the texts that are learned, the head first."""
    inputs, targets = texts(race, 0, 3)
    rows = [["", t("look_race.question"), t("look_race.answer")]]
    for number, (row, answer) in enumerate(zip(inputs.tolist(), targets.tolist(), strict=True), 1):
        rows.append(
            [str(number), "".join(ascii_uppercase[i] for i in row), ascii_uppercase[answer]]
        )
    return rows


def names_of(race: Race) -> list[str]:
    """Return what the kinds of runners are called."""
    return [
        "RNN" if one.cell == "rnn" else t("look_race.lstm", bias=f"{one.forget_bias:g}")
        for one in race.runners
    ]


def race_chart(race: Race, lap: Lap) -> Figure:
    """Draw a line for each runner; those that have solved the task end in a star."""
    traces = []
    for kind, (name, colour) in enumerate(
        zip(names_of(race), (lines.RED, lines.BLUE), strict=True)
    ):
        for seed in range(len(race.seeds)):
            values = lap.accuracy[kind, seed]
            solved = int(lap.solved_at[kind, seed])
            shown = lap.steps <= solved if solved >= 0 else np.ones(len(values), dtype=bool)
            uid, steps = f"{kind}-{seed}", lap.steps[shown]
            trace = lines.line(
                uid, name, steps, values[shown], colour=colour, dash=_DASHES[seed % 4]
            )
            trace |= {"legendgroup": str(kind), "showlegend": seed == 0, "line": trace["line"]}
            traces.append(trace)
            if solved >= 0:
                traces.append(_star(f"star-{uid}", solved, float(values[-1]), colour, kind))
    layout = lines.layout(t("look_race.steps"), t("look_race.accuracy"), "race")
    layout["xaxis"] |= {"range": [0, race.steps]}
    layout["yaxis"] |= {"range": [0, 1.04], "tickformat": ".0%"}
    across, label = lines.level(1 / LETTERS, t("look_race.chance"))
    layout |= {"shapes": [across], "annotations": [label], "hovermode": "closest"}
    return {"data": traces, "layout": layout}


def _star(uid: str, step: int, value: float, colour: str, kind: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "uid": uid,
        "x": [step],
        "y": [round(value, 4)],
        "marker": {"size": 14, "symbol": "star" if kind == 0 else "diamond", "color": colour},
        "legendgroup": str(kind),
        "showlegend": False,
        "hovertemplate": "%{x}",
    }


def table_of(race: Race, lap: Lap) -> list[list[str]]:
    """Return for each kind how many seeds have solved the task, and when, the head first."""
    rows = [["", t("look_race.solved"), t("look_race.when"), t("look_race.best")]]
    for kind, name in enumerate(names_of(race)):
        when = sorted(int(step) for step in lap.solved_at[kind] if step >= 0)
        best = f"{float(lap.accuracy[kind, :, -1].max()):.0%}"
        solved = t("look_race.of", count=len(when), all=len(race.seeds))
        rows.append([name, solved, ", ".join(map(str, when)) or "–", best])
    return rows


def _draw(race: Race, lap: Lap) -> None:
    table = table_of(race, lap)
    title = t("look_race.title")
    frame.plot(race_chart(race, lap), key="race", title=title, height=_HEIGHT, table=table)
    st.caption(t("look_race.note", step=int(lap.steps[-1]), hidden=HIDDEN, share=f"{SOLVED:.0%}"))
    st.html(blocks.table_html(t("look_race.result"), table))
    frame.numbers("race", _head(race), lambda: rows_of(race, lap))


def _head(race: Race) -> list[str]:
    names = names_of(race)
    return [t("look_race.steps"), *(f"{name} #{seed}" for name in names for seed in race.seeds)]


def rows_of(race: Race, lap: Lap) -> list[list[object]]:
    """Return the numbers behind the figure: one row for each judgement."""
    flat = lap.accuracy.reshape(-1, len(lap.steps))
    return [
        [int(step), *(round(float(value), 4) for value in flat[:, place])]
        for place, step in enumerate(lap.steps)
    ]
