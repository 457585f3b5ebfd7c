"""What is read off the text alone: sentences, kinds of characters, probes."""

import itertools

import numpy as np
import pytest

from lstm.insight.classes import CLASSES, character_classes
from lstm.insight.probes import LONGEST_QUOTE, PROBES, probe_values
from lstm.insight.sentences import sentences

SPLITS = {
    "plain": ["One. ", "Two! ", "Three?"],
    "decimals": ["It cost 3.50 then. ", "Now more."],
    "titles": ["Mr. Smith met Dr. Jones. ", "They left."],
    "initials": ["J. S. Bach wrote. ", "I did. ", "Then I. ", "You did."],
    "quotes": ["He said: “No.” ", "She left."],
    "asked": ["“Why?” he asked. ", "“So.” ", "Good."],
    "dots": ["Well... maybe. ", "Yes… ", "No."],
    "no capitals": ["it was late. ", "was it? ", "dr. who knew."],
    "lines": ["A title\n\n", "A text without end"],
    "poem": ["two roads\n", "one wood\n"],
    "chinese": ["今天下雨。", "你来吗？", "好！！"],
    "chinese quotes": ["他说：“走吧。”", "我没走。", "《书名》好看……但是长。\n\n", "完"],
    "japanese": ["「行こう。」", "彼は言った。"],
    "arabic": ["هل جئت؟ ", "نعم."],
    "hindi": ["वह आया। ", "मैं गया।"],
    "nothing but blanks": [" \n \n"],
    "blanks behind": ["One.\n\n \n", "Two."],
}


@pytest.mark.parametrize("parts", SPLITS.values(), ids=SPLITS.keys())
def test_sentences_end_where_a_reader_would_end_them(parts: list[str]) -> None:
    text = "".join(parts)
    assert [text[one.start : one.stop] for one in sentences(text)] == parts


def test_sentences_of_nothing() -> None:
    assert sentences("") == ()


@pytest.mark.parametrize("text", ["...", "\n\n\n", "a。。b", "!?!? !?", " x\n", "。", "\u2028a"])
def test_sentences_leave_no_gap(text: str) -> None:
    found = sentences(text)
    assert found[0].start == 0
    assert found[-1].stop == len(text)
    assert all(a.stop == b.start for a, b in itertools.pairwise(found))


def test_every_character_has_a_kind() -> None:
    kinds = [CLASSES[kind] for kind in character_classes("\n\u3000Aaé字かس９,—🎈")]
    assert kinds == [
        *("newline", "space", "capital", "lowercase", "lowercase", "han", "letter", "letter"),
        *("digit", "punctuation", "punctuation", "punctuation"),
    ]


def values(text: str, key: str) -> list[float]:
    found: list[float] = probe_values(text)[key].tolist()
    return found


def test_probes_are_told_for_every_character() -> None:
    found = probe_values("A “b” 3.\n")
    assert tuple(found) == PROBES
    assert all(value.shape == (9,) and value.dtype == np.float32 for value in found.values())
    assert all(value.shape == (0,) for value in probe_values("").values())


def test_positions_begin_anew() -> None:
    assert values("ab\ncd", "line_position") == [1, 2, 0, 1, 2]
    assert values("ab, c字d", "word_position") == [1, 2, 0, 0, 1, 0, 1]
    assert values("A b. C。D", "sentence_position") == [1, 2, 3, 4, 5, 1, 2, 1]
    assert max(values("x" * 500, "line_position")) == 200


@pytest.mark.parametrize(
    ("text", "key", "inside"),
    [
        ("a“bc”d", "in_quotes", "011100"[:6]),
        ('a"b"c', "in_quotes", "01100"),
        ("他「去」了", "in_quotes", "01100"),
        ("读《书》。", "in_title_marks", "01100"),
        ("a(b)c", "in_brackets", "01100"),
        ("（注）", "in_brackets", "110"),
        ("“a\n\nb", "in_quotes", "11100"[:2] + "100"[:1] + "00"),
    ],
)
def test_inside_is_from_the_opening_mark_to_before_the_closing_one(
    text: str, key: str, inside: str
) -> None:
    assert values(text, key) == [float(sign) for sign in inside]


def test_a_quote_that_is_never_closed_is_given_up() -> None:
    found = values("“" + "a" * 2 * LONGEST_QUOTE, "in_quotes")
    assert found[LONGEST_QUOTE] == 1
    assert found[-1] == 0


def test_kinds_as_probes() -> None:
    text = "A1, \n字。"
    assert values(text, "capital") == [1, 0, 0, 0, 0, 0, 0]
    assert values(text, "digit") == [0, 1, 0, 0, 0, 0, 0]
    assert values(text, "punctuation") == [0, 0, 1, 0, 0, 0, 1]
    assert values(text, "space") == [0, 0, 0, 1, 0, 0, 0]
    assert values(text, "after_newline") == [0, 0, 0, 0, 1, 0, 0]
