"""Many to many, in step: how many brackets is each character inside of?

The right answer is counted; the network has to keep count in its memory. The texts are pieces of
the lesson's sentences with brackets put in by chance. Knows nothing of the page.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np
from torch import Tensor, nn

from lstm.lessons.tasks.feelings import sentences
from lstm.lessons.tasks.networks import PADDING, Reader, Symbols
from lstm.lessons.tasks.parts import Answer, Pair, Plan, Shape, Task
from lstm.messages import Language

DEEPEST = 4
"""Brackets inside of each other, at most."""

_HELD = 150
_LENGTH = 20
_CHANCE = 0.3
_HIDDEN = 32
_EMBEDDING = 16
_UNKNOWN = 0.03
"""Share of the characters that training replaces by one it does not know."""

_OPEN, _CLOSE = "(（", ")）"


class Counter(nn.Module):
    """Reads characters and labels each."""

    def __init__(self, symbols: int) -> None:
        """Build it for so many symbols."""
        super().__init__()
        self.reader = Reader(symbols, _EMBEDDING, _HIDDEN)
        self.head = nn.Linear(_HIDDEN, DEEPEST + 1)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (B, T, labels) and memories (B, T, H) for symbols (B, T)."""
        memory = self.reader(ids)[0]
        return self.head(memory), memory


class Brackets(Task[Counter]):
    """Texts with brackets; the answer is a digit for every character."""

    shape: Shape = "aligned"
    plan = Plan(laps=20, steps=10, batch=32, learning_rate=0.02)
    longest = 40

    def __init__(self, language: Language) -> None:
        """Put the brackets of the held-out texts; see ``Task``."""
        super().__init__(language)
        self._texts = [text for text, _, _ in sentences(language)]
        self._symbols = Symbols("".join(self._texts) + _OPEN + _CLOSE)
        self._held = {text: depths(text) for text in self._drawn(np.random.default_rng(77), _HELD)}

    @cached_property
    def held_out(self) -> Sequence[Pair]:
        """Texts drawn once; training leaves them out."""
        return [Pair(text, wanted) for text, wanted in self._held.items()]

    def network(self) -> Counter:
        """Return a network that labels each character."""
        return Counter(self._symbols.size)

    def loss(self, network: Counter, rng: np.random.Generator, count: int) -> Tensor:
        """See ``Task``."""
        texts = [text for text in self._drawn(rng, count) if text not in self._held]
        ids = self._symbols.ids(texts)
        targets = Symbols("01234").ids([depths(text) for text in texts]) - 1  # nothing is -1
        shown = ids.clone()
        shown[_chance(rng, ids) & ~self._is_bracket(ids)] = PADDING
        logits = network(shown)[0]
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)

    def read(self, network: Counter, given: Sequence[str]) -> list[Answer]:
        """See ``Task``."""
        logits, memory = network(self._symbols.ids(given))
        sure, said = logits.softmax(-1).max(-1)
        answers = []
        for row, text in enumerate(given):
            labels = tuple(map(str, said[row, : len(text)].tolist()))
            answers.append(
                Answer(
                    got="".join(labels),
                    fed=tuple(text),
                    said=labels,
                    sure=sure[row, : len(text)].numpy(),
                    memory=memory[row, : len(text)].numpy(),
                    own=len(text),
                )
            )
        return answers

    def wanted(self, given: str) -> str | None:
        """See ``Task``; None if a bracket closes that none opened, or they go too deep."""
        counted = list(_levels(given))
        if counted and not 0 <= min(counted) <= max(counted) <= DEEPEST:
            return None
        return depths(given)

    def _drawn(self, rng: np.random.Generator, count: int) -> list[str]:
        opening, closing = (marks[self.language == "zh"] for marks in (_OPEN, _CLOSE))
        return [_bracketed(self._piece(rng), opening, closing, rng) for _ in range(count)]

    def _piece(self, rng: np.random.Generator) -> str:
        text = self._texts[int(rng.integers(len(self._texts)))]
        start = int(rng.integers(max(1, len(text) - _LENGTH // 2)))
        return text[start : start + _LENGTH - 4]

    def _is_bracket(self, ids: Tensor) -> Tensor:
        marks = self._symbols.ids([_OPEN + _CLOSE])[0]
        return (ids.unsqueeze(-1) == marks).any(-1)


def depths(text: str) -> str:
    """Return for each character how many brackets stand around it; a bracket is inside itself."""
    levels = list(_levels(text))
    return "".join(
        str(level + (character in _CLOSE)) for level, character in zip(levels, text, strict=True)
    )


def _levels(text: str) -> Sequence[int]:
    """Return how many brackets are open behind each character."""
    changes = [(c in _OPEN) - (c in _CLOSE) for c in text]
    return list(accumulate(changes))


def _bracketed(text: str, opening: str, closing: str, rng: np.random.Generator) -> str:
    """Return a text with brackets put in by chance, all closed in the end."""
    parts, depth = [], 0
    for character in text:
        draw = rng.random()
        if draw < _CHANCE / 2 and depth < DEEPEST:
            parts.append(opening)
            depth += 1
        elif draw < _CHANCE and depth:
            parts.append(closing)
            depth -= 1
        parts.append(character)
    return "".join(parts) + closing * depth


def _chance(rng: np.random.Generator, ids: Tensor) -> Tensor:
    return ids.new_tensor(rng.random(tuple(ids.shape)) < _UNKNOWN).bool()
