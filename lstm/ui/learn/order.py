"""Order matters: the same letters shuffled, and a network that forgets beside one that does not."""

from collections.abc import Iterator

import streamlit as st

from lstm.insight.surprise import surprise
from lstm.lessons.order import HIDDEN, READERS, Progress, scrambled, side_by_side
from lstm.ui import blocks
from lstm.ui.charts import Figure
from lstm.ui.language import t
from lstm.ui.learn import live, parts
from lstm.ui.learn.lesson import Lesson
from lstm.ui.look import frame, lines
from lstm.ui.look.context import Context
from lstm.ui.networks import choices, landing
from lstm.ui.visitor import owner

TERMS = ("network", "training", "held_out", "bit")
CONTROLS = ("sentence",)

LONGEST = 60
"""Characters of the learner's own sentence."""

_LOOKS = ((lines.RED, "dash"), (lines.BLUE, "solid"), (lines.PURPLE, "dot"))
_HEIGHT = 270


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    parts.style()
    left, right = st.columns([5, 8], gap="medium")
    with left:
        parts.prose("learn_order.shuffled_words")
        label = t("learn_order.sentence")
        default = t("learn_order.example")
        own = parts.typed(lesson, "sentence", label=label, default=default, most=LONGEST)
        st.html(blocks.table_html(t("learn_order.judged"), shuffled_table(lesson, own)))
        parts.prose("learn_order.networks")
    with right:
        live.live(lesson, "order", *_experiment(lesson), _draw)


def prime(lesson: Lesson) -> None:
    """Begin what takes time."""
    live.prime("order", *_experiment(lesson))


def _experiment(lesson: Lesson) -> tuple[tuple[str], live.Work[Progress]]:
    def work(dice: int) -> Iterator[Progress]:
        return side_by_side(lesson.text, dice)

    return (lesson.text,), work


def shuffled_table(lesson: Lesson, own: str) -> list[list[str]]:
    """Return a sentence as it is and shuffled, with what a trained network pays for each."""
    network = landing(choices(owner()), lesson.language)
    rows = [["", t("learn_order.as_written"), t("learn_order.bits")]]
    for name, spelled in (("true", own), ("mixed", scrambled(own, 1))):
        context = Context.of(network, spelled)
        bits = surprise(context.model, context.ids).mean_bits
        rows.append([t(f"learn_order.{name}"), spelled, f"{bits:.1f}"])
    return rows


def _draw(part: Progress) -> None:
    title = t("learn_order.chart")
    frame.plot(order_chart(part), key="order", title=title, height=_HEIGHT, table=table_of(part))
    frame.facts(
        (t(f"learn_order.{reader}"), f"{float(bits):.2f}")
        for reader, bits in zip(READERS, part.bits[:, -1], strict=True)
    )
    st.caption(t("learn_order.note", step=int(part.steps[-1]), hidden=HIDDEN))
    if by_heart(part):
        blocks.alert(t("learn_order.by_heart"), "info")


def by_heart(part: Progress) -> bool:
    """Tell whether the network that remembers does worse on unseen letters than it did before."""
    remembering = part.bits[READERS.index("remembers")]
    return float(remembering[-1] - remembering.min()) > 0.1


def order_chart(part: Progress) -> Figure:
    """Draw the bits of the three networks, falling, with what counting reaches."""
    traces = [
        lines.line(reader, t(f"learn_order.{reader}"), part.steps, bits, colour=colour, dash=dash)
        for reader, bits, (colour, dash) in zip(READERS, part.bits, _LOOKS, strict=True)
    ]
    layout = lines.layout(t("learn_order.steps"), t("learn_order.bits_axis"), "order")
    layout["xaxis"] |= {"range": [0, 300]}
    layout["yaxis"] |= {"range": [0, float(part.bits.max()) * 1.03]}
    layout["margin"] |= {"t": 40, "b": 42}
    levels = [
        lines.level(part.alone, t("learn_order.alone")),
        lines.level(part.paired, t("learn_order.paired"), left=False),
    ]
    layout |= {
        "shapes": [across for across, _ in levels],
        "annotations": [label for _, label in levels],
    }
    return {"data": traces, "layout": layout}


def table_of(part: Progress) -> list[list[str]]:
    """Return how each network began and where it is, the head first."""
    rows = [["", t("learn_order.at_first"), t("learn_order.now")]]
    for reader, bits in zip(READERS, part.bits, strict=True):
        rows.append([t(f"learn_order.{reader}"), f"{float(bits[0]):.2f}", f"{float(bits[-1]):.2f}"])
    return rows
