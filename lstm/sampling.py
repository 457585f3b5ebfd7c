"""Writing: from logits to a character, and on to an endless, resumable stream of them.

The memory is carried: one network step per character, never a second look at the text before.
One stream is written by a small NumPy step, because a step this small is mostly the overhead of
the calls around it; the PyTorch module stays the reference and a test holds the two together.
Knows nothing of pages, paces or files.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lstm.config import SampleConfig
from lstm.dice import dice, throws
from lstm.model import CharModel
from lstm.stepper import Memory, Stepper
from lstm.vocabulary import UNKNOWN, Vocabulary

__all__ = ["Memory", "Stepper", "Writer", "Written", "dice", "draw", "probabilities"]

Floats = npt.NDArray[np.float64]

TOP = 12
"""Alternatives that are told with each character."""

_SNAPSHOT_EVERY = 32
_SNAPSHOTS_KEPT = 128
_NATS_PER_BIT = float(np.log(2.0))
_AHEAD = 64  # throws that are made at once: cheaper than one by one
_COLDEST = 1e-270  # colder, quotients overflow; all but the likeliest are at 0 long before
# What the methods of these names do, in half their time on so few numbers.
_maximum, _sum = np.maximum.reduce, np.add.reduce
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
    scores = np.asarray(logits, dtype=np.float64)
    if sample.temperature == 0:
        greedy = np.zeros_like(scores)
        greedy[int(scores.argmax())] = 1.0
        return greedy
    chances: Floats = np.exp((scores - _maximum(scores)) / max(sample.temperature, _COLDEST))
    chances /= _sum(chances)
    if sample.top_k or sample.top_p < 1 or sample.min_p:
        chances = _filtered(chances, sample)
    return chances


def _filtered(chances: Floats, sample: SampleConfig) -> Floats:
    order = (-chances).argsort(kind="stable")
    ranked = chances[order]
    keep = len(ranked)
    if sample.top_k:
        keep = min(keep, sample.top_k)
    if sample.top_p < 1:
        total = ranked[:keep].cumsum()
        keep = min(keep, 1 + int(total.searchsorted(sample.top_p * total[-1])))
    if sample.min_p:
        keep = min(keep, int(np.count_nonzero(ranked >= sample.min_p * ranked[0])))
    left = np.zeros(len(chances))
    left[order[:keep]] = ranked[:keep]
    left /= _sum(left)
    return left


def draw(chances: Floats, throw: float) -> int:
    """Return the character on which a throw falls: inverse of the distribution function.

    Args:
        chances: (V,) float64, summing to 1 within rounding.
        throw: Uniform in [0, 1).
    """
    total = chances.cumsum()
    index = int(total.searchsorted(throw * total[-1], side="right"))
    # The product above can round up to the total itself: then the last possible one is meant.
    return index if index < len(total) else int(np.flatnonzero(chances)[-1])


def mask_unknown(
    logits: npt.NDArray[np.float32], vocabulary: Vocabulary
) -> npt.NDArray[np.float32]:
    """Let the unknown symbol never be drawn, in place: logits (V,) or (B, V)."""
    if vocabulary.unknown is not None:
        logits[..., vocabulary.unknown] = _NEVER
    return logits


def neutral(vocabulary: Vocabulary) -> str:
    """Return what stands before an empty opening: a line break, or else a space."""
    known = vocabulary.characters
    return next((sign for sign in ("\n", " ") if sign in known), known[0])


def _likeliest(chances: Floats) -> npt.NDArray[np.intp]:
    """Return the places of the ``TOP`` largest, largest first, ties by place."""
    if len(chances) > 16 * TOP:  # sorting thousands of symbols for a dozen is what costs most
        place = len(chances) - TOP
        kept = np.sort(np.argpartition(chances, place)[place:])
        return kept[np.argsort(-chances[kept], kind="stable")]
    return (-chances).argsort(kind="stable")[:TOP]


class Written(NamedTuple):
    """One written character and how it came about."""

    position: int
    character: str
    id: int
    temperature: float
    probability: float
    """Its chance in the distribution that it was drawn from."""
    bits: float
    """Surprise at temperature 1: ``-log2 p``."""
    entropy: float
    """Bits that the network expected at temperature 1: the mean of the surprise."""
    top: tuple[tuple[str, float, float], ...]
    """The likeliest characters with their chance at temperature 1 and as drawn from."""


@dataclass(frozen=True)
class _Snapshot:
    position: int
    memory: Memory


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
        self._first = 0
        self._cast: tuple[int, int, list[float]] = (rng, 0, [])
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
        written = []
        for _ in range(count):
            chances = probabilities(self._logits, self.sample)
            written.append(self._put(self._throw(chances), chances))
        return written

    def write_text(self, count: int) -> str:
        """Write so many characters and return them alone: faster than ``write``."""
        start = self.position
        for _ in range(count):
            self._append(self._throw(probabilities(self._logits, self.sample)))
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
        self._memory = [part.copy() for part in start.memory]
        self._ids = kept[: start.position - self._first]
        self._logits = mask_unknown(self._stepper.logits(self._memory), self.vocabulary)
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
        chances = probabilities(self._logits, self.sample)
        return self._put(int(self.vocabulary.encode(character)[0]), chances)

    def alternatives(self, position: int) -> tuple[tuple[str, float, float], ...]:
        """Return what could have stood at a position: (character, p at 1, p as drawn now).

        Leaves the stream where it is.
        """
        later = self._ids[position - self._first :]
        self.rewind(position)
        top = self.next_top()
        for character in later:
            self._append(character)
        return top

    def next_top(self) -> tuple[tuple[str, float, float], ...]:
        """Return the likeliest next characters: (character, p at temperature 1, p as drawn)."""
        return self._top(self._plain()[0], probabilities(self._logits, self.sample))

    def _throw(self, chances: Floats) -> int:
        rng, start, thrown = self._cast
        ahead = self.position - start
        if rng != self.rng or not 0 <= ahead < len(thrown):
            start, ahead = self.position, 0
            thrown = throws([self.rng], start, _AHEAD)[:, 0].tolist()
            self._cast = self.rng, start, thrown
        return draw(chances, thrown[ahead])

    def _put(self, character: int, chances: Floats) -> Written:
        plain, log_plain = self._plain()
        written = Written(
            position=self.position,
            character=self.vocabulary.characters[character],
            id=character,
            temperature=self.sample.temperature,
            probability=float(chances[character]),
            bits=float(-log_plain[character]) / _NATS_PER_BIT,
            entropy=-float(plain.dot(log_plain)) / _NATS_PER_BIT,
            top=self._top(plain, chances),
        )
        self._append(character)
        return written

    def _plain(self) -> tuple[Floats, Floats]:
        """Return the distribution at temperature 1 and its natural logarithm, each (V,)."""
        scores = self._logits.astype(np.float64)
        scores -= _maximum(scores)
        plain = np.exp(scores)
        total = _sum(plain)
        plain /= total
        scores -= math.log(total)
        return plain, scores

    def _top(self, plain: Floats, chances: Floats) -> tuple[tuple[str, float, float], ...]:
        likeliest = _likeliest(plain)
        if self.vocabulary.unknown is not None:  # among few symbols it would come along, last
            likeliest = likeliest[likeliest != self.vocabulary.unknown]
        names = map(self.vocabulary.characters.__getitem__, likeliest.tolist())
        return tuple(
            zip(
                names, plain.take(likeliest).tolist(), chances.take(likeliest).tolist(), strict=True
            )
        )

    def _append(self, character: int) -> None:
        self._logits = self._read(character)
        self._ids.append(character)
        if self.position % _SNAPSHOT_EVERY == 0:
            self._remember()

    def _read(self, character: int) -> npt.NDArray[np.float32]:
        return mask_unknown(self._stepper.step(character, self._memory), self.vocabulary)

    def _remember(self) -> None:
        memory = [part.copy() for part in self._memory]
        self._snapshots.append(_Snapshot(self.position, memory))
        if len(self._snapshots) > _SNAPSHOTS_KEPT:
            del self._snapshots[1]  # the first stays: everything can be replayed from it
