"""Rounds of the quiz and scores in the store: what counts, and who may know what."""

import math

import pytest

from lstm.classroom import Classroom
from lstm.errors import StoreError
from lstm.passages import Passage
from lstm.quizzes import Fooling, Round, Score, Standing
from lstm.runs import Run, RunStore
from tests.store_tools import make_run

TEACHER, ANNA, BERT = "teacher", "anna", "bert"


@pytest.fixture
def room(store: RunStore) -> Classroom:
    """A class with Anna and Bert in it."""
    room = store.open_class(TEACHER, "5b")
    store.join_class(room.code, ANNA, "Anna")
    store.join_class(room.code, BERT, "Bert")
    return room


@pytest.fixture
def run(store: RunStore, room: Classroom) -> Run:
    return make_run(store, owner=ANNA)


@pytest.fixture
def quiz(store: RunStore, room: Classroom, run: Run) -> int:
    """A round with one real passage and two that the run wrote."""
    passages = [Passage("was real", None), Passage("wrote it", run.id), Passage("and it", run.id)]
    store.start_round(room.code, TEACHER, passages)
    return newest(store, room).id


def newest(store: RunStore, room: Classroom) -> Round:
    found = store.round(room.code)
    assert found is not None
    return found


def test_the_truth_comes_with_the_answer(
    store: RunStore, room: Classroom, quiz: int, run: Run
) -> None:
    for visitor in (ANNA, TEACHER):
        assert [q.real for q in store.questions(quiz, visitor)] == [None] * 3
        assert [q.run for q in store.questions(quiz, visitor)] == [None] * 3
    store.answer(room.code, ANNA, (quiz, 2), real=True)
    judged = store.questions(quiz, ANNA)[1]
    assert (judged.said, judged.real, judged.run) == (True, False, run.id)
    assert [q.real for q in store.questions(quiz, ANNA)] == [None, False, None]
    assert [q.real for q in store.questions(quiz, BERT)] == [None] * 3
    store.end_round(room.code, TEACHER)
    assert [q.real for q in store.questions(quiz, BERT)] == [True, False, False]


def test_the_score_counts_at_once(store: RunStore, room: Classroom, quiz: int, run: Run) -> None:
    assert newest(store, room) == Round(quiz, True, 3, (), ())
    for member, number, real in ((BERT, 1, True), (ANNA, 1, False), (BERT, 2, True)):
        before = store.glance(room.code, ANNA).classroom.version
        store.answer(room.code, member, (quiz, number), real)
        assert store.glance(room.code, ANNA).classroom.version > before
    store.answer(room.code, ANNA, (quiz, 3), real=False)
    now = newest(store, room)
    assert now.standings == (Standing("Anna", 2, 1), Standing("Bert", 2, 1))
    assert now.foolings == (Fooling(run.id, 1, 2),)
    assert now.fooled == (1, 2)


def test_the_first_answer_counts(store: RunStore, room: Classroom, quiz: int) -> None:
    store.answer(room.code, ANNA, (quiz, 1), real=False)
    store.answer(room.code, ANNA, (quiz, 1), real=True)
    assert store.questions(quiz, ANNA)[0].said is False
    assert newest(store, room).standings == (Standing("Anna", 1, 0),)


def test_only_members_answer_and_only_while_the_round_goes_on(
    store: RunStore, room: Classroom, quiz: int
) -> None:
    for stranger in (TEACHER, "clara"):
        with pytest.raises(StoreError, match="not open to you"):
            store.answer(room.code, stranger, (quiz, 1), real=True)
    other = store.open_class("another", "6a")
    store.join_class(other.code, ANNA, "Anna")
    for code, question in ((other.code, (quiz, 1)), (room.code, (quiz, 9)), (room.code, (99, 1))):
        with pytest.raises(StoreError, match="over"):
            store.answer(code, ANNA, question, real=True)
    store.end_round(room.code, TEACHER)
    with pytest.raises(StoreError, match="over"):
        store.answer(room.code, ANNA, (quiz, 1), real=True)
    assert not newest(store, room).standings


def test_only_the_teacher_starts_and_ends_rounds(
    store: RunStore, room: Classroom, quiz: int
) -> None:
    for asker in (ANNA, "clara"):
        with pytest.raises(StoreError, match="Only whoever opened"):
            store.start_round(room.code, asker, [Passage("a", None)])
        with pytest.raises(StoreError, match="Only whoever opened"):
            store.end_round(room.code, asker)
    with pytest.raises(StoreError, match="nothing to guess"):
        store.start_round(room.code, TEACHER, [])
    store.start_round(room.code, TEACHER, [Passage("another", None)])
    assert newest(store, room).passages == 1
    with pytest.raises(StoreError, match="over"):
        store.answer(room.code, ANNA, (quiz, 1), real=True)


def test_closing_the_class_ends_the_round(store: RunStore, room: Classroom, quiz: int) -> None:
    store.close_class(room.code, TEACHER)
    assert not newest(store, room).open
    with pytest.raises(StoreError, match="closed"):
        store.start_round(room.code, TEACHER, [Passage("a", None)])


def test_a_round_outlives_the_runs_that_wrote_it(
    store: RunStore, room: Classroom, quiz: int, run: Run
) -> None:
    store.answer(room.code, BERT, (quiz, 2), real=False)
    store.delete(run.id)
    store.purge(deleted_before=math.inf)
    judged = store.questions(quiz, BERT)[1]
    assert (judged.real, judged.run) == (False, None)
    assert newest(store, room).standings == (Standing("Bert", 1, 1),)
    assert newest(store, room).foolings == ()


def test_fifty_answers_all_count(store: RunStore, room: Classroom, quiz: int) -> None:
    members = [f"member {i}" for i in range(50)]
    for place, member in enumerate(members):
        store.join_class(room.code, member, f"name {place}")
        for number in (1, 2, 3):
            store.answer(room.code, member, (quiz, number), real=(place + number) % 2 == 0)
    now = newest(store, room)
    assert len(now.standings) == len(members)
    assert sum(standing.answered for standing in now.standings) == 150
    assert now.fooled == (50, 100)


def test_the_best_result_of_each_member_is_kept(store: RunStore, room: Classroom) -> None:
    store.add_score(room.code, BERT, "shannon", 2.5, 40)
    store.add_score(room.code, ANNA, "shannon", 3.0, 30)
    store.add_score(room.code, ANNA, "shannon", 2.0, 50)
    store.add_score(room.code, ANNA, "shannon", 2.2, 60)
    assert store.scores(room.code, "shannon") == [Score("Anna", 2.0, 50), Score("Bert", 2.5, 40)]
    store.leave_class(room.code, ANNA)
    assert store.scores(room.code, "shannon") == [Score("Bert", 2.5, 40)]


@pytest.mark.parametrize(
    ("game", "bits", "characters"),
    [
        ("chess", 2.0, 40),
        ("shannon", -1.0, 40),
        ("shannon", 1e9, 40),
        ("shannon", math.nan, 40),
        ("shannon", 2.0, 0),
        ("shannon", 2.0, 10**9),
    ],
)
def test_results_that_make_no_sense_are_refused(
    store: RunStore, room: Classroom, game: str, bits: float, characters: int
) -> None:
    with pytest.raises(StoreError, match="makes no sense"):
        store.add_score(room.code, ANNA, game, bits, characters)
    assert store.scores(room.code, game) == []


def test_scores_are_the_members_and_end_with_the_class(store: RunStore, room: Classroom) -> None:
    with pytest.raises(StoreError, match="not open to you"):
        store.add_score(room.code, "clara", "shannon", 2.0, 40)
    store.close_class(room.code, TEACHER)
    with pytest.raises(StoreError, match="closed"):
        store.add_score(room.code, ANNA, "shannon", 2.0, 40)
