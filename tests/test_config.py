"""Settings: whoever holds one holds a valid one."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm.config import ModelConfig, SampleConfig, TrainConfig
from lstm.errors import ConfigError
from lstm.messages import LANGUAGES

Config = type[ModelConfig] | type[TrainConfig] | type[SampleConfig]

NEEDED: dict[Config, dict[str, object]] = {
    ModelConfig: {},
    TrainConfig: {"epochs": 1},
    SampleConfig: {},
}

RANGES = [
    (ModelConfig, "hidden_size", 1, 2048),
    (ModelConfig, "num_layers", 1, 4),
    (ModelConfig, "embedding_size", 0, 1024),
    (ModelConfig, "dropout", 0.0, 0.9),
    (ModelConfig, "recurrent_dropout", 0.0, 0.9),
    (ModelConfig, "forget_bias", -5.0, 10.0),
    (TrainConfig, "seq_len", 2, 1024),
    (TrainConfig, "stride", 1, 1024),
    (TrainConfig, "batch_size", 1, 4096),
    (TrainConfig, "learning_rate", 1e-6, 1.0),
    (TrainConfig, "warmup", 0.0, 0.5),
    (TrainConfig, "weight_decay", 0.0, 1.0),
    (TrainConfig, "clip", 0.0, 1000.0),
    (TrainConfig, "threads", 1, 256),
    (TrainConfig, "seconds", 0.1, 604_800),
    (TrainConfig, "epochs", 1, 100_000),
    (TrainConfig, "target_bits", 0.0, 20.0),
    (TrainConfig, "patience", 1, 10_000),
    (TrainConfig, "rng", 0, 2**32 - 1),
    (SampleConfig, "temperature", 0.0, 2.0),
    (SampleConfig, "top_k", 0, 65_535),
    (SampleConfig, "top_p", 0.0, 1.0),
    (SampleConfig, "min_p", 0.0, 1.0),
]

WHOLE = {
    "hidden_size", "num_layers", "embedding_size", "seq_len", "stride", "batch_size", "threads",
    "epochs", "patience", "rng", "top_k",
}  # fmt: skip

CHOICES = [
    (ModelConfig, "cell", ("lstm", "gru", "rnn")),
    (TrainConfig, "recipe", ("continuous", "classic")),
    (TrainConfig, "schedule", ("cosine", "constant")),
    (TrainConfig, "precision", ("auto", "float32", "bfloat16")),
]

FLAGS = [(ModelConfig, "tied")]


def make(kind: Config, **values: object) -> object:
    return kind.from_json({**NEEDED[kind], **values})


def test_every_field_is_in_a_table_of_this_file() -> None:
    listed = {(kind, field) for kind, field, *_ in [*RANGES, *CHOICES, *FLAGS]}
    fields = {(kind, field.name) for kind in NEEDED for field in dataclasses.fields(kind)}
    assert listed == fields


@pytest.mark.parametrize(("kind", "field", "least", "most"), RANGES)
def test_range_includes_its_ends_and_nothing_beyond(
    kind: Config, field: str, least: float, most: float
) -> None:
    step = 1 if field in WHOLE else 1e-9
    for value in (least, most):
        assert getattr(make(kind, **{field: value}), field) == value
    for value in (least - step, most + step):
        with pytest.raises(ConfigError) as caught:
            make(kind, **{field: value})
        assert (caught.value.field, caught.value.key) == (field, "out_of_range")
        assert field in str(caught.value)


@pytest.mark.parametrize(("kind", "field", "least", "most"), RANGES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1", True, [1], {}])
def test_what_is_no_number_is_refused(
    kind: Config, field: str, least: float, most: float, value: object
) -> None:
    with pytest.raises(ConfigError):
        make(kind, **{field: value})


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, f, *_ in RANGES if f in WHOLE])
def test_fractions_are_refused_where_a_whole_number_is_meant(kind: Config, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(kind, **{field: 2.5})
    assert caught.value.key == "not_whole"


@pytest.mark.parametrize(("kind", "field", "choices"), CHOICES)
def test_only_listed_choices_are_taken(kind: Config, field: str, choices: tuple[str, ...]) -> None:
    for value in choices:
        assert getattr(make(kind, **{field: value}), field) == value
    for wrong in ("", choices[0].upper(), None, 1, [choices[0]]):
        with pytest.raises(ConfigError) as caught:
            make(kind, **{field: wrong})
        assert all(choice in str(caught.value) for choice in choices)


@pytest.mark.parametrize(("kind", "field"), FLAGS)
def test_a_flag_is_true_or_false_and_nothing_else(kind: Config, field: str) -> None:
    for value in (True, False):
        assert getattr(make(kind, **{field: value}), field) is value
    wrongs: tuple[object, ...] = (0, 1, None, "true", [], {})
    for wrong in wrongs:
        with pytest.raises(ConfigError) as caught:
            make(kind, **{field: wrong})
        assert (caught.value.field, caught.value.key) == (field, "not_one_of")


def test_without_an_embedding_there_is_nothing_to_tie() -> None:
    with pytest.raises(ConfigError, match="embedding") as caught:
        ModelConfig(embedding_size=0, tied=True)
    assert caught.value.field == "tied"


def test_a_training_without_an_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="end"):
        TrainConfig(target_bits=1.0, patience=3)
    assert TrainConfig(seconds=1.0).epochs is None


def test_unknown_settings_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="hiden_size") as caught:
        ModelConfig.from_json({"hiden_size": 3})
    assert caught.value.field == "hiden_size"


def test_configs_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SampleConfig().temperature = 1.0  # type: ignore[misc]


@given(st.integers(1, 2048), st.floats(0, 0.9), st.sampled_from(["lstm", "gru", "rnn"]))
def test_json_brings_back_the_same_settings(hidden: int, dropout: float, cell: str) -> None:
    config = ModelConfig.from_json({"hidden_size": hidden, "dropout": dropout, "cell": cell})
    assert ModelConfig.from_json(config.to_json()) == config


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
likely = st.sampled_from(
    [0, 1, 2, 8, 0.0, 0.5, 0.9, 1.0, *(choice for *_, choices in CHOICES for choice in choices)]
)


@st.composite
def any_settings(draw: st.DrawFn, kind: Config) -> dict[str, object]:
    """A JSON object that often has the right names, and sometimes the right values."""
    names = st.sampled_from([field.name for field in dataclasses.fields(kind)]) | st.text(
        max_size=9
    )
    return draw(st.dictionaries(names, likely | anything, max_size=4))


def understood(error: ConfigError, fields: set[str]) -> None:
    """A refusal is a sentence in both languages, and names what is wrong."""
    assert error.field in fields
    assert all(error.text(language) for language in LANGUAGES)


@pytest.mark.parametrize("kind", NEEDED)
def test_any_json_is_a_valid_config_or_a_sentence(kind: Config) -> None:
    @given(any_settings(kind), st.booleans())
    def attempt(values: dict[str, object], complete: bool) -> None:
        try:
            config = kind.from_json({**(NEEDED[kind] if complete else {}), **values})
        except ConfigError as error:
            understood(error, {*values, "seconds"})
            return
        written = json.loads(json.dumps(config.to_json(), allow_nan=False))
        assert kind.from_json(written) == config

    attempt()
