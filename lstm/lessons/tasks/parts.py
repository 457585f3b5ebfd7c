"""What all five tasks share: a case, an answer, how far a training is, and what a task must have.

Knows nothing of how a task is learned.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from lstm.errors import LessonError
from lstm.insight.reading import Floats
from lstm.messages import Language

Shape = Literal["one_to_one", "one_to_many", "many_to_one", "aligned", "unaligned"]
"""How inputs and outputs go together: Karpathy (2015), "The Unreasonable Effectiveness of
Recurrent Neural Networks"."""

Network = TypeVar("Network", bound=nn.Module)

Weights = Mapping[str, npt.NDArray[np.float16]]
"""A network at one moment of its training, rounded to half precision: some hundred are kept."""


@dataclass(frozen=True)
class Pair:
    """A case as the rule, or the person who wrote it, settles it.

    Attributes:
        given: The input, as it is shown.
        wanted: The right answer; of a label for every character, one digit each.
    """

    given: str
    wanted: str


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network made of an input, moment by moment: T moments, H numbers of memory.

    Attributes:
        got: The answer as a whole, in the form of ``Pair.wanted``.
        fed: What went in at each moment; empty where nothing did.
        said: What came out at each moment; empty where nothing was asked for.
        sure: Probability that it gave to what it said, (T,) float32; NaN where it said nothing.
        memory: Its short-term memory after each moment, (T, H) float32, -1 to 1.
        own: Number of the moment from which on it is fed what it has said itself; T if never.
    """

    got: str
    fed: tuple[str, ...]
    said: tuple[str, ...]
    sure: Floats
    memory: Floats
    own: int


@dataclass(frozen=True)
class Plan:
    """How long and how fast a task is learned.

    Attributes:
        laps: Parts that are shown after the first, which comes before the training.
        steps: Training steps of each of them.
        batch: Cases in a step.
        learning_rate: The largest; it rises quickly and falls slowly.
    """

    laps: int
    steps: int
    batch: int
    learning_rate: float


@dataclass(frozen=True, eq=False)
class Progress:
    """The training so far.

    Attributes:
        step: Training steps that are done.
        loss: Mean over the last lap in nats per decision; of the first part, before it.
        steps: Steps at which the network was judged, (N,) int64, from 0.
        accuracy: Share of the held-out cases answered wholly right then, (N,) float32.
        held: How many held-out cases there are.
        cases: Some of them.
        answers: What the network makes of those now, one for each.
        weights: The network now.
        share: How much of the work is done, 0 to 1.
    """

    step: int
    loss: float
    steps: npt.NDArray[np.int64]
    accuracy: Floats
    held: int
    cases: tuple[Pair, ...]
    answers: tuple[Answer, ...]
    weights: Weights
    share: float


class Task(ABC, Generic[Network]):
    """A task in a language, with the network that learns it."""

    shape: Shape
    plan: Plan
    forget_bias = 1.0
    """Where the forget gates begin: the larger, the longer a fresh network remembers."""
    longest = 60
    """Most characters of an input."""

    def __init__(self, language: Language) -> None:
        """Prepare the cases; no network is built yet.

        Args:
            language: In which words and signs.
        """
        self.language: Language = language

    @property
    @abstractmethod
    def held_out(self) -> Sequence[Pair]:
        """The cases that are judged and never trained on; the first few are shown."""

    @abstractmethod
    def network(self) -> Network:
        """Return a network of the right shape, whatever its weights."""

    @abstractmethod
    def loss(self, network: Network, rng: np.random.Generator, count: int) -> Tensor:
        """Return the mean loss in nats on so many cases drawn for training."""

    @abstractmethod
    def read(self, network: Network, given: Sequence[str]) -> list[Answer]:
        """Return the network's answers; it gets nothing but the inputs, and its own words."""

    def wanted(self, given: str) -> str | None:
        """Return the right answer to any input; None where no rule tells."""
        del given
        return None

    def accept(self, typed: str) -> str:
        """Return what a learner typed as an input.

        Raises:
            LessonError: It is empty or too long.
        """
        given = " ".join(typed.split())
        if not given:
            raise LessonError("lesson_empty")
        if len(given) > self.longest:
            raise LessonError("lesson_too_long", most=self.longest)
        return given
