"""Writing: from logits to characters, steered, rewound and branched."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from lstm.config import SampleConfig
from lstm.sampling import Stepper, Writer, dice, draw, probabilities
from lstm.telling import TOP
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.engine_tools import CELLS, network

Floats = npt.NDArray[np.float64]

LETTERS = Vocabulary(tuple("\n abcdefghijklmnopqrstuvwxyz"))
WITH_UNKNOWN = Vocabulary((*LETTERS.characters, UNKNOWN))
MODEL = network(LETTERS.size)

logit = st.integers(-240, 240).map(lambda eighths: eighths / 8)  # no ties by rounding
some_logits = st.lists(logit, min_size=2, max_size=20)
temperatures = st.floats(0.01, 2.0)


def writer(**settings: object) -> Writer:
    return Writer(MODEL, LETTERS, **settings)  # type: ignore[arg-type]


def softmax(logits: list[float], temperature: float = 1.0) -> Floats:
    scores = np.array(logits) / temperature
    chances: Floats = np.exp(scores - scores.max())
    chances /= chances.sum()
    return chances


# -- dice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rng", "position", "throw"),
    [
        (0, 0, 0.629366571770606),
        (0, 1, 0.6990176461310483),
        (1, 0, 0.014912634882034537),
        (1, 1, 0.7215401617620907),
        (1, 399, 0.9774311831490693),
        (7, 123_456, 0.3881502462275226),
        (2**32 - 1, 0, 0.055975167599897735),
        (2**32 - 1, 2**31 - 1, 0.7812270467059788),
    ],
)
def test_dice_have_these_throws_in_every_implementation(
    rng: int, position: int, throw: float
) -> None:
    assert dice(rng, position) == throw


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 1))
def test_a_throw_has_53_bits_below_one(rng: int, position: int) -> None:
    throw = dice(rng, position)
    assert 0.0 <= throw < 1.0
    assert (throw * 2**53).is_integer()
    assert throw == dice(rng, position)


@pytest.mark.parametrize("rng", [0, 1, 2, 12_345, 2**32 - 1])
def test_dice_are_uniform_and_each_throw_is_new(rng: int) -> None:
    throws = np.array([dice(rng, position) for position in range(20_000)])
    assert len(set(throws)) == len(throws)
    counts = np.bincount((throws * 100).astype(int), minlength=100)
    chi_squared = float(((counts - 200) ** 2 / 200).sum())
    assert 54 < chi_squared < 162  # 99 degrees of freedom, 1 in 5,000 at either end
    assert abs(np.corrcoef(throws[:-1], throws[1:])[0, 1]) < 0.03


def test_neighbouring_seeds_throw_unlike() -> None:
    one, other = ([dice(rng, place) for place in range(5_000)] for rng in (1, 2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


# -- probabilities and draw ---------------------------------------------------------------------


@given(
    some_logits,
    st.floats(0.0, 2.0),
    st.integers(0, 25),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_probabilities_sum_to_one_and_keep_the_likeliest(
    logits: list[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    chances = probabilities(logits, SampleConfig(temperature, top_k, top_p, min_p))
    assert chances.dtype == np.float64
    assert (chances >= 0).all()
    assert chances.sum() == pytest.approx(1.0)
    assert chances[int(np.argmax(logits))] == chances.max()


@given(some_logits, temperatures)
def test_without_filters_it_is_the_softmax_at_the_temperature(
    logits: list[float], temperature: float
) -> None:
    chances = probabilities(logits, SampleConfig(temperature))
    np.testing.assert_allclose(chances, softmax(logits, temperature), rtol=1e-9, atol=1e-300)


@given(some_logits, st.sampled_from([0.0, 5e-324, 1e-310, 1e-6]))
def test_towards_temperature_zero_the_likeliest_takes_all(
    logits: list[float], temperature: float
) -> None:
    ranked = sorted(logits)
    assume(ranked[-1] - ranked[-2] > 1e-3)
    chances = probabilities(logits, SampleConfig(temperature))
    assert chances.argmax() == np.argmax(logits)
    assert chances.max() == pytest.approx(1.0)


def test_greedy_takes_the_first_of_equals() -> None:
    assert probabilities([1.0, 3.0, 3.0], SampleConfig(0.0)).tolist() == [0.0, 1.0, 0.0]


@given(some_logits, temperatures, st.integers(1, 25))
def test_top_k_keeps_the_k_likeliest(logits: list[float], temperature: float, k: int) -> None:
    assume(len(set(logits)) == len(logits))
    whole = softmax(logits, temperature)
    kept = np.isin(np.arange(len(logits)), np.argsort(logits)[-k:])
    wanted = np.where(kept, whole, 0.0) / whole[kept].sum()
    np.testing.assert_allclose(
        probabilities(logits, SampleConfig(temperature, top_k=k)), wanted, atol=1e-12
    )


@given(some_logits, temperatures, st.floats(0.0, 0.999))
def test_top_p_keeps_the_smallest_set_that_reaches_the_sum(
    logits: list[float], temperature: float, p: float
) -> None:
    whole = softmax(logits, temperature)
    chances = probabilities(logits, SampleConfig(temperature, top_p=p))
    kept = np.flatnonzero(chances)
    assert whole[kept].sum() >= p - 1e-12
    assert whole[kept].sum() - whole[kept].min() < p + 1e-12 or len(kept) == 1
    left_out = np.setdiff1d(np.arange(len(logits)), kept)
    assert whole[left_out].max(initial=0.0) <= whole[kept].min()


@given(some_logits, temperatures, st.floats(0.0, 1.0))
def test_min_p_drops_what_is_below_its_share_of_the_likeliest(
    logits: list[float], temperature: float, share: float
) -> None:
    whole = softmax(logits, temperature)
    ratio = whole / whole.max()
    assume(not np.isclose(ratio, share, rtol=1e-9, atol=0).any() or share == 1.0)
    chances = probabilities(logits, SampleConfig(temperature, min_p=share))
    assert ((chances > 0) == ((ratio >= share) & (whole > 0))).all()


def test_filters_act_one_after_the_other() -> None:
    logits = np.log([0.4, 0.3, 0.2, 0.1]).tolist()
    # Of the first three, 0.44 and 0.33 of what is left reach 0.7; 0.33 is below 0.8 of 0.44.
    assert np.count_nonzero(probabilities(logits, SampleConfig(1.0, 3))) == 3
    assert np.count_nonzero(probabilities(logits, SampleConfig(1.0, 3, 0.7))) == 2
    assert np.count_nonzero(probabilities(logits, SampleConfig(1.0, 3, 0.7, 0.8))) == 1
    assert np.count_nonzero(probabilities(logits, SampleConfig(1.0, 0, 0.75))) == 3


def test_min_p_of_one_keeps_all_of_the_likeliest() -> None:
    assert probabilities([1.0, 1.0, 0.9], SampleConfig(1.0, min_p=1.0)).tolist() == [0.5, 0.5, 0.0]


def test_minus_infinity_is_never_drawn() -> None:
    for sample in (SampleConfig(0.0), SampleConfig(2.0), SampleConfig(1.0, 2, 0.9, 0.1)):
        assert probabilities([-math.inf, 0.0, 1.0], sample)[0] == 0.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 1, exclude_max=True))
def test_draw_inverts_the_distribution_function(weights: list[float], throw: float) -> None:
    assume(sum(weights) > 1e-3)
    chances = np.array(weights) / sum(weights)
    drawn = draw(chances, throw)
    assert chances[drawn] > 0
    assert chances[:drawn].sum() <= throw + 1e-12
    assert throw <= chances[: drawn + 1].sum() + 1e-12


@pytest.mark.parametrize(
    ("chances", "throw", "drawn"),
    [
        ([0.0, 0.5, 0.5], 0.0, 1),
        ([0.5, 0.0, 0.5], 0.5, 2),
        ([0.5, 0.5, 0.0], 1 - 2**-53, 1),
        ([1.0], 0.999, 0),
    ],
)
def test_draw_never_takes_what_is_impossible(
    chances: list[float], throw: float, drawn: int
) -> None:
    assert draw(np.array(chances), throw) == drawn


# -- the NumPy step ------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("ends", [{"embedding_size": 0}, {}, {"tied": True}], ids=str)
def test_stepper_computes_what_the_module_does(
    cell: str, layers: int, ends: dict[str, Any]
) -> None:
    model = network(9, cell=cell, num_layers=layers, **ends)
    stepper, state = Stepper(model), model.zero_state(1)
    memory = stepper.empty()
    for character in np.random.default_rng(3).integers(9, size=30).tolist():
        logits = stepper.step(character, memory)
        with torch.inference_mode():
            wanted, state = model.step(torch.tensor([character]), state)
        np.testing.assert_allclose(logits, wanted[0].numpy(), atol=1e-5)
        np.testing.assert_array_equal(stepper.logits(memory), logits)


def test_stepper_keeps_its_weights_when_the_model_learns_on() -> None:
    model = network(9)
    stepper = Stepper(model)
    before = stepper.step(4, stepper.empty())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(stepper.step(4, stepper.empty()), before)


# -- the writer ----------------------------------------------------------------------------------


def test_same_dice_same_text() -> None:
    assert writer(rng=3).write_text(200) == writer(rng=3).write_text(200)
    assert writer(rng=3).write_text(200) != writer(rng=4).write_text(200)


def test_text_does_not_depend_on_the_portions_it_is_written_in() -> None:
    whole, pieces = writer(rng=3), writer(rng=3)
    text = whole.write_text(60)
    told = [*pieces.write(1), *pieces.write(0), *pieces.write(9), *pieces.write(50)]
    assert "".join(one.character for one in told) == text == whole.text == pieces.text
    assert [one.position for one in told] == list(range(60))


def test_a_shared_stepper_serves_several_writers() -> None:
    stepper = Stepper(MODEL)
    one, other = Writer(stepper, LETTERS, rng=3), Writer(stepper, LETTERS, rng=3)
    assert (
        one.write_text(5) + one.write_text(5)
        == other.write_text(10)
        == writer(rng=3).write_text(10)
    )


def test_each_character_is_told_with_its_chances() -> None:
    sample = SampleConfig(0.7, top_k=5)
    one = writer(sample=sample, opening="ab", rng=2)
    with torch.inference_mode():
        for told in one.write(20):
            before = LETTERS.encode("ab" + one.text[: told.position]).astype(np.int64)
            logits = MODEL(torch.from_numpy(before)[None])[0][0, -1].double().numpy()
            plain, drawn_from = softmax(logits.tolist()), probabilities(logits, sample)
            assert told.character == LETTERS.characters[told.id] == one.text[told.position]
            assert told.id == draw(drawn_from, dice(2, told.position))
            assert told.temperature == 0.7
            assert told.probability == pytest.approx(drawn_from[told.id], abs=1e-5)
            assert told.bits == pytest.approx(-np.log2(plain[told.id]), abs=1e-4)
            assert told.entropy == pytest.approx(-(plain * np.log2(plain)).sum(), abs=1e-4)
            places = np.argsort(-plain)[:TOP]
            assert told.top.characters == LETTERS.decode(places.astype(np.uint16))
            assert told.top.at_one == pytest.approx(plain[places], abs=1e-5)
            assert told.top.as_drawn == pytest.approx(drawn_from[places], abs=1e-5)


def test_likeliest_of_many_symbols_are_the_same_as_by_sorting() -> None:
    many = Vocabulary(tuple(map(chr, range(0x4E00, 0x4E00 + 600))))
    model = network(600)
    one = Writer(model, many, opening=many.characters[5])
    with torch.inference_mode():
        plain = softmax(model(torch.tensor([[5]]))[0][0, -1].tolist())
    likeliest = np.argsort(-plain)[:TOP].astype(np.uint16)
    assert one.next_top().characters == many.decode(likeliest)


def test_a_new_temperature_acts_on_later_characters_only() -> None:
    hot, cold = SampleConfig(1.5), SampleConfig(0.0)
    steered = writer(sample=hot, rng=5)
    before = steered.write_text(40)
    steered.sample = cold
    after = steered.write(40)
    assert before == writer(sample=hot, rng=5).write_text(40)
    assert {one.temperature for one in after} == {0.0}
    greedy = writer(sample=cold, opening="\n" + before)
    assert steered.text[40:] == greedy.write_text(40)


@pytest.mark.parametrize("back_to", [0, 1, 31, 32, 33, 100, 4_999, 5_000])
def test_rewound_and_written_again_it_is_the_same_text(back_to: int) -> None:
    """5,000 characters are more than the snapshots reach back."""
    one = writer(rng=6)
    text = one.write_text(5_000)
    one.rewind(back_to)
    assert (one.position, one.text) == (back_to, text[:back_to])
    one.write_text(5_000 - back_to)
    assert one.text == text


def test_rewinding_again_and_again_is_the_same_as_once() -> None:
    one = writer(rng=6)
    text = one.write_text(300)
    for position in (250, 250, 96, 40, 0):
        one.rewind(position)
    assert one.write_text(300) == text


def test_rewinding_then_steering_gives_another_future() -> None:
    one = writer(sample=SampleConfig(1.5), rng=6)
    text = one.write_text(100)
    one.rewind(50)
    one.sample = SampleConfig(0.0)
    one.write_text(50)
    assert one.text[:50] == text[:50]
    assert one.text[50:] != text[50:]


def test_a_branch_puts_another_character_and_goes_on_from_it() -> None:
    one = writer(rng=7)
    text = one.write_text(80)
    other = "q" if text[60] != "q" else "z"
    put = one.branch(60, other)
    assert (put.position, put.character) == (60, other)
    one.write_text(19)
    assert one.text[:61] == text[:60] + other
    told = writer(rng=7, opening="\n" + text[:60] + other)
    throws = [dice(7, position) for position in range(61, 80)]
    expected = ""
    for throw in throws:
        chances = probabilities(told._logits, told.sample)
        expected += LETTERS.characters[draw(chances, throw)]
        told = writer(rng=7, opening="\n" + text[:60] + other + expected)
    assert one.text[61:] == expected


def test_alternatives_show_what_could_have_stood_there_and_change_nothing() -> None:
    one, untouched = writer(rng=8), writer(rng=8)
    told = one.write(200)
    untouched.write(200)
    for position in (0, 5, 64, 199):
        seen, was = one.alternatives(position), told[position].top
        assert seen.characters == was.characters
        assert seen.at_one == pytest.approx(was.at_one, abs=1e-6)
        assert seen.as_drawn == pytest.approx(was.as_drawn, abs=1e-6)
    assert one.alternatives(200) == one.next_top()
    assert (one.text, one.position) == (untouched.text, 200)
    assert one.write_text(100) == untouched.write_text(100)


@pytest.mark.parametrize(
    "act", [lambda one: one.rewind, lambda one: one.alternatives, lambda one: one.branch]
)
@pytest.mark.parametrize("position", [-1, 11])
def test_places_that_were_never_written_are_refused(
    act: Callable[[Writer], Callable[..., object]], position: int
) -> None:
    one = writer()
    text = one.write_text(10)
    arguments = (position, "a") if act(one) == one.branch else (position,)
    with pytest.raises(IndexError):
        act(one)(*arguments)
    assert one.text == text


def test_opening_is_read_and_not_written() -> None:
    one = writer(opening="abc", sample=SampleConfig(0.0))
    assert (one.opening, one.text, one.position) == ("abc", "", 0)
    assert one.write_text(30) != writer(opening="xyz", sample=SampleConfig(0.0)).write_text(30)


def test_unknown_characters_of_an_opening_are_replaced_and_told() -> None:
    one = writer(opening="Äb€", rng=1)
    assert one.opening == "ab "
    assert one.substituted == {"Ä": "a", "€": " "}
    assert one.write_text(40) == writer(opening="ab ", rng=1).write_text(40)


def test_an_empty_opening_stands_after_a_line_break() -> None:
    assert writer().opening == ""
    assert writer(rng=2).write_text(40) == writer(rng=2, opening="\n").write_text(40)
    model = network(4)
    for characters, first in (("\t\n a", "\n"), ("\t ab", " "), ("abcd", "a")):
        few = Vocabulary(tuple(characters))
        assert Writer(model, few).write_text(9) == Writer(model, few, opening=first).write_text(9)


def test_going_on_behind_an_earlier_text() -> None:
    whole = writer(rng=9)
    text = whole.write_text(100)
    resumed = writer(rng=9)
    resumed.resume(60, text[:60])
    assert (resumed.position, resumed.text) == (60, text[:60])
    assert resumed.write_text(40) == text[60:]
    resumed.rewind(30)
    assert resumed.write_text(70) == text[30:]


def test_going_on_behind_the_last_part_of_an_earlier_text() -> None:
    resumed = writer(rng=9)
    resumed.resume(1_000, "abc")
    assert (resumed.position, resumed.text) == (1_000, "abc")
    assert [one.position for one in resumed.write(3)] == [1_000, 1_001, 1_002]
    assert resumed.between(997, 1_000) == "abc"
    assert resumed.between(0, 998) == "a"
    assert resumed.between(0, 900) == ""
    with pytest.raises(IndexError):
        resumed.rewind(996)
    resumed.rewind(998)
    assert resumed.text == "a"


# -- the unknown symbol --------------------------------------------------------------------------


def test_the_unknown_symbol_is_never_drawn_and_never_offered() -> None:
    model = network(WITH_UNKNOWN.size)
    with torch.no_grad():
        model.head.bias[-1] = 50.0  # by far the likeliest, were it allowed
    for sample in (SampleConfig(0.0), SampleConfig(2.0), SampleConfig(1.0, 3, 0.9, 0.01)):
        one = Writer(model, WITH_UNKNOWN, sample=sample)
        told = one.write(300)
        assert UNKNOWN not in one.text
        assert all(UNKNOWN not in each.top.characters for each in told)
        assert all(math.isfinite(each.bits) and math.isfinite(each.entropy) for each in told)


def test_the_unknown_symbol_is_not_offered_among_few() -> None:
    few = Vocabulary(("a", "b", UNKNOWN))
    top = Writer(network(3), few).next_top()
    assert sorted(top.characters) == ["a", "b"]


@pytest.mark.parametrize("character", [UNKNOWN, "€", "", "ab"])
def test_a_branch_takes_known_characters_only(character: str) -> None:
    one = Writer(network(WITH_UNKNOWN.size), WITH_UNKNOWN)
    text = one.write_text(10)
    with pytest.raises(KeyError):
        one.branch(5, character)
    assert one.text == text


def test_unknown_characters_of_an_opening_never_reach_the_network_as_unknown() -> None:
    assert Writer(network(WITH_UNKNOWN.size), WITH_UNKNOWN, opening=UNKNOWN).opening == " "
