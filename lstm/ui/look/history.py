"""The training time machine: the same opening and the same dice after every epoch.

A network that ships has no stored epochs: it is shown before its first step and after its last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import streamlit as st

from lstm.baselines import baselines
from lstm.config import SAMPLE_TEMPERATURES, SampleConfig
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT, held_out_loss
from lstm.insight.fresh import fresh
from lstm.insight.intervention import Draft
from lstm.sampling import dice
from lstm.ui import blocks, charts, rooms
from lstm.ui.charts import Figure
from lstm.ui.components.timemachine import Page, Stop, chosen, stops_json, time_machine
from lstm.ui.course import Course, course, samples, stops
from lstm.ui.curves import Look
from lstm.ui.language import language, t
from lstm.ui.look import frame
from lstm.ui.look.context import Context

FORMULAS = (
    r"\text{bits} = \frac{1}{T \ln 2} \sum_t -\ln p(x_t \mid x_{<t})",
    r"\text{blind guess} = \log_2 V",
)
CODE = (held_out_loss, baselines, fresh, dice)

_KEY = "look-history"
_TICK = 2.0
_WRITTEN = 300
_MOST_JUDGED = 100_000  # characters of the held-out text
_ROW = 30  # pixels of one bar
_NETWORK, _SIMPLE = "#D55E00", "#808080"


def render(context: Context) -> None:
    """Draw the view."""
    run = context.choice.run
    if run is None:
        blocks.alert(t("look_history.ready_made"), "info")
        rooms.link("train", t("look_history.train"))
        _before_and_after(context)
        return
    tick = _TICK if run.is_active else None
    st.fragment(_epochs, run_every=tick)(run.id)


# ---- a run: every epoch -----------------------------------------------------------------------


def _epochs(run_id: str) -> None:
    """Draw the curve and what was written after an epoch: the body of one tick."""
    now = course(run_id)
    look = Look(language())
    index = chosen(_KEY, now.stops)
    if index is None:
        index = next(reversed(now.stops), None)
    figure = marked(charts.loss_chart(now.curve, look, now.references), _epoch(now, index))
    title = look.say("title_loss")
    frame.plot(
        figure,
        key="history",
        title=title,
        height=charts.LOSS_HEIGHT,
        summary=charts.loss_summary(now.curve, look, now.references),
        table=charts.loss_table(now.curve, look),
    )
    rows = () if index is None else samples(now, index)
    pages = [Page(_temperature(row.temperature), row.opening, row.text) for row in rows]
    time_machine(stops(now, "bits", language()), index, pages, key=_KEY, words=_words())
    head = [t("charts.axis_epoch"), t("charts.axis_seconds"), t("charts.unit_bits")]
    frame.numbers("history", head, lambda: _evaluations(now))


def _epoch(now: Course, index: int | None) -> float | None:
    return next((row.epoch for row in now.epochs if row.index == index), None)


def _evaluations(now: Course) -> list[list[object]]:
    return [[row.epoch, row.seconds, row.validation_bits] for row in now.epochs]


def marked(figure: Figure, epoch: float | None) -> Figure:
    """Mark the epoch that the slider stands at by an upright line."""
    if epoch is None:
        return figure
    line = {
        "type": "line",
        "yref": "paper",
        "x0": epoch,
        "x1": epoch,
        "y0": 0,
        "y1": 1,
        "line": {"color": _SIMPLE, "width": 2},
    }
    shapes = [*figure["layout"].get("shapes", ()), line]
    return {**figure, "layout": {**figure["layout"], "shapes": shapes}}


# ---- one that ships: before and after ---------------------------------------------------------


@dataclass(frozen=True)
class Rung:
    """One bar of the ladder.

    Attributes:
        key: ``trained``, ``untrained`` or a baseline's key.
        bits: Bits per character on the text that the network was not trained on.
    """

    key: str
    bits: float


@dataclass(frozen=True)
class Ladder:
    """The bars so far, and how much of the work is done."""

    rungs: tuple[Rung, ...]
    share: float


def _before_and_after(context: Context) -> None:
    corpus = _corpus(context.choice.key, context)
    if corpus is None:
        blocks.alert(t("look_history.no_corpus"), "info")
    else:
        frame.in_background(context, "ladder", partial(_ladder, context, corpus), _show_ladder)
    labels = (t("look_history.untrained"), t("look_history.trained"))
    index = chosen(_KEY, range(2))
    index = 1 if index is None else index
    pages = context.computed("before-after", lambda: _written(context, index), index)
    listed = stops_json([Stop(place, label) for place, label in enumerate(labels)])
    time_machine(listed, index, pages, key=_KEY, words=_words())


@st.cache_resource(show_spinner=False, max_entries=4)
def _corpus(key: str, _context: Context) -> Corpus | None:
    return _context.choice.corpus()


def _ladder(context: Context, corpus: Corpus) -> Iterator[Ladder]:
    """Yield bits per character of the network, of an untrained one and of simpler methods."""
    ids = corpus.ids[: corpus.split + _MOST_JUDGED]
    untrained = fresh(context.model.vocab_size, context.model.config)
    rungs: list[Rung] = []
    for key, model in (("trained", context.model), ("untrained", untrained)):
        nats = held_out_loss(model, context.saved.train_config, ids, corpus.split)
        rungs.append(Rung(key, nats / NATS_PER_BIT))
        yield Ladder(tuple(rungs), len(rungs) / 10)
    for one in baselines(corpus):
        rungs.append(Rung(one.key, one.bits))
        yield Ladder(tuple(rungs), min(1.0, len(rungs) / 10))


def _show_ladder(ladder: Ladder) -> None:
    title = t("look_history.ladder")
    height = 90 + _ROW * 10
    frame.plot(ladder_chart(ladder), key="ladder", title=title, height=height)
    head = [t("look_history.method"), t("charts.unit_bits")]
    frame.numbers("ladder", head, lambda: [[_method(r.key), r.bits] for r in ladder.rungs])


def ladder_chart(ladder: Ladder) -> Figure:
    """Draw the bars, the best one on top."""
    rungs = sorted(ladder.rungs, key=lambda rung: rung.bits)
    own = ("trained", "untrained")
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(rung.bits, 3) for rung in rungs],
        "y": [_method(rung.key) for rung in rungs],
        "text": [f"{rung.bits:.2f}" for rung in rungs],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [_NETWORK if rung.key in own else _SIMPLE for rung in rungs]},
        "hovertemplate": "%{x:.3f}",
    }
    layout = {
        "xaxis": {"title": {"text": t("charts.unit_bits")}, "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed", "automargin": True, "type": "category"},
        "margin": {"l": 8, "r": 48, "t": 10, "b": 46},
        "uirevision": "ladder",
    }
    return {"data": [trace], "layout": layout}


def _method(key: str) -> str:
    own = {"trained", "untrained"}
    return t(f"look_history.{key}") if key in own else t(f"charts.reference_{key}")


def _written(context: Context, index: int) -> list[Page]:
    """Return what the network writes before or after its training, at each temperature."""
    model = context.model
    if index == 0:
        model = fresh(context.model.vocab_size, context.model.config)
    opening = context.spelled.split("\n", 1)[0][:40]
    pages = []
    for temperature in SAMPLE_TEMPERATURES:
        draft = Draft(opening, _WRITTEN, SampleConfig(temperature=temperature))
        said = draft.written_by(model, context.vocabulary)
        pages.append(Page(_temperature(temperature), opening, said))
    return pages


def _words() -> dict[str, str]:
    names = ("slider", "newest", "previous", "next", "empty")
    said = {name: t(f"train.samples.{name}") for name in names}
    return said | {"play": t("look.tinted.play"), "pause": t("look.tinted.pause")}


def _temperature(temperature: float) -> str:
    return t("look_history.temperature", temperature=f"{temperature:g}")
