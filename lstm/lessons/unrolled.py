"""A loop, unrolled: a small plain RNN reads a word letter by letter, every number told.

The network (Elman 1990, "Finding structure in time")::

    h_t = tanh(W x_t + U h_(t-1) + b)        p_t = softmax(V h_t + c)

x_t is the letter as a row of zeros with a single one. The same W, U and V work at every letter:
drawn once it is a loop, drawn letter by letter it is unrolled.
"""

from collections import OrderedDict
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Lock

import numpy as np

from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.insight.fresh import fresh
from lstm.insight.practice import Practice
from lstm.insight.reading import Floats, as_array, one_later, read, tensor
from lstm.lessons.material import endless
from lstm.lessons.preparing import Preparing
from lstm.model import CharModel, evaluating
from lstm.vocabulary import Vocabulary

HIDDEN = 8
"""Numbers that the network remembers: few enough to be seen all at once."""

LONGEST_WORD = 12

LONGEST = 60_000
"""Characters of the text that the network learns from."""

GUESSES = 4
"""Letters that are told at each step, likeliest first."""

_NETWORKS_KEPT = 8
_SYMBOLS = 300
_STEPS = 400
_AT_ONCE = 20
_STREAMS = 32
_SEQ_LEN = 16
_LEARNING_RATE = 0.02


@dataclass(frozen=True, eq=False)
class Step:
    """The network at one letter of a word.

    Attributes:
        word: The letters as the network reads them, T of them.
        place: Which of them was read last, from 0.
        before: What it remembered before that letter, (H,), -1 to 1.
        after: What it remembers after it, (H,).
        states: What it remembered after each letter up to this one, (place + 1, H).
        letters: What may come next, likeliest first.
        chances: Their probabilities, (``GUESSES``,).
        share: How much of the word is read, 0 to 1.
    """

    word: str
    place: int
    before: Floats
    after: Floats
    states: Floats
    letters: tuple[str, ...]
    chances: Floats
    share: float


@dataclass(frozen=True, eq=False)
class Trained:
    """A network with the letters that it knows."""

    model: CharModel
    vocabulary: Vocabulary


def unrolled(text: str, word: str, rng: int, *, learned: bool = True) -> Iterator[Step | Preparing]:
    """Learn from a text, then read a word letter by letter.

    Args:
        text: What the network learns from; at most ``LONGEST`` characters of it.
        word: 1 to ``LONGEST_WORD`` characters; those that the network does not know are replaced.
        rng: Seed of the weights and of the order of the lessons.
        learned: Whether the network has learned; else it is as it began.

    Yields:
        Signs of work while it learns, then a step for each letter.

    Raises:
        CorpusError: The text is too short.
    """
    ready = yield from _network(text[:LONGEST], rng, _STEPS if learned else 0)
    yield from _reading(ready, word[:LONGEST_WORD])


def _reading(ready: Trained, word: str) -> Iterator[Step]:
    spelled, _ = ready.vocabulary.substitute(word)
    ids = ready.vocabulary.encode(spelled)
    states = read(ready.model, ids).hidden[0]
    befores = one_later(states)
    with evaluating(ready.model):
        logits, _ = ready.model(tensor(ready.model, ids)[None])
        chances = as_array(logits[0].softmax(dim=1))
    for place in range(len(spelled)):
        likeliest = np.argsort(-chances[place], kind="stable")[:GUESSES]
        yield Step(
            word=spelled,
            place=place,
            before=befores[place],
            after=states[place],
            states=states[: place + 1],
            letters=tuple(ready.vocabulary.characters[int(one)] for one in likeliest),
            chances=chances[place][likeliest],
            share=(place + 1) / len(spelled),
        )


_kept: OrderedDict[tuple[str, int, int], Trained] = OrderedDict()
_lock = Lock()


def _network(text: str, rng: int, steps: int) -> Generator[Preparing, None, Trained]:
    """Return a network that has learned from a text, from memory if it is asked for again."""
    key = (text, rng, steps)
    with _lock:
        known = _kept.get(key)
    if known is not None:
        return known
    corpus = Corpus.from_text(text, cap=_SYMBOLS)
    shape = ModelConfig(cell="rnn", hidden_size=HIDDEN, embedding_size=0)
    learner = Practice(fresh(corpus.vocabulary.size, shape, rng=rng), _LEARNING_RATE)
    lessons = endless(corpus.train, _STREAMS, _SEQ_LEN, rng)
    for step in range(0, steps, _AT_ONCE):
        learner.learn(islice(lessons, _AT_ONCE))
        yield Preparing(0.9 * step / steps)
    trained = Trained(learner.model, corpus.vocabulary)
    with _lock:
        _kept[key] = trained
        while len(_kept) > _NETWORKS_KEPT:
            _kept.popitem(last=False)
    return trained
