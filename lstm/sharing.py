"""Links by which others may look at a run: an unguessable token for each run that is shared.

A run has one link at most. Taking it back makes it worthless for good: a new link gets another
token. Knows nothing of pages, nor of what one sees by a link.
"""

import re
import secrets
import time

from lstm.errors import StoreError
from lstm.lifecycle import SELECT_RUN, Lifecycle, get_run
from lstm.records import Run, run_of

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")  # what token_urlsafe(24) gives: 192 bits


def is_token(value: str) -> bool:
    """Tell whether a value has the form of a link's token."""
    return _TOKEN.fullmatch(value) is not None


class Sharing(Lifecycle):
    """The runs' lives, with the links by which others may look at them."""

    def share(self, run_id: str) -> str:
        """Make a link to a run and return its token; one that is shared keeps its link.

        Raises:
            StoreError: No such run.
        """
        with self._database.write(durable=True) as db:
            get_run(db, run_id)
            db.execute(
                "INSERT INTO shares (token, run, created) VALUES (?, ?, ?) "
                "ON CONFLICT (run) DO NOTHING",
                (secrets.token_urlsafe(24), run_id, time.time()),
            )
            token: str = db.execute("SELECT token FROM shares WHERE run = ?", (run_id,)).fetchone()[
                0
            ]
            return token

    def unshare(self, run_id: str) -> None:
        """Take a run's link back, if it has one: nobody sees the run by it any more."""
        with self._database.write(durable=True) as db:
            db.execute("DELETE FROM shares WHERE run = ?", (run_id,))

    def shares(self, owner: str) -> dict[str, str]:
        """Return the tokens of a visitor's links by the ids of their runs."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT run, token FROM shares JOIN runs ON runs.id = run WHERE owner = ?", (owner,)
            ).fetchall()
        return {row["run"]: row["token"] for row in rows}

    def shared(self, token: str) -> Run:
        """Return the run that a link leads to.

        Raises:
            StoreError: There is no such link, it was taken back, or the run is deleted.
        """
        if is_token(token):
            with self._database.read() as db:
                row = db.execute(
                    f"{SELECT_RUN} JOIN shares ON shares.run = runs.id "
                    "WHERE shares.token = ? AND runs.deleted IS NULL",
                    (token,),
                ).fetchone()
            if row is not None:
                return run_of(row)
        raise StoreError("unknown_share")
