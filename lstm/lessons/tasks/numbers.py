"""One to many: a number goes in once, its name comes out character by character.

What the network has said is fed back in, as when it writes essays. Knows nothing of the page.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.errors import LessonError
from lstm.lessons.tasks.networks import State, Symbols, Teller
from lstm.lessons.tasks.numerals import cardinal
from lstm.lessons.tasks.parts import Answer, Pair, Plan, Shape, Task
from lstm.messages import Language

MOST = 999
_HELD = 200
_DIGITS = 3
_HIDDEN = 64
_EMBEDDING = 16


class Namer(nn.Module):
    """Turns one input into the memory that the telling begins with."""

    def __init__(self, symbols: int) -> None:
        """Build it for so many symbols."""
        super().__init__()
        self.start = nn.Linear(10 * _DIGITS, 2 * _HIDDEN)
        self.teller = Teller(symbols, _EMBEDDING, _HIDDEN)

    def begin(self, switches: Tensor) -> State:
        """Return the memory that a number begins with."""
        short, long = torch.tanh(self.start(switches)).chunk(2, -1)
        return short.unsqueeze(0).contiguous(), long.unsqueeze(0).contiguous()


class Numbers(Task[Namer]):
    """Whole numbers from 0 to 999; the answer is the number in words."""

    shape: Shape = "one_to_many"
    plan = Plan(laps=20, steps=25, batch=64, learning_rate=0.02)
    forget_bias = 3.0  # the number is told once and must last for up to 28 letters

    def __init__(self, language: Language) -> None:
        """Name all numbers; see ``Task``."""
        super().__init__(language)
        self._names = [cardinal(number, language) for number in range(MOST + 1)]
        self._symbols = Symbols("".join(self._names))
        self._width = max(map(len, self._names)) + 1
        order = np.random.default_rng(999).permutation(MOST + 1)
        # What has a name of its own can't be guessed from others, so it is never held out.
        held = [int(number) for number in order if number > 100 and number % 100][:_HELD]
        self._held = held
        self._learned = np.array([n for n in range(MOST + 1) if n not in set(held)])

    @cached_property
    def held_out(self) -> Sequence[Pair]:
        """Numbers above 100 that training never shows."""
        return [Pair(str(number), self._names[number]) for number in self._held]

    def network(self) -> Namer:
        """Return a network that turns a number into a memory, and tells it."""
        return Namer(self._symbols.size)

    def loss(self, network: Namer, rng: np.random.Generator, count: int) -> Tensor:
        """See ``Task``."""
        numbers = rng.choice(self._learned, count)
        wanted = self._symbols.ids([self._names[number] for number in numbers], least=self._width)
        return network.teller.loss(network.begin(_switches(numbers)), wanted)

    def read(self, network: Namer, given: Sequence[str]) -> list[Answer]:
        """See ``Task``."""
        state = network.begin(_switches([int(number) for number in given]))
        said, sure, memory = network.teller.tell(state, self._width)
        answers = []
        for row, number in enumerate(given):
            got = self._symbols.text(said[row].tolist())
            count = max(1, len(got))
            answers.append(
                Answer(
                    got=got,
                    fed=(number, *got[: count - 1]),
                    said=tuple(got) or ("",),
                    sure=sure[row, :count].numpy(),
                    memory=memory[row, :count].numpy(),
                    own=1,
                )
            )
        return answers

    def wanted(self, given: str) -> str:
        """See ``Task``."""
        return self._names[int(given)]

    def accept(self, typed: str) -> str:
        """See ``Task``.

        Raises:
            LessonError: It is no whole number from 0 to 999.
        """
        typed = typed.strip()
        if not (typed.isascii() and typed.isdecimal() and int(typed) <= MOST):
            raise LessonError("lesson_no_number", most=MOST)
        return str(int(typed))


def _switches(numbers: Sequence[int] | npt.NDArray[np.int64]) -> Tensor:
    """Return numbers as one input each: ten switches for every digit, (B, 30) float32."""
    digits = [[int(digit) for digit in f"{number:03d}"] for number in numbers]
    return nn.functional.one_hot(torch.tensor(digits), 10).flatten(1).float()
