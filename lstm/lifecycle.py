"""How a run moves from state to state at the hands of the scheduler and of its worker.

Each method is one transaction that checks the state it starts from, so that it does not matter
which process comes first or dies in between. Knows nothing of files, nor of how a process is
started or recognised.
"""

import sqlite3
import time
from typing import Any

from lstm.errors import StoreError
from lstm.journal import Journal, add_notice
from lstm.machines import HERE
from lstm.records import (
    RUN_COLUMNS,
    Action,
    CommandRow,
    Message,
    Run,
    RunState,
    is_damaged,
    run_of,
    runs_of,
)
from lstm.turns import to_the_end

SELECT_RUN = f"SELECT {RUN_COLUMNS} FROM runs JOIN corpora ON corpora.key = runs.corpus"

AUTOMATIC_RESUMES = 1
"""How often a run goes on by itself after its process died; then its owner decides."""

BASELINE_RETRY_SECONDS = 600.0
"""When a text's reference lines are tried again, if their process died."""

_STARTABLE = {RunState.QUEUED, RunState.STARTING, RunState.INTERRUPTED}


class Lifecycle(Journal):
    """The journal, with the moves of the scheduler and the workers."""

    # ---- the scheduler's moves ------------------------------------------------------------

    def attach(
        self, run_id: str, pid: int, pid_started: float | None, place: str | None = None
    ) -> None:
        """Note which process was started for a run, unless the process has done so itself.

        Args:
            run_id: The run.
            pid: The process; or the lease of a worker on another machine.
            pid_started: When it began.
            place: The other machine, or ``ANYWHERE``.
        """
        with self._database.write(durable=True) as db:
            attached = db.execute(
                """UPDATE runs SET pid = ?, pid_started = ?, heartbeat = ?
                   WHERE id = ? AND state = 'starting' AND pid IS NULL""",
                (pid, pid_started, time.time(), run_id),
            )
            if attached.rowcount:
                _put(db, run_id, place)
                db.execute("UPDATE runs SET recorded = 0 WHERE id = ?", (run_id,))

    def watched(self) -> list[Run]:
        """Return the runs that have a process, or should have one."""
        with self._database.read() as db:
            rows = db.execute(
                f"""{SELECT_RUN} WHERE pid IS NOT NULL OR state IN ('starting', 'running')
                    ORDER BY turn"""
            ).fetchall()
        for row in rows:
            if is_damaged(row):
                with self._database.write(durable=True) as db:
                    set_damaged_aside(db, row["id"])
        return runs_of(rows)

    def lost(self, run_id: str, pid: int | None, *, blameless: bool = False) -> Run:
        """Note that a run's process is gone without having said why.

        A training goes back to the queue by itself ``AUTOMATIC_RESUMES`` times, then it is
        interrupted until its owner resumes it. A paused or waiting run loses nothing.

        Args:
            run_id: The run.
            pid: The process that is gone; nothing happens if another one is there by now.
            blameless: Whether its machine went with it: that counts as no attempt.

        Raises:
            StoreError: No such run.
        """
        with self._database.write(durable=True) as db:
            run = get_run(db, run_id)
            if run.pid != pid:
                return run
            if run.pending == "stop":
                end_run(db, run_id, RunState.STOPPED, Message("notices.finished_stopped"))
            elif run.state in {RunState.STARTING, RunState.RUNNING}:
                _interrupt(db, run, blameless=blameless)
            else:
                set_run(db, run_id, pid=None, pid_started=None)
            return get_run(db, run_id)

    def claim_baselines(self) -> str | None:
        """Return the key of a text that lacks its reference lines, each text once in a while."""
        now = time.time()
        with self._database.write() as db:
            row = db.execute(
                """UPDATE corpora SET baselines_begun = :now WHERE key = (
                       SELECT corpus FROM runs JOIN corpora ON corpora.key = runs.corpus
                       WHERE deleted IS NULL AND baselines_done IS NULL
                           AND (baselines_begun IS NULL OR baselines_begun < :before)
                       ORDER BY turn LIMIT 1)
                   RETURNING key""",
                {"now": now, "before": now - BASELINE_RETRY_SECONDS},
            ).fetchone()
        return None if row is None else str(row["key"])

    def resume_shut_down(self) -> None:
        """Send the trainings that a shutdown of the computer ended back to the queue."""
        with self._database.write(durable=True) as db:
            db.execute(
                """UPDATE runs SET state = 'queued', reason = NULL, finished = NULL,
                       version = version + 1
                   WHERE state = 'interrupted' AND deleted IS NULL
                       AND json_extract(reason, '$.key') = 'notices.shut_down'"""
            )

    # ---- the worker's moves ---------------------------------------------------------------

    def begin(
        self, run_id: str, pid: int, pid_started: float | None, place: str | None = None
    ) -> Run:
        """Say that this process trains the run from now on; arguments as for ``attach``.

        Raises:
            StoreError: No such run, or it is not its turn (ended, paused, deleted).
        """
        with self._database.write(durable=True) as db:
            run = get_run(db, run_id)
            if run.state not in _STARTABLE or run.deleted is not None:
                raise StoreError("not_to_be_started")
            _put(db, run_id, place)
            set_run(
                db,
                run_id,
                state=RunState.RUNNING,
                pid=pid,
                pid_started=pid_started,
                heartbeat=time.time(),
                started=run.started or time.time(),
                finished=None,
                reason=None,
            )
            return get_run(db, run_id)

    def commands(self, run_id: str) -> list[CommandRow]:
        """Return what the visitor asked for and is not done yet, oldest first."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT id, kind, value FROM commands
                   WHERE run = ? AND done_at_step IS NULL ORDER BY id""",
                (run_id,),
            ).fetchall()
        return [CommandRow(*row) for row in rows]

    def command_done(self, run_id: str, command_id: int, step: int) -> None:
        """Note that a command took effect after a step; see ``rewind``."""
        with self._database.write(durable=True) as db:
            db.execute("UPDATE commands SET done_at_step = ? WHERE id = ?", (step, command_id))
            set_run(db, run_id)

    def halt(self, run_id: str) -> None:
        """Say that the training is saved and waits: running to paused."""
        with self._database.write(durable=True) as db:
            run = get_run(db, run_id)
            clear_commands(db, run_id)
            set_run(db, run_id, state=RunState.PAUSED)
            to_the_end(db, run.owner)

    def release(self, run_id: str) -> bool:
        """Let a paused run's process go, which has nothing left to save.

        Returns:
            False if the run has just got its turn again, so that the process is needed.
        """
        with self._database.write(durable=True) as db:
            if get_run(db, run_id).state == RunState.STARTING:
                return False
            set_run(db, run_id, pid=None, pid_started=None)
            return True

    def end(self, run_id: str, state: RunState, reason: Message) -> Run:
        """Say that this process is done with the run.

        Args:
            run_id: The run.
            state: ``FINISHED``, ``STOPPED`` or ``FAILED``.
            reason: Why.

        Raises:
            StoreError: No such run.
        """
        with self._database.write(durable=True) as db:
            end_run(db, run_id, state, reason)
            return get_run(db, run_id)

    def shut_down(self, run_id: str) -> Run:
        """Say that this process was told to go and has saved the training.

        The next server lets it go on by itself; see ``resume_shut_down``.

        Raises:
            StoreError: No such run.
        """
        message = Message("notices.shut_down")
        with self._database.write(durable=True) as db:
            add_notice(db, run_id, message)
            _lay_down(db, run_id, RunState.INTERRUPTED, message)  # its visitor stays first
            return get_run(db, run_id)

    def saved(self, run_id: str, step: int, epoch: float, size_bytes: int) -> None:
        """Note that a checkpoint is complete on the disk."""
        with self._database.write() as db:
            set_run(
                db,
                run_id,
                checkpoint_step=step,
                checkpoint_epoch=epoch,
                size_bytes=size_bytes,
                heartbeat=time.time(),
            )


def get_run(db: sqlite3.Connection, run_id: str) -> Run:
    """Return a run inside a transaction of the caller.

    Raises:
        StoreError: No such run.
    """
    row = db.execute(f"{SELECT_RUN} WHERE runs.id = ?", (run_id,)).fetchone()
    if row is None:
        raise StoreError("unknown_run")
    return run_of(row)


def set_damaged_aside(db: sqlite3.Connection, run_id: str) -> bool:
    """Take a run that can't be read out of the way of the others; tell whether it can be.

    Its files stay where they are.
    """
    try:
        get_run(db, run_id)
    except StoreError as error:
        reason = Message.of_error(error).to_json()
        set_run(db, run_id, state=RunState.FAILED, reason=reason, pid=None, pid_started=None)
        return False
    return True


def set_run(db: sqlite3.Connection, run_id: str, **columns: Any) -> None:  # noqa: ANN401
    """Set columns of a run (names from this code, never from outside) and its version.

    Raises:
        StoreError: No such run.
    """
    columns["id"] = run_id
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    done = db.execute(
        f"UPDATE runs SET {assignments}, version = version + 1 WHERE id = :id", columns
    )
    if done.rowcount == 0:
        raise StoreError("unknown_run")


def allowed_run(db: sqlite3.Connection, run_id: str, action: Action) -> Run:
    """Return a run that allows an action now, inside a transaction of the caller.

    Raises:
        StoreError: No such run, or its state does not allow it.
    """
    run = get_run(db, run_id)
    if not run.allows(action):
        raise StoreError(f"cannot_{action}")
    return run


def clear_commands(db: sqlite3.Connection, run_id: str) -> None:
    """Forget requests to pause or stop that no process is left to see."""
    db.execute(
        """DELETE FROM commands
           WHERE run = ? AND done_at_step IS NULL AND kind IN ('pause', 'stop')""",
        (run_id,),
    )


def end_run(db: sqlite3.Connection, run_id: str, state: RunState, reason: Message) -> None:
    """Put a run that no process works on any longer into a state of rest.

    If it trained, its visitor has had their turn.

    Raises:
        StoreError: No such run.
    """
    run = get_run(db, run_id)
    if run.state in {RunState.STARTING, RunState.RUNNING}:
        to_the_end(db, run.owner)
    _lay_down(db, run_id, state, reason)


def _lay_down(db: sqlite3.Connection, run_id: str, state: RunState, reason: Message) -> None:
    clear_commands(db, run_id)
    set_run(
        db,
        run_id,
        state=state,
        reason=reason.to_json(),
        finished=time.time(),
        pid=None,
        pid_started=None,
        aside=None,
    )


def _put(db: sqlite3.Connection, run_id: str, place: str | None) -> None:
    """Note where a run trains; that its owner wants it on this machine stays as it is."""
    db.execute(
        "UPDATE runs SET place = coalesce(?, CASE place WHEN ? THEN place END) WHERE id = ?",
        (place, HERE, run_id),
    )


def _interrupt(db: sqlite3.Connection, run: Run, *, blameless: bool) -> None:
    """Send a run whose process died back to the queue, or leave it to its owner."""
    nobody = {"pid": None, "pid_started": None}
    if run.pid is None:  # the server died between its turn and its process: nothing is lost
        set_run(db, run.id, state=RunState.QUEUED)
    elif run.pending == "pause":
        clear_commands(db, run.id)
        set_run(db, run.id, state=RunState.PAUSED, **nobody)
        to_the_end(db, run.owner)
    elif blameless:
        add_notice(db, run.id, Message("notices.moves_on"))
        set_run(db, run.id, state=RunState.QUEUED, **nobody)
    elif run.attempts < AUTOMATIC_RESUMES:
        add_notice(db, run.id, Message("notices.resumes_itself"))
        set_run(db, run.id, state=RunState.QUEUED, attempts=run.attempts + 1, **nobody)
    else:
        add_notice(db, run.id, Message("notices.interrupted"))
        end_run(db, run.id, RunState.INTERRUPTED, Message("notices.interrupted"))
