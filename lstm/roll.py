"""The roll of a class: who may do what in it, who comes and goes, which runs belong to it.

Whatever touches a class goes through these functions, inside a transaction of its own, so
that the rules stand in one place: wrong codes are counted and soon refused, and what a pause of
the class halted goes on when it may. Knows nothing of pages.
"""

import secrets
import sqlite3
import time

from lstm.classroom import CODE_LENGTH, CODE_SIGNS, Classroom, Member
from lstm.control import resume_run
from lstm.errors import StoreError
from lstm.lifecycle import get_run, set_run
from lstm.records import RunState

GUESS_SECONDS = 600.0
"""Wrong codes are counted over so long."""

MOST_GUESSES = 12
"""Wrong codes of one visitor in that time; then even a right one is refused for a while."""

MOST_GUESSES_OF_ALL = 400
"""Wrong codes of all visitors in that time, since anybody can pose as many visitors. At this
rate it takes 7 years on average to find a certain class, and a crowd may still mistype."""

MOST_MEMBERS = 200


def enrol(db: sqlite3.Connection, run_id: str, owner: str) -> None:
    """Let a new run belong to the class that its owner is in, inside the caller's transaction."""
    found = class_of(db, owner)
    if found is None:
        return
    db.execute("INSERT INTO class_runs (run, class) VALUES (?, ?)", (run_id, found.code))
    if found.paused is not None:
        set_run(db, run_id, state=RunState.PAUSED)
        hold(db, run_id, held=True)


def find_class(db: sqlite3.Connection, code: str) -> Classroom | None:
    """Return a class inside a transaction of the caller, or None."""
    row = db.execute("SELECT * FROM classes WHERE code = ?", (code,)).fetchone()
    return None if row is None else Classroom(**row)


def get_class(db: sqlite3.Connection, code: str) -> Classroom:
    """Return a class inside a transaction of the caller.

    Raises:
        StoreError: No such class.
    """
    found = find_class(db, code)
    if found is None:
        raise StoreError("class_not_for_you")
    return found


def own_class(db: sqlite3.Connection, code: str, owner: str) -> Classroom:
    """Return an open class to whoever opened it, inside a transaction of the caller.

    Raises:
        StoreError: It is closed, or not this visitor's.
    """
    found = get_class(db, code)
    if found.owner != owner:
        raise StoreError("class_not_yours")
    if found.closed is not None:
        raise StoreError("class_closed")
    return found


def member_of(db: sqlite3.Connection, code: str, owner: str) -> Member | None:
    """Return a visitor as a member of a class, inside a transaction of the caller."""
    row = db.execute(
        """SELECT owner, number, name, joined FROM members
           WHERE class = ? AND owner = ? AND gone IS NULL""",
        (code, owner),
    ).fetchone()
    return None if row is None else Member(**row)


def change_class(db: sqlite3.Connection, code: str, **columns: float | None) -> None:
    """Set columns of a class (names from this code, never from outside) and its version."""
    assignments = "".join(f"{name} = :{name}, " for name in columns)
    db.execute(
        f"UPDATE classes SET {assignments}version = version + 1 WHERE code = :code",
        {"code": code, **columns},
    )


def new_code(db: sqlite3.Connection) -> str:
    """Return a code that no class has, inside a transaction of the caller."""
    while True:
        code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
        if find_class(db, code) is None:
            return code


def check_guesses(db: sqlite3.Connection, owner: str) -> None:
    """Refuse a visitor who has tried too many wrong codes, inside the caller's transaction.

    Raises:
        StoreError: They have, or all visitors together have.
    """
    now = time.time()
    # Later ones than now are from before the clock was set back.
    db.execute(
        "DELETE FROM wrong_codes WHERE created NOT BETWEEN ? AND ?", (now - GUESS_SECONDS, now)
    )
    own, of_all = db.execute(
        "SELECT coalesce(sum(owner = ?), 0), count(*) FROM wrong_codes", (owner,)
    ).fetchone()
    if own >= MOST_GUESSES or of_all >= MOST_GUESSES_OF_ALL:
        raise StoreError("class_too_many_guesses", minutes=round(GUESS_SECONDS / 60))


def enter(db: sqlite3.Connection, code: str, owner: str, name: str) -> None:
    """Let a visitor into a class under a nickname, inside a transaction of the caller.

    Raises:
        StoreError: Somebody else has the nickname, or the class is full.
    """
    others = db.execute(
        "SELECT name FROM members WHERE class = ? AND gone IS NULL AND owner != ?", (code, owner)
    ).fetchall()
    if any(row["name"].casefold() == name.casefold() for row in others):
        raise StoreError("class_name_taken", name=name)
    if len(others) >= MOST_MEMBERS:
        raise StoreError("class_full", most=MOST_MEMBERS)
    db.execute(
        """INSERT INTO members (class, owner, number, name, joined)
           SELECT :class, :owner, coalesce(max(number), 0) + 1, :name, :now
           FROM members WHERE class = :class
           ON CONFLICT (class, owner) DO UPDATE
               SET name = excluded.name, joined = excluded.joined, gone = NULL""",
        {"class": code, "owner": owner, "name": name, "now": time.time()},
    )
    db.execute(  # the name is shown with their runs
        """UPDATE runs SET version = version + 1 WHERE owner = ?
               AND id IN (SELECT run FROM class_runs WHERE class = ?)""",
        (owner, code),
    )
    change_class(db, code)


def leave(db: sqlite3.Connection, code: str, owner: str) -> None:
    """Take a member and their runs out of a class, inside a transaction of the caller."""
    runs = db.execute(
        "SELECT run FROM class_runs JOIN runs ON id = run WHERE class = ? AND owner = ?",
        (code, owner),
    ).fetchall()
    for (run_id,) in runs:
        take_out(db, run_id)
    db.execute(
        "UPDATE members SET gone = ? WHERE class = ? AND owner = ?", (time.time(), code, owner)
    )
    change_class(db, code)


def take_out(db: sqlite3.Connection, run_id: str) -> None:
    """Take a run out of its class, inside a transaction of the caller; a halted one goes on."""
    row = db.execute("DELETE FROM class_runs WHERE run = ? RETURNING held", (run_id,)).fetchone()
    if row is not None and row["held"]:
        _go_on(db, run_id)


def let_go_on(db: sqlite3.Connection, code: str) -> None:
    """Send what the pause of a class halted back to the queue, inside a transaction."""
    held = db.execute("SELECT run FROM class_runs WHERE class = ? AND held", (code,)).fetchall()
    for (run_id,) in held:
        if get_run(db, run_id).pending != "pause":  # else its worker has not halted it yet
            _go_on(db, run_id)
            hold(db, run_id, held=False)


def _go_on(db: sqlite3.Connection, run_id: str) -> None:
    run = get_run(db, run_id)
    if run.state == RunState.PAUSED and run.allows("resume"):
        resume_run(db, run)


def hold(db: sqlite3.Connection, run_id: str, *, held: bool) -> None:
    """Note whether the pause of its class halted a run, inside a transaction of the caller."""
    db.execute("UPDATE class_runs SET held = ? WHERE run = ?", (int(held), run_id))


def class_of(db: sqlite3.Connection, owner: str) -> Classroom | None:
    """Return the open class that a visitor entered last, inside a transaction of the caller."""
    row = db.execute(
        """SELECT classes.* FROM members JOIN classes ON code = class
           WHERE members.owner = ? AND gone IS NULL AND closed IS NULL
           ORDER BY joined DESC LIMIT 1""",
        (owner,),
    ).fetchone()
    return None if row is None else Classroom(**row)
