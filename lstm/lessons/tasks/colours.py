"""One to one: is black or white writing easier to read on this colour? No memory at all.

An ordinary network: three numbers in, two out, always. The right answer is that of the Web Content
Accessibility Guidelines 2.1 (relative luminance and contrast ratio). Knows nothing of the page.
"""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.errors import LessonError
from lstm.lessons.tasks.parts import Answer, Pair, Plan, Shape, Task

_HELD = 200
_HIDDEN = 8
_SAID = ("black", "white")


class Colours(Task[nn.Sequential]):
    """Colours as ``#rrggbb``; the answer is ``black`` or ``white``."""

    shape: Shape = "one_to_one"
    plan = Plan(laps=20, steps=15, batch=64, learning_rate=0.06)

    @cached_property
    def held_out(self) -> Sequence[Pair]:
        """Colours drawn once; among 16.8 million, training hardly meets one of them."""
        rows = np.random.default_rng(2_100).integers(0, 256, (_HELD, 3))
        names = [_name(row) for row in rows]
        return [Pair(name, legible(name)) for name in names]

    def network(self) -> nn.Sequential:
        """Return two layers of plain neurons."""
        return nn.Sequential(nn.Linear(3, _HIDDEN), nn.Tanh(), nn.Linear(_HIDDEN, 2))

    def loss(self, network: nn.Sequential, rng: np.random.Generator, count: int) -> Tensor:
        """See ``Task``."""
        held = {pair.given for pair in self.held_out}
        names = [_name(row) for row in rng.integers(0, 256, (count, 3))]
        names = [name for name in names if name not in held]
        wanted = torch.tensor([_SAID.index(legible(name)) for name in names])
        return nn.functional.cross_entropy(network(_inputs(names)), wanted)

    def read(self, network: nn.Sequential, given: Sequence[str]) -> list[Answer]:
        """See ``Task``; what stands for the memory are the hidden neurons, kept for no one."""
        hidden = network[:2](_inputs(given))
        sure, said = network[2](hidden).softmax(-1).max(-1)
        return [
            Answer(
                got=_SAID[int(said[row])],
                fed=(name,),
                said=(_SAID[int(said[row])],),
                sure=sure[row : row + 1].numpy(),
                memory=hidden[row : row + 1].numpy(),
                own=1,
            )
            for row, name in enumerate(given)
        ]

    def wanted(self, given: str) -> str:
        """See ``Task``."""
        return legible(given)

    def accept(self, typed: str) -> str:
        """See ``Task``.

        Raises:
            LessonError: It is no colour such as ``#7fb0c4``.
        """
        if not re.fullmatch(r"#[0-9a-f]{6}", typed.lower()):
            raise LessonError("lesson_no_colour")
        return typed.lower()


def luminance(name: str) -> float:
    """Return the relative luminance of a colour, 0 to 1.

    Source: Web Content Accessibility Guidelines 2.1, "relative luminance".
    """
    shares = _inputs([name])[0].double() / 2 + 0.5
    linear = torch.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ torch.tensor([0.2126, 0.7152, 0.0722], dtype=torch.float64))


def legible(name: str) -> str:
    """Return which writing has the larger contrast ratio on a colour."""
    bright = luminance(name) + 0.05
    return "black" if bright / 0.05 >= 1.05 / bright else "white"


def _name(row: npt.NDArray[np.int64]) -> str:
    return "#" + "".join(f"{value:02x}" for value in row)


def _inputs(names: Sequence[str]) -> Tensor:
    """Return red, green and blue of each colour, (B, 3) float32, -1 to 1."""
    rows = [np.frombuffer(bytes.fromhex(name[1:]), np.uint8) for name in names]
    return torch.from_numpy((np.stack(rows) / 127.5 - 1).astype(np.float32))
