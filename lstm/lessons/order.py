"""Does the order of letters matter? Three networks of one kind learn side by side.

One reads the text but forgets everything after each letter: it sees one letter at a time, as a
network without a loop would. One reads the same text and remembers. One remembers, too, but reads
the same letters shuffled: every letter as often as before, the order gone. All three are LSTMs of
equal size, begin with equal weights and are judged on letters that they have never seen.

What the first can reach is the entropy of a letter given the one before it, and what the third can
reach is the entropy of single letters (Shannon 1951, "Prediction and entropy of printed English").
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.baselines import baselines
from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT
from lstm.insight.fresh import fresh
from lstm.insight.practice import Practice
from lstm.insight.reading import Floats
from lstm.lessons.material import endless
from lstm.model import evaluating

Reader = Literal["forgets", "remembers", "shuffled"]
READERS: tuple[Reader, ...] = ("forgets", "remembers", "shuffled")

HIDDEN = 64
"""Cells of every network."""

LONGEST = 120_000
"""Characters of the text that are used."""

_SYMBOLS = 300
_JUDGED = 4_000
_ROW = 100  # characters that a memory is judged on, from an empty one
_STEPS = 300
_AT_ONCE = 10
_STREAMS = 16
_SEQ_LEN = 32
_LEARNING_RATE = 0.02


@dataclass(frozen=True, eq=False)
class Progress:
    """How far the three networks have come.

    Attributes:
        steps: Training steps at which they were judged, (N,) int64, from 0.
        bits: Bits per character on held-out letters, (3, N), in the order of ``READERS``.
        alone: What letter frequencies alone reach there, bits per character.
        paired: What counting pairs of letters reaches there.
        share: How much of the work is done, 0 to 1.
    """

    steps: npt.NDArray[np.int64]
    bits: Floats
    alone: float
    paired: float
    share: float


def scrambled(text: str, rng: int) -> str:
    """Return the same letters in another order, drawn by a seed."""
    letters = np.array(list(text))
    return "".join(np.random.default_rng(rng).permutation(letters).tolist())


def side_by_side(text: str, rng: int) -> Iterator[Progress]:
    """Let the three networks learn.

    Args:
        text: At most ``LONGEST`` characters of it are used. Of a script with many symbols the 300
            most frequent are told apart, so that a small network learns something in seconds.
        rng: Seed of the weights, of the order of the lessons and of the shuffle.

    Yields:
        How they do before the first step and after every few.

    Raises:
        CorpusError: The text is too short, or one character repeated.
    """
    ordered = Corpus.from_text(text[:LONGEST], cap=_SYMBOLS)
    ids = np.random.default_rng(rng).permutation(ordered.ids)
    corpora = (ordered, ordered, replace(ordered, ids=ids))
    bits = {line.key: line.bits for line in islice(baselines(ordered, orders=(2,)), 3)}
    tasks = [_judged(corpus) for corpus in corpora]
    learners = [_learner(corpus, rng) for corpus in corpora]
    lessons = [endless(corpus.train, _STREAMS, _SEQ_LEN, rng) for corpus in corpora]
    history: list[list[float]] = []
    for step in range(0, _STEPS + 1, _AT_ONCE):
        if step:
            _learn(learners, lessons)
        history.append([_bits(*one) for one in zip(READERS, learners, tasks, strict=True)])
        yield Progress(
            np.arange(0, step + 1, _AT_ONCE),
            np.array(history, np.float32).T,
            bits["unigram"],
            bits["ngram2"],
            step / _STEPS,
        )


def _learner(corpus: Corpus, rng: int) -> Practice:
    shape = ModelConfig(hidden_size=HIDDEN, embedding_size=0)
    return Practice(fresh(corpus.vocabulary.size, shape, rng=rng), _LEARNING_RATE)


def _learn(learners: list[Practice], lessons: list[Iterator[tuple[Tensor, Tensor]]]) -> None:
    for reader, learner, lesson in zip(READERS, learners, lessons, strict=True):
        batches = [next(lesson) for _ in range(_AT_ONCE)]
        if reader == "forgets":
            # Every letter is a text of its own, (B T, 1), read from an empty memory.
            batches = [(x.reshape(-1, 1), y.reshape(-1, 1)) for x, y in batches]
        learner.learn(batches)


def _bits(reader: Reader, learner: Practice, task: tuple[Tensor, Tensor]) -> float:
    """Return bits per character on inputs and targets, both (B, T), as the reader reads them."""
    inputs, targets = task
    rows = inputs.reshape(-1, 1) if reader == "forgets" else inputs
    with evaluating(learner.model):
        logits, _ = learner.model(rows)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    return float(loss) / NATS_PER_BIT


def _judged(corpus: Corpus) -> tuple[Tensor, Tensor]:
    """Return held-out letters to be judged on, side by side in rows, and those that follow."""
    held_out = corpus.held_out[:_JUDGED]
    length = min(_ROW, len(held_out) - 1)
    count = (len(held_out) - 1) // length
    rows = np.stack([held_out[at * length : (at + 1) * length + 1] for at in range(count)])
    block = torch.from_numpy(rows.astype(np.int64))
    return block[:, :-1], block[:, 1:]
