"""A training goes on from a checkpoint as if it had never stopped, or refuses the checkpoint."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lstm import checkpoint
from lstm.checkpoint import Saved
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import CheckpointError
from lstm.events import (
    Checkpoint,
    Command,
    EpochEnd,
    Event,
    Finished,
    Sample,
    SaveNow,
    SetLearningRate,
    Step,
    TrainingState,
)
from lstm.model import CharModel
from tests.engine_tools import bare_state, words
from tests.training.training_tools import (
    CORPUS,
    NETWORK,
    ONE_HOT,
    TICK,
    classic,
    drive,
    final_weights,
    finished,
    is_step,
    of,
    once,
    settings,
)


def through_a_file(state: TrainingState, network: ModelConfig) -> TrainingState:
    return checkpoint.loads(checkpoint.dumps(Saved(network, CORPUS.vocabulary, state))).state


RESUMED = {
    "continuous": (
        settings(epochs=4, schedule="cosine", learning_rate=0.02),
        ModelConfig(hidden_size=12, embedding_size=6, num_layers=2, dropout=0.3),
    ),
    "by time": (
        settings(epochs=None, seconds=0.3, schedule="cosine", weight_decay=0.05),
        ModelConfig(cell="gru", hidden_size=12, embedding_size=0, dropout=0.3),
    ),
    "classic": (classic(epochs=3), ONE_HOT),
    "tied": (settings(epochs=3), ModelConfig(hidden_size=12, embedding_size=6, tied=True)),
}


@pytest.mark.parametrize("name", RESUMED)
@pytest.mark.parametrize("stopped_at", [3, 11, 16])
def test_a_resumed_training_goes_on_as_if_it_had_never_stopped(
    name: str, stopped_at: int, judge_every_pass: None, tell_every_step: None
) -> None:
    config, network = RESUMED[name]
    kept: list[TrainingState] = []

    def keep(event: Event) -> Command | None:
        if isinstance(event, Checkpoint) and event.state.numbers["step"] == stopped_at:
            kept.append(through_a_file(event.state, network))
        return SaveNow() if is_step(stopped_at)(event) else None

    whole = drive(config, network, answer=keep)
    resumed = drive(config, network, start=kept[0])
    steps = [step for step in of(Step, whole) if step.step > stopped_at]
    assert len(steps) > 5
    for was, now in zip(steps, of(Step, resumed), strict=True):
        assert (now.step, now.epoch) == (was.step, was.epoch)
        assert now.seconds == pytest.approx(was.seconds)
        assert now.loss == pytest.approx(was.loss, abs=1e-6)
        assert now.learning_rate == pytest.approx(was.learning_rate, rel=1e-9)
    judged = [one for one in of(EpochEnd, whole) if one.step > stopped_at]
    for before, after in zip(judged, of(EpochEnd, resumed), strict=True):
        assert (after.index, after.best) == (before.index, before.best)
        assert after.train_loss == pytest.approx(before.train_loss, abs=1e-6)
        assert after.validation_loss == pytest.approx(before.validation_loss, abs=1e-6)
    written = [sample.text for sample in of(Sample, resumed)]
    assert written == [one.text for one in of(Sample, whole)][-len(written) :]
    assert finished(resumed).best_loss == pytest.approx(finished(whole).best_loss, abs=1e-6)


def test_a_changed_learning_rate_outlives_the_stop(tell_every_step: None) -> None:
    events = drive(settings(epochs=1), answer=once(SetLearningRate(0.002), is_step(5)))
    start = of(Checkpoint, events)[-1].state
    resumed = of(Step, drive(settings(epochs=2), start=start))
    assert {step.learning_rate for step in resumed} == {0.002}


@pytest.mark.parametrize(
    "config",
    [settings(epochs=2), settings(epochs=None, seconds=22 * TICK)],
    ids=["epochs", "seconds"],
)
def test_a_training_that_was_over_stays_over(config: TrainConfig) -> None:
    whole = drive(config)
    resumed = drive(config, start=of(Checkpoint, whole)[-1].state)
    assert [type(event) for event in resumed] == [Checkpoint, Finished]
    assert finished(resumed) == finished(whole)


def test_a_training_that_was_over_can_be_trained_longer() -> None:
    whole = drive(settings(epochs=2))
    longer = drive(settings(epochs=3), start=of(Checkpoint, whole)[-1].state)
    assert (finished(longer).step, finished(longer).reason) == (33, "epochs")


def test_bare_weights_are_a_start_from_the_beginning(tell_every_step: None) -> None:
    taught = final_weights(drive(settings(epochs=20)))
    model = CharModel(CORPUS.vocabulary.size, NETWORK)
    model.load_state_dict(taught)
    first = of(Step, drive(settings(), start=bare_state(model)))[0]
    assert first.step == 1
    assert first.loss < 0.8 * math.log(CORPUS.vocabulary.size)


def test_a_checkpoint_is_not_changed_by_what_comes_after(tell_every_step: None) -> None:
    kept: list[tuple[TrainingState, dict[str, Tensor]]] = []

    def keep(event: Event) -> None:
        if isinstance(event, Checkpoint):
            kept.append((event.state, {k: v.clone() for k, v in event.state.tensors.items()}))

    drive(settings(epochs=3), answer=keep)
    for state, copy in kept:
        assert all(torch.equal(value, copy[name]) for name, value in state.tensors.items())


@pytest.fixture(scope="module")
def good_state() -> TrainingState:
    (state,) = {
        id(one.state): one.state for one in of(Checkpoint, drive(settings(epochs=1)))
    }.values()
    return state


def changed(state: TrainingState, name: str, value: object) -> TrainingState:
    """A copy with one entry changed, or left out if ``value`` is None."""
    tensors, numbers = dict(state.tensors), dict(state.numbers)
    into: dict[str, object] = tensors if "." in name else numbers  # type: ignore[assignment]
    into.pop(name)
    if value is not None:
        into[name] = value
    return TrainingState(tensors, numbers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("optimizer.0.exp_avg", torch.zeros(3)),  # the fused step would read beyond its end
        ("optimizer.0.exp_avg_sq", torch.zeros(1, 1)),
        ("optimizer.0.exp_avg_sq", None),
        ("optimizer.0.step", torch.tensor(-1.0)),
        ("optimizer.0.step", torch.tensor(math.nan)),
        ("optimizer.0.step", torch.zeros(2)),
        ("carried.0", torch.zeros(1, 2, 12)),
        ("carried.1", None),
        ("rng.torch", torch.zeros(7, dtype=torch.uint8)),
        ("rng.torch", torch.zeros(5)),
        ("model.head.bias", torch.zeros(3)),
        ("model.head.bias", None),
        ("batch", 11),
        ("batch", -1),
        ("batch", "many"),
        ("seconds", []),
    ],
)
def test_a_state_that_does_not_fit_is_refused(
    good_state: TrainingState, name: str, value: object
) -> None:
    with pytest.raises(CheckpointError) as caught:
        drive(settings(epochs=2), start=changed(good_state, name, value))
    assert caught.value.key == "checkpoint_foreign"


def test_a_memory_of_another_type_is_taken_as_numbers(good_state: TrainingState) -> None:
    doubled = changed(good_state, "carried.0", good_state.tensors["carried.0"].double())
    plain, other = (drive(settings(epochs=2), start=state) for state in (good_state, doubled))
    assert of(EpochEnd, plain)[-1].validation_loss == of(EpochEnd, other)[-1].validation_loss


@pytest.mark.parametrize("name", ["optimizer.99.step", "optimizer.x.step", "optimizer.0.extra"])
def test_a_state_with_foreign_parts_is_refused(good_state: TrainingState, name: str) -> None:
    tensors = {**good_state.tensors, name: torch.zeros(())}
    with pytest.raises(CheckpointError):
        drive(settings(epochs=2), start=TrainingState(tensors, good_state.numbers))


@pytest.mark.parametrize(
    ("config", "network", "corpus"),
    [
        (settings(), NETWORK, Corpus.from_text(words(800).replace("t", "tx"))),
        (settings(), ModelConfig(hidden_size=13, embedding_size=6), CORPUS),
        (settings(), replace(NETWORK, tied=True), CORPUS),
        (settings(batch_size=3), NETWORK, CORPUS),
        (classic(), NETWORK, CORPUS),
    ],
    ids=["text", "network", "tied", "streams", "recipe"],
)
def test_a_state_of_other_settings_is_refused(
    good_state: TrainingState, config: TrainConfig, network: ModelConfig, corpus: Corpus
) -> None:
    with pytest.raises(CheckpointError):
        drive(config, network, start=good_state, corpus=corpus)
