"""What a worker on another machine may ask of the store, and what it is answered.

Plain values, which Ray carries between the machines. Knows neither Ray nor SQL.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from lstm.errors import CharloomError, StoreError

Word = Literal[
    "begin",
    "append",
    "notice",
    "command_done",
    "halt",
    "release",
    "end",
    "shut_down",
    "saved",
    "rewind",
    "sweep_run",
]
"""The store's methods that change something, each to be done exactly once."""


@dataclass(frozen=True)
class Wish:
    """One thing to be written.

    Attributes:
        run: The run's id.
        lease: Who asks.
        number: 1 for the lease's first wish, and so on.
        word: What is to be done.
        values: Its arguments, without the run's id.
        names: Its further arguments, by name.
        log: What the worker has written into its log since its last wish.
    """

    run: str
    lease: int
    number: int
    word: Word
    values: tuple[Any, ...] = ()
    names: dict[str, Any] = field(default_factory=dict)
    log: str = ""


@dataclass(frozen=True)
class Answer:
    """What came of it.

    Attributes:
        value: What was asked for, if anything.
        refused: Key of the error; None if there was none.
        values: The error's placeholders, as text.
    """

    value: Any = None
    refused: str | None = None
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_error(cls, error: CharloomError) -> "Answer":
        """Return an error as an answer, since errors do not travel well."""
        values = {name: str(value) for name, value in error.values.items()}
        return cls(None, error.key, values)

    def result(self) -> Any:  # noqa: ANN401 - as different as the wishes
        """Return the value.

        Raises:
            StoreError: It was refused.
        """
        if self.refused is not None:
            raise StoreError(self.refused, **self.values)
        return self.value


class Away(Exception):  # noqa: N818 - it may come back
    """The recorder does not answer now."""


class Desk(Protocol):
    """The recorder as a worker reaches it; every method may raise ``Away``."""

    def write(self, wish: Wish) -> Answer:
        """Do what a wish says; the value of ``append`` is what the visitor asked for since."""

    def put(self, wish: Wish, saved: bytes, best: bytes | None) -> Answer:
        """Keep a checkpoint; the value is the bytes that the run's files take."""

    def look(self, run: str, lease: int, what: Literal["run", "commands", "checkpoint"]) -> Answer:
        """Return something of a run."""

    def corpus(self, key: str) -> Answer:
        """Return a text."""
