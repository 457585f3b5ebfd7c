"""When a training stops, which commands it obeys, and that a pause takes none of its time."""

import math

import pytest

from lstm import training
from lstm.evaluation import NATS_PER_BIT
from lstm.events import Checkpoint, EpochEnd, Event, Sample, SaveNow, SetLearningRate, Step, Stop
from tests.engine_tools import Clock
from tests.training.training_tools import TICK, drive, finished, is_step, of, once, settings

# -- when it stops ------------------------------------------------------------------------------


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
