"""The LSTM's four gates: one cell of a network of the learner's, stepped through their text."""

from collections.abc import Iterator
from dataclasses import replace

import streamlit as st

from lstm.lessons.cell import LONGEST, Moment, liveliest, one_cell
from lstm.ui import blocks
from lstm.ui.components.drawing import drawing
from lstm.ui.language import language, t
from lstm.ui.learn import live, parts
from lstm.ui.learn.cell_drawing import cell_svg
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.svg import named
from lstm.ui.look import wishes
from lstm.ui.look.context import Context
from lstm.ui.networks import Choice, choices, landing
from lstm.ui.visitor import owner
from lstm.ui.words import signed

TERMS = ("lstm", "gate", "long_term", "short_term", "candidate")
CONTROLS = ("model", "words", "cell")


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    parts.style()
    parts.prose("learn_gates.about")
    left, middle, right = st.columns([4, 5, 2], gap="medium")
    with left:
        choice = _network(lesson)
    with middle:
        label = t("learn_gates.words", most=LONGEST)
        default = t("learn_gates.example")
        words = parts.typed(lesson, "words", label=label, default=default, most=LONGEST)
    context = Context.of(choice, words)
    with right:
        cell = _cell(lesson, context)

    def work(dice: int) -> Iterator[Moment]:
        return one_cell(context.model, context.ids, cell)

    # Nothing here is left to chance.
    certain = replace(lesson, hidden=lesson.hidden | {"dice"})
    settings = (context.network, context.spelled, cell)
    live.live(certain, "gates", settings, work, lambda moment: _draw(context, moment))


def _network(lesson: Lesson) -> Choice:
    """Let the learner choose one of the networks that have these gates."""
    options = [
        one for one in choices(owner()) if one.run is None or one.run.model_config.cell == "lstm"
    ]
    by_key = {one.key: one for one in options}
    key = "learn-model"
    if st.session_state.get(key) not in by_key:
        asked = wishes.value("model")
        st.session_state[key] = asked if asked in by_key else landing(options, language()).key
    if lesson.shows("model"):
        st.selectbox(
            t("learn_gates.model"),
            list(by_key),
            format_func=lambda one: by_key[one].title(language()),
            key=key,
            filter_mode=None,
        )
    return by_key[st.session_state[key]]


def _cell(lesson: Lesson, context: Context) -> int:
    """Let the learner choose a cell; at first the one whose memory changes most."""
    cells = context.model.config.hidden_size
    first = liveliest(context.model, context.ids) + 1
    if lesson.shows("cell"):
        return (
            wishes.whole("cell", 1, cells, label=t("learn_gates.cell"), default=first, box=True) - 1
        )
    asked = wishes.as_whole(wishes.value("cell") or "")
    return (asked if asked is not None and 1 <= asked <= cells else first) - 1


def _draw(context: Context, moment: Moment) -> None:
    letter = named(context.spelled[moment.place], language())
    said = t("learn_gates.said", letter=letter, **_numbers(moment))
    left, right = st.columns([7, 4], gap="small")
    with left:
        drawing(cell_svg(context.spelled, moment, language()), key="drawing-gates", said=said)
    with right:
        st.html(blocks.table_html(t("learn_gates.table", letter=letter), table_of(moment)))


def _numbers(moment: Moment) -> dict[str, str]:
    values = {
        "forget": moment.forget, "taken": moment.input, "used": moment.output,
        "memory": moment.memory, "answer": moment.answer,
    }  # fmt: skip
    return {name: signed(value) for name, value in values.items()}


def table_of(moment: Moment) -> list[list[str]]:
    """Return the four steps, each with its usual name, formula and numbers, the head first."""
    f, i, g, o = (_n(v) for v in (moment.forget, moment.input, moment.candidate, moment.output))
    before, kept, learned = _n(moment.before), _n(moment.kept), _n(moment.learned)
    memory, answer = _n(moment.memory), _n(moment.answer)
    rows = (
        ("forget", "f · c₋₁", f"{f} · {before} = {kept}"),
        ("learn", "i · g", f"{i} · {g} = {learned}"),
        ("remember", "f · c₋₁ + i · g", f"{kept} + {learned} = {memory}"),
        ("use", "o · tanh(c)", f"{o} · tanh({signed(moment.memory)}) = {answer}"),
    )
    head = ["", t("learn_gates.usual"), t("learn_gates.numbers")]
    return [head] + [
        [t(f"learn_gates.{name}"), t(f"learn_gates.usual_{name}"), f"{formula} = {numbers}"]
        for name, formula, numbers in rows
    ]


def _n(value: float) -> str:
    """Return a number, in brackets if it is below 0."""
    said = signed(value)
    return f"({said})" if said.startswith("−") else said
