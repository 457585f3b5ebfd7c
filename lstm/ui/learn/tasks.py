"""Four kinds of tasks, five networks: each learns before one's eyes and answers the learner.

Knows nothing of how a network learns; the drawing of a shape is ``tasks_diagram``'s.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import streamlit as st

from lstm.errors import LessonError
from lstm.insight.reading import Floats
from lstm.lessons.tasks.kinds import KINDS, task
from lstm.lessons.tasks.numbers import MOST
from lstm.lessons.tasks.parts import Answer, Progress, Task
from lstm.lessons.tasks.training import SHOWN, answer, practise
from lstm.messages import Language
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.components.drawing import drawing
from lstm.ui.language import language, t
from lstm.ui.learn import parts
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.live import live
from lstm.ui.learn.live import prime as begin
from lstm.ui.learn.parts import explained_html, one_of
from lstm.ui.learn.tasks_diagram import Words, bars_svg, diagram_svg
from lstm.ui.look import frame, lines, wishes

TERMS = ("held_out", "accuracy", "fed_back", "encoder")
CONTROLS = ("task", "own")

_STYLE = Path(__file__).with_name("tasks.css")
_WALKS = "_learn_tasks_walks"
_HEIGHT = 200
_EXAMPLES: dict[tuple[str, Language], str] = {
    ("colours", "en"): "#bd572a",  # black and white can both be read on it
    ("colours", "zh"): "#bd572a",
    ("feelings", "en"): "The hall was cold, but the music was wonderful.",
    ("feelings", "zh"): "外面很冷，可是音乐太好听了。",
    ("brackets", "en"): "tea (with milk (or lemon)) and cake",
    ("brackets", "zh"): "喝茶（加奶（或柠檬））吃蛋糕",
}

STRIDE = 0.7
"""Seconds that a moment is shown for while they go by."""

_EARLY = 0.6
"""A drawing before this share of that time is no stride: something else has changed."""

Say = Callable[[str], str]


@dataclass
class _Walk:
    """Where a learner is among the moments of a task.

    Attributes:
        place: Number of the moment, from 1; None for the last one, however many there are.
        going: Whether it goes on by itself.
        moved: When it last did, by the monotonic clock.
    """

    place: int | None = None
    going: bool = False
    moved: float = 0.0

    def start(self) -> None:
        """Go on by itself, or no longer; from the last moment, begin at the first."""
        self.going, self.moved = not self.going, monotonic()
        if self.going and self.place is None:
            self.place = 1

    def stride(self, count: int) -> None:
        """Go on by a moment if one is due; the last one is the end."""
        now = monotonic()
        if self.going and now - self.moved >= _EARLY * STRIDE:
            self.place, self.moved = min((self.place or count) + 1, count), now
        if self.place is not None and self.place >= count:
            self.place, self.going = None, False


@dataclass(frozen=True, eq=False)
class _Scene:
    """A part of the training with the input that it is seen on, and what the network says."""

    key: str
    asked: Task[Any]
    given: str
    said: Answer
    part: Progress


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    parts.style()
    st.html(_STYLE)
    key = _choose(lesson)
    asked = task(key, lesson.language)
    left, right = st.columns([5, 3], gap="medium")
    left.html(f"<p>{_idea(key, asked)}</p>")
    with right:
        own = _own(key, asked) if lesson.shows("own") else None

    def show(part: Progress) -> None:
        _draw(key, asked, own, part)

    live(lesson, f"tasks-{key}", (key, lesson.language), _work(key, lesson.language), show)


def prime(lesson: Lesson) -> None:
    """Let the first network learn before anybody looks."""
    key = _asked()
    begin(f"tasks-{key}", (key, lesson.language), _work(key, lesson.language))


def _work(key: str, spoken: Language) -> Callable[[int], Iterator[Progress]]:
    def work(dice: int) -> Iterator[Progress]:
        return practise(task(key, spoken), dice)

    return work


# ---- what is asked ----------------------------------------------------------------------------


def _asked() -> str:
    """Return the network that the address names."""
    wish = wishes.value("task")
    return wish if wish in KINDS else next(iter(KINDS))


def _choose(lesson: Lesson) -> str:
    label = t("learn_tasks.task")
    return one_of(
        lesson, "task", tuple(KINDS), label=label, say=lambda key: t(f"learn_tasks.{key}")
    )


def _idea(key: str, asked: Task[Any]) -> str:
    """Return what the network does and how it is judged, as HTML with its words explained."""
    what = explained_html(t(f"learn_tasks.idea.{key}"))
    judged = explained_html(t("learn_tasks.judged", count=len(asked.held_out)))
    return what + (" " if asked.language == "en" else "") + judged


def _own(key: str, asked: Task[Any]) -> str | None:
    """Draw the box for the learner's own input and return what it holds, if it can be read."""
    name, label = f"tasks-own-{key}-{asked.language}", t(f"learn_tasks.own_{key}")
    example = _EXAMPLES.get((key, asked.language)) or asked.held_out[SHOWN].given
    if key == "colours":
        typed = st.color_picker(label, value=example, key=name)
    elif key == "numbers":
        typed = str(st.number_input(label, 0, MOST, value=int(example), step=1, key=name))
    else:
        typed = st.text_input(label, value=example, key=name, max_chars=asked.longest)
    try:
        return asked.accept(typed or "")
    except LessonError as error:
        blocks.alert(error.text(language()), "warning")
        return None


# ---- what is seen -----------------------------------------------------------------------------


def _draw(key: str, asked: Task[Any], own: str | None, part: Progress) -> None:
    """Draw a part: what the network makes of the input now, and how well it does."""
    if own is None:
        given, said = part.cases[0].given, part.answers[0]
    else:
        given, said = own, answer(asked, part.weights, own)
    walk = st.session_state.setdefault(_WALKS, {}).setdefault(key, _Walk())
    every = STRIDE if walk.going else None
    st.fragment(_see, run_every=every)(_Scene(key, asked, given, said, part), walk, walk.going)


def _see(scene: _Scene, walk: _Walk, ticking: bool) -> None:
    """Draw the shape at its moment beside the curve: the body of one tick."""
    walk.stride(len(scene.said.fed))
    if walk.going != ticking:
        st.rerun()
    left, right = st.columns([11, 10], gap="medium")
    with left:
        st.html(verdict_html(scene.key, scene.asked, scene.given, scene.said))
        place = st.container()
        moment = _moment(scene.key, walk, len(scene.said.fed))
        with place:
            _shape(scene, moment)
    with right:
        _curve(scene)
        if scene.asked.shape == "many_to_one":
            bars, see = bars_svg(_pleased(scene.said), scene.given, moment), t("learn_tasks.bars")
            drawing(bars, key="drawing-verdict", said=see, kind="charloom-verdict")
            st.caption(see)
        with st.expander(t("learn_tasks.cases"), key=f"tasks-cases-{scene.key}"):
            st.html(blocks.table_html(t("learn_tasks.cases"), cases_of(scene.part)))


def _shape(scene: _Scene, moment: int) -> None:
    said, shape = scene.said, scene.asked.shape
    words = Words(
        output=t("learn_tasks.output"),
        memory=t(f"learn_tasks.{'hidden' if shape == 'one_to_one' else 'memory'}"),
        entry=t("learn_tasks.entry"),
    )
    drawn = diagram_svg(said, shape, moment, words, _says(said))
    drawing(drawn, key="drawing-task", said=moment_said(said, moment), kind="charloom-shape")


def _curve(scene: _Scene) -> None:
    asked, part = scene.asked, scene.part
    title, table = t("learn_tasks.accuracy"), _curve_table(part)
    right = round(float(part.accuracy[-1]) * part.held)
    summary = t("learn_tasks.state", step=part.step, right=right, held=part.held)
    st.html(f'<p class="charloom-see">{escape(summary)}</p>')
    frame.plot(
        accuracy_chart(asked, part),
        key=f"tasks-{scene.key}",
        title=title,
        height=_HEIGHT,
        summary=summary,
        table=table,
    )


def _moment(key: str, walk: _Walk, count: int) -> int:
    """Let the learner walk through the moments; return the number of the running one, from 0."""
    if count < 2:
        return 0
    name = f"tasks-moment-{key}"
    st.session_state[name] = min(walk.place or count, count)

    def move() -> None:
        place = int(st.session_state[name])
        walk.place, walk.going = None if place == count else place, False

    with st.container(key="tasks-walk", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            t("learn_live.pause" if walk.going else "learn_tasks.walk"),
            key=f"tasks-walk-{key}",
            icon=":material/pause:" if walk.going else ":material/play_arrow:",
            on_click=walk.start,
        )
        st.slider(t("learn_tasks.moment", count=count), 1, count, key=name, on_change=move)
    return int(st.session_state[name]) - 1


def moment_said(said: Answer, moment: int) -> str:
    """Say in a sentence what happens at a moment."""
    fed, out = said.fed[moment], said.said[moment]
    values = {
        "place": moment + 1,
        "count": len(said.fed),
        "fed": _named(fed) if fed else t("learn_tasks.nothing"),
        "said": _says(said).get(out, _named(out)) if out else t("learn_tasks.nothing"),
    }
    sure = float(said.sure[moment])
    if not out or math.isnan(sure):
        return t("learn_tasks.now_silent", **values)
    return t("learn_tasks.now", sure=f"{sure:.0%}", **values)


def _named(character: str) -> str:
    return t("learn_tasks.space") if character == " " else character


def _says(said: Answer) -> dict[str, str]:
    """Return words of the visitor's language for the words of the engine."""
    known = {word for word in said.said if word in ("good", "bad", "black", "white")}
    return {word: t(f"learn_tasks.say_{word}") for word in sorted(known)}


def _pleased(said: Answer) -> Floats:
    """Return after each character how probable it is that the writer is pleased, (T,)."""
    good = np.array([word == "good" for word in said.said])
    chances: Floats = np.where(good, said.sure, 1 - said.sure)
    return chances


def verdict_html(key: str, asked: Task[Any], given: str, said: Answer) -> str:
    """Return what the network says to an input, and whether that is right. All escaped."""
    got = escape(_spoken(said.got) or t("learn_tasks.nothing"))
    parts = [f"{escape(t('learn_tasks.answer'))} <strong><bdi>{got}</bdi></strong>"]
    wanted = asked.wanted(given)
    if wanted is not None:
        good = wanted == said.got
        name = "right" if good else "wrong"
        parts.append(escape(t(f"learn_tasks.{name}", wanted=_spoken(wanted))))
    if any(pair.given == given for pair in asked.held_out):
        parts.append(escape(t("learn_tasks.unseen")))
    sample = ""
    if key == "colours":  # accepted, so it is # and six hexadecimal digits
        black, white = escape(t("learn_tasks.say_black")), escape(t("learn_tasks.say_white"))
        sample = (
            f'<span class="charloom-colour" style="background: {given}">'
            f'<span class="on-black">{black}</span> <span class="on-white">{white}</span></span> '
        )
    return f'<p class="charloom-answer">{sample}{" ".join(parts)}</p>'


def _spoken(word: str) -> str:
    return t(f"learn_tasks.say_{word}") if word in ("good", "bad", "black", "white") else word


def accuracy_chart(asked: Task[Any], part: Progress) -> Figure:
    """Draw the share of held-out cases answered wholly right, from the first step to now."""
    name = t("learn_tasks.accuracy")
    trace = lines.line("accuracy", name, part.steps, part.accuracy, colour=lines.BLUE)
    trace |= {"mode": "lines+markers", "hovertemplate": "%{y:.0%}"}
    layout = lines.layout(t("learn_tasks.steps"), name, asked.shape)
    layout["xaxis"] |= {"range": [0, asked.plan.laps * asked.plan.steps * 1.02]}
    layout["yaxis"] |= {"range": [-0.03, 1.04], "tickformat": ".0%"}
    layout |= {"showlegend": False, "margin": {"l": 68, "r": 16, "t": 12, "b": 44}}
    return {"data": [trace], "layout": layout}


def _curve_table(part: Progress) -> list[list[str]]:
    rows = [[t("learn_tasks.steps"), t("learn_tasks.accuracy")]]
    pairs = zip(part.steps.tolist(), part.accuracy.tolist(), strict=True)
    return rows + [[str(step), f"{value:.0%}"] for step, value in pairs]


def cases_of(part: Progress) -> list[list[str]]:
    """Return some held-out cases with what the network says to them now, the head first."""
    rows = [[t("learn_tasks.given"), t("learn_tasks.wanted"), t("learn_tasks.got"), ""]]
    for case, said in zip(part.cases, part.answers, strict=True):
        mark = "✓" if case.wanted == said.got else "✗"
        rows.append([case.given, _spoken(case.wanted), _spoken(said.got) or "–", mark])
    return rows
