"""What the store hands out of a class: frozen values, and how codes and names are tidied.

A class is entered with a short code that is easy to say and to type. Knows nothing of SQL or of
pages.
"""

import sqlite3
from dataclasses import dataclass

from lstm.records import RunState

CODE_SIGNS = "BCDFGHJKMNPQRTVWXYZ2346789"
"""No two look alike, and without vowels they spell no words."""

CODE_LENGTH = 6
"""With these signs 28 bits."""

NICKNAME_LENGTH = 24
"""Most characters of a member's or a class's name on the page: a line of a table holds it."""

CLASS_NAME_LENGTH = 60


@dataclass(frozen=True)
class Classroom:
    """A class at one moment.

    Attributes:
        code: What one enters it with.
        owner: Key of the visitor who opened it.
        name: What they call it. Hostile text.
        created: When, in Unix seconds.
        paused: Since when its trainings are held; None: they are not.
        closed: When it was closed: from then on it can only be read.
        version: Changes with its members, rounds and scores, not with its runs.
    """

    code: str
    owner: str
    name: str
    created: float
    paused: float | None
    closed: float | None
    version: int


@dataclass(frozen=True)
class Member:
    """Somebody in a class.

    Attributes:
        owner: Their visitor key; never to be shown.
        number: Stands for them on the page.
        name: What they call themselves. Hostile text.
        joined: When, in Unix seconds.
    """

    owner: str
    number: int
    name: str
    joined: float


@dataclass(frozen=True)
class ClassRun:
    """A run as the class sees it.

    Attributes:
        run: Its id.
        owner: Key of its owner; never to be shown.
        member: What they call themselves. Hostile text, like ``name`` and ``corpus_name``.
        name: What they call the run.
        corpus: Key of its text.
        corpus_name: What they call the text.
        state: Where it is in its life.
        pending: ``"pause"`` or ``"stop"``, asked for and not done yet; or None.
        best_bits: Lowest held-out loss, bits per character.
        last_bits: Held-out loss at the last evaluation.
        epoch: Passes over the text done.
        hidden: Whether the teacher took it off the class page.
        held: Whether the pause of the class halted it.
        version: As from ``RunStore.version``.
    """

    run: str
    owner: str
    member: str
    name: str
    corpus: str
    corpus_name: str
    state: RunState
    pending: str | None
    best_bits: float | None
    last_bits: float | None
    epoch: float
    hidden: bool
    held: bool
    version: int


@dataclass(frozen=True)
class Glance:
    """What a visitor who may see a class finds there: read at every tick, so it is little.

    Attributes:
        classroom: The class.
        member: The visitor in it; None for whoever opened it.
        course: Changes whenever anything changes that is shown of its runs.
    """

    classroom: Classroom
    member: Member | None
    course: tuple[int, ...]


def tidy_code(typed: str) -> str:
    """Return a code as it is kept, from how someone typed it: small, spaced, with dashes."""
    return "".join(c for c in typed.upper() if c.isalnum())[: 2 * CODE_LENGTH]


def tidy_line(name: str, longest: int) -> str:
    """Return a name on one line, cut to a length, without control and invisible characters."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:longest].rstrip()


def class_run_of(row: sqlite3.Row) -> ClassRun:
    """Return the run of a database row that has its attributes as columns."""
    values = dict(row)
    values["state"] = RunState(values["state"])
    values["hidden"], values["held"] = bool(values["hidden"]), bool(values["held"])
    return ClassRun(**values)
