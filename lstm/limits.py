"""What one visitor may ask of this server: every bound, its variable, its default, its sentence.

The operator sets a bound by its variable; it is read anew each time, since that costs nothing.
How files are bounded while they are read is told in ``readers.bounds``, and how many symbols a
text may have in ``config``. Knows nothing of who asks.
"""

import math
from dataclasses import dataclass
from typing import Self

from lstm.config import ModelConfig, TrainConfig
from lstm.errors import ConfigError
from lstm.model import parameter_count
from lstm.processes import cores, number_from_environment

SLOTS = "CHARLOOM_SLOTS"
MAX_SECONDS = "CHARLOOM_MAX_SECONDS"
PAUSE_SECONDS = "CHARLOOM_PAUSE_SECONDS"
WAITING = "CHARLOOM_WAITING"
ASIDE_SECONDS = "CHARLOOM_ASIDE_SECONDS"
PARAMETERS = "CHARLOOM_PARAMETERS"
EPOCHS = "CHARLOOM_EPOCHS"
CHARACTERS = "CHARLOOM_CHARACTERS"
WRITING = "CHARLOOM_WRITING"
WRITING_EACH = "CHARLOOM_WRITING_EACH"
KEEP_DAYS = "CHARLOOM_KEEP_DAYS"
DISK_GB = "CHARLOOM_DISK_GB"

_DAY = 86_400.0
_GIGABYTE = 1e9


@dataclass(frozen=True)
class Limits:
    """The bounds that hold now; the variable that sets each is named beside it.

    Attributes:
        slots: Trainings at a time (``CHARLOOM_SLOTS``); default: one for each processor core but
            one, which is left to the server.
        max_seconds: Longest training of one worker, in seconds of training
            (``CHARLOOM_MAX_SECONDS``).
        pause_seconds: How long a paused worker stays in memory (``CHARLOOM_PAUSE_SECONDS``).
        waiting: Runs of one visitor that may wait at a time (``CHARLOOM_WAITING``).
        aside_seconds: After so many seconds without a page of its owner a waiting run lets
            others pass (``CHARLOOM_ASIDE_SECONDS``).
        parameters: Numbers that a network may learn (``CHARLOOM_PARAMETERS``).
        epochs: Passes over the text that may be asked for at a time (``CHARLOOM_EPOCHS``).
        characters: Length of all the texts together that a visitor brings at a time
            (``CHARLOOM_CHARACTERS``).
        writing: Characters a second that all visitors together may have written
            (``CHARLOOM_WRITING``).
        writing_each: Characters a second for one visitor (``CHARLOOM_WRITING_EACH``).
        keep_seconds: How long a run is kept that its owner has not come back to
            (``CHARLOOM_KEEP_DAYS``); infinite if that is 0.
        disk_bytes: Room that texts and models may take together (``CHARLOOM_DISK_GB``); infinite
            if that is 0.
    """

    slots: int
    max_seconds: float
    pause_seconds: float
    waiting: int
    aside_seconds: float
    parameters: int
    epochs: int
    characters: int
    writing: float
    writing_each: float
    keep_seconds: float
    disk_bytes: float

    @classmethod
    def now(cls) -> Self:
        """Return the bounds as the environment has them.

        Raises:
            ConfigError: A variable is not a number, or too small.
        """
        return cls(
            slots=int(number_from_environment(SLOTS, max(1, cores() - 1), 1)),
            max_seconds=number_from_environment(MAX_SECONDS, 1800.0, 1.0),
            pause_seconds=number_from_environment(PAUSE_SECONDS, 600.0, 0.0),
            waiting=int(number_from_environment(WAITING, 5, 1)),
            aside_seconds=number_from_environment(ASIDE_SECONDS, 300.0, 1.0),
            parameters=int(number_from_environment(PARAMETERS, 20_000_000, 1)),
            epochs=int(number_from_environment(EPOCHS, 1000, 1)),
            characters=int(number_from_environment(CHARACTERS, 120_000_000, 1)),
            writing=number_from_environment(WRITING, 15_000.0, 1.0),
            writing_each=number_from_environment(WRITING_EACH, 4000.0, 1.0),
            keep_seconds=_or_endless(number_from_environment(KEEP_DAYS, 90.0, 0.0)) * _DAY,
            disk_bytes=_or_endless(number_from_environment(DISK_GB, 20.0, 0.0)) * _GIGABYTE,
        )

    @property
    def clean_up(self) -> bool:
        """Whether runs ever go without their owner's doing."""
        return min(self.keep_seconds, self.disk_bytes) < math.inf

    def violations(
        self, model: ModelConfig, train: TrainConfig, symbols: int
    ) -> tuple[ConfigError, ...]:
        """Say what of a training is more than this server allows; each error names its control.

        Args:
            model: The network.
            train: The recipe.
            symbols: Size of the vocabulary.
        """
        found = []
        parameters = parameter_count(symbols, model)
        if parameters > self.parameters:
            values = {"parameters": parameters, "most": self.parameters}
            found.append(ConfigError("hidden_size", "too_many_parameters", **values))
        if train.seconds is not None and train.seconds > self.max_seconds:
            found.append(ConfigError("seconds", "too_many_seconds", most=self.max_seconds))
        if train.epochs is not None and train.epochs > self.epochs:
            found.append(ConfigError("epochs", "too_many_epochs", most=self.epochs))
        return tuple(found)


def _or_endless(number: float) -> float:
    return number if number > 0 else math.inf
