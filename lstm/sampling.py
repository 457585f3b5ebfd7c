"""Writing: from logits to a character, and on to an endless, resumable stream of them.

The memory is carried: one network step per character, never a second look at the text before.
One stream is written by a small NumPy step, because a step this small is mostly the overhead of
the calls around it; the PyTorch module stays the reference and a test holds the two together.
Knows nothing of pages, paces or files.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lstm.config import SampleConfig
from lstm.dice import dice, throws
from lstm.model import CharModel
from lstm.stepper import Memory, Stepper
from lstm.telling import Alternatives, Written, alternatives, told
from lstm.vocabulary import UNKNOWN, Vocabulary

__all__ = ["Memory", "Stepper", "Writer", "dice", "draw", "probabilities"]

Floats = npt.NDArray[np.float64]

COLDEST = 1e-270
"""Colder temperatures count as this one: their quotients overflow, and all but the likeliest
character is at 0 long before."""

_SNAPSHOT_EVERY = 32
_SNAPSHOTS_KEPT = 128
_PORTION = 64  # characters that are told of at once
# What the methods of these names do, in half their time on so few numbers.
_maximum, _sum, _running_sum = np.maximum.reduce, np.add.reduce, np.add.accumulate
_NEVER = -1e30  # a logit whose probability is 0; finite, so that 0 * log p stays 0


def probabilities(logits: npt.ArrayLike, sample: SampleConfig) -> Floats:
    """Return the distribution that the next character is drawn from.

    Temperature first, ``softmax(z / T)``, then top-k, top-p and min-p, each on what the one
    before left, then the rest is scaled to sum to 1. Temperature 0 puts all on the likeliest.

    Args:
        logits: (V,), any float dtype; ``-inf`` marks what must never be drawn.
        sample: The settings.

    Returns:
        (V,) float64.
    """
    chances = np.array(logits, np.float64)
    if sample.temperature == 0:
        greedy = np.zeros_like(chances)
        greedy[int(chances.argmax())] = 1.0
        return greedy
    chances -= _maximum(chances)
    chances /= max(sample.temperature, COLDEST)
    np.exp(chances, chances)
    chances /= _sum(chances)
    if sample.top_k or sample.top_p < 1 or sample.min_p:
        chances = _filtered(chances, sample)
    return chances


def _filtered(chances: Floats, sample: SampleConfig) -> Floats:
    falling = -chances
    order = falling.argsort(kind="stable")
    keep = len(order)
    if sample.top_k:
        keep = min(keep, sample.top_k)
    if sample.top_p < 1:
        total = _running_sum(chances[order[:keep]])
        keep = min(keep, 1 + int(total.searchsorted(sample.top_p * total[-1])))
    if sample.min_p:
        ranked = falling[order]
        keep = min(keep, int(ranked.searchsorted(sample.min_p * ranked[0], side="right")))
    chances[order[keep:]] = 0.0
    chances /= _sum(chances)
    return chances


def draw(chances: Floats, throw: float) -> int:
    """Return the character on which a throw falls: inverse of the distribution function.

    Args:
        chances: (V,) float64, summing to 1 within rounding.
        throw: Uniform in [0, 1).
    """
    total = _running_sum(chances)
    index = int(total.searchsorted(throw * total[-1], side="right"))
    # The product above can round up to the total itself: then the last possible one is meant.
    return index if index < len(total) else int(np.flatnonzero(chances)[-1])


def mask_unknown(logits: npt.NDArray[np.float32], unknown: int | None) -> npt.NDArray[np.float32]:
    """Let the unknown symbol never be drawn, in place: logits (V,) or (B, V)."""
    if unknown is not None:
        logits[..., unknown] = _NEVER
    return logits


def neutral(vocabulary: Vocabulary) -> str:
    """Return what stands before an empty opening: a line break, or else a space."""
    known = vocabulary.characters
    return next((sign for sign in ("\n", " ") if sign in known), known[0])


@dataclass(frozen=True)
class _Snapshot:
    position: int
    memory: list[npt.NDArray[np.float32]]


class Writer:
    """A stream of characters that can be steered, rewound and branched.

    Position k is the k-th written character, the opening not counted; it is drawn with
    ``dice(rng, k)``. So the same opening, seed and settings give the same text, and a change of
    ``sample`` acts on the very next character and on nothing before it.
    """

    def __init__(
        self,
        model: CharModel | Stepper,
        vocabulary: Vocabulary,
        *,
        sample: SampleConfig | None = None,
        opening: str = "",
        rng: int = 1,
    ) -> None:
        """Let the network read the opening.

        Args:
            model: The network, or its Stepper when several writers share one.
            vocabulary: Its symbols.
            sample: How to draw; may be replaced at any time.
            opening: What to go on from. Characters that the network does not know are replaced
                (see ``substituted``). If empty, the network begins after a line break.
            rng: Seed of the dice.
        """
        self._stepper = model if isinstance(model, Stepper) else Stepper(model)
        self.vocabulary = vocabulary
        self.sample = sample or SampleConfig()
        self.rng = rng
        self.opening, self.substituted = vocabulary.substitute(opening)
        self._unknown = vocabulary.unknown
        self._first = 0
        self._begin()

    def _begin(self) -> None:
        self._memory = self._stepper.empty()
        self._ids: list[int] = []
        self._snapshots: list[_Snapshot] = []
        before = self.vocabulary.encode(self.opening or neutral(self.vocabulary)).tolist()
        for character in before:
            self._logits = self._read(character)
        self._remember()

    @property
    def position(self) -> int:
        """Number of characters written so far, and so the position of the next one."""
        return self._first + len(self._ids)

    @property
    def text(self) -> str:
        """What was written so far, without the opening."""
        return self.between(self._first, self.position)

    def between(self, start: int, stop: int) -> str:
        """Return the characters written at the positions from ``start`` to before ``stop``."""
        wanted = self._ids[max(0, start - self._first) : max(0, stop - self._first)]
        return self.vocabulary.decode(np.array(wanted, dtype=np.uint16))

    def write(self, count: int) -> list[Written]:
        """Write so many characters and return each with its probabilities."""
        written: list[Written] = []
        while len(written) < count:
            written.extend(self._write_some(min(_PORTION, count - len(written))))
        return written

    def _write_some(self, count: int) -> list[Written]:
        ids, start, sample = [], self.position, self.sample
        logits = np.empty((count, self.vocabulary.size), np.float32)
        chances = np.empty((count, self.vocabulary.size))
        for row, throw in enumerate(self._throws(count)):
            logits[row] = self._logits
            chances[row] = drawn_from = probabilities(self._logits, sample)
            ids.append(draw(drawn_from, throw))
            self._append(ids[-1])
        return told(ids, start, sample.temperature, logits, chances, self.vocabulary)

    def write_text(self, count: int) -> str:
        """Write so many characters and return them alone: faster than ``write``."""
        start = self.position
        for throw in self._throws(count):
            self._append(draw(probabilities(self._logits, self.sample), throw))
        return self.between(start, self.position)

    def rewind(self, position: int) -> None:
        """Forget everything from a written position on, as if it had never been written.

        Raises:
            IndexError: The position is not within what was written.
        """
        if not self._first <= position <= self.position:
            raise IndexError(position)
        kept = self._ids[: position - self._first]
        while self._snapshots and self._snapshots[-1].position > position:
            self._snapshots.pop()
        start = self._snapshots[-1]  # the one at position 0 is always there
        self._memory.put_back(start.memory)
        self._ids = kept[: start.position - self._first]
        self._logits = mask_unknown(self._stepper.logits(self._memory), self._unknown)
        for character in kept[start.position - self._first :]:
            self._append(character)

    def resume(self, position: int, before: str) -> None:
        """Go on behind a text that was written earlier, by this network or by another one.

        Args:
            position: How many characters were written in all; the dice go on from there.
            before: The last of them, as far back as they are still known. The stream can't be
                rewound behind them.
        """
        self._first = position - len(before)
        self._begin()
        for character in self.vocabulary.encode(before).tolist():
            self._append(character)

    def branch(self, position: int, character: str) -> Written:
        """Put another character at a position and go on from there.

        Raises:
            IndexError: The position is not within what was written.
            KeyError: The network does not know the character.
        """
        if character not in self.vocabulary.characters or character == UNKNOWN:
            raise KeyError(character)
        self.rewind(position)
        ids, logits = self.vocabulary.encode(character).tolist(), self._logits
        chances = probabilities(logits, self.sample)
        self._append(ids[0])
        heat, known = self.sample.temperature, self.vocabulary
        return told(ids, position, heat, logits[None], chances[None], known)[0]

    def alternatives(self, position: int) -> Alternatives:
        """Return what could have stood at a position, with the chances as drawn now.

        Leaves the stream where it is.
        """
        later = self._ids[position - self._first :]
        self.rewind(position)
        top = self.next_top()
        for character in later:
            self._append(character)
        return top

    def next_top(self) -> Alternatives:
        """Return the likeliest next characters."""
        chances = probabilities(self._logits, self.sample)
        return alternatives(self._logits, chances, self.vocabulary)

    def _throws(self, count: int) -> list[float]:
        """Return the next throws of the dice."""
        thrown: list[float] = throws([self.rng], self.position, count)[:, 0].tolist()
        return thrown

    def _append(self, character: int) -> None:
        self._logits = self._read(character)
        self._ids.append(character)
        if (self._first + len(self._ids)) % _SNAPSHOT_EVERY == 0:
            self._remember()

    def _read(self, character: int) -> npt.NDArray[np.float32]:
        logits = self._stepper.step(character, self._memory)
        return mask_unknown(logits, self._unknown)

    def _remember(self) -> None:
        self._snapshots.append(_Snapshot(self.position, self._memory.copy()))
        if len(self._snapshots) > _SNAPSHOTS_KEPT:
            del self._snapshots[1]  # the first stays: everything can be replayed from it
