"""A class in real browsers: a teacher and two students, live, and a stranger who stays outside."""

import re

import pytest
from playwright.sync_api import Page, expect

from lstm.messages import Language, text
from tests.browser.axe import Inspector
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.test_train import SMALL, start, upload

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

HOSTILE = "<img src=x onerror=1>$x$"
WIDE = "() => document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"


def button(page: Page, key: str, language: Language = "en") -> None:
    page.get_by_role("button", name=text(key, language), exact=True).click()


def join(page: Page, name: str, language: Language = "en") -> None:
    page.get_by_label(text("classroom.join.name", language)).fill(name)
    button(page, "classroom.join.button", language)
    expect(page.get_by_text(text("classroom.member", language, name=name))).to_be_visible()


def train(page: Page, code: str, language: Language = "en", budget: str = "epochs=2") -> None:
    """Train a tiny network and go back to the class."""
    page.goto(f"/train?text=upload&{SMALL}&{budget}&lang={language}")
    upload(page)
    expect(page.get_by_text(text("classroom.belongs.will", language, name="5b"))).to_be_visible()
    start(page, language)
    page.goto(f"/class?code={code}&lang={language}")


def wait_for_lines(page: Page, count: int, points: int = 1) -> None:
    """Wait until the chart shows so many trainings, the longest with so many points."""
    page.wait_for_function(
        """([count, points]) => {
            const data = document.querySelector('.charloom-plot-canvas')?.data ?? [];
            const longest = Math.max(0, ...data.map((trace) => trace.x.length));
            return data.length === count && longest >= points;
        }""",
        arg=[count, points],
    )


def test_a_class_from_its_opening_to_its_end(open_page: OpenPage) -> None:
    teacher = open_page("/class", size=(1920, 1080))
    inspector = Inspector(teacher)
    code = opened(teacher)
    link = f"/class?code={code}"
    stranger = open_page(link)
    expect(stranger.get_by_label(text("classroom.join.name"))).to_be_visible()
    anna, ming = open_page(link), open_page(link, language="zh", size=(390, 844), theme="dark")
    join(anna, HOSTILE)
    join(ming, "小明", "zh")
    expect(teacher.get_by_text("小明", exact=True)).to_be_visible()
    expect(teacher.get_by_text(HOSTILE, exact=True)).to_be_visible()
    button(teacher, "classroom.desk.back")

    both_train(code, teacher, anna, ming)
    inspector.inspect("class")
    student = Inspector(ming)
    student.inspect("class of a student")
    assert not student.found, student.report()
    assert ming.evaluate(WIDE) <= 0
    assert teacher.evaluate(WIDE) <= 0
    judge(teacher, anna, inspector)
    hide(teacher, anna)
    close(teacher)
    expect(anna.get_by_text(text("classroom.over_member", name=HOSTILE))).to_be_visible()
    expect(ming.get_by_text(text("classroom.over_member", "zh", name="小明"))).to_be_visible()
    wait_for_lines(anna, 1)

    stranger.get_by_label(text("classroom.join.name")).fill("late")
    button(stranger, "classroom.join.button")
    expect(stranger.get_by_text(text("errors.class_no_such_code"))).to_be_visible()
    expect(stranger.get_by_text("5b", exact=True)).to_have_count(0)
    for page in (teacher, anna, ming, stranger):
        assert page.locator("img[src='x'], .katex").count() == 0
    assert not inspector.found, inspector.report()


def opened(teacher: Page) -> str:
    """Open a class, show its code large, and return it."""
    teacher.get_by_label(text("classroom.open.name")).fill("5b")
    button(teacher, "classroom.open.button")
    teacher.wait_for_url(re.compile("code="), wait_until="commit")
    code: str = re.findall(r"code=(\w+)", teacher.url)[0]
    button(teacher, "classroom.desk.show")
    expect(teacher.get_by_text(f"{code[:3]} {code[3:]}", exact=True)).to_be_visible()
    expect(teacher.get_by_alt_text(text("classroom.desk.qr"))).to_be_visible()
    return code


def both_train(code: str, teacher: Page, anna: Page, ming: Page) -> None:
    """Both lines come and grow on everybody's page, without a reload; a pause halts both."""
    train(anna, code, budget="seconds=600")
    for page in (teacher, anna, ming):
        wait_for_lines(page, 1)
    train(ming, code, "zh")
    points = "document.querySelector('.charloom-plot-canvas').data[0].x.length"
    wait_for_lines(teacher, 1, teacher.evaluate(points) + 1)

    button(teacher, "classroom.desk.pause")
    paused = anna.locator(".charloom-class-table").get_by_text(text("train.state.paused"))
    expect(paused).to_have_count(2)
    button(teacher, "classroom.desk.resume")
    expect(paused).to_have_count(0)

    # One's own training is stopped where it is watched; then it is the other's turn.
    anna.get_by_role("button", name=text("classroom.me.runs", count=1)).click()
    anna.get_by_role("link", name=text("runs.open")).click()
    button(anna, "train.watch.stop")
    expect(anna.get_by_text(text("train.state.stopped"), exact=True)).to_be_visible()
    anna.goto(f"/class?code={code}")
    for page in (teacher, anna, ming):
        wait_for_lines(page, 2)


def judge(teacher: Page, anna: Page, inspector: Inspector) -> None:
    """Play a round: every answer counts at once on the teacher's page."""
    button(teacher, "classroom.quiz.start")
    passage = anna.locator(".charloom-class-passage")
    expect(passage).to_be_visible()
    expect(teacher.get_by_text("0 / 2", exact=True)).to_be_visible()
    real = anna.get_by_role("button", name=text("classroom.quiz.real"), exact=True)
    for _ in range(8):
        if passage.count() == 0:
            break
        said = passage.inner_text()
        expect(real).to_have_count(1)  # those of the last passage are gone
        real.click()
        expect(anna.locator(".charloom-class-passage", has_text=said)).to_have_count(0)
    expect(teacher.get_by_text("1 / 2", exact=True)).to_be_visible()
    expect(teacher.get_by_text("100%", exact=True)).to_be_visible()
    inspector.inspect("round")
    button(teacher, "classroom.quiz.end")
    truth = text("classroom.quiz.truth")
    expect(anna.locator("summary", has_text=truth)).to_be_visible()


def hide(teacher: Page, anna: Page) -> None:
    """Take a training off the class page: it goes from everybody's chart and table."""
    teacher.get_by_role("button", name=text("classroom.desk.hide")).click()
    teacher.get_by_label(text("classroom.desk.hidden")).click()
    teacher.get_by_role("option", name=re.compile("^小明")).click()
    wait_for_lines(anna, 1)
    expect(anna.locator(".charloom-class-table").get_by_text("小明")).to_have_count(0)
    teacher.keyboard.press("Escape")
    teacher.keyboard.press("Escape")


def close(teacher: Page) -> None:
    teacher.get_by_role("button", name=text("classroom.desk.close")).click()
    button(teacher, "classroom.desk.close_now")
    expect(teacher.get_by_text(text("classroom.state.closed"), exact=True)).to_be_visible()
