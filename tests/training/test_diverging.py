"""A training that gets into trouble goes back to a good state, and gives up in the end."""

import itertools
import math
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from lstm.events import Checkpoint, Diverged, SetLearningRate, Step, Stop
from tests.training.training_tools import (
    drive,
    final_weights,
    finished,
    is_step,
    of,
    once,
    settings,
)


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
