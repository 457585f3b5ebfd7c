"""Classic against fast: the article's recipe and the continuous one race on the lesson's text.

The race trains in this process, not as runs in the store's queue: a class that starts fifty of
them would fill the queue for hours, while here whoever asks for the same race shares one, a
single one goes on at a time, on one thread, for seconds, and ends when nobody looks.
"""

from collections.abc import Iterator
from html import escape

import streamlit as st

from lstm.corpus import Corpus
from lstm.lessons.recipes import RECIPES, SPOKEN, Course, Lap, Recipe, race
from lstm.ui import blocks, words
from lstm.ui.charts import Figure
from lstm.ui.language import t
from lstm.ui.learn import live
from lstm.ui.learn.glossary import term
from lstm.ui.learn.lesson import Lesson
from lstm.ui.look import frame, lines
from lstm.ui.look.context import digest

TERMS = ("recipe", "window", "stream")
CONTROLS = live.CONTROLS

SECONDS = 8.0
"""Training time of each; the race takes twice that, and the judging."""

_LOOKS: dict[Recipe, tuple[str, str]] = {
    "classic": (lines.RED, "dash"),
    "quick": (lines.BLUE, "solid"),
}
_HEIGHT = 340


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    said = {name: term(name) for name in ("recipe", "window", "stream")}
    st.html(f"<p>{t('learn_recipes.idea', seconds=f'{SECONDS:g}', **said)}</p>")

    def work(dice: int) -> Iterator[Lap]:
        return race(Corpus.from_text(lesson.text), SECONDS, dice)

    started = st.session_state.get("_learn_recipes") == digest(lesson.text)
    if not started and not lesson.presenting:
        st.caption(t("learn_recipes.turn"))
        st.button(
            t("learn_recipes.start"), key="recipes-start", type="primary", on_click=_start,
            args=(digest(lesson.text),),
        )  # fmt: skip
        return
    settings = digest(lesson.text), SECONDS
    live.live(lesson, "recipes", settings, work, _draw, autoplay=True)


def _start(text: str) -> None:
    st.session_state["_learn_recipes"] = text


def _draw(lap: Lap) -> None:
    title = t("learn_recipes.chart")
    table = table_of(lap)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        frame.plot(race_chart(lap), key="recipes", title=title, height=_HEIGHT, table=table)
    with right:
        st.html(blocks.table_html(t("learn_recipes.result"), table))
        for recipe, course in zip(RECIPES, lap.courses, strict=True):
            if course.sample:
                st.html(sheet_html(recipe, course))


def race_chart(lap: Lap) -> Figure:
    """Draw held-out bits against training seconds, a line for each recipe."""
    traces = []
    for recipe, course in zip(RECIPES, lap.courses, strict=True):
        colour, dash = _LOOKS[recipe]
        name = t(f"learn_recipes.{recipe}")
        trace = lines.line(recipe, name, course.seconds, course.bits, colour=colour, dash=dash)
        marker = {"size": 8, "symbol": "circle" if recipe == "quick" else "diamond"}
        traces.append(trace | {"mode": "lines+markers", "marker": marker})
    layout = lines.layout(t("learn_recipes.seconds"), t("learn_recipes.bits"), "recipes")
    layout["xaxis"] |= {"range": [0, SECONDS * 1.08]}
    return {"data": traces, "layout": layout}


def table_of(lap: Lap) -> list[list[str]]:
    """Return for each recipe where it stands, the head first."""
    rows = [["", *(t(f"learn_recipes.{name}") for name in ("trained", "characters", "bits"))]]
    for recipe, course in zip(RECIPES, lap.courses, strict=True):
        trained = f"{course.seconds[-1]:.1f}" if course.seconds else "–"
        bits = f"{course.bits[-1]:.2f}" if course.bits else "–"
        name = t(f"learn_recipes.{recipe}")
        rows.append([name, trained, words.count(course.characters), bits])
    return rows


def sheet_html(recipe: Recipe, course: Course) -> str:
    """Return what a network wrote, escaped."""
    name = t(f"learn_recipes.{recipe}")
    title = escape(t("learn_recipes.wrote", recipe=name, temperature=f"{SPOKEN:g}"))
    return (
        f'<section class="charloom-sheet"><h2>{title}</h2><p class="text" tabindex="0" '
        f'role="region" aria-label="{title}">{escape(course.sample)}</p></section>'
    )
