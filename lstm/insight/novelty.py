"""Copied or new? What a network writes, held against the text that it learned from.

At each temperature the network writes with the same opening and the same dice. Cold, it falls back
on what it has seen; hot, it invents, words included.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lstm.config import SAMPLE_TEMPERATURES
from lstm.insight.intervention import Draft
from lstm.memorisation import LEAST_COPIED, CorpusIndex, Loop, Matches, Span, find_loop
from lstm.model import CharModel

GRAMS = (5, 10, 20)
"""Lengths of the passages of which the new ones are counted."""


@dataclass(frozen=True, eq=False)
class Novelty:
    """How much of a text is new.

    Attributes:
        text: The text.
        temperature: What it was written at; ``None`` if nobody wrote it here.
        matches: The longest match from every character.
        copied: Passages that stand word for word in the training text, in order.
        longest: The longest such passage, however short; ``None`` if nothing is known.
        new: Share of new passages of each length of ``GRAMS``, 0 to 1.
        loop: The loop that the text ends in, if it does.
        share: How much of the work is done, 0 to 1.
    """

    text: str
    temperature: float | None
    matches: Matches
    copied: tuple[Span, ...]
    longest: Span | None
    new: tuple[float, ...]
    loop: Loop | None
    share: float

    @property
    def copied_share(self) -> float:
        """Share of the text's characters that stand in copied passages, 0 to 1."""
        return sum(span.length for span in self.copied) / max(1, len(self.text))


def novelty(index: CorpusIndex, text: str, least: int = LEAST_COPIED) -> Novelty:
    """Hold any text against the training text.

    Args:
        index: The searchable training text.
        text: The text.
        least: Shortest passage that counts as copied.
    """
    matches = index.matches(text)
    return Novelty(
        text=text,
        temperature=None,
        matches=matches,
        copied=matches.copied(least),
        longest=matches.longest(),
        new=tuple(matches.novelty(n) for n in GRAMS),
        loop=find_loop(text),
        share=1.0,
    )


def novelty_by_temperature(
    model: CharModel,
    index: CorpusIndex,
    draft: Draft,
    temperatures: Sequence[float] = SAMPLE_TEMPERATURES,
) -> Iterator[Novelty]:
    """Let a network write at several temperatures and hold each text against the training text.

    Args:
        model: The network; it shares the index's vocabulary.
        index: The searchable training text.
        draft: What to write; its temperature is replaced.
        temperatures: At which temperatures.

    Yields:
        One text per temperature, in order.
    """
    for number, temperature in enumerate(temperatures):
        shaped = replace(draft, sample=replace(draft.sample, temperature=temperature))
        written = shaped.written_by(model, index.vocabulary)
        share = (number + 1) / len(temperatures)
        yield replace(novelty(index, written), temperature=temperature, share=share)
