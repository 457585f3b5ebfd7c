"""Two recipes race on the same text: the article's, and the continuous one.

Both are trained by ``lstm.training.train``, in lock step of training seconds: whoever has trained
less goes on. So both have the same machine with the same other work on it. Each is judged on the
same held-out text, as it was trained: the classic one from the 40 characters before, the other
with its memory carried on.

It runs in the process that asks, so it is for short budgets; a real training has a process of its
own (``lstm.worker``). Knows nothing of pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from lstm.config import SAMPLE_TEMPERATURES, TrainConfig
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT, quick_loss, windowed_loss
from lstm.events import Checkpoint, Command, Finished, Sample, SaveNow, Step, TrainingState
from lstm.model import CharModel
from lstm.presets import Preset, preset
from lstm.training import Events, train

Recipe = Literal["classic", "quick"]
RECIPES: tuple[Recipe, ...] = get_args(Recipe)

JUDGEMENTS = 10
"""Times that each is judged on its way, about."""

SPOKEN = SAMPLE_TEMPERATURES[1]
"""Temperature of the sample that is shown."""

_PLACES = 2_000
_HELD_OUT = 20_000


@dataclass(frozen=True)
class Course:
    """How far one recipe has come.

    Attributes:
        seconds: Training time at which it was judged, rising.
        bits: Held-out bits per character at these times.
        characters: Characters of the text that it has gone through, counted with repetition.
        sample: What it wrote last, empty if it has not yet.
    """

    seconds: tuple[float, ...] = ()
    bits: tuple[float, ...] = ()
    characters: int = 0
    sample: str = ""


@dataclass(frozen=True)
class Lap:
    """The race so far.

    Attributes:
        courses: One for each of ``RECIPES``.
        share: How much of the training time is used up, 0 to 1.
    """

    courses: tuple[Course, ...]
    share: float


def race(corpus: Corpus, seconds: float, rng: int) -> Iterator[Lap]:
    """Let the recipes race.

    Args:
        corpus: The text.
        seconds: Training time of each.
        rng: Seed of both.

    Yields:
        A lap after each judgement and at the end.
    """
    sides = [_Side(corpus, recipe, seconds, rng) for recipe in RECIPES]
    while any(not side.over for side in sides):
        behind = min((side for side in sides if not side.over), key=lambda side: side.seconds)
        behind.go_on()
        share = sum(min(side.seconds / seconds, 1.0) for side in sides) / len(sides)
        over = all(side.over for side in sides)
        yield Lap(tuple(side.course for side in sides), 1.0 if over else min(share, 0.99))


def recipe_of(recipe: Recipe, corpus: Corpus, seconds: float, rng: int) -> Preset:
    """Return a recipe's settings, ended by time alone."""
    base = preset(recipe, corpus.characters, corpus.vocabulary.size)
    budget = replace(base.train, seconds=seconds, epochs=None, patience=None, rng=rng, threads=1)
    return replace(base, train=budget)


class _Side:
    """One recipe in training."""

    def __init__(self, corpus: Corpus, recipe: Recipe, seconds: float, rng: int) -> None:
        settings = recipe_of(recipe, corpus, seconds, rng)
        self.course = Course()
        self.seconds, self.over = 0.0, False
        self._corpus, self._config = corpus, settings.train
        self._judge = CharModel(corpus.vocabulary.size, settings.model)
        self._events: Events = train(corpus, settings.model, settings.train)
        self._command: Command | None = None
        self._last: TrainingState | None = None
        self._due, self._every = 0.0, seconds / JUDGEMENTS

    def go_on(self) -> None:
        """Train until the next judgement, or to the end."""
        for event in self._steered():
            if isinstance(event, Step):
                self.seconds = event.seconds
                self._count(event)
                if self.seconds >= self._due:
                    self._command = SaveNow()
            elif isinstance(event, Sample) and event.temperature == SPOKEN:
                self.course = replace(self.course, sample=event.text)
            elif isinstance(event, Checkpoint):
                self._last = event.state
                if self.seconds >= self._due:
                    self._judged(event.state)
                    return
            elif isinstance(event, Finished):
                self.seconds = event.seconds
        if self._last is not None and self.course.seconds[-1:] != (self.seconds,):
            self._judged(self._last)
        self.over = True

    def _steered(self) -> Iterator[object]:
        """Yield the training's events; hand in what was commanded meanwhile."""
        while True:
            command, self._command = self._command, None
            try:
                yield self._events.send(command)
            except StopIteration:
                return

    def _count(self, event: Step) -> None:
        per_step = self._config.batch_size * (
            self._config.stride if self._config.recipe == "classic" else self._config.seq_len
        )
        self.course = replace(self.course, characters=event.step * per_step)

    def _judged(self, state: TrainingState) -> None:
        weights = {
            name.removeprefix("model."): tensor
            for name, tensor in state.tensors.items()
            if name.startswith("model.")
        }
        self._judge.load_state_dict(weights)
        bits = _loss(self._judge, self._config, self._corpus) / NATS_PER_BIT
        course = self.course
        self.course = replace(
            course, seconds=(*course.seconds, self.seconds), bits=(*course.bits, bits)
        )
        self._due = self.seconds + self._every


def _loss(model: CharModel, config: TrainConfig, corpus: Corpus) -> float:
    if config.recipe == "classic":
        return windowed_loss(model, corpus.ids, corpus.split, config.seq_len, _PLACES)
    return quick_loss(model, corpus.held_out, _HELD_OUT)
