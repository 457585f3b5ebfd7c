"""The report: what it tells, how it draws, and that nothing in it comes alive."""

import base64
import hashlib
import itertools
import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import lstm.export
from lstm.export import Story, report
from lstm.export.figures import loss_figure, smoothed
from lstm.export.paper import MOST_EVALUATIONS, TINTED_LENGTH, chosen
from lstm.export.svg import Frame, Level, Line, chart, spread, ticks
from lstm.messages import LANGUAGES, Language, text
from lstm.records import Curve
from lstm.runs import RunStore
from lstm.vocabulary import Vocabulary
from tests.export.export_tools import (
    HOSTILE,
    Elements,
    a_network,
    a_run,
    assert_nothing_leads_out,
)

FRAME = Frame("A title", "across", "up")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_tells_of_a_run(store: RunStore, language: Language) -> None:
    run = a_run(store, evaluations=3)
    store.notice(run.id, "notices.resumed", step=10)
    page = report(Story.of_run(store, run.id), language)
    elements = Elements(page)
    said = elements.said
    assert elements.one("html")[0]["lang"] == language
    assert elements.tags.count("svg") == 3
    for section in ("curves", "writes", "samples", "settings", "notices"):
        assert text(f"export.report.{section}", language) in said
    for part in ("sample 1", "sample 3", "cats", f"{2 / 3 / math.log(2):.3f}"):
        assert part in said
    assert text("notices.resumed", language, step=10) in said
    assert text("train.preset.quick", language) in said


def test_of_a_model_file_it_tells_what_there_is() -> None:
    page = report(Story.of_model(a_network()))
    elements = Elements(page)
    assert "svg" not in elements.tags
    assert elements.tags.count("blockquote") == 1 + 4
    assert "2.250" in Elements(page).said


def test_nothing_in_it_leads_out_or_runs(store: RunStore) -> None:
    elements = Elements(report(Story.of_run(store, a_run(store).id)))
    assert_nothing_leads_out(elements)
    assert "script" not in elements.tags
    digest = hashlib.sha256(elements.one("style")[1].encode()).digest()
    assert elements.policy() == {
        "default-src": "'none'",
        "style-src": f"'sha256-{base64.b64encode(digest).decode()}'",
        "base-uri": "'none'",
    }


def test_hostile_names_and_texts_stay_text(store: RunStore) -> None:
    plain = Elements(report(Story.of_run(store, a_run(store).id)))
    evil = a_run(store, name=HOSTILE, said=HOSTILE)
    page = report(Story.of_run(store, evil.id))
    hostile = Elements(page)
    assert set(hostile.tags) == set(plain.tags)
    assert hostile.tags.count("figure") == plain.tags.count("figure")
    assert "<img src=x onerror" in hostile.one("h1")[1]
    letters = Vocabulary(tuple(sorted("<>/&\"'={}$\x00\u202e\ud800 b")))
    wild = Elements(report(Story.of_model(a_network(letters))))
    assert set(wild.tags) <= set(plain.tags)


def test_the_excerpt_is_tinted_character_by_character() -> None:
    elements = Elements(report(Story.of_model(a_network())))
    spans = [
        (attributes["class"], said)
        for (tag, attributes), said in zip(elements.found, elements.texts, strict=True)
        if tag == "span" and (attributes.get("class") or "").startswith("s")
    ]
    excerpt = spans[:-9]
    assert sum(len(said) for _, said in excerpt) == TINTED_LENGTH
    assert [said for _, said in spans[-9:]] == [*map(str, range(8)), "8+"]


def test_its_tints_are_those_of_the_typewriter() -> None:
    """Their contrast with the text is tested there."""
    folder = Path(lstm.export.__file__).parent
    typewriter = folder.parent / "ui" / "components" / "typewriter" / "typewriter.css"
    tint = re.compile(r"^\.s\d \{ background: #\w+; \}", re.MULTILINE)
    own = tint.findall((folder / "report" / "report.css").read_text("utf-8"))
    assert own == tint.findall(typewriter.read_text("utf-8"))
    assert len(own) == 8


@pytest.mark.parametrize(("number", "best"), [(1, 0), (8, None), (9, 4), (60, 41), (1000, 999)])
def test_the_evaluations_shown_are_few_and_the_right_ones(number: int, best: int | None) -> None:
    shown = chosen(number, best)
    assert shown == sorted(set(shown))
    assert len(shown) <= MOST_EVALUATIONS
    assert {0, number - 1} | ({best} if best is not None else set()) <= set(shown)


def test_smoothing_keeps_a_straight_line_and_its_ends() -> None:
    line = np.linspace(5.0, 1.0, 300)
    np.testing.assert_allclose(smoothed(line), line)
    gap = line.copy()
    gap[100:103] = math.nan
    assert np.isfinite(smoothed(gap)).all()
    assert len(smoothed(np.empty(0))) == 0
    assert np.isnan(smoothed(np.full(3, math.nan))).all()


def test_round_ticks() -> None:
    assert ticks(0.0, 10.7) == [0.0, 5.0, 10.0]
    np.testing.assert_allclose(ticks(0.0, 0.008), [0.0, 0.002, 0.004, 0.006, 0.008])
    assert ticks(3.0, 3.0) == [3.0]


def test_labels_do_not_overlap() -> None:
    places = spread([10.0, 11.0, 12.0, 95.0, 99.0], 15.0, 100.0)
    assert places == sorted(places)
    assert all(b - a >= 15.0 for a, b in itertools.pairwise(places))
    assert places[-1] <= 100.0


def test_a_chart_is_well_formed_and_says_what_it_shows() -> None:
    line = Line(np.arange(5.0), np.array([3.0, math.nan, 2.0, math.inf, 1.0]), "training", True)
    drawn = ElementTree.fromstring(chart(FRAME, [line], [Level(2.5, "<b>&")]))
    assert drawn.get("aria-label") == "A title"
    (path,) = drawn.findall("path")
    assert path.get("d", "").count("M") == 3
    assert len(drawn.findall("circle")) == 3
    assert "<b>&" in {one.text for one in drawn.findall("text")}


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_chart_of_nothing_is_empty_but_whole(logarithmic: bool) -> None:
    frame = Frame("t", "x", "y", logarithmic=logarithmic)
    nothing = Line(np.empty(0), np.empty(0), "raw")
    lost = Line(np.arange(3.0), np.full(3, math.nan), "raw")
    for line in (nothing, lost):
        drawn = ElementTree.fromstring(chart(frame, [line]))
        assert drawn.findall("path") == []


def test_everything_drawn_lies_on_the_paper() -> None:
    values = np.array([1e-3, 5.0, 1e4])
    for logarithmic in (False, True):
        frame = Frame("t", "x", "y", logarithmic=logarithmic, star=(1.0, 5.0))
        drawn = ElementTree.fromstring(
            chart(frame, [Line(np.arange(3.0), values, "raw", True)], [Level(7.0, "seven")])
        )
        for circle in drawn.findall("circle"):
            assert 0 <= float(circle.get("cx", -1)) <= frame.width
            assert 0 <= float(circle.get("cy", -1)) <= frame.height


def test_a_run_that_was_never_judged_says_so() -> None:
    one = np.ones(1)
    curve = Curve(one, one, one, one, one, one, one)
    assert text("charts.summary_empty") in loss_figure(curve, (), (), "en")
