"""The training loop: what it computes, and at which rate."""

import itertools
import math

import pytest
import torch
from torch import nn

from lstm.batches import Streams, Windows
from lstm.config import ModelConfig, SampleConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.events import EpochEnd, Step
from lstm.model import CharModel
from lstm.sampling import Writer
from lstm.training import probe
from tests.engine_tools import words
from tests.training.training_tools import (
    CORPUS,
    NETWORK,
    ONE_HOT,
    TICK,
    classic,
    drive,
    final_weights,
    of,
    settings,
)


def fresh(network: ModelConfig, config: TrainConfig) -> CharModel:
    torch.manual_seed(config.rng)
    return CharModel(CORPUS.vocabulary.size, network)


def trained_parameters(model: CharModel) -> list[nn.Parameter]:
    return [value for value in model.parameters() if value.requires_grad]


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_continuous_recipe_is_this_plain_loop(decay: float) -> None:
    config = settings(weight_decay=decay)
    model = fresh(NETWORK, config)
    trained = trained_parameters(model)
    groups = [
        {"params": [value for value in trained if value.ndim > 1], "weight_decay": decay},
        {"params": [value for value in trained if value.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))
    streams = Streams(CORPUS.train, 4, 16, config.rng)
    state = None
    for inputs, targets, _, empty in itertools.chain(streams.one_pass(0), streams.one_pass(1)):
        if state is not None:
            kept = (~empty).float()[:, None]
            state = tuple(part * kept for part in state)
        logits, after = model(inputs, state)
        state = tuple(part.detach() for part in after)
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    for name, value in final_weights(drive(config)).items():
        torch.testing.assert_close(value, model.state_dict()[name], atol=1e-5, rtol=0)


def test_classic_recipe_is_the_keras_example() -> None:
    """One-hot windows, cross-entropy on the character after, Adam 0.01 with Keras's epsilon."""
    config = classic()
    model = fresh(ONE_HOT, config)
    optimizer = torch.optim.Adam(trained_parameters(model), lr=0.01, eps=1e-7)
    windows = Windows(CORPUS.train, 32, 40, 3, config.rng)
    for inputs, targets, _, _ in itertools.chain(windows.one_pass(0), windows.one_pass(1)):
        logits, _ = model(inputs)
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits[:, -1], targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for name, value in final_weights(drive(config, ONE_HOT)).items():
        torch.testing.assert_close(value, model.state_dict()[name], atol=1e-5, rtol=0)


def test_a_short_text_is_learned_by_heart() -> None:
    text = (
        "Every evening the lamplighter walks down Mill Street with his pole. He lights the lamp\n"
        "by the bakery, then the one at the bridge, and then he waits. Nobody knows for what.\n"
        "The river goes past below him, quite black, and carries his small yellow light away.\n"
        "When the bells strike nine he turns round, whistles for the dog, and they go home.\n"
    )
    corpus = Corpus.from_text(text)
    assert 300 <= len(corpus.train) <= 310
    config = settings(epochs=80, seq_len=25, batch_size=3, learning_rate=0.02)
    events = drive(config, ModelConfig(hidden_size=48, embedding_size=12), corpus=corpus)
    assert of(Step, events)[-1].loss < 0.25
    model = CharModel(corpus.vocabulary.size, ModelConfig(hidden_size=48, embedding_size=12))
    model.load_state_dict(final_weights(events))
    writer = Writer(model, corpus.vocabulary, sample=SampleConfig(0.0), opening=text[:40])
    assert writer.write_text(200) == text[40:240]


def test_held_out_text_is_never_trained_on(tell_every_step: None) -> None:
    text = words(800)
    other = Corpus.from_text(text[:720] + text[:720][-80:][::-1])
    assert other.vocabulary == CORPUS.vocabulary
    one, two = drive(settings()), drive(settings(), corpus=other)
    assert [step.loss for step in of(Step, one)] == [step.loss for step in of(Step, two)]
    assert of(EpochEnd, one)[-1].validation_loss != of(EpochEnd, two)[-1].validation_loss


def test_the_same_seed_gives_the_same_training(tell_every_step: None) -> None:
    network = ModelConfig(hidden_size=12, embedding_size=6, dropout=0.3)

    def losses(rng: int) -> list[float]:
        return [step.loss for step in of(Step, drive(settings(rng=rng), network))]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_every_cell_learns(cell: str) -> None:
    network = ModelConfig.from_json({"cell": cell, "hidden_size": 12, "embedding_size": 6})
    events = drive(settings(epochs=15), network)
    assert of(EpochEnd, events)[-1].validation_loss < 0.75 * math.log(CORPUS.vocabulary.size)


def test_bfloat16_keeps_float32_weights_and_learns() -> None:
    events = drive(settings(epochs=4, precision="bfloat16"))
    assert {value.dtype for value in final_weights(events).values()} == {torch.float32}
    assert of(EpochEnd, events)[-1].validation_loss < math.log(CORPUS.vocabulary.size)


# -- the learning rate --------------------------------------------------------------------------


def rates(config: TrainConfig) -> list[float]:
    return [step.learning_rate for step in of(Step, drive(config))]


@pytest.mark.parametrize("budget", [{"epochs": 10}, {"epochs": None, "seconds": 110 * TICK}])
def test_rate_warms_up_and_falls_along_a_cosine(
    budget: dict[str, object], tell_every_step: None
) -> None:
    told = rates(settings(schedule="cosine", warmup=0.1, learning_rate=0.01, **budget))
    assert len(told) == 110
    top = told.index(max(told))
    assert 10 <= top <= 12
    assert told[: top + 1] == sorted(told[: top + 1])
    assert told[top:] == sorted(told[top:], reverse=True)
    assert max(told) == pytest.approx(0.01, rel=1e-3)
    assert told[top + 49] == pytest.approx(0.00505, rel=0.05)  # half way, above a floor of 1 %
    assert 0.0001 <= told[-1] < 0.00011


def test_without_warm_up_the_rate_starts_from_its_peak(tell_every_step: None) -> None:
    told = rates(settings(schedule="cosine", warmup=0.0, learning_rate=0.01))
    assert told[0] == 0.01
    assert told == sorted(told, reverse=True)


def test_a_constant_rate_stays(tell_every_step: None) -> None:
    assert set(rates(settings(schedule="constant", warmup=0.5, learning_rate=0.01))) == {0.01}


@pytest.mark.parametrize("clip", [0.0, 0.01])
def test_gradient_norm_is_told_before_clipping(clip: float, tell_every_step: None) -> None:
    first = of(Step, drive(settings(clip=clip, epochs=1)))[0]
    assert first.grad_norm == pytest.approx(0.5, abs=0.4)


# -- the probe ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "network", "characters"),
    [(settings(), NETWORK, 4 * 16), (classic(batch_size=200), ONE_HOT, (200 + 27) / 2 * 3)],
    ids=["continuous", "classic"],
)
def test_probe_measures_characters_per_second(
    config: TrainConfig, network: ModelConfig, characters: float
) -> None:
    speed = probe(CORPUS, network, config, seconds=40 * TICK)
    assert speed == pytest.approx(characters / TICK)
