"""What a training tells on its way: its steps, how it is judged, and what it writes."""

import itertools
import math

import numpy as np
import pytest

from lstm import training
from lstm.config import SAMPLE_LENGTH, SAMPLE_TEMPERATURES, SampleConfig
from lstm.corpus import Corpus
from lstm.evaluation import quick_loss, windowed_loss
from lstm.events import Checkpoint, EpochEnd, Event, Finished, Sample, Step
from lstm.model import CharModel
from lstm.sampling import Writer
from tests.engine_tools import Clock, words
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
