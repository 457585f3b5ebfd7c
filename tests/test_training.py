"""The training loop: what it computes, what it tells, what it obeys and what it survives.

Time is a wound-up clock here: each optimizer step lasts exactly one tick.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lstm import checkpoint, training
from lstm.batches import Streams, Windows
from lstm.checkpoint import Saved
from lstm.config import SAMPLE_LENGTH, SAMPLE_TEMPERATURES, ModelConfig, SampleConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import CheckpointError
from lstm.evaluation import NATS_PER_BIT, quick_loss, windowed_loss
from lstm.events import (
    Checkpoint,
    Command,
    Diverged,
    EpochEnd,
    Event,
    Finished,
    Sample,
    SaveNow,
    SetLearningRate,
    Step,
    Stop,
    TrainingState,
)
from lstm.model import CharModel
from lstm.sampling import Writer
from lstm.training import probe, train
from tests.engine_tools import Clock, bare_state, words

E = TypeVar("E")

CORPUS = Corpus.from_text(words(800))
NETWORK = ModelConfig(hidden_size=12, embedding_size=6)
ONE_HOT = ModelConfig(hidden_size=12, embedding_size=0)
TICK = 1 / 128  # so that sums of it are exact


def settings(**values: object) -> TrainConfig:
    """Streams of 4 x 16 over 720 characters: 11 batches a pass."""
    plain = {"seq_len": 16, "batch_size": 4, "precision": "float32", "schedule": "constant"}
    return TrainConfig.from_json({**plain, "epochs": 2, **values})


def classic(**values: object) -> TrainConfig:
    """Windows of 40 every 3 characters: 227 of them, 8 batches of 32 a pass."""
    plain = {"recipe": "classic", "seq_len": 40, "batch_size": 32, "learning_rate": 0.01}
    return settings(**{**plain, "clip": 0.0, "warmup": 0.0, **values})


def of(kind: type[E], events: list[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def drive(
    config: TrainConfig,
    network: ModelConfig = NETWORK,
    *,
    corpus: Corpus = CORPUS,
    start: TrainingState | None = None,
    answer: Callable[[Event], Command | None] = lambda _: None,
) -> list[Event]:
    """Train to the end and return every event; ``answer`` may command after each."""
    generator = train(corpus, network, config, start)
    events = [next(generator)]
    while not isinstance(events[-1], Finished):
        events.append(generator.send(answer(events[-1])))
    assert next(generator, None) is None
    return events


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    wound_up = Clock(TICK)
    monkeypatch.setattr(training, "time", wound_up)
    return wound_up


@pytest.fixture(autouse=True)
def _on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared to the last digits is not computed on a graphics card."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def judge_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evaluations cost whatever they do."""
    monkeypatch.setattr(training, "OVERHEAD", 1.0)


@pytest.fixture
def tell_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)


# -- what it computes ---------------------------------------------------------------------------


def final_weights(events: list[Event]) -> dict[str, Tensor]:
    tensors = of(Checkpoint, events)[-1].state.tensors
    return {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}


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


# -- what it tells ------------------------------------------------------------------------------


def test_order_of_events(judge_every_pass: None) -> None:
    names = [type(event).__name__ for event in drive(settings(epochs=3))]
    judged = ["EpochEnd", "Sample", "Sample", "Sample", "Sample", "Checkpoint"]
    assert names == ["Step", *judged] * 3 + ["Finished"]


def test_a_step_sums_up_its_stretch(tell_every_step: None) -> None:
    every = of(Step, drive(settings(epochs=1)))
    assert [step.step for step in every] == list(range(1, 12))
    assert [step.epoch for step in every] == [pytest.approx(n / 11) for n in range(1, 12)]
    assert [step.seconds for step in every] == [pytest.approx(n * TICK) for n in range(1, 12)]
    assert every[0].loss == pytest.approx(math.log(CORPUS.vocabulary.size), rel=0.15)
    assert {round(step.chars_per_second) for step in every} == {round(4 * 16 / TICK)}


def test_steps_come_twice_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "OVERHEAD", 1e-9)  # judged after the first pass and at the end
    summed = of(Step, drive(settings(epochs=20)))
    assert [step.step for step in summed] == [11, 75, 139, 203, 220]
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)
    every = of(Step, drive(settings(epochs=20)))
    for before, after in itertools.pairwise(summed):
        stretch = every[before.step : after.step]
        assert after.loss == pytest.approx(np.mean([step.loss for step in stretch]))
        assert after.grad_norm == pytest.approx(np.mean([step.grad_norm for step in stretch]))
        assert after.chars_per_second == 4 * 16 / TICK


def test_an_evaluation_tells_both_losses(judge_every_pass: None, tell_every_step: None) -> None:
    events = drive(settings(epochs=3))
    judged = of(EpochEnd, events)
    assert [one.index for one in judged] == [1, 2, 3]
    assert [one.step for one in judged] == [11, 22, 33]
    assert [one.epoch for one in judged] == [1.0, 2.0, 3.0]
    for number, one in enumerate(judged):
        stretch = of(Step, events)[11 * number : 11 * (number + 1)]
        assert one.train_loss == pytest.approx(np.mean([step.loss for step in stretch]))
    model = CharModel(CORPUS.vocabulary.size, NETWORK)
    model.load_state_dict(final_weights(events))
    assert judged[-1].validation_loss == pytest.approx(quick_loss(model, CORPUS.held_out))


def test_the_best_is_marked_and_told_at_the_end(
    judge_every_pass: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = [3.0, 2.0, 2.5, 1.5, 1.5]
    losses = iter(script)
    monkeypatch.setattr(training, "quick_loss", lambda *_: next(losses))
    events = drive(settings(epochs=5))
    assert [one.best for one in of(EpochEnd, events)] == [True, True, False, True, False]
    assert [one.best for one in of(Checkpoint, events)] == [True, True, False, True, False]
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.best_loss, last.best_epoch) == (1.5, 4.0)
    assert (last.step, last.epoch, last.seconds) == (55, 5.0, 55 * TICK)


def test_samples_share_opening_and_dice(judge_every_pass: None) -> None:
    samples = of(Sample, drive(settings(epochs=2)))
    assert [sample.temperature for sample in samples] == [*SAMPLE_TEMPERATURES] * 2
    assert [sample.index for sample in samples] == [1] * 4 + [2] * 4
    assert {sample.opening for sample in samples} == {CORPUS.excerpt(CORPUS.split, 40)}
    assert {len(sample.text) for sample in samples} == {SAMPLE_LENGTH}
    assert len({sample.text for sample in samples}) == 8


def test_samples_are_what_the_writer_writes(judge_every_pass: None) -> None:
    events = drive(settings(epochs=1))
    model = CharModel(CORPUS.vocabulary.size, NETWORK)
    model.load_state_dict(final_weights(events))
    for sample in of(Sample, events):
        drawing = SampleConfig(sample.temperature)
        writer = Writer(model, CORPUS.vocabulary, sample=drawing, opening=sample.opening, rng=1)
        assert writer.write_text(SAMPLE_LENGTH) == sample.text


def test_classic_samples_begin_anew_after_every_epoch() -> None:
    events = drive(classic(epochs=4), ONE_HOT)
    samples = of(Sample, events)
    assert [sample.temperature for sample in samples] == [0.2, 0.5, 1.0, 1.2] * 4
    openings = [{sample.opening for sample in samples[4 * n : 4 * n + 4]} for n in range(4)]
    assert all(len(each) == 1 for each in openings)
    whole = CORPUS.excerpt(0, CORPUS.characters)
    for opening in set.union(*openings):
        assert len(opening) == 40
        assert opening in whole
    assert len(set.union(*openings)) > 1
    assert {len(sample.text) for sample in samples} == {400}


def test_classic_is_judged_after_every_epoch_and_only_then(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long an epoch or an evaluation takes: its figures are compared epoch by epoch."""
    monkeypatch.setattr(training, "EVALUATE_SECONDS", 2 * TICK)

    def slowly(*arguments: object) -> float:
        clock.now += 1000.0
        return windowed_loss(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "windowed_loss", slowly)
    judged = of(EpochEnd, drive(classic(epochs=3), ONE_HOT))
    assert [one.epoch for one in judged] == [1.0, 2.0, 3.0]


def test_classic_is_judged_from_the_characters_before_alone() -> None:
    events = drive(classic(epochs=1), ONE_HOT)
    model = CharModel(CORPUS.vocabulary.size, ONE_HOT)
    model.load_state_dict(final_weights(events))
    wanted = windowed_loss(model, CORPUS.ids, CORPUS.split, 40)
    assert of(EpochEnd, events)[-1].validation_loss == pytest.approx(wanted)


def test_classic_windows_longer_than_the_text_are_still_judged() -> None:
    corpus = Corpus.from_text(words(200))
    (judged,) = of(EpochEnd, drive(classic(seq_len=1024, epochs=1), ONE_HOT, corpus=corpus))
    assert 1.0 < judged.validation_loss < 4.0


def test_a_long_pass_is_judged_and_saved_in_between(clock: Clock) -> None:
    clock.tick = 2.0  # a pass of 11 steps lasts 22 s
    events = drive(settings(epochs=5))
    judged = [0.0, *(one.seconds for one in of(EpochEnd, events))]
    saved = [0.0, *(float(one.state.numbers["seconds"] or 0) for one in of(Checkpoint, events))]
    gaps = [after - before for before, after in itertools.pairwise(saved)]
    assert min(gaps) > 0
    assert max(gaps) <= training.CHECKPOINT_SECONDS
    assert len(judged) < len(saved)


@pytest.mark.parametrize("of_saving", [0.0, 0.5])
def test_judging_and_saving_take_a_bounded_share_of_the_time(
    of_saving: float, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*arguments: object) -> float:
        clock.now += 0.5
        return quick_loss(*arguments)  # type: ignore[arg-type]

    def save(event: Event) -> None:
        clock.now += of_saving * isinstance(event, Checkpoint)

    assert training.OVERHEAD <= 0.1
    monkeypatch.setattr(training, "quick_loss", slowly)
    monkeypatch.setattr(training, "OVERHEAD", 0.3)
    judged = of(EpochEnd, drive(settings(epochs=40), answer=save))
    assert judged[0].evaluation_seconds == 0.5 + TICK
    cost, pass_seconds = 0.5 + of_saving, 11 * TICK
    between = judged[1].seconds - judged[0].seconds
    assert cost / 0.3 * 0.7 <= between <= (cost + 30 * TICK) / 0.3 * 0.7 + pass_seconds


# -- when it stops ------------------------------------------------------------------------------


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(events[-2], Checkpoint)
    numbers = events[-2].state.numbers
    assert (numbers["step"], numbers["seconds"]) == (last.step, last.seconds)
    assert not of(Finished, events[:-1])
    return last


def test_stops_after_its_epochs() -> None:
    end = finished(drive(settings(epochs=3)))
    assert (end.reason, end.step, end.epoch) == ("epochs", 33, 3.0)


def test_stops_after_its_seconds_of_training() -> None:
    end = finished(drive(settings(epochs=None, seconds=40.5 * TICK)))
    assert (end.reason, end.step) == ("seconds", 41)
    assert end.seconds == 41 * TICK


@pytest.mark.parametrize(("seconds", "reason"), [(0.1, "seconds"), (0.5, "epochs")])
def test_the_first_rule_that_applies_ends_it(seconds: float, reason: str) -> None:
    assert finished(drive(settings(epochs=2, seconds=seconds))).reason == reason


def test_stops_at_its_target(judge_every_pass: None, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([2.1 * NATS_PER_BIT, 2.0 * NATS_PER_BIT, 1.9 * NATS_PER_BIT])
    monkeypatch.setattr(training, "quick_loss", lambda *_: next(losses))
    end = finished(drive(settings(epochs=9, target_bits=2.0)))
    assert (end.reason, end.epoch) == ("target", 2.0)


def test_stops_on_a_plateau(judge_every_pass: None, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([3.0, 2.0, 2.5, 1.9, 1.9, 2.0, 2.1])
    monkeypatch.setattr(training, "quick_loss", lambda *_: next(losses))
    end = finished(drive(settings(epochs=99, patience=3)))
    assert (end.reason, end.epoch, end.best_epoch) == ("plateau", 7.0, 4.0)


def test_it_is_judged_at_the_end_wherever_it_stops(
    judge_every_pass: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "EVALUATIONS", 1)
    events = drive(settings(epochs=None, seconds=15 * TICK))
    assert [one.step for one in of(EpochEnd, events)] == [11, 15]


def test_a_training_by_time_is_judged_ten_times_however_long_a_pass_takes(
    judge_every_pass: None,
) -> None:
    events = drive(settings(epochs=None, seconds=20 * TICK))
    assert [one.step for one in of(EpochEnd, events)] == [2, 4, 6, 8, 10, 11, 13, 15, 17, 19, 20]


# -- commands -----------------------------------------------------------------------------------


def once(command: Command, when: Callable[[Event], bool]) -> Callable[[Event], Command | None]:
    """Give a command at the first event that fits."""
    left = [command]
    return lambda event: left.pop() if left and when(event) else None


def is_step(number: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Step) and event.step == number


@pytest.mark.parametrize("kind", [Step, EpochEnd, Sample, Checkpoint])
def test_stop_is_obeyed_at_any_event(
    kind: type[Event], judge_every_pass: None, tell_every_step: None
) -> None:
    seen: list[Event] = []

    def second_of_its_kind(event: Event) -> bool:
        seen.append(event)
        return len(of(kind, seen)) == 2

    events = drive(settings(epochs=50), answer=once(Stop(), second_of_its_kind))
    end = finished(events)
    told_at = {Step: 2, EpochEnd: 22, Sample: 11, Checkpoint: 22}[kind]
    assert (end.reason, end.step) == ("stopped", told_at)
    assert of(EpochEnd, events)[-1].step == end.step


def test_stop_in_the_middle_of_a_pass_judges_once_more(tell_every_step: None) -> None:
    events = drive(settings(epochs=50), answer=once(Stop(), is_step(15)))
    assert finished(events).step == 15
    assert of(EpochEnd, events)[-1].epoch == pytest.approx(15 / 11)
    assert math.isfinite(of(EpochEnd, events)[-1].train_loss)


def test_a_new_learning_rate_holds_from_the_next_step(tell_every_step: None) -> None:
    command = SetLearningRate(0.001)
    told = of(Step, drive(settings(learning_rate=0.01), answer=once(command, is_step(5))))
    assert {step.learning_rate for step in told[:5]} == {0.01}
    assert {step.learning_rate for step in told[5:]} == {0.001}


def test_a_new_learning_rate_is_the_peak_of_the_schedule(tell_every_step: None) -> None:
    config = settings(schedule="cosine", learning_rate=0.01)
    plain = of(Step, drive(config))
    steered = of(Step, drive(config, answer=once(SetLearningRate(0.001), is_step(5))))
    ratios = [a.learning_rate / b.learning_rate for a, b in zip(steered, plain, strict=True)]
    assert ratios == [pytest.approx(1.0)] * 5 + [pytest.approx(0.1)] * 17


def test_save_now_saves_before_the_next_step(tell_every_step: None) -> None:
    events = drive(settings(), answer=once(SaveNow(), is_step(5)))
    after = events[events.index(of(Step, events)[4]) + 1]
    assert isinstance(after, Checkpoint)
    assert after.state.numbers["step"] == 5
    assert not after.best
    assert sum(isinstance(event, Checkpoint) for event in events) == 3  # and after each pass


# -- pauses -------------------------------------------------------------------------------------


def test_time_with_the_listener_is_not_training_time(clock: Clock, judge_every_pass: None) -> None:
    def wait(_: Event) -> None:
        clock.now += 3600.0

    paused, plain = drive(settings(epochs=4), answer=wait), drive(settings(epochs=4))
    assert finished(paused).seconds == pytest.approx(finished(plain).seconds)
    speeds = [step.chars_per_second for step in of(Step, paused)]
    assert speeds == [pytest.approx(step.chars_per_second) for step in of(Step, plain)]
    taken = [one.evaluation_seconds for one in of(EpochEnd, paused)]
    assert max(taken) == pytest.approx(TICK)


@pytest.mark.parametrize("kind", [Step, EpochEnd, Sample, Checkpoint])
def test_a_long_pause_does_not_put_off_the_next_evaluations(
    kind: type[Event], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SAVING_SECONDS", 0.0)
    monkeypatch.setattr(training, "OVERHEAD", 0.3)

    def wait(event: Event) -> None:
        clock.now += 3600.0 * isinstance(event, kind)

    paused, plain = drive(settings(epochs=15), answer=wait), drive(settings(epochs=15))
    judged = [one.epoch for one in of(EpochEnd, plain)]
    assert len(judged) > 2
    assert [one.epoch for one in of(EpochEnd, paused)] == judged


# -- resuming -----------------------------------------------------------------------------------


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
        (settings(batch_size=3), NETWORK, CORPUS),
        (classic(), NETWORK, CORPUS),
    ],
    ids=["text", "network", "streams", "recipe"],
)
def test_a_state_of_other_settings_is_refused(
    good_state: TrainingState, config: TrainConfig, network: ModelConfig, corpus: Corpus
) -> None:
    with pytest.raises(CheckpointError):
        drive(config, network, start=good_state, corpus=corpus)


# -- trouble ------------------------------------------------------------------------------------


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[range, float], None]:
    """Return a function that adds something to the training loss of the given steps."""

    def spoil_them(calls: range, extra: float) -> None:
        real, counter = nn.functional.cross_entropy, itertools.count()

        def spoilt(logits: Tensor, *rest: Tensor, **options: str) -> Tensor:
            loss: Tensor = real(logits, *rest, **options)  # type: ignore[arg-type]
            if not logits.requires_grad:
                return loss
            # A non-finite factor spoils the gradient too; a finite sum leaves it alone.
            spoilt_now = next(counter) in calls
            return (loss + extra if math.isfinite(extra) else loss * extra) if spoilt_now else loss

        monkeypatch.setattr(nn.functional, "cross_entropy", spoilt)

    return spoil_them


Spoil = Callable[[range, float], None]


@pytest.mark.parametrize("extra", [math.nan, math.inf])
def test_a_loss_that_is_no_number_sends_it_back(
    extra: float, spoil: Spoil, judge_every_pass: None, tell_every_step: None
) -> None:
    spoil(range(25, 26), extra)
    events = drive(settings(epochs=4, learning_rate=0.01))
    (trouble,) = of(Diverged, events)
    assert trouble == Diverged(25, "non_finite", 22, 0.5)
    before = events[: events.index(trouble)]
    after = of(Step, events[events.index(trouble) :])
    assert [step.step for step in of(Step, before)] == list(range(1, 26))
    assert [step.step for step in after] == list(range(23, 45))
    assert {step.learning_rate for step in after} == {0.005}
    assert all(math.isfinite(step.loss) for step in of(Step, events))
    seconds = [step.seconds for step in of(Step, events)]
    assert seconds == sorted(seconds), "lost time is spent all the same"
    assert finished(events).reason == "epochs"


def test_a_gradient_that_is_no_number_never_reaches_the_weights(
    judge_every_pass: None, tell_every_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, counter = nn.utils.clip_grad_norm_, itertools.count()

    def spoilt(parameters: Iterator[nn.Parameter], most: float) -> Tensor:
        if next(counter) != 25:
            return real(parameters, most)
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.fill_(math.nan)
        return torch.tensor(math.nan)

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", spoilt)
    events = drive(settings(epochs=3))
    assert [one.reason for one in of(Diverged, events)] == ["non_finite"]
    assert all(torch.isfinite(value).all() for value in final_weights(events).values())


def test_going_back_restores_everything(spoil: Spoil, judge_every_pass: None) -> None:
    spoil(range(25, 26), math.nan)
    stop = once(Stop(), lambda event: isinstance(event, Diverged))
    events = drive(settings(epochs=4), answer=stop)
    good, last = of(Checkpoint, events)[1].state, of(Checkpoint, events)[-1].state
    assert good.numbers["step"] == last.numbers["step"] == 22
    assert good.tensors.keys() == last.tensors.keys()
    assert all(torch.equal(good.tensors[name], last.tensors[name]) for name in good.tensors)


def test_trouble_in_the_first_steps_goes_back_to_the_beginning(spoil: Spoil) -> None:
    spoil(range(4, 5), math.nan)
    events = drive(settings(epochs=1))
    assert of(Diverged, events) == [Diverged(4, "non_finite", 0, 0.5)]
    assert finished(events).step == 11


def test_a_loss_that_leaps_and_stays_up_is_a_collapse(
    spoil: Spoil, judge_every_pass: None, tell_every_step: None
) -> None:
    spoil(range(150, 152), 10.0)
    events = drive(settings(epochs=20))
    assert of(Diverged, events) == [Diverged(152, "collapse", 143, 0.5)]
    assert finished(events).reason == "epochs"


def test_a_single_bad_batch_is_no_collapse(spoil: Spoil) -> None:
    spoil(range(150, 151), 10.0)
    assert not of(Diverged, drive(settings(epochs=20)))


def test_a_state_on_its_way_down_is_none_to_go_back_to(
    spoil: Spoil, judge_every_pass: None
) -> None:
    """The loss begins to rise just before a pass ends and is saved."""
    spoil(range(153, 155), 10.0)
    events = drive(settings(epochs=20))
    assert [one.state.numbers["step"] for one in of(Checkpoint, events)][12:14] == [143, 154]
    assert of(Diverged, events) == [Diverged(155, "collapse", 143, 0.5)]


def test_it_gives_up_when_going_back_does_not_help(spoil: Spoil, judge_every_pass: None) -> None:
    spoil(range(25, 10**9), math.nan)
    events = drive(settings(epochs=9))
    scales = [one.learning_rate_scale for one in of(Diverged, events)]
    assert scales == [0.5, 0.25, 0.125, 0.0625, 0.03125]
    assert {one.back_to_step for one in of(Diverged, events)} == {22}
    end = finished(events)
    assert (end.reason, end.step) == ("diverged", 22)
    assert all(torch.isfinite(value).all() for value in final_weights(events).values())


def test_a_new_learning_rate_outlives_going_back(spoil: Spoil, tell_every_step: None) -> None:
    spoil(range(25, 26), math.nan)
    answer = once(SetLearningRate(0.004), is_step(24))
    events = drive(settings(epochs=3, learning_rate=0.01), answer=answer)
    assert of(Step, events)[-1].learning_rate == pytest.approx(0.002)


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
