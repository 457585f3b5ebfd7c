"""A live experiment on the page: computed once for all, shown at each viewer's pace."""

import time
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lstm.messages import text
from lstm.ui.learn import live
from lstm.ui.look import jobs
from tests.ui.page_tools import PATIENCE, page_text


class Clock:
    """A clock that goes on when it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(live, "monotonic", clock)
    return clock


def room() -> None:
    from collections.abc import Iterator
    from dataclasses import dataclass

    import streamlit as st

    from lstm.errors import InsightError
    from lstm.ui.learn.lesson import Lesson
    from lstm.ui.learn.live import live

    @dataclass(frozen=True)
    class Part:
        said: str
        share: float

    def show(part: Part) -> None:
        st.html(f"<p>{part.said}</p>")

    name = st.session_state.name
    began, broken = st.session_state.began, name == "broken"

    def work(dice: int) -> Iterator[Part]:
        # The worker has no session: what it needs is bound here.
        if broken:
            raise InsightError("insight_no_gates")
        for number in range(20):
            began.append(dice)
            yield Part(f"part {number} of {dice}", number / 19)

    lesson = Lesson("a text", "en", hidden=frozenset(st.session_state.hidden))
    live(lesson, "test", (name,), work, show, autoplay=st.session_state.autoplay)


def draw(name: str, *, autoplay: bool = False, hidden: tuple[str, ...] = ()) -> AppTest:
    page = AppTest.from_function(room, default_timeout=PATIENCE)
    page.session_state["name"] = name
    page.session_state["began"] = []
    page.session_state["autoplay"] = autoplay
    page.session_state["hidden"] = hidden
    return page.run()


def open_room(name: str, *, autoplay: bool = False, hidden: tuple[str, ...] = ()) -> AppTest:
    return until_ready(draw(name, autoplay=autoplay, hidden=hidden))


def until_ready(page: AppTest) -> AppTest:
    """Draw the page again until everything is computed."""
    while any(button.key == "live-test-cancel" for button in page.button):
        page.run()
    return page


def click(page: AppTest, name: str) -> AppTest:
    return until_ready(page.button(key=f"live-test-{name}").click().run())


def shown(page: AppTest) -> str:
    return next(body for body in page_text(page).split("\n") if "part " in body)


def play_label(page: AppTest) -> str:
    return str(page.button(key="live-test-play").label)


def test_it_plays_at_its_pace_and_stops_behind_the_last_part(clock: Clock) -> None:
    page = open_room("plays")
    assert "part 0 of 1" in shown(page)
    click(page, "play")
    assert play_label(page) == text("learn_live.pause")
    assert "part 0 of 1" in shown(page)
    for part in (1, 2, 3):
        clock.now += live.TICK
        assert f"part {part} of 1" in shown(page.run())
    page.run()  # something was clicked elsewhere: no tick
    assert "part 3 of 1" in shown(page)
    page.segmented_control(key="live-test-pace").set_value("fast").run()
    clock.now += live.TICK
    assert "part 7 of 1" in shown(page.run())
    page.segmented_control(key="live-test-pace").set_value("slow").run()
    clock.now += live.TICK
    assert "part 7 of 1" in shown(page.run())
    clock.now += 1.5
    assert "part 8 of 1" in shown(page.run())
    for _ in range(20):
        clock.now += 1.5
        page.run()
    assert "part 19 of 1" in shown(page)
    assert play_label(page) == text("learn_live.play")
    assert page.button(key="live-test-step").disabled
    click(page, "play")
    assert "part 0 of 1" in shown(page)


def test_one_steps_forth_and_back_and_to_any_part(clock: Clock) -> None:
    page = open_room("steps")
    assert page.button(key="live-test-back").disabled
    click(click(page, "step"), "step")
    assert "part 2 of 1" in shown(page)
    assert "part 1 of 1" in shown(click(page, "back"))
    page.slider(key="live-test-place").set_value(12).run()
    assert "part 11 of 1" in shown(page)
    clock.now += 100.0
    assert "part 11 of 1" in shown(page.run())
    assert not page.exception


def test_the_same_dice_give_the_same_and_are_computed_once(clock: Clock) -> None:
    first = open_room("shared")
    began = first.session_state["began"]
    assert began == [1] * 20
    second = open_room("shared")
    assert "part 0 of 1" in shown(second)
    assert second.session_state["began"] == []
    click(click(first, "step"), "again")
    assert "part 0 of 1" in shown(first)
    assert began == [1] * 20
    assert "part 0 of 2" in shown(click(first, "dice"))
    assert began == [1] * 20 + [2] * 20


def test_other_settings_begin_anew_and_play_if_it_was_set_going(clock: Clock) -> None:
    page = open_room("before", autoplay=True)
    clock.now += live.TICK
    assert "part 1 of 1" in shown(page.run())
    page.session_state["name"] = "after"
    page.run()
    until_ready(page)
    assert "part 0 of 1" in shown(page)
    assert play_label(page) == text("learn_live.pause")


def test_controls_that_the_teacher_hides_are_not_there(clock: Clock) -> None:
    page = open_room("hidden", hidden=("pace", "dice", "scrub"))
    assert [button.key for button in page.button] == [
        f"live-test-{name}" for name in ("play", "back", "step", "again")
    ]
    assert not page.slider
    assert not page.segmented_control


def test_what_can_t_be_done_is_said(clock: Clock) -> None:
    page = open_room("broken")
    while text("errors.insight_no_gates") not in page_text(page):
        page.run()
    assert not page.exception


def test_who_does_without_the_rest_keeps_what_there_is(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.Job(lambda: iter(()))

    def unfinished(key: tuple[str, ...], work: object, lane: str) -> jobs.Job:
        return job

    monkeypatch.setattr(jobs, "job", unfinished)
    page = draw("cancelled")
    page.button(key="live-test-cancel").click().run()
    assert not page.exception
    assert not any(button.key == "live-test-cancel" for button in page.button)


def test_what_was_primed_is_there(clock: Clock) -> None:
    done = []

    def work(dice: int) -> Iterator[int]:
        done.append(dice)
        yield dice

    for _ in range(2):
        live.prime("primed", ("settings",), work)
    key = next(key for key in jobs._jobs if key[:2] == ("learn", "primed"))
    job = jobs.job(key, lambda: iter(()))
    while not job.over:
        time.sleep(0.001)
    assert isinstance(job.latest, live._Reel)
    assert job.latest.parts == [1]
    assert done == [1]


def test_its_state_is_told_when_it_changes_and_not_at_every_tick(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(live, "announce", lambda sentence, key: told.append(sentence))
    page = open_room("told")
    assert told[-1] == text("learn_live.at", place=1, count=20)
    click(page, "play")
    for _ in range(3):
        clock.now += live.TICK
        page.run()
    assert set(told[-3:]) == {text("learn_live.playing")}
    click(page, "play")
    assert told[-1] == text("learn_live.at", place=4, count=20)
    page.slider(key="live-test-place").set_value(20).run()
    assert told[-1] == text("learn_live.at_end", place=20, count=20)
