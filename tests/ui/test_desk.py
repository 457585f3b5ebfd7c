"""The writing desk: whatever it has forgotten, the same request gets the same text."""

from typing import Any

import pytest

from lstm.config import SampleConfig
from lstm.sampling import Stepper, Writer
from lstm.ui.components.typewriter.protocol import LONGEST_BEFORE, Ask, Request
from lstm.ui.desk import Desk, Network
from lstm.vocabulary import Vocabulary
from tests.engine_tools import network, words

VOCABULARY = Vocabulary.of(words(2_000) + "éX")
STEPPER = Stepper(network(VOCABULARY.size))


def desk(stream: str = "one") -> Desk:
    return Desk(Network(stream, STEPPER, VOCABULARY))


def ask_for(
    position: int = 0,
    before: str = "",
    *,
    count: int = 50,
    temperature: float = 1.0,
    put: str | None = None,
    lane: int = 0,
) -> Ask:
    return Ask(lane, position, before, count, SampleConfig(temperature=temperature), put)


def write(at: Desk, ask: Ask, *, opening: str = "the ", rng: int = 5) -> dict[str, Any]:
    reply = at.answer(Request(1, "one", opening, rng, (ask,)))
    lane: dict[str, Any] = reply["lanes"][0]
    return lane


def test_it_writes_what_a_writer_writes() -> None:
    reply = write(desk(), ask_for())
    writer = Writer(STEPPER, VOCABULARY, opening="the ", rng=5, sample=SampleConfig(temperature=1))
    assert reply["text"] == writer.write_text(50)
    assert reply["start"] == 0
    assert {len(reply[name]) for name in ("bits", "entropy", "chance", "top", "after")} == {50}


def test_it_goes_on_where_it_was() -> None:
    at = desk()
    whole = write(at, ask_for(count=200))["text"]
    again = desk()
    text = ""
    while len(text) < 200:
        text += write(again, ask_for(len(text), text[-30:], count=40))["text"]
    assert text == whole


def test_a_desk_that_has_forgotten_writes_the_same() -> None:
    whole = write(desk(), ask_for(count=300))["text"]
    reply = write(desk(), ask_for(120, whole[:120], count=180))
    assert reply["text"] == whole[120:]
    assert reply["start"] == 120


def test_far_into_a_text_the_last_part_is_enough() -> None:
    text = write(desk(), ask_for(count=400))["text"]
    text += write(desk(), ask_for(400, text, count=400))["text"]
    text += write(desk(), ask_for(800, text, count=400))["text"]
    reply = write(desk(), ask_for(1_200, text[-LONGEST_BEFORE:], count=20))
    assert reply["start"] == 1_200
    assert len(reply["text"]) == 20


def test_another_temperature_acts_from_the_position_on() -> None:
    at = desk()
    first = write(at, ask_for(count=100))["text"]
    reply = write(at, ask_for(60, first[:60], count=40, temperature=0.3))
    assert set(reply["temperature"]) == {0.3}
    assert reply["start"] == 60
    assert reply["text"] != first[60:]


def test_a_text_that_is_not_its_own_is_taken_over() -> None:
    at = desk()
    first = write(at, ask_for(count=100))["text"]
    other = "dogs ran far away on a mat. "
    assert other not in first
    reply = write(at, ask_for(len(other), other))
    fresh = write(desk(), ask_for(len(other), other))
    assert reply == fresh


def test_a_branch_begins_with_what_was_put() -> None:
    at = desk()
    first = write(at, ask_for(count=100))["text"]
    other = next(c for c in "abc" if c != first[40])
    reply = write(at, ask_for(40, first[:40], put=other, count=10))
    assert reply["start"] == 40
    assert reply["text"][0] == other
    assert len(reply["text"]) == 11


def test_a_character_from_another_network_is_left_out() -> None:
    reply = write(desk(), ask_for(put="龍", count=10))
    assert len(reply["text"]) == 10


def test_lanes_share_the_dice() -> None:
    at = desk()
    asks = (ask_for(lane=1), ask_for(lane=2), ask_for(lane=3, temperature=0.2))
    one, two, three = at.answer(Request(1, "one", "", 9, asks))["lanes"]
    assert one["text"] == two["text"]
    assert one["text"] != three["text"]


def test_other_dice_and_other_openings_begin_anew() -> None:
    at = desk()
    first = write(at, ask_for())
    assert write(at, ask_for(), rng=6)["text"] != first["text"]
    assert write(at, ask_for(), opening="cat")["bits"] != first["bits"]
    assert write(at, ask_for()) == first


def test_an_opening_is_told_as_it_was_understood() -> None:
    reply = desk().answer(Request(1, "one", "the ☃", 5, (ask_for(),)))
    assert reply["opening"] != "the ☃"
    assert [pair[0] for pair in reply["substituted"]] == ["☃"]
    assert reply["asked"] == "the ☃"


def test_a_network_of_small_letters_lowers_the_opening() -> None:
    lower = Desk(Network("one", STEPPER, VOCABULARY, lowercase=True))
    assert lower.answer(Request(1, "one", "THE ", 5, (ask_for(),)))["opening"] == "the "


def test_newer_weights_go_on_with_the_text() -> None:
    at = desk()
    text = write(at, ask_for(count=60))["text"]
    newer = Stepper(network(VOCABULARY.size, seed=1))
    at.change(Network("one", newer, VOCABULARY))
    reply = write(at, ask_for(60, text, count=60))
    fresh = Writer(newer, VOCABULARY, opening="the ", rng=5, sample=SampleConfig(temperature=1))
    fresh.resume(60, text)
    assert reply["text"] == fresh.write_text(60)


def test_the_last_characters_of_a_lane() -> None:
    at = desk()
    text = write(at, ask_for(count=100))["text"]
    assert at.recent(0, 30) == (text[-30:], 100)
    assert at.recent(0, 500) == (text, 100)
    assert at.recent(4, 30) == ("", 0)


@pytest.mark.parametrize("count", [0, 1])
def test_little_is_asked_for_little_is_given(count: int) -> None:
    assert len(write(desk(), ask_for(count=count))["text"]) == count
