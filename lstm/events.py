"""What a training tells while it runs, and what it can be told: plain typed values.

``train()`` yields these; the command line, the worker, the lessons and the tests listen.
Losses are in **nats** per character here, as PyTorch computes them; ``bits = nats / ln 2``.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch


@dataclass(frozen=True)
class Step:
    """A stretch of training steps, summed up about twice a second.

    Attributes:
        step: Optimizer steps done since the beginning.
        epoch: Passes over the training text done, with the fraction of the running one.
        seconds: Training time so far; validation, samples and pauses are not counted.
        loss: Mean training loss of the stretch, in nats per character.
        grad_norm: Mean norm of the gradient before clipping.
        learning_rate: The learning rate of the last step.
        chars_per_second: Characters trained on per second of training time in the stretch.
    """

    step: int
    epoch: float
    seconds: float
    loss: float
    grad_norm: float
    learning_rate: float
    chars_per_second: float


@dataclass(frozen=True)
class EpochEnd:
    """The network was judged on the held-out text: after every epoch, or more often if long.

    Attributes:
        index: Number of this evaluation, from 1.
        step: Optimizer steps done.
        epoch: Passes over the training text done; whole at the end of a pass.
        seconds: Training time so far.
        train_loss: Mean training loss since the last evaluation, in nats per character.
        validation_loss: Held-out loss, in nats per character.
        best: Whether this is the lowest held-out loss so far.
        evaluation_seconds: Time that validation took; not part of ``seconds``.
    """

    index: int
    step: int
    epoch: float
    seconds: float
    train_loss: float
    validation_loss: float
    best: bool
    evaluation_seconds: float


@dataclass(frozen=True)
class Sample:
    """What the network writes after an evaluation, one per temperature.

    The opening and the dice are the same at every evaluation and every temperature of a run (the
    classic recipe draws a new opening from the corpus each time, as the article does).

    Attributes:
        index: Number of the evaluation that it belongs to.
        epoch: As in that evaluation.
        temperature: One of ``SAMPLE_TEMPERATURES``.
        opening: The characters that the network was given.
        text: What it wrote, opening excluded.
        seconds_spent: Time that the sample took; not part of the training time.
    """

    index: int
    epoch: float
    temperature: float
    opening: str
    text: str
    seconds_spent: float


@dataclass(frozen=True)
class Checkpoint:
    """The complete state, to be saved if the listener wishes, before it asks for more.

    Attributes:
        state: Everything that a resumed training needs: a copy, which the listener may keep but
            not change, since the training goes back to it when it diverges.
        best: Whether the weights are the best by validation so far.
    """

    state: "TrainingState"
    best: bool


@dataclass(frozen=True)
class Diverged:
    """The loss blew up or the text collapsed; the training went back to the last good state.

    Attributes:
        step: Step at which it was noticed.
        reason: ``"non_finite"`` (a loss or gradient that is no number) or ``"collapse"`` (the
            loss far above where it had been).
        back_to_step: Step of the state that was restored.
        learning_rate_scale: Factor on the scheduled learning rate from here on.
    """

    step: int
    reason: Literal["non_finite", "collapse"]
    back_to_step: int
    learning_rate_scale: float


StopReason = Literal["seconds", "epochs", "target", "plateau", "stopped", "diverged"]


@dataclass(frozen=True)
class Finished:
    """The training is over; a Checkpoint with the final state came just before.

    Attributes:
        reason: Which stop rule applied; ``diverged`` when rolling back did not help.
        step: Optimizer steps done.
        epoch: Passes over the training text done.
        seconds: Training time, validation and samples excluded.
        best_loss: Lowest held-out loss, in nats per character.
        best_epoch: Epoch at which it was reached.
    """

    reason: StopReason
    step: int
    epoch: float
    seconds: float
    best_loss: float
    best_epoch: float


Event = Step | EpochEnd | Sample | Checkpoint | Diverged | Finished


@dataclass(frozen=True)
class SetLearningRate:
    """Command: from the next step on, the schedule's peak is this learning rate."""

    learning_rate: float


@dataclass(frozen=True)
class Stop:
    """Command: evaluate once more, hand over the final state and finish."""


@dataclass(frozen=True)
class SaveNow:
    """Command: yield a Checkpoint before the next step."""


Command = SetLearningRate | Stop | SaveNow


@dataclass
class TrainingState:
    """A training frozen between two steps: enough to go on as if it had never stopped.

    ``tensors`` holds model weights (``model.*``), optimizer moments (``optimizer.*``), the
    carried recurrent state (``carried.*``) and random generators (``rng.*``); ``numbers`` the
    counters and the best result so far, as JSON values.
    """

    tensors: dict[str, torch.Tensor]
    numbers: dict[str, float | int | str | None] = field(default_factory=dict)
