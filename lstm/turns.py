"""Whose turn it is: the one place that decides the order of the queue, and foresees it.

Visitors take turns. Each has one place in the line, however many runs wait behind it: who comes
new, or whose training has just ended, stands at the end; whoever stands first and has no training
under way starts the oldest of their runs. So a visitor with thirty waiting runs does not hold up
another one's first, and while somebody waits nobody gets ahead of them twice. A place is a count,
not a time, since clocks may jump.

Knows nothing of processes, nor of what a training is beyond how long it takes.
"""

import heapq
import sqlite3
from collections import deque
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lstm.machines import HERE
from lstm.model import parameter_count
from lstm.records import Run
from lstm.training import OVERHEAD

WAITS = "state = 'queued' AND aside IS NULL AND deleted IS NULL"
"""What it takes to have a turn."""

TRAINS = "state IN ('starting', 'running')"
"""What takes a slot."""

_PLACES = {
    None: "1",
    True: f"runs.place = '{HERE}'",
    False: f"coalesce(runs.place, '*') != '{HERE}'",
}

_LINE = f"""SELECT runs.id, runs.owner FROM runs LEFT JOIN turns ON turns.owner = runs.owner
    WHERE {WAITS} AND %s ORDER BY coalesce(turns.turn, 0), runs.turn"""


@dataclass(frozen=True)
class Waiting:
    """A run that waits for its turn.

    Attributes:
        run: Its id.
        owner: Whose it is.
        seconds: How long it will take.
    """

    run: str
    owner: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Training:
    """A run that has a slot.

    Attributes:
        owner: Whose it is.
        seconds: How long it will still take.
    """

    owner: str
    seconds: float


@dataclass(frozen=True)
class Expected:
    """When a waiting run will start, if everything goes on as it is.

    Attributes:
        place: 1 for the one that starts next.
        seconds: How long that will take.
    """

    place: int
    seconds: float


# ---- the order --------------------------------------------------------------------------------


def line(db: sqlite3.Connection, here: bool | None = None) -> list[Waiting]:
    """Return who waits: visitors in the order of their places, the runs of each by age.

    Args:
        db: The database.
        here: Only those that are to train on this machine, or only the others; None: all.
    """
    return [Waiting(row["id"], row["owner"]) for row in db.execute(_LINE % _PLACES[here])]


def training_owners(db: sqlite3.Connection, here: bool | None = None) -> list[str]:
    """Return whose runs have a slot, one entry for each run; ``here`` as for ``line``."""
    rows = db.execute(f"SELECT owner FROM runs WHERE {TRAINS} AND {_PLACES[here]}")
    return [row["owner"] for row in rows]


def next_up(waiting: Iterable[Waiting], training: AbstractSet[str]) -> Waiting | None:
    """Return whose turn it is: the first whose owner has no training under way."""
    return next((one for one in waiting if one.owner not in training), None)


def stand_in_line(db: sqlite3.Connection, owner: str) -> None:
    """Give a visitor a place at the end, unless something of theirs waits or trains already.

    To be called before the run itself begins to wait, in the same transaction.
    """
    has_place = db.execute(
        f"SELECT 1 FROM runs WHERE owner = ? AND (({WAITS}) OR {TRAINS}) LIMIT 1", (owner,)
    ).fetchone()
    if has_place is None:
        to_the_end(db, owner)


def to_the_end(db: sqlite3.Connection, owner: str) -> None:
    """Put a visitor at the end of the line: they have had their turn."""
    db.execute(
        """INSERT INTO turns (owner, turn)
           VALUES (?, (SELECT coalesce(max(turn), 0) + 1 FROM turns))
           ON CONFLICT (owner) DO UPDATE SET turn = excluded.turn""",
        (owner,),
    )


# ---- what is to come --------------------------------------------------------------------------


def forecast(
    training: Sequence[Training], waiting: Sequence[Waiting], slots: int
) -> dict[str, Expected]:
    """Play the queue through, and say when each waiting run will start.

    Args:
        training: What trains now.
        waiting: Who waits, in the order of ``line``.
        slots: Trainings at a time.

    Returns:
        By the run's id.
    """
    queues: dict[str, deque[Waiting]] = {}
    for one in waiting:
        queues.setdefault(one.owner, deque()).append(one)
    ends = [(one.seconds, number, one.owner) for number, one in enumerate(training)]
    heapq.heapify(ends)
    busy = {one.owner for one in training}
    standing = deque(owner for owner in queues if owner not in busy)
    found: dict[str, Expected] = {}
    now, number = 0.0, len(ends)
    while standing or any(queues[owner] for owner in busy if owner in queues):
        if not standing or len(ends) >= slots:
            now, _, owner = heapq.heappop(ends)
            busy.discard(owner)
            if queues.get(owner):
                standing.append(owner)
            continue
        owner = standing.popleft()
        one = queues[owner].popleft()
        found[one.run] = Expected(len(found) + 1, now)
        busy.add(owner)
        heapq.heappush(ends, (now + one.seconds, number, owner))
        number += 1
    return found


class Clock:
    """How long runs take on this machine, by what was measured of others.

    Args:
        measured: Runs, some of which have a measured speed.
        longest: Seconds of training after which every worker ends.
    """

    def __init__(self, measured: Iterable[Run], longest: float) -> None:
        """Learn from what was measured; see the class."""
        # One character costs a network work in proportion to its parameters.
        works = sorted(
            run.chars_per_second * parameter_count(run.symbols, run.model_config)
            for run in measured
            if run.chars_per_second
        )
        self._work = works[len(works) // 2] if works else None
        self._longest = longest

    def seconds(self, run: Run) -> float:
        """Return how long a run will still take, validation and samples included, at most.

        A target or a plateau may end it earlier.
        """
        config, left = run.train_config, [self._longest]
        if config.seconds is not None:
            left.append(config.seconds - run.seconds)
        speed = self._speed(run)
        if config.epochs is not None and speed:
            left.append((config.epochs - run.epoch) * run.characters / speed)
        return max(0.0, min(left)) / (1 - OVERHEAD)

    def _speed(self, run: Run) -> float | None:
        """Return characters a second: its own, else what its size lets expect."""
        if run.seconds > 0 and run.epoch > 0:
            return run.epoch * run.characters / run.seconds
        if run.chars_per_second or self._work is None:
            return run.chars_per_second
        return self._work / max(1, parameter_count(run.symbols, run.model_config))
