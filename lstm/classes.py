"""Classes: who opened one, who is in it, and which runs belong to it.

Only whoever opened a class may pause its trainings, hide a run or close it; a run stays its
owner's. Knows nothing of pages or quizzes.
"""

import time

from lstm.classroom import (
    CLASS_NAME_LENGTH,
    NICKNAME_LENGTH,
    Classroom,
    ClassRun,
    Glance,
    Member,
    class_run_of,
    tidy_code,
    tidy_line,
)
from lstm.control import Control, pause_run
from lstm.errors import StoreError
from lstm.lifecycle import get_run
from lstm.records import Run
from lstm.roll import (
    change_class,
    check_guesses,
    class_of,
    enter,
    find_class,
    get_class,
    hold,
    leave,
    let_go_on,
    member_of,
    new_code,
    own_class,
    take_out,
)

MOST_OPEN = 20
"""Classes that one visitor may have open at a time."""


class Classes(Control):
    """The runs' lives, with the classes that they belong to."""

    # ---- the teacher's moves --------------------------------------------------------------

    def open_class(self, owner: str, name: str) -> Classroom:
        """Open a class.

        Raises:
            StoreError: A blank name, or too many open ones.
        """
        tidy = tidy_line(name, CLASS_NAME_LENGTH)
        if not tidy:
            raise StoreError("class_blank_name")
        with self._database.write(durable=True) as db:
            (opened,) = db.execute(
                "SELECT count(*) FROM classes WHERE owner = ? AND closed IS NULL", (owner,)
            ).fetchone()
            if opened >= MOST_OPEN:
                raise StoreError("class_too_many", most=MOST_OPEN)
            code = new_code(db)
            db.execute(
                "INSERT INTO classes (code, owner, name, created) VALUES (?, ?, ?, ?)",
                (code, owner, tidy, time.time()),
            )
            return get_class(db, code)

    def pause_class(self, code: str, owner: str) -> None:
        """Halt every training of a class, and those that its members begin from now on.

        Raises:
            StoreError: It is closed, or not this visitor's.
        """
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            change_class(db, code, paused=time.time())
            rows = db.execute("SELECT run FROM class_runs WHERE class = ?", (code,)).fetchall()
            for (run_id,) in rows:
                run = get_run(db, run_id)
                if run.allows("pause"):
                    pause_run(db, run)
                    hold(db, run_id, held=True)

    def resume_class(self, code: str, owner: str) -> None:
        """Let the trainings that the pause of a class halted go on.

        Raises:
            StoreError: It is closed, or not this visitor's.
        """
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            change_class(db, code, paused=None)
            let_go_on(db, code)

    def settle_class(self, code: str) -> None:
        """Let trainings go on that were still about to halt when the pause of the class ended."""
        with self._database.write(durable=True) as db:
            if get_class(db, code).paused is None:
                let_go_on(db, code)

    def hide_run(self, code: str, owner: str, run_id: str, hidden: bool = True) -> None:
        """Take a run off the class page, or put it back.

        Raises:
            StoreError: The class is closed, or not this visitor's.
        """
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            db.execute(
                "UPDATE class_runs SET hidden = ? WHERE class = ? AND run = ?",
                (int(hidden), code, run_id),
            )

    def remove_member(self, code: str, owner: str, number: int) -> None:
        """Take a member out of a class, and their runs.

        Raises:
            StoreError: The class is closed, or not this visitor's.
        """
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            row = db.execute(
                "SELECT owner FROM members WHERE class = ? AND number = ?", (code, number)
            ).fetchone()
            if row is not None:
                leave(db, code, row["owner"])

    def close_class(self, code: str, owner: str) -> None:
        """Close a class: nobody comes in, nothing is added, and halted trainings go on.

        Raises:
            StoreError: It is closed already, or not this visitor's.
        """
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            now = time.time()
            change_class(db, code, paused=None, closed=now)
            db.execute(
                "UPDATE quizzes SET closed = ? WHERE class = ? AND closed IS NULL", (now, code)
            )
            let_go_on(db, code)

    # ---- the members' moves ---------------------------------------------------------------

    def join_class(self, code: str, owner: str, name: str) -> Classroom:
        """Enter a class, or take another nickname in it.

        Raises:
            StoreError: No open class has this code, too many wrong ones were tried, the nickname
                is blank or taken, or the class is full.
        """
        tidy = tidy_line(name, NICKNAME_LENGTH)
        if not tidy:
            raise StoreError("class_blank_nickname")
        with self._database.write(durable=True) as db:
            check_guesses(db, owner)
            found = find_class(db, tidy_code(code))
            if found is not None and found.closed is None:
                if found.owner != owner:
                    enter(db, found.code, owner, tidy)
                return found
            db.execute("INSERT INTO wrong_codes VALUES (?, ?)", (owner, time.time()))
        raise StoreError("class_no_such_code")

    def leave_class(self, code: str, owner: str) -> None:
        """Leave a class and take one's runs out of it."""
        with self._database.write(durable=True) as db:
            leave(db, code, owner)

    def take_out(self, run_id: str, owner: str) -> None:
        """Take a run out of its class, if it is this visitor's; a halted one may go on."""
        with self._database.write(durable=True) as db:
            run = get_run(db, run_id)
            if run.owner != owner:
                raise StoreError("unknown_run")
            take_out(db, run_id)

    def resume(self, run_id: str) -> Run:
        """Let a run go on, see ``Control.resume``, unless the pause of its class halts it.

        Raises:
            StoreError: The class is paused, or there is nothing to resume.
        """
        with self._database.read() as db:
            held = db.execute(
                """SELECT 1 FROM class_runs JOIN classes ON code = class
                   WHERE run = ? AND held AND paused IS NOT NULL""",
                (run_id,),
            ).fetchone()
        if held is not None:
            raise StoreError("class_paused")
        return super().resume(run_id)

    # ---- what there is --------------------------------------------------------------------

    def glance(self, code: str, owner: str) -> Glance:
        """Return a class to whoever opened it or is in it.

        Raises:
            StoreError: No such class, or not for this visitor.
        """
        with self._database.read() as db:
            found = find_class(db, code)
            member = None if found is None else member_of(db, code, owner)
            if found is None or (member is None and found.owner != owner):
                raise StoreError("class_not_for_you")
            course = db.execute(
                """SELECT count(*), total(runs.rowid), total(runs.version), total(hidden)
                   FROM class_runs JOIN runs ON runs.id = class_runs.run
                   WHERE class = ? AND deleted IS NULL""",
                (code,),
            ).fetchone()
        return Glance(found, member, tuple(int(part) for part in course))

    def classes(self, owner: str) -> list[Classroom]:
        """Return the classes that a visitor opened or is in, newest first."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT * FROM classes WHERE owner = :owner OR code IN
                       (SELECT class FROM members WHERE owner = :owner AND gone IS NULL)
                   ORDER BY created DESC""",
                {"owner": owner},
            ).fetchall()
        return [Classroom(**row) for row in rows]

    def class_of(self, owner: str) -> Classroom | None:
        """Return the open class that a visitor is in: the one that they entered last."""
        with self._database.read() as db:
            return class_of(db, owner)

    def class_of_run(self, run_id: str) -> Classroom | None:
        """Return the class that a run belongs to."""
        with self._database.read() as db:
            row = db.execute("SELECT class FROM class_runs WHERE run = ?", (run_id,)).fetchone()
            return None if row is None else get_class(db, row["class"])

    def members(self, code: str) -> list[Member]:
        """Return who is in a class, in the order in which they came."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT owner, number, name, joined FROM members
                   WHERE class = ? AND gone IS NULL ORDER BY number""",
                (code,),
            ).fetchall()
        return [Member(**row) for row in rows]

    def class_runs(self, code: str) -> list[ClassRun]:
        """Return the runs of a class, hidden ones included: best first, then newest first."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT runs.id AS run, runs.owner, members.name AS member, runs.name,
                       runs.corpus, runs.corpus_name, runs.state, runs.best_bits, runs.last_bits,
                       runs.epoch, runs.version, hidden, held,
                       (SELECT kind FROM commands
                        WHERE run = runs.id AND done_at_step IS NULL AND kind IN ('pause', 'stop')
                        ORDER BY kind = 'stop' DESC LIMIT 1) AS pending
                   FROM class_runs
                   JOIN runs ON runs.id = class_runs.run
                   JOIN members ON members.class = class_runs.class AND members.owner = runs.owner
                   WHERE class_runs.class = ? AND runs.deleted IS NULL
                   ORDER BY runs.best_bits IS NULL, runs.best_bits, runs.turn DESC""",
                (code,),
            ).fetchall()
        return [class_run_of(row) for row in rows]
