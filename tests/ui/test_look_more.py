"""Views of the room Look inside that take longer: their figures, and the room with each of them."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.insight.attribution import attribution_map
from lstm.insight.gradients import compare, gradient_by_lag
from lstm.insight.horizon import Horizon, horizon
from lstm.insight.novelty import novelty
from lstm.insight.race import Lap, run_race
from lstm.insight.trajectory import states
from lstm.insight.trajectory import trajectory as path_of
from lstm.memorisation import CorpusIndex
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from lstm.ui.charts import Figure
from lstm.ui.components.liveplot import figure_json
from lstm.ui.components.tinted import drawn_json
from lstm.ui.look import attribution, gradients, jobs, lines, race, trajectory
from lstm.ui.look import horizon as horizons
from lstm.ui.look import novelty as novelties
from lstm.ui.look.views import view
from lstm.ui.networks import Choice
from lstm.vocabulary import Vocabulary
from tests.engine_tools import network, words
from tests.ui.page_tools import look_room, open_room
from tests.ui.test_look import HOSTILE, TEXT, a_run, address, enter, said

OWN = ("gradients", "race", "attribution", "horizon", "trajectory", "novelty")
VOCABULARY = Vocabulary.of(words(400))
IDS = VOCABULARY.encode(TEXT)


def checked(figure: Figure) -> Figure:
    go.Figure(figure)
    figure_json(figure)
    return figure


def wait(page: AppTest, sentence: str) -> AppTest:
    """Draw the room again until it says something."""
    for _ in range(600):
        if sentence in said(page):
            return page
        time.sleep(0.05)
        page.run()
        assert not page.exception
    raise AssertionError(sentence)


# ---- the room ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", OWN)
def test_every_view_can_be_entered_by_its_address(
    store: RunStore, key: str, language: Language
) -> None:
    enter(store, key, language)
    assert view(key).FORMULAS


@pytest.mark.parametrize("cell", ["gru", "rnn"])
@pytest.mark.parametrize("key", OWN)
def test_every_view_shows_other_cells(store: RunStore, key: str, cell: str) -> None:
    page = open_room(look_room, run=a_run(store, cell), view=key, text=TEXT)
    assert not page.exception


@pytest.mark.parametrize("typed", [HOSTILE, "a", "ab", "aaa"])
@pytest.mark.parametrize("key", OWN)
def test_hostile_and_short_texts_do_no_harm(store: RunStore, key: str, typed: str) -> None:
    page = open_room(
        look_room, run=a_run(store, "lstm"), view=key, text=typed, place="-1", dice="999",
        least="x", bias="nan", gain="inf", steps="7", other="run:none", axes="back", across="0",
        delay="-3",
    )  # fmt: skip
    assert not page.exception
    for part in (*page.markdown, *page.caption):
        assert "onerror" not in str(part.value)
    assert "<img" not in "".join(str(part.proto.body) for part in page.get("html"))


def test_the_gradients_come_in_and_are_told(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "lstm"), view="gradients", text=TEXT, bias="3.0")
    page = wait(page, text("look_gradients.exploded"))
    assert text("look_gradients.lstm", bias="3") in said(page)


def test_the_race_waits_for_its_start(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "rnn"), view="race", delay="10")
    assert text("look_race.result") not in said(page)
    page.button(key="race-start").click().run()
    page = wait(page, text("look_race.result"))
    page.button(key="cancel-race").click().run()
    page = wait(page, text("look.cancelled"))
    page.button(key="again-race").click().run()
    assert not page.exception
    assert text("look.cancelled") not in said(page)


def test_a_place_of_the_address_is_explained(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "gru"), view="attribution", text=TEXT, place="20")
    assert f"{attribution.called(TEXT[19])}\u2069 (20)" in said(page)
    assert address(page, "place") == "20"


def test_no_character_of_a_text_is_taken_for_markdown(store: RunStore) -> None:
    page = open_room(look_room, run=a_run(store, "lstm"), view="attribution", text="$*`_<&" * 9)
    assert not page.exception
    spoken = [str(part.value) for part in (*page.markdown, *page.caption)]
    assert not any("$" in words or "`" in words for words in spoken)


def test_copies_are_found_in_the_text_that_a_run_learned_from(store: RunStore) -> None:
    run = a_run(store, "lstm")
    corpus = store.corpus(store.run(run).corpus_fingerprint)
    copied = corpus.vocabulary.decode(corpus.train[:120])
    page = open_room(look_room, run=run, view="novelty", text=copied, least="40")
    page = wait(page, text("look_novelty.table"))
    assert "100%" in said(page)


def test_axes_stay_when_the_network_changes(store: RunStore) -> None:
    run = a_run(store, "lstm")
    page = open_room(look_room, run=run, view="trajectory", text=TEXT)
    assert text("look_trajectory.kept") not in [caption.value for caption in page.caption]
    kept = page.session_state["_look_axes"]
    key = next(iter(kept))
    kept[key] = replace(kept[key], network="an earlier epoch")
    page.run()
    assert not page.exception
    assert text("look_trajectory.kept") in [caption.value for caption in page.caption]
    page.button(key="axes-refit").click().run()
    assert not page.exception
    assert text("look_trajectory.kept") not in [caption.value for caption in page.caption]


def test_work_that_everybody_has_left_ends_and_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "_GRACE", -1.0)
    key = ("left",)

    def work() -> Iterator[int]:
        while True:
            yield 1
            time.sleep(0.001)

    first = jobs.job(key, work)
    while first.latest is None:
        time.sleep(0.001)
    jobs.leave([key, ("unknown",)])
    while not first.over:
        time.sleep(0.001)
    assert first.is_lost
    second = jobs.job(key, lambda: iter([2]))
    assert second is not first


def test_the_horizon_looks_for_another_cell_that_learned_the_same(store: RunStore) -> None:
    own = store.run(a_run(store, "lstm"))
    rnn = replace(own, model_config=replace(own.model_config, cell="rnn"))
    others = [
        Choice("bundled:essays-en"),
        Choice("run:same", own),
        Choice("run:foreign", replace(rnn, corpus_fingerprint="another text")),
        Choice("run:rnn", rnn),
    ]
    assert horizons.partner(Choice("run:own", own), others) == "run:rnn"
    assert horizons.partner(Choice("run:own", own), others[:3]) == "none"
    assert horizons.partner(Choice("bundled:nietzsche"), others) == "none"


# ---- figures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", gradients.PARTS)
def test_gradients_are_drawn_on_axes_that_never_change(part: gradients.Part) -> None:
    shape = ModelConfig(hidden_size=16, embedding_size=4)
    contenders = gradients.contenders_of(2.0, 1.0)
    found = next(compare(contenders, IDS, VOCABULARY.size, shape))
    own = gradient_by_lag(network(VOCABULARY.size, cell="gru"), IDS)
    named = [*zip(gradients.names_of(contenders), found.curves, strict=True), ("<b>own</b>", own)]
    figure = checked(gradients.gradients_chart(named, part))
    drawn = [trace for trace in figure["data"] if trace["uid"].startswith("lag-")]
    assert len(drawn) == (4 if part == "h" else 1)
    assert figure["layout"]["yaxis"]["range"] == [-20, 10]
    assert len({(trace["line"]["color"], trace["line"]["dash"]) for trace in drawn}) == len(drawn)
    assert all(value > 0 for trace in drawn for value in trace["y"])
    assert "<b>" not in figure_json(figure)
    assert len(gradients.table_of(named, part)) == 5
    assert len(gradients.rows_of(named, part)) == 101


def test_a_gradient_s_fate_has_three_names() -> None:
    assert [gradients.fate(value) for value in (1e-20, 0.01, 1e4)] == [
        "vanished",
        "alive",
        "exploded",
    ]
    assert len(gradients.contenders_of(1.0, 2.0)) == 2


def test_a_race_shows_every_seed() -> None:
    course = replace(race.race_of(2, 1.0, 1), steps=10)
    lap = list(run_race(course))[-1]
    figure = checked(race.race_chart(course, lap))
    runners = [trace for trace in figure["data"] if trace["mode"] == "lines"]
    assert len(runners) == 8
    assert sum(trace["showlegend"] for trace in runners) == 2
    assert figure["layout"]["xaxis"]["range"] == [0, 10]
    assert len(race.rows_of(course, lap)) == len(lap.steps)
    for row in race.examples(course)[1:]:
        assert row[1][0] == row[2]


def test_a_runner_that_has_solved_it_ends_in_a_sign() -> None:
    course = race.race_of(10, 2.0, 1)
    steps = np.array([0, 5, 10])
    accuracy = np.full((2, 4, 3), 0.1, np.float32)
    solved = np.full((2, 4), -1)
    accuracy[1, 2, 1:], solved[1, 2] = 0.97, 5
    lap = Lap(steps, accuracy, solved, 1.0)
    figure = checked(race.race_chart(course, lap))
    (star,) = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert (star["x"], star["y"]) == ([5], [0.97])
    table = race.table_of(course, lap)
    assert table[2][1:] == [text("look_race.of", count=1, all=4), "5", "97%"]
    assert table[1][2] == "–"


def test_the_map_is_empty_at_and_behind_each_character() -> None:
    found = list(attribution_map(network(VOCABULARY.size), IDS[:40]))[-1]
    figure = checked(attribution.map_chart(found, TEXT[:40]))
    z = figure["data"][0]["z"]
    assert all(z[row][column] is None for row in range(40) for column in range(row, 40))
    assert all(0 <= value <= 100 for row in range(1, 40) for value in z[row][:row])
    assert (figure["data"][0]["zmin"], figure["data"][0]["zmax"]) == (0, 100)
    assert len(attribution.map_rows(found, TEXT[:40])) == 40


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_the_horizon_has_error_bars_and_a_level(cell: str) -> None:
    found = list(horizon(network(VOCABULARY.size, cell=cell), IDS))[-1]
    figure = checked(horizons.horizon_chart([("<i>one</i>", found), ("two", found)]))
    for trace in figure["data"]:
        assert len(trace["error_y"]["array"]) == len(trace["y"]) == len(found.contexts)
    low, high = figure["layout"]["yaxis"]["range"]
    assert low <= found.bits.min()
    assert found.bits.max() <= high
    assert "<i>" not in figure_json(figure)
    assert len(horizons.table_of([("one", found)])) == len(found.contexts) + 2
    assert all(len(row) == 5 for row in horizons.rows_of([("one", found), ("two", found)]))


def test_the_reach_is_where_more_no_longer_helps() -> None:
    contexts = np.array([1, 2, 4, 8])
    errors = np.full(4, 0.1, np.float32)
    places = np.arange(10)

    def line(*bits: float) -> Horizon:
        return Horizon(contexts, np.array(bits, np.float32), errors, bits[-1], 0.1, places, 1.0)

    assert horizons.reach(line(4, 3, 2.01, 2)) == 4
    assert horizons.reach(line(4, 3, 2.5, 2)) is None
    assert "8" in horizons.said_of("x", line(4, 3, 2.5, 2))
    better = replace(line(4, 3, 2.01, 2), carried=1.0)
    assert "1.00" in horizons.said_of("x", better)


def test_the_trajectory_has_a_point_for_every_character() -> None:
    typed = TEXT[:100] + "你好 مرحبا 7\n"
    model = network(VOCABULARY.size)
    ids = VOCABULARY.encode(VOCABULARY.substitute(typed)[0])
    found = path_of(states(model, ids, 0))
    end = trajectory.end_of(found)
    figure = checked(trajectory.trajectory_chart(typed, found, end))
    by_uid = {trace["uid"]: trace for trace in figure["data"]}
    assert len(by_uid["path"]["x"]) == len(typed)
    kinds = [trace for uid, trace in by_uid.items() if uid.startswith("kind-")]
    assert sum(len(trace["x"]) for trace in kinds) == len(typed)
    assert {"kind-han", "kind-letter", "kind-digit", "kind-newline"} <= set(by_uid)
    looks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in kinds}
    assert len(looks) >= len(kinds) - 1  # small letters and letters without case never meet
    assert np.abs(found.points).max() <= end
    drawn = trajectory.played(typed, found)
    assert drawn.play
    assert drawn.name == figure["layout"]["meta"]["follows"]
    assert len(trajectory.rows_of(typed, found)) == len(typed)


def test_copies_are_coloured_as_long_as_they_are() -> None:
    corpus = Corpus.from_text(words(2000))
    train = corpus.vocabulary.decode(corpus.train)
    copied = train[100:160]
    found = novelty(CorpusIndex.of(corpus), "zqzq" + copied + "zqzq")
    through = novelties.passages(found.matches)
    assert (through[4:64] == 60).all()
    assert through[0] == 0
    drawn = novelties.highlighted(found, 40)
    assert list(drawn.lanes[1].steps)[4:64] == [1] * 60
    assert not any(list(drawn.lanes[1].steps)[:4])
    json.loads(drawn_json(drawn))
    assert novelties.copied_share(found, 40) == pytest.approx(60 / 68)
    figure = checked(novelties.novelty_chart((found, found)))
    assert [len(trace["y"]) for trace in figure["data"]] == [2, 2, 2]
    assert novelties.table_of((found,), 40)[1][1] == "60"


def test_numbers_of_a_line_keep_their_digits_however_small() -> None:
    assert lines.digits([1e-20, 0.123456, float("nan"), float("inf")]) == [
        1e-20,
        0.1235,
        None,
        None,
    ]


def test_who_stops_a_race_does_not_stop_it_for_others(store: RunStore) -> None:
    run = a_run(store, "rnn")
    ours, theirs = (
        open_room(look_room, run=run, view="race", delay="40", dice="9") for _ in range(2)
    )
    for page in (ours, theirs):
        page.button(key="race-start").click().run()
        wait(page, text("look_race.result"))
    ours.button(key="cancel-race").click().run()
    wait(ours, text("look.cancelled"))
    assert text("look_race.result") in said(ours)
    theirs.run()
    assert not theirs.exception
    assert text("look.cancelled") not in said(theirs)
