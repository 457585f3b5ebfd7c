"""Rounds of "real or generated?" in a class, and the scores of its other games.

The truth about a passage leaves the store only with the answer to it, or when the round is over.
Knows nothing of where the passages come from, nor of pages.
"""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from lstm.classes import Classes
from lstm.errors import StoreError
from lstm.passages import Passage
from lstm.roll import change_class, get_class, member_of, own_class

GAMES = ("shannon",)
"""Games other than the quiz whose scores a class keeps."""

MOST_BITS = 24.0
"""More bits per character than any alphabet takes."""


@dataclass(frozen=True)
class Question:
    """A passage of a round, as one visitor may know it.

    Attributes:
        number: Its place in the round, from 1.
        text: The passage. Hostile text.
        said: What the visitor answered: that it is real, or not; None: nothing yet.
        real: Whether it stood in a text; None as long as the visitor must not know.
        run: Id of the run that wrote it; None if it is real, unknown, or the run is gone.
    """

    number: int
    text: str
    said: bool | None
    real: bool | None
    run: str | None


@dataclass(frozen=True)
class Standing:
    """How a member fares in a round.

    Attributes:
        name: What they call themselves. Hostile text.
        answered: How many passages they have judged.
        right: How many of these rightly.
    """

    name: str
    answered: int
    right: int


@dataclass(frozen=True)
class Fooling:
    """How often a run was taken for a real author.

    Attributes:
        run: Its id.
        fooled: Answers that said "real".
        answered: All answers to its passages.
    """

    run: str
    fooled: int
    answered: int


@dataclass(frozen=True)
class Round:
    """A round of the quiz at one moment, without what depends on who looks.

    Attributes:
        id: Rises with time.
        open: Whether it can be answered.
        passages: How many there are.
        standings: Members who have answered, best first.
        foolings: Runs whose passages were judged, most fooling first.
    """

    id: int
    open: bool
    passages: int
    standings: tuple[Standing, ...]
    foolings: tuple[Fooling, ...]

    @property
    def fooled(self) -> tuple[int, int]:
        """How often the class took a generated passage for a real one, of how many answers."""
        return sum(f.fooled for f in self.foolings), sum(f.answered for f in self.foolings)


@dataclass(frozen=True)
class Score:
    """A member's best result in a game.

    Attributes:
        name: What they call themselves. Hostile text.
        bits: Bits per character; fewer are better.
        characters: Over how many characters.
    """

    name: str
    bits: float
    characters: int


class Quizzes(Classes):
    """The runs' lives and classes, with the games of the classes."""

    def start_round(self, code: str, owner: str, passages: Sequence[Passage]) -> None:
        """Put new passages to a class; an older round ends.

        Raises:
            StoreError: There are no passages, or the class is closed or not this visitor's.
        """
        if not passages:
            raise StoreError("class_no_passages")
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            _end_rounds(db, code)
            row = db.execute(
                "INSERT INTO quizzes (class, created) VALUES (?, ?) RETURNING id",
                (code, time.time()),
            ).fetchone()
            db.executemany(
                "INSERT INTO questions (quiz, number, text, real, run) VALUES (?, ?, ?, ?, ?)",
                [
                    (row["id"], number, passage.text, int(passage.run is None), passage.run)
                    for number, passage in enumerate(passages, 1)
                ],
            )
            change_class(db, code)

    def end_round(self, code: str, owner: str) -> None:
        """End the round that goes on in a class; from then on everybody may know the truth.

        Raises:
            StoreError: The class is closed, or not this visitor's.
        """
        with self._database.write(durable=True) as db:
            own_class(db, code, owner)
            _end_rounds(db, code)
            change_class(db, code)

    def answer(self, code: str, owner: str, question: tuple[int, int], real: bool) -> None:
        """Judge a passage; the first judgement counts.

        Args:
            code: The class.
            owner: Key of a member.
            question: Id of the round and number of the passage in it.
            real: Whether the member takes it for real.

        Raises:
            StoreError: The visitor is no member, or the round is over.
        """
        with self._database.write() as db:
            if member_of(db, code, owner) is None:
                raise StoreError("class_not_for_you")
            row = db.execute(
                """SELECT 1 FROM questions JOIN quizzes ON quizzes.id = quiz
                   WHERE quiz = ? AND number = ? AND class = ? AND closed IS NULL""",
                (*question, code),
            ).fetchone()
            if row is None:
                raise StoreError("class_round_over")
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*question, owner, int(real)),
            )
            change_class(db, code)

    def round(self, code: str) -> Round | None:
        """Return the newest round of a class, or None."""
        with self._database.read() as db:
            row = db.execute(
                """SELECT id, closed IS NULL AS open,
                       (SELECT count(*) FROM questions WHERE quiz = id) AS passages
                   FROM quizzes WHERE class = ? ORDER BY id DESC LIMIT 1""",
                (code,),
            ).fetchone()
            if row is None:
                return None
            return Round(
                id=row["id"],
                open=bool(row["open"]),
                passages=row["passages"],
                standings=_standings(db, code, row["id"]),
                foolings=_foolings(db, row["id"]),
            )

    def questions(self, quiz: int, owner: str) -> list[Question]:
        """Return the passages of a round, each with the truth if this visitor may know it."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT questions.number, text, answers.real AS said,
                       CASE WHEN closed IS NOT NULL OR answers.real IS NOT NULL
                           THEN questions.real END AS real,
                       CASE WHEN closed IS NOT NULL OR answers.real IS NOT NULL
                           THEN run END AS run
                   FROM questions JOIN quizzes ON quizzes.id = questions.quiz
                   LEFT JOIN answers ON answers.quiz = questions.quiz
                       AND answers.number = questions.number AND answers.owner = ?
                   WHERE questions.quiz = ? ORDER BY questions.number""",
                (owner, quiz),
            ).fetchall()
        return [
            Question(r["number"], r["text"], _truth(r["said"]), _truth(r["real"]), r["run"])
            for r in rows
        ]

    def add_score(self, code: str, owner: str, game: str, bits: float, characters: int) -> None:
        """Keep a member's result in a game of the class, if it is their best.

        Args:
            code: The class.
            owner: Key of a member.
            game: One of ``GAMES``.
            bits: Bits per character; fewer are better.
            characters: Over how many characters.

        Raises:
            StoreError: The visitor is no member, the class is closed, or the result makes no
                sense.
        """
        if game not in GAMES or not 0 <= bits <= MOST_BITS or not 0 < characters < 1_000_000:
            raise StoreError("class_bad_score")
        with self._database.write(durable=True) as db:
            if member_of(db, code, owner) is None:
                raise StoreError("class_not_for_you")
            if get_class(db, code).closed is not None:
                raise StoreError("class_closed")
            db.execute(
                """INSERT INTO scores VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET bits = excluded.bits,
                       characters = excluded.characters
                   WHERE excluded.bits < bits""",
                (code, owner, game, float(bits), int(characters)),
            )
            change_class(db, code)

    def scores(self, code: str, game: str) -> list[Score]:
        """Return the best result of each member in a game, best first."""
        with self._database.read() as db:
            rows = db.execute(
                """SELECT name, bits, characters FROM scores
                   JOIN members ON members.class = scores.class AND members.owner = scores.owner
                   WHERE scores.class = ? AND game = ? AND gone IS NULL ORDER BY bits, number""",
                (code, game),
            ).fetchall()
        return [Score(**row) for row in rows]


def _end_rounds(db: sqlite3.Connection, code: str) -> None:
    db.execute(
        "UPDATE quizzes SET closed = ? WHERE class = ? AND closed IS NULL", (time.time(), code)
    )


def _standings(db: sqlite3.Connection, code: str, quiz: int) -> tuple[Standing, ...]:
    rows = db.execute(
        """SELECT name, count(*) AS answered, sum(answers.real = questions.real) AS right
           FROM answers JOIN questions USING (quiz, number)
           JOIN members ON members.class = ? AND members.owner = answers.owner
           WHERE quiz = ? AND gone IS NULL
           GROUP BY members.owner ORDER BY right DESC, answered, members.number""",
        (code, quiz),
    ).fetchall()
    return tuple(Standing(**row) for row in rows)


def _foolings(db: sqlite3.Connection, quiz: int) -> tuple[Fooling, ...]:
    rows = db.execute(
        """SELECT run, sum(answers.real) AS fooled, count(*) AS answered
           FROM answers JOIN questions USING (quiz, number)
           WHERE quiz = ? AND NOT questions.real AND run IS NOT NULL
           GROUP BY run ORDER BY CAST(sum(answers.real) AS REAL) / count(*) DESC, answered DESC""",
        (quiz,),
    ).fetchall()
    return tuple(Fooling(**row) for row in rows)


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
