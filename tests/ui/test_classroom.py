"""The class page, drawn without a browser."""

from collections.abc import Sequence
from html import escape
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lstm.classroom import Classroom
from lstm.events import Sample
from lstm.messages import LANGUAGES, Language, text
from lstm.records import EpochRow, Message, Run, RunState
from lstm.runs import RunStore
from lstm.ui.classroom import board as boards
from lstm.ui.classroom.chart import class_chart
from lstm.ui.curves import Curve, Look
from tests.ui.page_tools import (
    ANNA,
    BERT,
    class_room,
    open_room,
    page_text,
    run_with_a_past,
    train_room,
)

TEACHER = "t" * 43
STRANGER = "s" * 43
HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"
NICKNAME = "<b>bold</b> **x** $y$"
MEMBERS = 50


@pytest.fixture
def room(store: RunStore) -> Classroom:
    """A class with Anna and Bert in it."""
    room = store.open_class(TEACHER, HOSTILE)
    store.join_class(room.code, ANNA, NICKNAME)
    store.join_class(room.code, BERT, "Bert")
    return room


def trained(store: RunStore, owner: str, evaluations: int = 3) -> Run:
    """A run that has finished, so that nothing in the class goes on by itself."""
    run = run_with_a_past(store, evaluations, owner)
    return store.end(run.id, RunState.FINISHED, Message("notices.finished_epochs"))


def keys(page: AppTest) -> set[str]:
    return {str(button.key) for button in page.button}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_alone_shows_the_way_in_and_nothing_else(
    store: RunStore, room: Classroom, language: Language
) -> None:
    trained(store, ANNA)
    pages = [
        open_room(class_room, STRANGER, code=code, lang=language)
        for code in (room.code, "WRONG2", HOSTILE)
    ]
    for page in pages:
        assert not page.exception
        assert text("classroom.join.title", language) in page_text(page)
        assert "Bert" not in page_text(page)
        assert "<img" not in page_text(page)
        assert escape(HOSTILE) not in page_text(page)
    assert page_text(pages[0]) == page_text(pages[1])
    assert pages[0].text_input(key="class-code").value == room.code


def test_a_visitor_joins_and_is_told_what_is_seen(store: RunStore, room: Classroom) -> None:
    page = open_room(class_room, STRANGER, code=room.code)
    join = text("classroom.join.button")
    next(button for button in page.button if button.label == join).click().run()
    assert text("errors.class_blank_nickname") in page_text(page)
    page.text_input(key="class-name").set_value("Bert")
    next(button for button in page.button if button.label == join).click().run()
    assert text("errors.class_name_taken", name="Bert") in page_text(page)
    page.text_input(key="class-name").set_value("Clara")
    next(button for button in page.button if button.label == join).click().run()
    assert not page.exception
    assert escape(HOSTILE) in page_text(page)
    assert text("classroom.member", name="Clara") in page_text(page)
    assert page.query_params["code"] == room.code


def test_a_class_is_opened_and_listed(store: RunStore) -> None:
    page = open_room(class_room, TEACHER)
    button = text("classroom.open.button")
    next(one for one in page.button if one.label == button).click().run()
    assert text("errors.class_blank_name") in page_text(page)
    page.text_input(key="class-new-name").set_value("5b")
    next(one for one in page.button if one.label == button).click().run()
    opened = store.classes(TEACHER)[0]
    assert page.query_params["code"] == opened.code
    spelled = f"{opened.code[:3]} {opened.code[3:]}"
    assert text("classroom.code", code=spelled) in page_text(page)
    listed = open_room(class_room, TEACHER)
    assert text("classroom.state.yours") in page_text(listed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_s_trainings_stand_on_one_chart_and_in_a_table(
    store: RunStore, room: Classroom, language: Language
) -> None:
    mine, better = trained(store, ANNA), trained(store, BERT, 5)
    store.rename(mine.id, HOSTILE)
    page = open_room(class_room, ANNA, code=room.code, lang=language)
    assert not page.exception
    said = page_text(page)
    assert "<img" not in said
    assert "<b>" not in said
    assert escape(HOSTILE) in said
    assert said.index("★ 0.577") < said.rindex("0.962")
    assert escape(text("classroom.board.you", language, name=NICKNAME)) in said
    assert "the sample 5" in said
    assert len(page.get("bidi_component")) == 1
    store.delete(better.id)
    assert "★ 0.962" in page_text(page.run())


def test_only_the_teacher_has_the_controls(store: RunStore, room: Classroom) -> None:
    trained(store, ANNA)
    desk = {"class-pause", "class-close_now", "class-remove", "class-quiz-start", "class-show"}
    assert desk <= keys(open_room(class_room, TEACHER, code=room.code))
    assert not desk & keys(open_room(class_room, ANNA, code=room.code))
    stranger = open_room(class_room, STRANGER, code=room.code, show="code")
    assert not desk & keys(stranger)
    assert "Bert" not in page_text(stranger)


def test_the_teacher_pauses_hides_removes_and_closes(store: RunStore, room: Classroom) -> None:
    run = run_with_a_past(store, owner=ANNA)
    other = trained(store, BERT)
    page = open_room(class_room, TEACHER, code=room.code)
    page.button(key="class-pause").click().run()
    assert store.run(run.id).pending == "pause"
    assert text("classroom.state.paused") in page_text(page)
    page.button(key="class-resume").click().run()
    store.halt(run.id)
    page.run()  # whoever looks next lets it go on
    assert store.run(run.id).state == RunState.QUEUED

    page.multiselect(key="class-hidden").set_value([other.id]).run()
    assert [row.hidden for row in store.class_runs(room.code) if row.run == other.id] == [True]
    member = open_room(class_room, ANNA, code=room.code)
    assert "Bert" not in page_text(member)
    page.multiselect(key="class-hidden").set_value([]).run()
    assert not any(row.hidden for row in store.class_runs(room.code))

    page.selectbox(key="class-member").set_value(2)
    page.button(key="class-remove").click().run()
    assert [one.owner for one in store.members(room.code)] == [ANNA]
    page.button(key="class-close_now").click().run()
    assert not page.exception
    assert text("classroom.state.closed") in page_text(page)
    assert not {"class-pause", "class-quiz-start"} & keys(page)
    assert "0.962" in page_text(page)


def test_the_code_stands_large_with_its_qr_code(store: RunStore, room: Classroom) -> None:
    page = open_room(class_room, TEACHER, code=room.code, show="code")
    assert not page.exception
    said = page_text(page)
    assert f"{room.code[:3]} {room.code[3:]}" in said
    assert '<img alt="' in said
    assert "data:image/svg+xml" in said
    assert escape(NICKNAME) in said
    page.button(key="class-back").click().run()
    assert "class-pause" in keys(page)


def test_a_member_takes_a_run_out_and_leaves(store: RunStore, room: Classroom) -> None:
    run = trained(store, ANNA)
    page = open_room(class_room, ANNA, code=room.code)
    page.button(key=f"class-out-{run.id}").click().run()
    assert store.class_runs(room.code) == []
    assert text("classroom.board.empty") in page_text(page)
    page.button(key="class-leave").click().run()
    assert not page.exception
    assert text("classroom.join.title") in page_text(page)
    assert [one.owner for one in store.members(room.code)] == [BERT]


def test_train_says_what_the_class_will_see(store: RunStore, room: Classroom) -> None:
    assert escape(HOSTILE) not in page_text(open_room(train_room, STRANGER))
    page = open_room(train_room, ANNA)
    assert not page.exception
    assert escape(text("classroom.belongs.will", name=HOSTILE)) in page_text(page)
    store.pause_class(room.code, TEACHER)
    assert escape(text("classroom.belongs.will_wait", name=HOSTILE)) in page_text(page.run())
    store.close_class(room.code, TEACHER)
    assert escape(HOSTILE) not in page_text(page.run())


def test_a_training_says_that_the_class_sees_it_and_can_be_taken_out(
    store: RunStore, room: Classroom
) -> None:
    run = trained(store, ANNA)
    page = open_room(train_room, ANNA, run=run.id)
    said = escape(text("classroom.belongs.does", name=HOSTILE))
    assert said in page_text(page)
    page.button(key="class-take-out").click().run()
    assert not page.exception
    assert said not in page_text(page)
    assert store.class_of_run(run.id) is None


def test_a_removed_member_is_outside_at_once(store: RunStore, room: Classroom) -> None:
    page = open_room(class_room, ANNA, code=room.code)
    store.remove_member(room.code, TEACHER, 1)
    assert text("classroom.join.title") in page_text(page.run())


def test_a_round_is_started_judged_and_ended(store: RunStore, room: Classroom) -> None:
    for _ in range(3):
        run = trained(store, ANNA)
        write_much(store, run)
    teacher = open_room(class_room, TEACHER, code=room.code)
    teacher.button(key="class-quiz-start").click().run()
    assert not teacher.exception
    current = store.round(room.code)
    assert current is not None
    assert current.passages >= 4

    member = open_room(class_room, BERT, code=room.code)
    for question in store.questions(current.id, BERT):
        assert f"…{escape(question.text)}…" in page_text(member)
        member.button(key=f"class-quiz-real-{question.number}").click().run()
        assert not member.exception
    real = sum(bool(question.real) for question in store.questions(current.id, BERT))
    result = text("classroom.quiz.result", right=real, all=current.passages)
    assert result in page_text(member)
    assert "Bert" in page_text(teacher.run())
    assert "100%" in page_text(teacher)
    assert text("classroom.quiz.from_text") not in page_text(teacher)
    teacher.button(key="class-quiz-end").click().run()
    assert text("classroom.quiz.from_text") in page_text(teacher)


def test_too_little_to_guess_at_is_said(store: RunStore, room: Classroom) -> None:
    page = open_room(class_room, TEACHER, code=room.code)
    page.button(key="class-quiz-start").click().run()
    assert not page.exception
    assert text("errors.class_no_passages") in page_text(page)


def test_the_results_of_the_guessing_game_are_listed(store: RunStore, room: Classroom) -> None:
    store.add_score(room.code, BERT, "shannon", 2.345, 40)
    page = open_room(class_room, ANNA, code=room.code)
    assert text("classroom.games.shannon") in page_text(page)
    assert "2.35" in page_text(page)


def test_fifty_look_at_once_and_the_work_is_done_once(
    store: RunStore, room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(MEMBERS - 2):
        store.join_class(room.code, f"{place:043d}", f"name {place}")
    run = trained(store, ANNA)
    for place in range(6):
        trained(store, f"{place:043d}")
    read: list[str] = []
    epochs = RunStore.epochs

    def noted_epochs(store: RunStore, run_id: str) -> list[EpochRow]:
        read.append(run_id)
        return epochs(store, run_id)

    def noted_chart(curves: Sequence[Curve], look: Look) -> dict[str, Any]:
        read.append("chart")
        return class_chart(curves, look)

    monkeypatch.setattr(RunStore, "epochs", noted_epochs)
    monkeypatch.setattr(boards, "class_chart", noted_chart)

    viewers = [TEACHER, ANNA, *(f"{place:043d}" for place in (0, 1, 20, 30, 47))]
    pages = [open_room(class_room, one, code=room.code) for one in viewers]
    assert all(not page.exception for page in pages)
    assert read.count("chart") == 1
    assert len(read) == 8
    for page in pages:
        page.run()
    assert len(read) == 8
    store.end(run.id, RunState.STOPPED, Message("notices.finished_stopped"))
    for page in pages:
        page.run()
    assert read[8:] == [run.id, "chart"]


def write_much(store: RunStore, run: Run) -> None:
    """Let a run write samples that are long enough to be cut into passages."""
    words = f"{run.id} wrote and the dogs sat on a far mat then " * 12
    store.append(run.id, [Sample(4, 4.0, t, "the ", words[:400], 0.01) for t in (0.5, 1.0)])
