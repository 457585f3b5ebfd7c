"""Ready-made settings: sound for every text, and the article's exactly."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm.config import ModelConfig, TrainConfig
from lstm.model import parameter_count
from lstm.presets import (
    CHARACTERS_PER_WEIGHT,
    LARGEST,
    PRESETS,
    PresetName,
    preset,
    recommended,
    recurrent_weights,
)

LENGTHS = (200, 5_000, 59_999, 60_000, 249_999, 250_000, 600_893, 20_000_000)
BY_TIME: tuple[PresetName, ...] = ("quick", "standard", "deep")


@given(st.sampled_from(PRESETS), st.integers(1, 10**9), st.integers(2, 65_535))
def test_every_text_gets_settings_that_end(name: PresetName, characters: int, symbols: int) -> None:
    chosen = preset(name, characters, symbols)
    assert chosen.name == name
    assert ModelConfig.from_json(chosen.model.to_json()) == chosen.model
    assert TrainConfig.from_json(chosen.train.to_json()) == chosen.train
    assert chosen == preset(name, characters, symbols)


def test_classic_is_the_article_exactly() -> None:
    for characters in LENGTHS:
        chosen = preset("classic", characters, 57)
        assert chosen.lowercase
        assert dataclasses.asdict(chosen.model) == {
            "cell": "lstm",
            "hidden_size": 128,
            "num_layers": 1,
            "embedding_size": 0,  # one-hot
            "dropout": 0.0,
            "recurrent_dropout": 0.0,
            "tied": False,
            "forget_bias": 1.0,  # Keras: unit_forget_bias
        }
        assert dataclasses.asdict(chosen.train) == {
            "recipe": "classic",
            "seq_len": 40,
            "stride": 3,
            "batch_size": 128,
            "learning_rate": 0.01,
            "schedule": "constant",
            "warmup": 0.0,
            "weight_decay": 0.0,
            "clip": 0.0,
            "precision": "auto",
            "threads": 1,
            "seconds": None,
            "epochs": 60,
            "target_bits": None,
            "patience": None,
            "rng": 1,
        }


def test_classic_network_has_the_size_of_the_keras_one() -> None:
    """Keras counts one bias a gate: 4 x (57 + 128 + 1) x 128, and 129 x 57 in the softmax."""
    assert parameter_count(57, preset("classic", 600_893, 57).model) == 95_232 + 7_353


@pytest.mark.parametrize("characters", LENGTHS)
def test_more_time_means_a_larger_network_and_a_longer_training(characters: int) -> None:
    chosen = [preset(name, characters, 80) for name in BY_TIME]
    sizes = [one.model.hidden_size for one in chosen]
    seconds = [one.train.seconds or math.inf for one in chosen]
    assert sizes == sorted(set(sizes))
    assert seconds == sorted(set(seconds))
    assert seconds[0] == 60.0
    assert not any(one.lowercase for one in chosen)


@pytest.mark.parametrize("name", BY_TIME)
def test_a_longer_text_gets_no_smaller_network_and_no_more_dropout(name: PresetName) -> None:
    chosen = [preset(name, characters, 80).model for characters in LENGTHS]
    sizes = [one.hidden_size for one in chosen]
    assert sizes == sorted(sizes)
    for field in ("dropout", "recurrent_dropout"):
        shares = [getattr(one, field) for one in chosen]
        assert shares == sorted(shares, reverse=True)
        assert all(share == round(share, 2) for share in shares)  # as the page shows them


@pytest.mark.parametrize("name", BY_TIME)
def test_a_shorter_text_is_read_in_fewer_streams(name: PresetName) -> None:
    streams = [preset(name, characters, 80).train.batch_size for characters in LENGTHS]
    assert streams == sorted(streams)
    assert streams[0] == 8
    assert streams[-1] == (64 if name == "deep" else 32)


@pytest.mark.parametrize("name", PRESETS)
def test_with_many_symbols_the_output_layer_shares_the_embedding(name: PresetName) -> None:
    few, many = (preset(name, 800_000, symbols).model for symbols in (80, 4447))
    assert not few.tied
    assert many.tied is (name != "classic")  # the article's recipe stays what it is


@given(st.integers(1, 10**9))
def test_what_is_recommended_is_a_preset(characters: int) -> None:
    assert recommended(characters) in PRESETS


# ---- by the machine ---------------------------------------------------------------------------

USUAL = 4e10
"""The pace of one core that multiplies bfloat16."""


@pytest.mark.parametrize("name", BY_TIME)
@pytest.mark.parametrize("characters", LENGTHS)
def test_a_quick_machine_gets_what_the_text_asks_for(name: PresetName, characters: int) -> None:
    assert preset(name, characters, 57, USUAL) == preset(name, characters, 57)


@given(
    st.sampled_from(BY_TIME),
    st.integers(1, 10**8),
    st.integers(2, 5000),
    st.floats(1.0, 1e12),
    st.floats(1.0, 1e3),
)
def test_a_slower_machine_never_gets_a_larger_network(
    name: PresetName, characters: int, symbols: int, pace: float, times: float
) -> None:
    slow, quick = (preset(name, characters, symbols, each) for each in (pace, pace * times))
    assert slow.model.hidden_size <= quick.model.hidden_size
    assert slow.model.hidden_size >= 128


def test_a_slow_machine_gets_the_largest_network_that_it_can_teach() -> None:
    chosen = preset("quick", 600_893, 57, USUAL / 5)
    enough = {
        hidden: CHARACTERS_PER_WEIGHT * recurrent_weights(hidden, 64) ** 2 <= 60.0 * USUAL / 5
        for hidden in (192, 256)
    }
    assert enough == {192: True, 256: False}
    assert chosen.model.hidden_size == 192
    assert chosen.train == preset("quick", 600_893, 57).train


def test_only_the_largest_network_takes_steps_of_64_streams() -> None:
    chosen = preset("deep", 600_893, 57, USUAL / 10)
    assert chosen.model.hidden_size < LARGEST
    assert chosen.train.batch_size == 32
