"""The chapter on the four kinds of tasks: five networks, one's own input, both languages."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lstm.lessons.tasks.kinds import KINDS
from lstm.lessons.tasks.parts import Progress, Task
from lstm.lessons.tasks.training import practise
from lstm.messages import LANGUAGES, Language, text
from lstm.ui.learn import tasks
from lstm.ui.learn.glossary import keys
from tests.ui.learn.room import open_chapter
from tests.ui.page_tools import page_text


@cache
def brief(key: str, language: Language) -> Task[Any]:
    """A task whose training is over soon."""
    one = KINDS[key](language)
    one.plan = replace(one.plan, laps=2, steps=2)
    return one


@cache
def trained(key: str) -> Progress:
    return list(practise(brief(key, "en"), 1))[-1]


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """Let trainings be short, and keep the newest of each drawing with what is said of it."""
    kept: dict[str, tuple[str, str]] = {}

    def keep(svg: str, *, key: str, said: str, kind: str = "") -> None:
        kept[key] = svg, said

    monkeypatch.setattr(tasks, "task", brief)
    monkeypatch.setattr(tasks, "drawing", keep)
    return kept


def ready(page: AppTest) -> AppTest:
    """Draw the page again until everything is computed."""
    while any(str(button.key).endswith("-cancel") for button in page.button):
        page.run()
    assert not page.exception
    return page


def own_value(page: AppTest, key: str, language: Language) -> object:
    name = f"tasks-own-{key}-{language}"
    if key == "colours":
        return page.color_picker(key=name).value
    return (page.number_input(key=name) if key == "numbers" else page.text_input(key=name)).value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KINDS)
def test_each_network_shows_its_shape_and_answers(
    key: str, language: Language, drawn: dict[str, tuple[str, str]]
) -> None:
    page = ready(open_chapter("tasks", language, task=key))
    said = page_text(page)
    assert text("learn_tasks.output", language) in drawn["drawing-task"][0]
    assert ("drawing-verdict" in drawn) == (key == "feelings")
    assert text("learn_tasks.answer", language) in said
    assert text("learn_tasks.cases", language) in said
    assert own_value(page, key, language)
    assert page.query_params["task"] in (key, [key])
    page.button(key=f"live-tasks-{key}-step").click().run()
    held = len(brief(key, language).held_out)
    before, _, after = text("learn_tasks.state", language, step=2, right="@", held=held).partition(
        "@"
    )
    said = page_text(ready(page))
    assert before in said
    assert after in said


def test_the_learner_walks_through_the_moments(drawn: dict[str, tuple[str, str]]) -> None:
    page = ready(open_chapter("tasks", "en", task="brackets"))
    page.text_input(key="tasks-own-brackets-en").set_value("a (b)").run()
    moments = page.slider(key="tasks-moment-brackets")
    assert (moments.min, moments.max, moments.value) == (1, 5, 5)
    moments.set_value(2).run()
    shown, told = drawn["drawing-task"]
    assert told.startswith("Moment 2 of 5. In: a space.")
    assert shown.count('class="past"') == 2
    page.text_input(key="tasks-own-brackets-en").set_value("a").run()
    assert not page.exception
    assert drawn["drawing-task"][1].startswith("Moment 1 of 1. In: a.")


def test_bad_input_gets_a_sentence_and_hostile_input_stays_text(
    drawn: dict[str, tuple[str, str]],
) -> None:
    page = ready(open_chapter("tasks", "en", task="feelings"))
    page.text_input(key="tasks-own-feelings-en").set_value("   ").run()
    assert text("errors.lesson_empty") in page_text(page)
    page.text_input(key="tasks-own-feelings-en").set_value("<img src=x> **b**").run()
    assert not page.exception
    assert text("errors.lesson_empty") not in page_text(page)
    assert "<img" not in page_text(page) + "".join(svg for svg, _ in drawn.values())


def test_a_teacher_can_take_the_choice_and_the_box_away() -> None:
    page = ready(open_chapter("tasks", "zh", hidden=("task", "own"), task="numbers"))
    assert not page.number_input
    assert "look-task" not in [control.key for control in page.segmented_control]
    assert brief("numbers", "zh").held_out[0].wanted in page_text(page)
    assert set(tasks.CONTROLS) == {"task", "own"}
    for control in tasks.CONTROLS:
        assert text(f"learn_tasks.{control}")


def test_a_network_nobody_knows_is_the_first_one() -> None:
    page = ready(open_chapter("tasks", "en", task="<b>"))
    assert page.color_picker


def test_its_words_are_in_the_glossary() -> None:
    page = ready(open_chapter("tasks", "en", task="numbers"))
    assert set(tasks.TERMS) <= set(keys())
    for key in ("accuracy", "held_out", "fed_back"):
        assert f'href="#term-{key}"' in page_text(page)
    assert 'href="#term-encoder"' in page_text(ready(open_chapter("tasks", "en", task="dates")))


@pytest.mark.parametrize("key", KINDS)
def test_right_and_wrong_are_told_in_words(key: str) -> None:
    part, one = trained(key), brief(key, "en")
    case, said = part.cases[0], part.answers[0]
    right = replace(said, got=case.wanted)
    wrong = replace(said, got={"black": "white", "white": "black"}.get(case.wanted, "?"))
    good, bad = (tasks.verdict_html(key, one, case.given, it) for it in (right, wrong))
    if key == "feelings":  # no rule tells
        assert "✓" not in good
    else:
        assert "✓" in good
        assert "✗" in bad
    assert text("learn_tasks.unseen") in good
    rows = tasks.cases_of(replace(part, answers=(right, wrong, *part.answers[2:])))
    assert [row[-1] for row in rows[1:2]] == ["✓"]


def test_the_curve_never_changes_its_axes() -> None:
    figure = tasks.accuracy_chart(brief("dates", "en"), trained("dates"))
    (trace,) = figure["data"]
    assert trace["x"] == [0, 2, 4]
    assert figure["layout"]["xaxis"]["range"][0] == 0
    assert figure["layout"]["yaxis"]["range"] == [-0.03, 1.04]


def test_the_moments_go_by_themselves_up_to_the_last(
    drawn: dict[str, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(tasks, "monotonic", lambda: now[0])
    page = ready(open_chapter("tasks", "en", task="brackets"))
    page.text_input(key="tasks-own-brackets-en").set_value("a(b)").run()
    page.button(key="tasks-walk-brackets").click().run()
    assert drawn["drawing-task"][1].startswith("Moment 1 of 4.")
    page.run()  # something else was clicked: no stride
    assert drawn["drawing-task"][1].startswith("Moment 1 of 4.")
    for moment in (2, 3, 4):
        assert page.button(key="tasks-walk-brackets").label == text("learn_live.pause")
        now[0] += tasks.STRIDE
        page.run()
        assert drawn["drawing-task"][1].startswith(f"Moment {moment} of 4.")
    assert page.button(key="tasks-walk-brackets").label == text("learn_tasks.walk")
    assert not page.exception
