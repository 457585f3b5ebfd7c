"""Many to many, each in its own time: a date in words is read whole, then told as digits.

One network reads and keeps, another one begins with what was kept and tells: an encoder and a
decoder (Sutskever et al. 2014, arXiv:1409.3215). Knows nothing of the page.
"""

import datetime
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from lstm.lessons.tasks import numerals
from lstm.lessons.tasks.networks import Reader, State, Symbols, Teller
from lstm.lessons.tasks.parts import Answer, Pair, Plan, Shape, Task
from lstm.messages import Language

YEARS = (*range(1980, 2000), *range(2010, 2030))
"""The years that are learned: those of which English says both halves in words alike."""

_HELD = 200
_SIZES: dict[Language, int] = {"en": 96, "zh": 64}
_EMBEDDING = 32
_WIDTH = len("1984-05-03") + 1


class Translator(nn.Module):
    """A reader, and a teller that begins with the reader's memory."""

    def __init__(self, words: int, digits: int, hidden: int) -> None:
        """Build it for so many symbols to be read and to be told."""
        super().__init__()
        self.encoder = Reader(words, _EMBEDDING, hidden)
        self.decoder = Teller(digits, _EMBEDDING, hidden)

    def encode(self, ids: Tensor) -> tuple[Tensor, State]:
        """Return the memories while reading, and the last one."""
        read: tuple[Tensor, State] = self.encoder(ids)
        return read


class Dates(Task[Translator]):
    """Dates in words; the answer is the date as ISO 8601 writes it."""

    shape: Shape = "unaligned"

    def __init__(self, language: Language) -> None:
        """Write out all days of the years, and hold some out; see ``Task``."""
        super().__init__(language)
        english = language == "en"
        self.plan = Plan(20, 30 if english else 16, 64, 0.01)
        days = _days()
        self._said = [numerals.date(d.year, d.month, d.day, language) for d in days]
        self._iso = {
            said.lower(): day.isoformat() for said, day in zip(self._said, days, strict=True)
        }
        self._words = Symbols("".join(self._iso))
        self._longest = max(map(len, self._said))
        self._digits = Symbols("-0123456789")
        order = np.random.default_rng(1_984).permutation(len(days))
        self._held, self._learned = order[:_HELD], order[_HELD:]

    @cached_property
    def held_out(self) -> Sequence[Pair]:
        """Days that training never shows."""
        said = [self._said[number] for number in self._held]
        return [Pair(text, self._iso[text.lower()]) for text in said]

    def network(self) -> Translator:
        """Return a network that reads first and tells then."""
        return Translator(self._words.size, self._digits.size, _SIZES[self.language])

    def loss(self, network: Translator, rng: np.random.Generator, count: int) -> Tensor:
        """See ``Task``."""
        texts = [self._said[number].lower() for number in rng.choice(self._learned, count)]
        wanted = self._digits.ids([self._iso[text] for text in texts], least=_WIDTH)
        return network.decoder.loss(network.encode(self._ids(texts))[1], wanted)

    def read(self, network: Translator, given: Sequence[str]) -> list[Answer]:
        """See ``Task``: it tells from what it has kept in mind, and nothing else."""
        read, state = network.encode(self._ids(given))
        said, sure, told = network.decoder.tell(state, _WIDTH)
        answers = []
        for row, text in enumerate(given):
            got = self._digits.text(said[row].tolist())
            count, length = max(1, len(got)), len(text)
            silent = np.full(length, np.nan, np.float32)
            memory = torch.cat([read[row, read.shape[1] - length :], told[row, :count]])
            answers.append(
                Answer(
                    got=got,
                    fed=(*text, "", *got[: count - 1]),
                    said=("",) * length + (tuple(got) or ("",)),
                    sure=np.concatenate([silent, sure[row, :count].numpy()]),
                    memory=memory.numpy(),
                    own=length + 1,
                )
            )
        return answers

    def wanted(self, given: str) -> str | None:
        """See ``Task``; None if it is no date of the learned years as the rule writes it."""
        return self._iso.get(given.lower())

    def _ids(self, texts: Sequence[str]) -> Tensor:
        return self._words.ids([text.lower() for text in texts], right=True, least=self._longest)


def _days() -> list[datetime.date]:
    first, last = datetime.date(min(YEARS), 1, 1), datetime.date(max(YEARS), 12, 31)
    numbers = range(first.toordinal(), last.toordinal() + 1)
    days = [datetime.date.fromordinal(number) for number in numbers]
    return [day for day in days if day.year in YEARS]
