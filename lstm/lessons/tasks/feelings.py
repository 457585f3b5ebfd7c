"""Many to one: a sentence is read character by character; is its writer pleased or not?

The sentences were written for Charloom and lie in ``assets/lessons``: a table with the columns
``sentence``, ``feeling`` (``good`` or ``bad``) and ``part`` (``learn``, or ``held`` for those that
are never trained on), separated by tabs. Knows nothing of the page.

So few sentences can't teach a network how words are made of letters. So, in a language of words,
each character comes with the ends of the word so far: what fastText does with the pieces of a word
(Bojanowski et al. 2017, arXiv:1607.04606), one character at a time. A Chinese character says
enough by itself.
"""

import csv
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from lstm.lessons.tasks.parts import Answer, Pair, Plan, Shape, Task
from lstm.messages import Language
from lstm.paths import ASSETS

FEELINGS = ("bad", "good")
_START = "<"
_PIECES = (3, 4, 5)
_HIDDEN = 32
_EMBEDDING = 32
_FORGOTTEN = 0.25
"""Share of the characters that are hidden in training: what is read must not hang on one."""
_DROPPED = 0.3
"""Share of the numbers set to zero in training (Srivastava et al. 2014)."""
_BLANK, _UNKNOWN = 0, 1

Pieces = list[list[str]]


class Feelings(Task["Judge"]):
    """Sentences; the answer is ``good`` or ``bad``."""

    shape: Shape = "many_to_one"
    plan = Plan(laps=20, steps=7, batch=32, learning_rate=0.012)
    longest = 120

    def __init__(self, language: Language) -> None:
        """Read the sentences and number their pieces; see ``Task``."""
        super().__init__(language)
        rows = sentences(language)
        self._held = [Pair(text, feeling) for text, feeling, held in rows if held]
        learned = [(text, feeling) for text, feeling, held in rows if not held]
        pieces = [self._pieces(text) for text, _ in learned]
        known = dict.fromkeys(piece for text in pieces for place in text for piece in place)
        self._ids = {piece: number for number, piece in enumerate(known, 2)}
        self._inputs = [self._numbers(text) for text in pieces]
        self._longest = max(map(len, self._inputs))
        self._targets = torch.tensor([FEELINGS.index(feeling) for _, feeling in learned])

    @cached_property
    def held_out(self) -> Sequence[Pair]:
        """The sentences that the table holds out."""
        return self._held

    def network(self) -> "Judge":
        """Return a network that judges after every character."""
        return Judge(len(self._ids) + 2)

    def loss(self, network: "Judge", rng: np.random.Generator, count: int) -> Tensor:
        """See ``Task``: later judgements count more, because more has been read."""
        rows = rng.choice(len(self._inputs), count, replace=False)
        ids = self._stacked([self._inputs[row] for row in rows])
        read = (ids[..., 0] != _BLANK).float()  # (B, T)
        hidden = torch.from_numpy(rng.random(read.shape) < _FORGOTTEN) & (read > 0)
        ids = ids.masked_fill(hidden.unsqueeze(-1), _BLANK)
        ids[..., 0] += hidden * _UNKNOWN
        logits = network(ids, rng)[0]
        targets = self._targets[rows].unsqueeze(1).expand(read.shape)
        losses = nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        weights = read.cumsum(1) * read
        return (losses * weights / weights.sum(1, keepdim=True)).sum() / count

    def read(self, network: "Judge", given: Sequence[str]) -> list[Answer]:
        """See ``Task``: it says at every character what it thinks so far."""
        ids = self._stacked([self._numbers(self._pieces(text)) for text in given])
        logits, memory = network(ids)
        sure, said = logits.softmax(-1).max(-1)
        answers = []
        for row, text in enumerate(given):
            first = ids.shape[1] - len(text)
            judged = tuple(FEELINGS[number] for number in said[row, first:].tolist())
            answers.append(
                Answer(
                    got=judged[-1],
                    fed=tuple(text),
                    said=judged,
                    sure=sure[row, first:].numpy(),
                    memory=memory[row, first:].numpy(),
                    own=len(text),
                )
            )
        return answers

    def _pieces(self, text: str) -> Pieces:
        """Return what the network is fed at each character."""
        places, word = [], ""
        for character in text.lower():
            if self.language == "zh" or not character.isalpha():
                word = ""
                places.append([character])
                continue
            word = (word or _START) + character
            places.append([word, *(word[-size:] for size in _PIECES if len(word) > size)])
        return places

    def _numbers(self, pieces: Pieces) -> Tensor:
        """Return pieces as numbers, (T, P) int64; a place where none is known has the unknown."""
        known = [[self._ids[p] for p in place if p in self._ids] or [_UNKNOWN] for place in pieces]
        width = 1 + len(_PIECES)
        return torch.tensor([place + [_BLANK] * (width - len(place)) for place in known])

    def _stacked(self, texts: Sequence[Tensor]) -> Tensor:
        """Return texts that end together, (B, T, P), so that none is read in another way alone."""
        longest = max([self._longest, *map(len, texts)])
        padded = [nn.functional.pad(text, (0, 0, longest - len(text), 0)) for text in texts]
        return torch.stack(padded)


class Judge(nn.Module):
    """An embedding for the pieces, an LSTM and a verdict."""

    def __init__(self, pieces: int) -> None:
        """Build it for so many pieces."""
        super().__init__()
        self.embedding = nn.Embedding(pieces, _EMBEDDING)
        self.memory = nn.LSTM(_EMBEDDING, _HIDDEN, batch_first=True)
        self.head = nn.Linear(_HIDDEN, len(FEELINGS))

    def forward(
        self, ids: Tensor, drop: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return verdicts and memories.

        Args:
            ids: Pieces, (B, T, P) int64.
            drop: Dice for the numbers that are set to zero; None sets none.

        Returns:
            Logits (B, T, 2) and short-term memories (B, T, H).
        """
        there = (ids != _BLANK).unsqueeze(-1)
        summed = (self.embedding(ids) * there).sum(2) / there.sum(2).clamp(min=1).sqrt()
        memory = self.memory(_dropped(summed, drop))[0]
        return self.head(_dropped(memory, drop)), memory


def sentences(language: Language) -> list[tuple[str, str, bool]]:
    """Return every sentence with its feeling and whether it is held out."""
    path = ASSETS / "lessons" / f"sentiment-{language}.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["sentence"], row["feeling"], row["part"] == "held") for row in rows]


def _dropped(values: Tensor, dice: np.random.Generator | None) -> Tensor:
    if dice is None:
        return values
    kept = dice.random(values.shape, np.float32) >= _DROPPED
    return values * torch.from_numpy(kept) / (1 - _DROPPED)
