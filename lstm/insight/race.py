"""The memory race: name the first character after T characters of noise.

The simplest task that needs a memory (after Hochreiter & Schmidhuber 1997, section 5). The first
of T + 1 characters is one of ``LETTERS`` letters, the rest are noise, drawn from as many others,
and after the last one the network must name the first. Guessing gets one in ``LETTERS`` right.
Tiny networks of equal size learn it side by side, on the same batches, several seeds of each,
because a single seed can be lucky or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lstm.config import Cell, ModelConfig
from lstm.errors import ConfigError
from lstm.insight.fresh import Scheme, fresh
from lstm.insight.practice import Practice
from lstm.insight.reading import Floats
from lstm.model import CharModel, evaluating

LETTERS = 4
"""Letters that the first character may be; there are as many of noise."""

HIDDEN = 32
"""Cells of every runner."""

SOLVED = 0.95
"""A runner that names this share right has solved the task and stops."""

_BATCH = 64
_JUDGED = 256
_LEARNING_RATE = 0.003
_LAP = 10


@dataclass(frozen=True)
class Runner:
    """One kind of network in the race; it runs once for each seed.

    Attributes:
        cell: Its kind.
        forget_bias: Where the LSTM's forget-gate bias begins.
        scheme: How its weights begin.
    """

    cell: Cell
    forget_bias: float = 1.0
    scheme: Scheme = "charloom"


@dataclass(frozen=True)
class Race:
    """The course and who runs.

    Attributes:
        delay: Characters of noise T, 1 to 200.
        runners: The kinds of networks, M of them.
        seeds: Seeds of the weights, S of them.
        steps: Training steps after which the race ends.
        rng: Seed of the task's texts, the same for all.
    """

    delay: int = 20
    runners: tuple[Runner, ...] = (Runner("rnn"), Runner("lstm", 0.0), Runner("lstm", 2.0))
    seeds: tuple[int, ...] = (1, 2, 3, 4)
    steps: int = 400
    rng: int = 1

    def __post_init__(self) -> None:
        """Check what costs time.

        Raises:
            ConfigError: The delay, the number of steps or of seeds is out of range.
        """
        _within("delay", self.delay, 1, 200)
        _within("steps", self.steps, 0, 5000)
        _within("seeds", len(self.seeds), 1, 8)


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ConfigError(field, "out_of_range", value=value, least=least, most=most)


@dataclass(frozen=True, eq=False)
class Lap:
    """The race so far.

    Attributes:
        steps: Training steps at which accuracy was judged, (N,) int64, from 0.
        accuracy: Share that each runner named right on fresh texts, (M, S, N), 0 to 1; a runner
            that has solved the task keeps its last value.
        solved_at: Step at which each runner solved it, (M, S) int64; -1 if not yet.
        share: How much of the work is done at most, 0 to 1; 1 at the end.
    """

    steps: npt.NDArray[np.int64]
    accuracy: Floats
    solved_at: npt.NDArray[np.int64]
    share: float

    @property
    def solved(self) -> npt.NDArray[np.int64]:
        """How many seeds of each kind have solved the task, (M,)."""
        count: npt.NDArray[np.int64] = (self.solved_at >= 0).sum(axis=1)
        return count


def run_race(race: Race) -> Iterator[Lap]:
    """Let the networks learn side by side.

    Args:
        race: The course and who runs.

    Yields:
        A lap before the first step and after every few, until all have solved the task or the
        steps are used up.
    """
    learners = [[_learner(runner, seed) for seed in race.seeds] for runner in race.runners]
    solved_at = np.full((len(race.runners), len(race.seeds)), -1, np.int64)
    history: list[Floats] = []
    steps: list[int] = []
    for step in range(0, race.steps + 1, _LAP):
        accuracy = history[-1].copy() if history else np.zeros(solved_at.shape, np.float32)
        for runner, seed in np.argwhere(solved_at < 0).tolist():
            learner = learners[runner][seed]
            if step:
                learner.learn(texts(race, number, _BATCH) for number in range(step - _LAP, step))
            accuracy[runner, seed] = _accuracy(learner.model, texts(race, -1 - step, _JUDGED))
        solved_at[(solved_at < 0) & (accuracy >= SOLVED)] = step
        history.append(accuracy)
        steps.append(step)
        over = bool((solved_at >= 0).all()) or step + _LAP > race.steps
        share = 1.0 if over else step / race.steps
        yield Lap(np.array(steps), np.stack(history, axis=2), solved_at.copy(), share)
        if over:
            return


def texts(race: Race, number: int, count: int) -> tuple[Tensor, Tensor]:
    """Return texts of the task and their first characters.

    Args:
        race: The course.
        number: Which batch; negative ones are never trained on.
        count: Texts in it, B.

    Returns:
        Characters (B, T + 1) int64 and first characters (B,) int64.
    """
    drawn = np.random.default_rng([race.rng, abs(number), int(number < 0)])
    ids = drawn.integers(LETTERS, 2 * LETTERS, size=(count, race.delay + 1))
    ids[:, 0] = drawn.integers(LETTERS, size=count)
    inputs = torch.from_numpy(ids)
    return inputs, inputs[:, 0]


def _learner(runner: Runner, seed: int) -> Practice:
    shape = ModelConfig(
        cell=runner.cell,
        hidden_size=HIDDEN,
        embedding_size=0,
        forget_bias=runner.forget_bias,
    )
    model = fresh(2 * LETTERS, shape, rng=seed, scheme=runner.scheme)
    return Practice(model, _LEARNING_RATE)


def _accuracy(model: CharModel, task: tuple[Tensor, Tensor]) -> float:
    inputs, targets = task
    with evaluating(model):
        outputs, _ = model.recur(model.embed(inputs), None)
        named = model.logits(outputs[:, -1]).argmax(dim=1)
    return float((named == targets).float().mean())
