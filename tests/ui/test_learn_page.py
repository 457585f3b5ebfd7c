"""The room Learn, drawn without a browser: its frame, and chapters 6 to 10."""

import pytest
from streamlit.testing.v1 import AppTest

from lstm.lessons.recipes import Course, Lap
from lstm.library import read_bundled
from lstm.messages import LANGUAGES, Language, text
from lstm.presets import PRESETS
from lstm.runs import RunStore
from lstm.ui.learn import recipes
from lstm.ui.learn.chapters import CHAPTERS
from lstm.ui.learn.copying import HOMEWORK
from lstm.ui.learn.guessing import ENOUGH, GAME, LENGTH, Game, _board, ranks_html, table_of
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.temperature import COLD, HOT, written
from lstm.ui.learn.temperature import LENGTH as WRITTEN
from lstm.ui.learn.writer import before_writing
from lstm.ui.learn.yours import WAYS
from lstm.ui.networks import Choice, Snapshot
from lstm.ui.settings import SETTINGS, parse
from tests.ui.learn.room import open_chapter
from tests.ui.page_tools import ANNA, BERT, labels, learn_room, open_room, page_text

HOSTILE = "<img src=x onerror=alert(1)> **b** $x$ "


def drawn(page: AppTest) -> AppTest:
    assert not page.exception
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_address_says_which_chapter(store: RunStore, language: Language) -> None:
    page = drawn(open_room(learn_room, chapter="yours", lang=language))
    assert text("learn_yours.title", language) in page_text(page)
    place = text("learn.chapter", language, place=len(CHAPTERS), all=len(CHAPTERS))
    assert place in page_text(page)


@pytest.mark.parametrize("asked", ["", "nothing", "../secret"])
def test_an_unknown_chapter_is_the_first_one(store: RunStore, asked: str) -> None:
    page = drawn(open_room(learn_room, chapter=asked))
    assert page.query_params["chapter"] in ([CHAPTERS[0]], CHAPTERS[0])


def test_next_and_back_and_the_contents_lead_through_the_lesson(store: RunStore) -> None:
    page = drawn(open_room(learn_room, chapter="copying"))
    page.button("learn-next").click().run()
    assert text("learn_yours.title") in page_text(drawn(page))
    page.button("learn-back").click().run()
    assert text("learn_copying.title") in page_text(drawn(page))
    page.radio("learn-chapters-list-en").set_value("yours").run()
    assert text("learn_yours.title") in page_text(drawn(page))
    assert text("learn.seen", seen=2, all=len(CHAPTERS), minutes=3 * (len(CHAPTERS) - 2)) in (
        page_text(page)
    )


def test_a_link_takes_controls_away(store: RunStore) -> None:
    page = drawn(open_room(learn_room, chapter="yours", hide="chapters,source,teacher"))
    assert not page.radio
    assert "learn-next" not in [button.key for button in page.button]
    assert not page.text_area


def test_on_a_projector_there_is_nothing_but_the_chapter(store: RunStore) -> None:
    page = drawn(open_room(learn_room, chapter="yours", present="1"))
    assert not page.radio
    assert text("learn_yours.title") in page_text(page)
    page.button("learn-leave").click().run()
    assert drawn(page).radio


def test_an_own_text_is_used_when_it_is_enough_to_learn_from(store: RunStore) -> None:
    page = drawn(open_room(learn_room, chapter="guessing", source="paste"))
    assert text("learn.source.nothing") in page_text(page)
    page.text_area("learn-pasted").set_value("too short").run()
    assert text("errors.too_short", characters=9, least=200) in page_text(drawn(page))
    page.text_area("learn-pasted").set_value(HOSTILE * 40).run()
    said = page_text(drawn(page))
    assert "&lt;img src=x" in said
    assert "<img src=x" not in said


# -- guessing -----------------------------------------------------------------------------------


def test_a_guess_counts_until_it_is_right_or_given_away() -> None:
    game = Game(0.5)
    for character in "xyy":
        game.guess(character, "a")
    assert game.tried == ["x", "y"]
    game.guess("a", "a")
    assert (game.ranks, game.tried) == ([3], [])
    for character in "vwxyz":
        game.guess(character, "a")
    assert (game.ranks, game.tried) == ([3, None], [])
    game.ranks = [1] * LENGTH
    game.guess("a", "a")
    assert len(game.ranks) == LENGTH


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_players_guess_what_nobody_has_read(store: RunStore, language: Language) -> None:
    whole = read_bundled(f"essays-{language}")
    network = Snapshot.of(Choice(f"bundled:essays-{language}"))
    board = _board(f"essays-{language}", "test", 0.5, whole, network)
    table = table_of(board, [1, 2, None])
    assert table[1][1] == "33%"
    assert len({row[0] for row in table}) == 4
    assert ranks_html(board, [1, 2, None]).count("<td>") >= 9


def test_another_passage_begins_a_new_game(store: RunStore) -> None:
    page = drawn(open_chapter("guessing"))
    (game,) = page.session_state["_learn_guessing"].values()
    game.ranks = [1, 2, None]
    page.run()
    said = page_text(drawn(page))
    for player in ("you", "counting", "lstm"):
        assert text(f"learn_guessing.{player}") in said
    page.button("guessing-another").click().run()
    assert next(iter(drawn(page).session_state["_learn_guessing"].values())).ranks == []


def test_the_network_has_not_read_the_passage_and_beats_counting(store: RunStore) -> None:
    whole = read_bundled("essays-en")
    snapshot = Snapshot.of(Choice("bundled:essays-en"))
    boards = [_board("essays", "test", place / 6, whole, snapshot) for place in range(6)]
    for board in boards:
        assert board.passage in whole[int(0.9 * len(whole)) :]
        assert board.before + board.passage in whole
    network = sum(sum(board.network_bits) for board in boards)
    assert network < sum(board.counting.bits.sum() for board in boards)


def test_a_result_is_sent_to_the_class_once(store: RunStore) -> None:
    code = store.open_class(BERT, "Class 5").code
    store.join_class(code, ANNA, "Anna")
    page = drawn(open_chapter("guessing"))
    (game,) = page.session_state["_learn_guessing"].values()
    game.ranks = [1] * (ENOUGH - 1)
    page.run()
    assert "guessing-send" not in [button.key for button in page.button]
    game = next(iter(page.session_state["_learn_guessing"].values()))
    game.ranks = [1, 2] * (ENOUGH // 2)
    page.run()
    page.button("guessing-send").click().run()
    assert text("learn_guessing.sent") in page_text(drawn(page))
    (score,) = store.scores(code, GAME)
    assert (score.name, score.bits, score.characters) == ("Anna", 1.0, ENOUGH)


# -- temperature, recipes, copying, yours -------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_cold_writing_is_expected_and_hot_writing_surprises(
    store: RunStore, language: Language
) -> None:
    lesson = Lesson(read_bundled(f"essays-{language}"), language)
    context = before_writing(lesson, Choice(f"bundled:essays-{language}"))
    cold, warm, hot = (written(context, warmth, 1) for warmth in (COLD, 0.7, HOT))
    assert cold.bits < warm.bits < hot.bits
    assert hot.bits > 2 * cold.bits
    assert {len(page.text) for page in (cold, warm, hot)} == {WRITTEN}


def test_a_throw_writes_what_the_dice_fall_on(store: RunStore) -> None:
    page = drawn(open_chapter("temperature"))
    page.button("temperature-write").click().run()
    first = drawn(page).session_state["_learn_temperature"][1]
    assert len(first) == 1
    page.button("temperature-again").click().run()
    assert drawn(page).session_state["_learn_temperature"][1] == ""


def test_hidden_controls_keep_what_the_link_says(store: RunStore) -> None:
    page = drawn(open_chapter("temperature", hidden=("temperature", "throw"), temperature="0.3"))
    assert not page.slider
    assert text("learn_temperature.at", temperature="0.3") in page_text(page)
    page = drawn(open_chapter("temperature", hidden=("temperature",), temperature="nan"))
    assert text("learn_temperature.at", temperature="0.7") in page_text(page)


def test_the_race_is_a_line_for_each_recipe_and_hostile_text_stays_text() -> None:
    lap = Lap((Course((1.0, 2.0), (4.0, 3.5), 1000, HOSTILE), Course((1.0,), (3.0,), 9000)), 0.5)
    figure = recipes.race_chart(lap)
    assert [trace["y"] for trace in figure["data"]] == [[4.0, 3.5], [3.0]]
    assert len({trace["line"]["dash"] for trace in figure["data"]}) == 2
    assert recipes.table_of(lap)[1][1:] == ["2.0", "1,000", "3.50"]
    assert "<img" not in recipes.sheet_html("classic", lap.courses[0])


def test_the_race_waits_for_its_button(store: RunStore) -> None:
    page = drawn(open_chapter("recipes"))
    assert labels(page.button) == [text("learn_recipes.start")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_about_homework_says_its_three_things(store: RunStore, language: Language) -> None:
    said = page_text(drawn(open_chapter("copying", language, page="homework")))
    for part in HOMEWORK:
        assert text(f"learn_copying.{part}.title", language) in said


@pytest.mark.parametrize("way", WAYS)
def test_every_way_leads_to_settings_that_train_understands(way: str) -> None:
    known = {setting.name: setting for setting in SETTINGS}
    for name, value in WAYS[way].items():
        if name == "preset":
            assert value in PRESETS
        else:
            assert parse(known[name], value) == value
