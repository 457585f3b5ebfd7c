"""Text to ids and back without loss, and a sensible stand-in for every unknown character."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm import vocabulary as vocabulary_module
from lstm.errors import ConfigError, CorpusError
from lstm.vocabulary import UNKNOWN, Vocabulary

PROSE = "The tide came in at six, and nobody on the pier had thought of it. " * 30

quick = settings(deadline=None, derandomize=True)


def test_characters_are_sorted_by_code_point() -> None:
    assert Vocabulary.of("b汉a😀\n").characters == ("\n", "a", "b", "汉", "😀")


@quick
@given(st.text(min_size=1))
def test_decoding_undoes_encoding(written: str) -> None:
    vocabulary = Vocabulary.of(written)
    ids = vocabulary.encode(written)
    assert ids.dtype == np.uint16
    assert len(ids) == len(written)
    assert vocabulary.decode(ids) == written


def test_chunks_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary_module, "CHUNK", 7)
    vocabulary = Vocabulary.of(PROSE)
    assert vocabulary.decode(vocabulary.encode(PROSE)) == PROSE
    assert vocabulary.encode("tide ☃" * 9).tolist() == vocabulary.encode("tide  " * 9).tolist()


def test_the_cap_keeps_the_most_frequent_and_puts_unknown_last() -> None:
    vocabulary = Vocabulary.of("aaaa😀😀😀bbc", cap=2)
    assert vocabulary.characters == ("a", "😀", UNKNOWN)
    assert vocabulary.unknown == 2
    assert vocabulary.decode(vocabulary.encode("ab😀c☃")) == f"a{UNKNOWN}😀{UNKNOWN}{UNKNOWN}"


def test_without_a_cap_there_is_no_unknown() -> None:
    assert Vocabulary.of("abc").unknown is None


def test_a_replacement_character_in_the_text_is_the_unknown_symbol() -> None:
    vocabulary = Vocabulary.of(f"ab{UNKNOWN}😀")
    assert vocabulary.characters == ("a", "b", "😀", UNKNOWN)
    assert vocabulary.encode(f"b{UNKNOWN}").tolist() == [1, 3]


@pytest.mark.parametrize(
    ("known", "typed", "meant"),
    [
        ("abc \n", "ABC", "abc"),
        ("ABC \n", "abc", "ABC"),
        ("eu \n", "éÜ", "eu"),
        ('it\'s "so" - ok.\n', "it’s “so” – ok…", 'it\'s "so" - ok.'),
        ("你好，。", "你好,.", "你好，。"),
        ("ab,.", "a，b。", "a,b."),
        ("abc \n", "a☃b\tc", "a b c"),
        ("ab\n", "a b", "a\nb"),
        ("xyz", "a", "x"),
        ("0a ", "7", "0"),
    ],
)
def test_unknown_characters_get_a_near_one(known: str, typed: str, meant: str) -> None:
    vocabulary = Vocabulary.of(known)
    replaced, by = vocabulary.substitute(typed)
    assert replaced == meant
    assert by == {a: b for a, b in zip(typed, meant, strict=True) if a != b}
    assert vocabulary.decode(vocabulary.encode(typed)) == meant


def test_the_unknown_symbol_never_stands_in_for_anything() -> None:
    vocabulary = Vocabulary.of("aaab😀", cap=2)
    replaced, by = vocabulary.substitute(f"a☃{UNKNOWN}")
    assert UNKNOWN not in replaced
    assert set(by) == {"☃", UNKNOWN}


@quick
@given(st.text(min_size=1), st.text())
def test_a_substituted_text_is_known_and_as_long(known: str, typed: str) -> None:
    vocabulary = Vocabulary.of(known + "ab")
    replaced, by = vocabulary.substitute(typed)
    assert len(replaced) == len(typed)
    assert vocabulary.knows(replaced).all()
    assert set(by) == {c for c in typed if not vocabulary.knows(c)[0]}


@pytest.mark.parametrize(
    "characters",
    [(), ("b", "a"), ("a", "a"), ("ab",), (UNKNOWN,), (UNKNOWN, "a"), ("",)],
)
def test_a_foreign_list_of_characters_is_checked(characters: tuple[str, ...]) -> None:
    with pytest.raises(CorpusError, match="list of characters is damaged"):
        Vocabulary(characters)


@pytest.mark.parametrize("cap", [0, 1, 65_535])
def test_the_cap_must_fit_sixteen_bits(cap: int) -> None:
    with pytest.raises(ConfigError, match="cap is"):
        Vocabulary.of("abc", cap)


def test_ids_outside_the_vocabulary_are_an_error() -> None:
    with pytest.raises(IndexError):
        Vocabulary.of("abc").decode([3])
