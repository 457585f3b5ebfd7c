"""Copied or new: what a network writes, held against the text that it learned from."""

from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from lstm.config import SAMPLE_TEMPERATURES
from lstm.insight.intervention import Draft
from lstm.insight.novelty import GRAMS, Novelty, novelty, novelty_by_temperature
from lstm.memorisation import LEAST_COPIED, CorpusIndex, Matches
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.components.tinted import Lane, Tinted, Told, legend_of, steps_of, tinted
from lstm.ui.curves import Floats
from lstm.ui.desk import MANY_SYMBOLS
from lstm.ui.language import t
from lstm.ui.look import frame, lines, wishes
from lstm.ui.look.context import Context, digest
from lstm.ui.watch import LEAST_COPIED_HAN, index_of

FORMULAS = (
    r"\text{new}(n) = \frac{1}{T - n + 1}"
    r" \sum_i \mathbf{1}[x_i \ldots x_{i+n-1} \notin \text{training text}]",
)
CODE = (novelty, novelty_by_temperature, Matches)

LENGTH = 1_000
"""Characters that the network writes at each temperature."""

SHOWN = ("text", *(f"{one:g}" for one in SAMPLE_TEMPERATURES))
MOST = 40.0
"""Characters at which the scale ends, for every text and every network."""

_COLOURS = (lines.BLUE, lines.GREEN, lines.RED)
_PATTERNS = ("", "/", "x")
_HEIGHT = 360
_PATIENCE = 0.3


@dataclass(frozen=True, eq=False)
class Findings:
    """What is known so far.

    Attributes:
        has_text: Whether the training text is at hand.
        found: The text above first, then what was written, coldest first.
        share: How much of the work is done, 0 to 1.
    """

    has_text: bool
    found: tuple[Novelty, ...]
    share: float


def render(context: Context) -> None:
    """Draw the view."""
    usual = LEAST_COPIED_HAN if context.vocabulary.size > MANY_SYMBOLS else LEAST_COPIED
    left, right = st.columns(2)
    with left:
        least = wishes.whole("least", 5, 80, label=t("look_novelty.least"), default=usual)
    with right:
        dice = wishes.whole("dice", 1, 99, label=t("look_novelty.dice"), default=1, box=True)
    shown = wishes.one_of("shown", SHOWN, label=t("look_novelty.shown"), say=_shown_said)
    frame.windowed(context)
    index = index_of(context.choice)

    def work() -> Iterator[Findings]:
        return compared(context, index, dice)

    def show(findings: Findings) -> None:
        _draw(findings, SHOWN.index(shown), least)

    frame.in_background(context, "novelty", work, show, dice, digest(context.text))


def compared(
    context: Context, future: "Future[CorpusIndex | None]", dice: int
) -> Iterator[Findings]:
    """Wait for the index of the training text, then hold text after text against it."""
    while not future.done():
        yield Findings(True, (), 0.05)
        wait([future], _PATIENCE)
    index = future.result()
    if index is None or index.vocabulary != context.vocabulary:
        yield Findings(False, (), 1.0)
        return
    found = [replace(novelty(index, context.spelled), text=context.text)]
    yield Findings(True, tuple(found), 0.2)
    draft = Draft(length=LENGTH, rng=dice)
    for one in novelty_by_temperature(context.model, index, draft):
        found.append(one)
        yield Findings(True, tuple(found), 0.2 + 0.8 * one.share)


def novelty_chart(found: tuple[Novelty, ...]) -> Figure:
    """Draw the share of new passages of each length, for the text and for each temperature."""
    places = [_shown_said(key) for key in SHOWN]
    traces = []
    for number, n in enumerate(GRAMS):
        traces.append(
            {
                "type": "bar",
                "uid": f"new-{n}",
                "name": t("look_novelty.grams", n=n),
                "x": places[: len(found)],
                "y": [round(100 * one.new[number], 2) for one in found],
                "marker": {"color": _COLOURS[number], "pattern": {"shape": _PATTERNS[number]}},
                "hovertemplate": "%{y:.1f} %",
            }
        )
    layout = lines.layout("", t("look_novelty.new"), "novelty")
    layout["xaxis"] |= {"type": "category", "range": [-0.5, len(SHOWN) - 0.5]}
    layout["xaxis"] |= {"categoryorder": "array", "categoryarray": places}
    layout["yaxis"] |= {"range": [0, 100], "ticksuffix": " %"}
    return {"data": traces, "layout": layout | {"barmode": "group"}}


def highlighted(one: Novelty, least: int) -> Tinted:
    """Return a text coloured by the passages that were copied, short ones and long ones.

    First by the length of the longest through each character, then those that count as copied,
    in two colours that take turns.
    """
    through = passages(one.matches)
    steps = [0] * len(one.text)
    for number, span in enumerate(one.matches.copied(least)):
        steps[span.start : span.start + span.length] = [1 + number % 2] * span.length
    legend = ("", t("look_novelty.copied"), t("look_novelty.next"))
    return Tinted(
        text=one.text,
        lanes=(
            Lane(t("look_novelty.through"), steps_of(through, MOST), "amount", legend_of(MOST)),
            Lane(t("look_novelty.lane", least=least), steps, "marks", legend),
        ),
        told=(Told(t("look_novelty.through"), through, 0),),
        name="charloom-novelty",
    )


def passages(matches: Matches) -> Floats:
    """Return the length of the longest copied passage that each character stands in, (T,)."""
    lengths = matches.lengths
    through = np.zeros(len(lengths))
    for start in np.argsort(lengths, kind="stable").tolist():  # longer ones paint over shorter
        through[start : start + lengths[start]] = lengths[start]
    return through


def table_of(found: tuple[Novelty, ...], least: int) -> list[list[str]]:
    """Return for each text its longest copy, the share copied and the shares that are new."""
    grams = [t("look_novelty.grams", n=n) for n in GRAMS]
    rows = [[t("look_novelty.at"), t("look_novelty.longest"), t("look_novelty.share"), *grams]]
    for key, one in zip(SHOWN, found, strict=False):
        longest = one.longest.length if one.longest is not None else 0
        new = [f"{share:.0%}" for share in one.new]
        rows.append(
            [
                t("look_novelty.text") if key == "text" else key,
                str(longest),
                f"{copied_share(one, least):.0%}",
                *new,
            ]
        )
    return rows


def copied_share(one: Novelty, least: int) -> float:
    """Return the share of a text's characters that stand in copied passages, 0 to 1."""
    return sum(span.length for span in one.matches.copied(least)) / max(1, len(one.text))


def _draw(findings: Findings, place: int, least: int) -> None:
    found = findings.found
    if not findings.has_text:
        blocks.alert(t("look_novelty.no_text"), "info")
    if not found:
        if findings.has_text:
            st.caption(t("look_novelty.indexing"))
        return
    table = table_of(found, least)
    title = t("look_novelty.title")
    frame.plot(novelty_chart(found), key="novelty", title=title, height=_HEIGHT, table=table)
    if place < len(found):
        _text(found[place], least)
    st.html(blocks.table_html(t("look_novelty.table"), table))
    frame.numbers("novelty", table[0], lambda: table[1:])


def _text(one: Novelty, least: int) -> None:
    if one.loop is not None:
        blocks.alert(t("look_novelty.loop", period=one.loop.period, times=one.loop.times), "info")
    if not one.matches.copied(least):
        blocks.alert(t("look_novelty.nothing", least=least), "info")
    tinted(highlighted(one, least), key="tinted-novelty")
    if one.longest is not None:
        st.caption(t("look_novelty.longest_is", characters=one.longest.length))
        st.code(one.text[one.longest.start :][: one.longest.length], language=None, wrap_lines=True)


def _shown_said(key: str) -> str:
    if key == "text":
        return t("look_novelty.text")
    return t("look_novelty.temperature", temperature=key)
