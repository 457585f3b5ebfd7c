"""The room Look inside, drawn without a browser: every view, on every kind of network."""

import csv
import html
import io
import time
from urllib.parse import quote

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from lstm.config import SampleConfig
from lstm.corpus import Corpus
from lstm.insight import cells as insight_cells
from lstm.insight import gates as insight_gates
from lstm.insight.authorship import Reader, who_wrote
from lstm.insight.intervention import HOLDS, Draft, what_if
from lstm.insight.outlook import next_logits, outlook
from lstm.insight.reading import read
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui.charts import Figure
from lstm.ui.look import cells, gates, history, jobs, surprise, whatif
from lstm.ui.look import next as upcoming
from lstm.ui.look.context import LONGEST, clean
from lstm.ui.look.frame import csv_bytes
from lstm.ui.look.views import VIEWS, view
from lstm.vocabulary import Vocabulary
from tests.engine_tools import network, words
from tests.store_tools import make_run, save_network
from tests.ui.page_tools import ANNA, BERT, look_room, open_room, page_text

OWN = ("history", "next", "surprise", "cells", "gates", "whatif")
"""The views that are tested here; the others have tests of their own."""

HOSTILE = "<img src=x onerror=alert(1)> **b** $x$ [a](http://example.com) مرحبا 你好"
VOCABULARY = Vocabulary.of(words(400))
TEXT = words(300, seed=2)


def a_run(store: RunStore, cell: str, layers: int = 1) -> str:
    """A finished run of the visitor's own with a tiny network."""
    run = make_run(store, owner=ANNA)
    save_network(store, run.id, cell=cell, num_layers=layers)
    store.stop(run.id)
    return run.id


def said(page: AppTest) -> str:
    return html.unescape(page_text(page))


def address(page: AppTest, name: str) -> str:
    """What the address says: a list at first, a word once the page has set it."""
    value = page.query_params[name]
    return value if isinstance(value, str) else value[0]


def enter(store: RunStore, key: str, language: Language) -> None:
    """Go to a view by its address: it says what it is about, and shows its code."""
    run = a_run(store, "lstm", layers=2)
    page = open_room(look_room, run=run, view=key, lang=language, text=TEXT)
    assert not page.exception
    for part in ("title", "do", "see"):
        assert text(f"look_{key}.{part}", language) in said(page)
    assert address(page, "view") == key
    assert any("def " in block.value for block in page.code)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", OWN)
def test_every_view_can_be_entered_by_its_address(
    store: RunStore, key: str, language: Language
) -> None:
    enter(store, key, language)


@pytest.mark.parametrize("cell", ["gru", "rnn"])
@pytest.mark.parametrize("key", OWN)
def test_every_view_shows_other_cells_or_says_why_not(store: RunStore, key: str, cell: str) -> None:
    page = open_room(look_room, run=a_run(store, cell), view=key, text=TEXT)
    assert not page.exception
    refused = text("errors.insight_no_gates") in said(page)
    assert refused == (cell == "rnn" and key in {"gates", "whatif"})


def test_it_begins_with_a_text_that_the_network_has_not_seen(store: RunStore) -> None:
    page = open_room(look_room, model="bundled:essays-en", view="surprise")
    assert not page.exception
    unseen = page.text_area[0].value
    corpus = Corpus.from_text(str(unseen))
    assert corpus.characters == 600
    assert "text" not in page.query_params
    assert address(page, "model") == "bundled:essays-en"


@pytest.mark.parametrize("key", OWN)
def test_hostile_text_and_addresses_do_no_harm(store: RunStore, key: str) -> None:
    page = open_room(
        look_room, run=a_run(store, "lstm"), view=key, text=HOSTILE, layer="99", cell="-3",
        place="999999", temperature="nan", held="inf", gate="back", other="run:none", off="maybe",
    )  # fmt: skip
    assert not page.exception
    assert page.text_area[0].value == HOSTILE
    for part in (*page.markdown, *page.caption):
        assert "onerror" not in str(part.value)
    assert "<img" not in page_text(page)


def test_an_unknown_view_or_network_leads_to_the_first_one(store: RunStore) -> None:
    page = open_room(look_room, view="nothing", model="bundled:nothing")
    assert not page.exception
    first = next(iter(VIEWS))
    assert address(page, "view") == first
    assert text(f"look_{first}.title") in said(page)


def test_somebody_else_s_run_stays_closed(store: RunStore) -> None:
    page = open_room(look_room, BERT, run=a_run(store, "lstm"))
    assert not page.exception
    assert text("write.no_such_run") in said(page)


def test_a_typed_text_goes_into_the_address_unless_it_is_too_long(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "lstm"), view="surprise")
    page.text_area[0].set_value("the cat sat").run()
    assert address(page, "text") == "the cat sat"
    page.text_area[0].set_value("学" * 2000).run()
    assert not page.exception
    assert "text" not in page.query_params
    assert any(text("look.too_long") == caption.value for caption in page.caption)


def test_without_a_text_it_asks_for_one(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "lstm"), view="surprise", text="abc")
    page.text_area[0].set_value("").run()
    assert not page.exception
    assert text("look.no_text") in said(page)


def test_the_network_writes_a_text_when_asked(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "lstm"), view="surprise", text="abc")
    page.button(key="look-write").click().run()
    assert not page.exception
    assert len(str(page.text_area[0].value)) > 300


def test_settings_stand_in_the_address(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "lstm"), view="next", text=TEXT, temperature="1.5")
    assert page.slider[0].value == 1.5
    page.slider[0].set_value(0.3).run()
    assert address(page, "temperature") == "0.3"
    page.button(key="next-step").click().run()
    assert not page.exception
    assert len(address(page, "next")) == 1


def test_a_text_is_bounded_and_can_be_sent() -> None:
    assert len(clean("x" * 9999)) == LONGEST
    assert clean("a\r\nb\rc\0d") == "a\nb\ncd"
    assert quote(clean("\ud800x"))


def test_numbers_leave_as_a_table_that_no_spreadsheet_runs() -> None:
    rows: list[list[object]] = [
        ["=1+1", 1.5],
        ["\n", "你好"],
        ["\r\n@x", -2],
        ["\t", "+"],
        [" -1", "-"],
    ]
    table = csv_bytes(["=a", "b"], rows).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(table, newline=""))) == [
        ["'=a", "b"],
        ["'=1+1", "1.5"],
        ["\n", "你好"],
        ["'\r\n@x", "-2"],
        ["'\t", "'+"],
        ["' -1", "'-"],
    ]


def test_work_in_the_background_is_shared_told_and_cancelled() -> None:
    from collections.abc import Iterator

    began = []

    def work() -> Iterator[int]:
        began.append(1)
        for number in range(10_000):
            yield number
            time.sleep(0.001)

    first = jobs.job(("endless",), work)
    assert jobs.job(("endless",), work) is first
    while first.latest is None:
        time.sleep(0.001)
    first.cancel()
    while not first.over:
        time.sleep(0.001)
    assert began == [1]
    assert not first.is_whole
    other = jobs.job(("short",), lambda: iter([7]))
    while not other.over:
        time.sleep(0.001)
    assert (other.latest, other.is_whole) == (7, True)


# ---- figures ----------------------------------------------------------------------------------


def checked(figure: Figure) -> Figure:
    go.Figure(figure)
    return figure


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_figures_show_the_numbers(cell: str) -> None:
    model = network(VOCABULARY.size, cell=cell)
    ids = VOCABULARY.encode(TEXT)
    found = insight_gates.layer_gates(model, read(model, ids), 0)
    spread = {name: insight_gates.saturation(getattr(found, name)) for name in found.GATES}
    figure = checked(gates.spread_chart(spread))
    for trace in figure["data"]:
        assert sum(trace["y"]) == pytest.approx(100, abs=0.2)
    holds = HOLDS[model.config.cell]
    effects = tuple(what_if(model, VOCABULARY, ids, holds, Draft(length=5)))
    figure = checked(whatif.effect_chart(effects))
    assert figure["data"][0]["x"] == [round(effect.bits, 4) for effect in effects]
    cost = insight_cells.cost(model, VOCABULARY, ids, 0, (1,))
    figure = checked(cells.cost_chart(cost))
    assert figure["data"][0]["x"] == [round(one.extra_bits, 4) for one in cost.classes]


def test_the_bars_hold_the_whole_probability() -> None:
    model = network(VOCABULARY.size)
    logits = next_logits(model, VOCABULARY.encode(TEXT))
    for temperature in (0.0, 0.7, 2.0):
        seen = outlook(logits, SampleConfig(temperature=temperature))
        for drawn in (int(seen.order[0]), int(seen.order[-1])):
            moment = upcoming.Moment("", seen, drawn, 0.5)
            figure = checked(upcoming.bars(moment, VOCABULARY.characters, temperature))
            for trace in figure["data"]:
                assert sum(trace["x"]) == pytest.approx(100, abs=0.1)
            assert sum("●" in name for name in figure["layout"]["yaxis"]["ticktext"]) == 1


def test_the_contest_names_the_less_surprised() -> None:
    readers = [Reader(network(VOCABULARY.size, seed=seed), VOCABULARY) for seed in (1, 2)]
    verdict = who_wrote(readers, TEXT + "学")
    figure = checked(surprise.contest_chart(verdict, ("<b>one</b>", "two")))
    assert figure["data"][0]["name"] == "&lt;b&gt;one&lt;/b&gt;"
    table = surprise.contest_table(verdict, ("one", "two"), TEXT + "学")
    assert len(table) == 1 + len(verdict.sentences)
    assert all("nan" not in cell for row in table for cell in row)


def test_the_ladder_is_sorted_and_the_epoch_marked() -> None:
    rungs = (history.Rung("trained", 2.0), history.Rung("uniform", 6.0), history.Rung("xz", 3.0))
    figure = checked(history.ladder_chart(history.Ladder(rungs, 1.0)))
    assert figure["data"][0]["x"] == [2.0, 3.0, 6.0]
    marked = checked(history.marked({"data": [], "layout": {}}, 3.0))
    assert marked["layout"]["shapes"][0]["x0"] == 3.0
    assert history.marked({"data": [], "layout": {}}, None)["layout"] == {}


def test_a_cell_s_step_is_worked_out_with_its_numbers() -> None:
    numbers = {"forget": 0.5, "before": -1.0, "input": 0.25, "candidate": 1.0, "output": 0.5}
    lines = gates.worked_out({**numbers, "memory": -0.25, "hidden": -0.122})
    assert "(-1.000)" in lines[0]
    assert lines[0].endswith("= -0.250")
    gru = {"reset": 0.1, "update": 0.5, "candidate": 1.0, "before": 0.0, "hidden": 0.5}
    assert len(gates.worked_out(gru)) == 1


@pytest.mark.parametrize("key", OWN)
def test_every_view_explains_itself(key: str) -> None:
    module = view(key)
    assert module.FORMULAS
    assert module.CODE
