"""What the five tasks ask is true, and what is held out stays held out."""

import csv
import datetime
from collections import Counter

import numpy as np
import pytest

from lstm.errors import LessonError
from lstm.lessons.tasks import brackets, colours, feelings, numerals
from lstm.lessons.tasks.dates import Dates
from lstm.lessons.tasks.kinds import KINDS, task
from lstm.lessons.tasks.networks import fresh_weights
from lstm.lessons.tasks.numbers import Numbers
from lstm.lessons.tasks.training import answer
from lstm.messages import LANGUAGES, Language
from lstm.paths import ASSETS


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (0, "zero", "零"),
        (7, "seven", "七"),
        (10, "ten", "十"),
        (13, "thirteen", "十三"),
        (40, "forty", "四十"),
        (99, "ninety-nine", "九十九"),
        (100, "one hundred", "一百"),
        (105, "one hundred and five", "一百零五"),
        (110, "one hundred and ten", "一百一十"),
        (818, "eight hundred and eighteen", "八百一十八"),
        (342, "three hundred and forty-two", "三百四十二"),
    ],
)
def test_numbers_are_named_as_people_do(number: int, english: str, chinese: str) -> None:
    assert numerals.cardinal(number, "en") == english
    assert numerals.cardinal(number, "zh") == chinese


@pytest.mark.parametrize(
    ("year", "month", "day", "english", "chinese"),
    [
        (1984, 5, 3, "the third of May, nineteen eighty-four", "一九八四年五月三日"),
        (2012, 12, 20, "the twentieth of December, twenty twelve", "二零一二年十二月二十日"),
        (
            1999,
            1,
            31,
            "the thirty-first of January, nineteen ninety-nine",
            "一九九九年一月三十一日",
        ),
        (2029, 10, 12, "the twelfth of October, twenty twenty-nine", "二零二九年十月十二日"),
    ],
)
def test_dates_are_said_as_people_do(
    year: int, month: int, day: int, english: str, chinese: str
) -> None:
    assert numerals.date(year, month, day, "en") == english
    assert numerals.date(year, month, day, "zh") == chinese


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_numbers_and_no_two_days_are_called_the_same(language: Language) -> None:
    assert len({numerals.cardinal(number, language) for number in range(1000)}) == 1000
    dates = Dates(language)
    assert dates.wanted(dates.held_out[0].given.upper()) == dates.held_out[0].wanted
    day = datetime.date(2024, 2, 29)
    assert dates.wanted(numerals.date(day.year, day.month, day.day, language)) == "2024-02-29"
    assert dates.wanted("yesterday") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_numbers_are_never_practised(language: Language) -> None:
    numbers = Numbers(language)
    held = {int(pair.given) for pair in numbers.held_out}
    assert len(held) == 200
    assert not held & set(numbers._learned.tolist())
    assert len(held) + len(numbers._learned) == 1000
    assert min(held) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_days_are_never_practised(language: Language) -> None:
    dates = Dates(language)
    learned = {dates._said[number] for number in dates._learned}
    assert not learned & {pair.given for pair in dates.held_out}


# ---- the sentences ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_are_many_different_and_balanced(language: Language) -> None:
    path = ASSETS / "lessons" / f"sentiment-{language}.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["sentence", "feeling", "part"]
    sentences = feelings.sentences(language)
    assert len(sentences) == len(rows) - 1 >= 300
    assert len({text for text, _, _ in sentences}) == len(sentences)
    for held in (True, False):
        count = Counter(feeling for _, feeling, is_held in sentences if is_held == held)
        assert count["good"] == count["bad"]
    held_count = sum(is_held for *_, is_held in sentences)
    assert 0.15 <= held_count / len(sentences) <= 0.25
    assert {row[2] for row in rows[1:]} == {"learn", "held"}


def pieces(text: str, size: int) -> set[str]:
    plain = "".join(c for c in text.lower() if c.isalnum() or c == " ")
    return {plain[at : at + size] for at in range(len(plain) - size + 1)}


@pytest.mark.parametrize(("language", "size"), [("en", 5), ("zh", 2)])
def test_no_two_sentences_are_almost_the_same(language: Language, size: int) -> None:
    parts = [(text, pieces(text, size)) for text, _, _ in feelings.sentences(language)]
    alike = [
        (one, two)
        for place, (one, mine) in enumerate(parts)
        for two, theirs in parts[:place]
        if len(mine & theirs) > 0.7 * min(len(mine), len(theirs))
    ]
    assert not alike


# ---- colours and brackets ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "luminance", "writing"),
    [
        ("#000000", 0.0, "white"),
        ("#ffffff", 1.0, "black"),
        ("#ff0000", 0.2126, "black"),
        ("#00ff00", 0.7152, "black"),
        ("#0000ff", 0.0722, "white"),
        ("#808080", 0.2159, "black"),
        ("#757575", 0.1779, "white"),
    ],
)
def test_legible_is_what_the_guidelines_say(colour: str, luminance: float, writing: str) -> None:
    assert colours.luminance(colour) == pytest.approx(luminance, abs=1e-4)
    assert colours.legible(colour) == writing


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("abc", "000"), ("a(b)c", "01110"), ("a(b(c)d)e", "011222110"), ("（（））", "1221")],
)
def test_brackets_are_counted(text: str, wanted: str) -> None:
    assert brackets.depths(text) == wanted
    assert task("brackets", "en").wanted(text) == wanted


@pytest.mark.parametrize("text", [")(", "a)", "((((("])
def test_brackets_that_can_not_be_counted_have_no_right_answer(text: str) -> None:
    assert task("brackets", "en").wanted(text) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_drawn_brackets_are_closed_and_not_too_deep(language: Language) -> None:
    one = brackets.Brackets(language)
    assert len(one.held_out) > 100
    for pair in one.held_out:
        assert one.wanted(pair.given) == pair.wanted
        assert pair.given.count("(") == pair.given.count(")")
        assert pair.given.count("（") == pair.given.count("）")
    deepest = max(max(pair.wanted) for pair in one.held_out)
    assert int(deepest) == brackets.DEEPEST


# ---- what a learner types ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("colours", "red"),
        ("colours", "#12345"),
        ("colours", "#12345g;"),
        ("numbers", "-1"),
        ("numbers", "1000"),
        ("numbers", "²"),
        ("numbers", ""),
        ("feelings", "  "),
        ("feelings", "a" * 121),
        ("brackets", "a" * 41),
        ("dates", ""),
    ],
)
def test_what_can_not_be_read_is_refused(key: str, typed: str) -> None:
    with pytest.raises(LessonError):
        task(key, "en").accept(typed)


def test_what_can_be_read_is_tidied() -> None:
    assert task("colours", "en").accept("#AbCdEf") == "#abcdef"
    assert task("numbers", "en").accept(" 042 ") == "42"
    assert task("feelings", "en").accept(" a\n b ") == "a b"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KINDS)
def test_any_text_has_an_answer_of_the_task_s_shape(key: str, language: Language) -> None:
    one = task(key, language)
    texts = {"colours": ["#123456"], "numbers": ["0", "999"]}.get(key, ["<b>مرحبا 你好</b>", "x"])

    weights = fresh_weights(one.network(), np.random.default_rng(1), 1.0)
    small = {name: value.astype(np.float16) for name, value in weights.items()}
    for text in texts:
        said = answer(one, small, one.accept(text))
        fed = "".join(said.fed[: said.own])
        assert fed == text
        assert len(said.fed) == len(said.said) == len(said.memory)
