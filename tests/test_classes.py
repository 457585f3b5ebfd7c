"""Classes in the store: who may do what, whose runs belong to one, and what a pause halts."""

import re
from collections.abc import Callable

import pytest

from lstm import roll
from lstm.classes import MOST_OPEN
from lstm.classroom import CODE_LENGTH, CODE_SIGNS, NICKNAME_LENGTH, Classroom, tidy_code
from lstm.errors import StoreError
from lstm.roll import GUESS_SECONDS, MOST_GUESSES, MOST_GUESSES_OF_ALL
from lstm.runs import RunState, RunStore
from tests.store_tools import make_run

TEACHER, ANNA, BERT = "teacher", "anna", "bert"
MEMBERS = 50
HOSTILE = "<img src=x>\u202e**b**\n$x$"


@pytest.fixture
def room(store: RunStore) -> Classroom:
    """A class with Anna in it."""
    room = store.open_class(TEACHER, "5b")
    store.join_class(room.code, ANNA, "Anna")
    return room


def states(store: RunStore, code: str) -> list[RunState]:
    return [run.state for run in store.class_runs(code)]


# ---- codes ------------------------------------------------------------------------------------


def test_a_code_is_short_and_no_two_of_its_signs_look_alike(store: RunStore) -> None:
    codes = {store.open_class(f"teacher {i}", "5b").code for i in range(30)}
    assert len(codes) == 30
    assert all(re.fullmatch(f"[{CODE_SIGNS}]{{{CODE_LENGTH}}}", code) for code in codes)
    assert not set(CODE_SIGNS) & set("0O1IL5SAEU")


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}-", "(\u200b{})"])
def test_a_code_may_be_typed_in_any_way(store: RunStore, room: Classroom, typed: str) -> None:
    spaced = f"{room.code[:3]} - {room.code[3:]}".lower()
    assert store.join_class(typed.format(spaced), BERT, "Bert").code == room.code


def test_a_typed_code_is_never_long() -> None:
    assert len(tidy_code("x" * 10_000)) <= 2 * CODE_LENGTH


def test_wrong_codes_are_soon_refused_and_forgotten_after_a_while(
    store: RunStore, room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1e9
    monkeypatch.setattr("lstm.roll.time.time", lambda: now)
    for _ in range(MOST_GUESSES):
        with pytest.raises(StoreError, match="No open class"):
            store.join_class("WRONG", BERT, "Bert")
    with pytest.raises(StoreError, match="Too many wrong codes"):
        store.join_class(room.code, BERT, "Bert")
    assert store.class_of(BERT) is None
    store.join_class(room.code, "clara", "Clara")  # nobody else is held up
    now += GUESS_SECONDS + 1
    assert store.join_class(room.code, BERT, "Bert").code == room.code


def test_whoever_poses_as_many_visitors_is_refused_too(
    store: RunStore, room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(CODE_SIGNS) ** CODE_LENGTH / 100_000 > MOST_GUESSES_OF_ALL
    monkeypatch.setattr(roll, "MOST_GUESSES_OF_ALL", 15)
    for i in range(15):
        with pytest.raises(StoreError, match="No open class"):
            store.join_class("WRONG", f"visitor {i}", "Bert")
    with pytest.raises(StoreError, match="Too many wrong codes"):
        store.join_class(room.code, BERT, "Bert")


def test_a_clock_that_was_set_back_locks_nobody_out(
    store: RunStore, room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1e9
    monkeypatch.setattr("lstm.roll.time.time", lambda: now)
    for _ in range(MOST_GUESSES):
        with pytest.raises(StoreError):
            store.join_class("WRONG", BERT, "Bert")
    now -= 1e6
    assert store.join_class(room.code, BERT, "Bert").code == room.code


# ---- members ----------------------------------------------------------------------------------


def test_members_and_the_teacher_see_a_class_and_nobody_else_does(
    store: RunStore, room: Classroom
) -> None:
    member = store.glance(room.code, ANNA).member
    assert member is not None
    assert member.name == "Anna"
    assert store.glance(room.code, TEACHER).member is None
    for code in (room.code, "WRONG2", "", "' OR 1=1 --"):
        with pytest.raises(StoreError, match="not open to you"):
            store.glance(code, BERT)
    assert store.classes(BERT) == []
    assert [one.code for one in store.classes(ANNA)] == [room.code]
    assert [one.code for one in store.classes(TEACHER)] == [room.code]


def test_nicknames_are_tidied_and_nobody_takes_another_s(store: RunStore, room: Classroom) -> None:
    store.join_class(room.code, BERT, f"  {HOSTILE} " + "y" * 100)
    name = store.members(room.code)[1].name
    assert name.startswith("<img src=x> **b** $x$ y")
    assert len(name) <= NICKNAME_LENGTH
    for taken in ("Anna", " anna\u200b", "ANNA"):
        with pytest.raises(StoreError, match="already called"):
            store.join_class(room.code, "clara", taken)
    with pytest.raises(StoreError, match="call you by"):
        store.join_class(room.code, "clara", " \u200b\n")


def test_another_nickname_shows_with_the_runs_made_before(store: RunStore, room: Classroom) -> None:
    make_run(store, owner=ANNA)
    before = store.glance(room.code, ANNA).course
    store.join_class(room.code, ANNA, "Annabel")
    assert store.glance(room.code, ANNA).course != before
    assert [run.member for run in store.class_runs(room.code)] == ["Annabel"]
    assert len(store.members(room.code)) == 1


def test_a_class_has_a_name_and_nobody_opens_too_many(store: RunStore) -> None:
    with pytest.raises(StoreError, match="needs a name"):
        store.open_class(TEACHER, " \n")
    for _ in range(MOST_OPEN):
        last = store.open_class(TEACHER, "5b")
    with pytest.raises(StoreError, match="Close one first"):
        store.open_class(TEACHER, "5b")
    store.close_class(last.code, TEACHER)
    store.open_class(TEACHER, "5b")


def test_a_full_class_lets_nobody_in(
    store: RunStore, room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "MOST_MEMBERS", 1)
    with pytest.raises(StoreError, match="full"):
        store.join_class(room.code, BERT, "Bert")
    store.join_class(room.code, ANNA, "Annabel")  # who is in may still be renamed


def test_the_teacher_is_no_member_of_their_own_class(store: RunStore, room: Classroom) -> None:
    store.join_class(room.code, TEACHER, "me")
    assert [member.name for member in store.members(room.code)] == ["Anna"]
    make_run(store, owner=TEACHER)
    assert store.class_runs(room.code) == []


# ---- runs -------------------------------------------------------------------------------------


def test_runs_made_in_the_class_belong_to_it(store: RunStore, room: Classroom) -> None:
    early = make_run(store, owner=BERT)
    store.join_class(room.code, BERT, "Bert")
    mine = make_run(store, owner=BERT)
    make_run(store, owner="clara")
    assert [(run.run, run.member) for run in store.class_runs(room.code)] == [(mine.id, "Bert")]
    assert store.class_of_run(early.id) is None
    found = store.class_of_run(mine.id)
    assert found is not None
    assert found.code == room.code


def test_a_run_belongs_to_the_class_entered_last(store: RunStore, room: Classroom) -> None:
    other = store.open_class("another teacher", "6a")
    store.join_class(other.code, ANNA, "Anna")
    make_run(store, owner=ANNA)
    assert len(store.class_runs(other.code)) == 1
    assert store.class_runs(room.code) == []


def test_a_run_is_taken_out_by_its_owner_only(store: RunStore, room: Classroom) -> None:
    run = make_run(store, owner=ANNA)
    with pytest.raises(StoreError, match="no such run"):
        store.take_out(run.id, BERT)
    store.take_out(run.id, ANNA)
    assert store.class_runs(room.code) == []
    assert store.run(run.id).state == RunState.QUEUED


def test_who_leaves_or_is_removed_takes_their_runs_along(store: RunStore, room: Classroom) -> None:
    store.join_class(room.code, BERT, "Bert")
    for owner in (ANNA, BERT):
        make_run(store, owner=owner)
    store.leave_class(room.code, ANNA)
    assert [run.member for run in store.class_runs(room.code)] == ["Bert"]
    store.remove_member(room.code, TEACHER, store.members(room.code)[0].number)
    store.remove_member(room.code, TEACHER, 99)
    assert store.class_runs(room.code) == []
    assert store.members(room.code) == []
    for owner in (ANNA, BERT):
        with pytest.raises(StoreError, match="not open to you"):
            store.glance(room.code, owner)
        assert len(store.runs(owner)) == 1


def test_deleted_runs_leave_the_class_until_they_are_brought_back(
    store: RunStore, room: Classroom
) -> None:
    run = make_run(store, owner=ANNA)
    before = store.glance(room.code, ANNA).course
    store.delete(run.id)
    assert store.class_runs(room.code) == []
    assert store.glance(room.code, ANNA).course != before
    store.undelete(run.id)
    assert len(store.class_runs(room.code)) == 1


# ---- the teacher ------------------------------------------------------------------------------


@pytest.mark.parametrize("asker", [ANNA, BERT])
def test_nobody_but_the_teacher_steers_the_class(
    store: RunStore, room: Classroom, asker: str
) -> None:
    run = make_run(store, owner=ANNA)
    acts: list[Callable[[], None]] = [
        lambda: store.pause_class(room.code, asker),
        lambda: store.resume_class(room.code, asker),
        lambda: store.close_class(room.code, asker),
        lambda: store.hide_run(room.code, asker, run.id),
        lambda: store.remove_member(room.code, asker, 1),
    ]
    for act in acts:
        with pytest.raises(StoreError, match="Only whoever opened"):
            act()
    assert states(store, room.code) == [RunState.QUEUED]
    assert len(store.members(room.code)) == 1


def test_a_hidden_run_is_marked_and_can_come_back(store: RunStore, room: Classroom) -> None:
    run = make_run(store, owner=ANNA)
    before = store.glance(room.code, ANNA).course
    store.hide_run(room.code, TEACHER, run.id)
    assert [one.hidden for one in store.class_runs(room.code)] == [True]
    assert store.glance(room.code, ANNA).course != before
    store.hide_run(room.code, TEACHER, run.id, hidden=False)
    assert [one.hidden for one in store.class_runs(room.code)] == [False]


def test_a_pause_halts_all_and_what_is_begun_during_it(store: RunStore, room: Classroom) -> None:
    store.join_class(room.code, BERT, "Bert")
    waiting, training = make_run(store, owner=ANNA), make_run(store, owner=BERT)
    outside = make_run(store, owner="clara")
    store.begin(training.id, pid=1, pid_started=None)
    store.pause_class(room.code, TEACHER)
    begun = make_run(store, owner=ANNA)
    assert store.run(waiting.id).state == RunState.PAUSED
    assert store.run(training.id).pending == "pause"
    assert store.run(begun.id).state == RunState.PAUSED
    assert store.run(outside.id).state == RunState.QUEUED

    store.resume_class(room.code, TEACHER)
    assert store.run(waiting.id).state == RunState.QUEUED
    assert store.run(begun.id).state == RunState.QUEUED
    # Its worker has read the wish already, and can't be told otherwise.
    assert store.run(training.id).pending == "pause"
    store.halt(training.id)
    store.settle_class(room.code)
    assert store.run(training.id).state == RunState.QUEUED
    assert not any(run.held for run in store.class_runs(room.code))


def test_what_its_owner_had_paused_stays_paused(store: RunStore, room: Classroom) -> None:
    run = make_run(store, owner=ANNA)
    store.pause(run.id)
    store.pause_class(room.code, TEACHER)
    store.resume_class(room.code, TEACHER)
    assert store.run(run.id).state == RunState.PAUSED


def test_nobody_goes_on_alone_while_the_class_is_paused(store: RunStore, room: Classroom) -> None:
    halted = make_run(store, owner=ANNA)
    store.pause_class(room.code, TEACHER)
    with pytest.raises(StoreError, match="class is paused"):
        store.resume(halted.id)
    store.resume_class(room.code, TEACHER)
    store.pause(halted.id)
    assert store.resume(halted.id).state == RunState.QUEUED


def test_settling_a_paused_class_lets_nothing_go_on(store: RunStore, room: Classroom) -> None:
    run = make_run(store, owner=ANNA)
    store.pause_class(room.code, TEACHER)
    store.settle_class(room.code)
    assert store.run(run.id).state == RunState.PAUSED


def test_a_halted_run_that_is_taken_out_goes_on(store: RunStore, room: Classroom) -> None:
    run = make_run(store, owner=ANNA)
    store.pause_class(room.code, TEACHER)
    store.take_out(run.id, ANNA)
    assert store.run(run.id).state == RunState.QUEUED


def test_a_closed_class_can_only_be_read(store: RunStore, room: Classroom) -> None:
    run = make_run(store, owner=ANNA)
    store.pause_class(room.code, TEACHER)
    store.close_class(room.code, TEACHER)
    assert store.run(run.id).state == RunState.QUEUED
    assert store.glance(room.code, ANNA).classroom.closed is not None
    assert [one.run for one in store.class_runs(room.code)] == [run.id]
    assert store.class_of(ANNA) is None
    make_run(store, owner=ANNA)
    assert len(store.class_runs(room.code)) == 1
    with pytest.raises(StoreError, match="No open class"):
        store.join_class(room.code, BERT, "Bert")
    acts: list[Callable[[], None]] = [
        lambda: store.pause_class(room.code, TEACHER),
        lambda: store.close_class(room.code, TEACHER),
        lambda: store.hide_run(room.code, TEACHER, run.id),
    ]
    for act in acts:
        with pytest.raises(StoreError, match="closed"):
            act()


# ---- many -------------------------------------------------------------------------------------


def test_fifty_join_train_and_are_halted_at_once(store: RunStore) -> None:
    room = store.open_class(TEACHER, "all of them")
    for i in range(MEMBERS):
        store.join_class(room.code, f"member {i}", f"name {i}")
    runs = [make_run(store, owner=f"member {i}") for i in range(MEMBERS)]
    assert [member.number for member in store.members(room.code)] == list(range(1, MEMBERS + 1))
    assert {run.run for run in store.class_runs(room.code)} == {run.id for run in runs}
    store.pause_class(room.code, TEACHER)
    assert set(states(store, room.code)) == {RunState.PAUSED}
    store.resume_class(room.code, TEACHER)
    assert set(states(store, room.code)) == {RunState.QUEUED}
