"""Temperature: the chances reshaped, and the same dice at three temperatures."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from lstm.config import SampleConfig
from lstm.insight.intervention import Draft
from lstm.insight.outlook import next_logits, outlook
from lstm.insight.surprise import surprise
from lstm.memorisation import find_loop
from lstm.sampling import dice, draw
from lstm.ui.language import t
from lstm.ui.learn.glossary import term
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.writer import before_writing, choose
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import Context
from lstm.ui.look.next import Moment, bars, named

TERMS = ("temperature", "dice", "sampling")
CONTROLS = ("network", "temperature", "throw")

COLD, HOT = 0.2, 1.5

LENGTH = 400
"""Characters that are written at each temperature."""

_WARM = 0.7
_HOTTEST = 2.0
_MOST_DICE = 99
_WRITTEN = "_learn_temperature"
_MOST = 60
_HEIGHT = 350


@dataclass(frozen=True)
class Page:
    """What was written at one temperature.

    Attributes:
        text: The text. Hostile, like all that a network writes.
        bits: How surprising the network itself finds it, in bits per character at temperature 1.
        loops: Whether it ends in going round in circles.
    """

    text: str
    bits: float
    loops: bool


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    words = {name: term(name) for name in ("temperature", "chance", "dice")}
    st.html(f"<p>{t('learn_temperature.idea', **words)}</p>")
    first, second, third = st.columns([4, 3, 2], gap="medium")
    with first:
        warmth = _warmth(lesson)
    with second:
        context = before_writing(lesson, choose(lesson, t("learn_temperature.network")))
    with third:
        throw = _throw(lesson)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.fragment(_bars)(context, warmth, throw)
    with right:
        for temperature in (COLD, warmth, HOT):
            _draw(written(context, temperature, throw), temperature)


def written(context: Context, temperature: float, throw: int) -> Page:
    """Return what the network writes with these dice, and what can be said of it."""

    def write() -> Page:
        sample = SampleConfig(temperature=temperature)
        draft = Draft(opening=context.spelled, length=LENGTH, sample=sample, rng=throw)
        text = draft.written_by(context.model, context.vocabulary)
        ids = context.vocabulary.encode(context.spelled + text)
        bits = surprise(context.model, ids).bits[len(context.spelled) :]
        return Page(text, float(bits.mean()), find_loop(text) is not None)

    return context.computed("learn-temperature", write, temperature, throw)


def _warmth(lesson: Lesson) -> float:
    if not lesson.shows("temperature"):
        return _asked("temperature", 0.0, _HOTTEST, _WARM)
    said = t("learn_temperature.temperature")
    return wishes.number("temperature", 0.0, _HOTTEST, label=said, default=_WARM)


def _throw(lesson: Lesson) -> int:
    if lesson.presenting or not lesson.shows("throw"):
        return int(_asked("dice", 1, _MOST_DICE, 1))
    said = t("learn_temperature.throw")
    return wishes.whole("dice", 1, _MOST_DICE, label=said, default=1, box=True)


def _asked(name: str, least: float, most: float, default: float) -> float:
    """Return a setting that the address names although its control is hidden."""
    try:
        wish = float(wishes.value(name) or default)
    except ValueError:
        return default
    return wish if least <= wish <= most else default


def _bars(context: Context, temperature: float, throw: int) -> None:
    """Draw the chances of the next character; a button writes one: the body of the fragment."""
    space, so_far = st.session_state.get(_WRITTEN, ("", ""))
    so_far = so_far if space == context.network else ""
    so_far = context.vocabulary.substitute(so_far)[0]
    ids = context.vocabulary.encode(context.spelled + so_far)
    logits = context.computed("logits", lambda: next_logits(context.model, ids), so_far)
    seen = outlook(logits, SampleConfig(temperature=temperature), context.vocabulary.unknown)
    cast = dice(throw, len(so_far))
    now = Moment(so_far, seen, draw(seen.shaped.astype(float), cast), cast)
    tail = escape((context.spelled + so_far)[-60:])
    st.html(f'<p class="charloom-tail">…{tail}<span class="next">?</span></p>')
    drawn = context.name(now.drawn)
    with st.container(horizontal=True, gap="small"):
        st.button(
            t("learn_temperature.write"),
            key="temperature-write",
            type="primary",
            disabled=len(so_far) >= _MOST,
            on_click=_put,
            args=(context.network, so_far + drawn),
        )
        st.button(
            t("learn_temperature.again"),
            key="temperature-again",
            disabled=not so_far,
            on_click=_put,
            args=(context.network, ""),
        )
    figure = bars(now, context.vocabulary.characters, temperature)
    summary = t("learn_temperature.drawn", drawn=named(drawn), throw=f"{cast:.3f}")
    title = t("learn_temperature.chart")
    frame.plot(figure, key="temperature", title=title, height=_HEIGHT, summary=summary)


def _put(network: str, so_far: str) -> None:
    st.session_state[_WRITTEN] = (network, so_far)


def _draw(page: Page, temperature: float) -> None:
    said = t("learn_temperature.bits", bits=f"{page.bits:.2f}")
    if page.loops:
        said += " " + t("learn_temperature.loops")
    title = escape(t("learn_temperature.at", temperature=f"{temperature:g}"))
    text = escape(page.text.strip())
    st.html(
        f'<section class="charloom-sheet" aria-label="{title}"><h2>{title}</h2>'
        f'<p class="text" tabindex="0" role="region" aria-label="{title}">{text}</p>'
        f'<p class="about">{escape(said)}</p></section>'
    )
