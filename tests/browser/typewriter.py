"""The typewriter as a test sees it: what stands there, and what it was drawn at."""

from typing import NamedTuple

from playwright.sync_api import Frame, Locator, Page

PATIENCE = 60_000
"""Milliseconds after which what never comes is a failure, not a slow machine."""


class Run(NamedTuple):
    """Characters of one look."""

    start: int
    text: str
    temperature: float


class Typewriter:
    """Reads and drives the typewriter of a page."""

    def __init__(self, page: Page | Frame) -> None:
        self.page = page
        self.root = page.locator(".typewriter")
        self.sheet = page.locator(".paper .sheet")

    def control(self, name: str) -> Locator:
        return self.root.locator(f'[data-control="{name}"]')

    @property
    def slider(self) -> Locator:
        return self.root.locator("#temperature")

    def position(self) -> int:
        return int(self.root.get_attribute("data-position") or 0)

    def state(self) -> str:
        return self.root.get_attribute("data-state") or ""

    def wait_for(self, position: int) -> None:
        """Wait until so many characters stand there."""
        self.root.evaluate(
            """async (root, [least, patience]) => {
                const until = performance.now() + patience;
                while (Number(root.dataset.position) < least) {
                    if (performance.now() > until) throw new Error(`stuck: ${root.dataset.state}`);
                    await new Promise(requestAnimationFrame);
                }
            }""",
            [position, PATIENCE],
        )

    def restart(self, control: str = "restart") -> None:
        """Click, and wait until the old text is gone and the count has begun anew."""
        self.control(control).evaluate(
            """async (button, patience) => {
                const root = button.closest('.typewriter');
                const before = Number(root.dataset.position);
                button.click();
                const sheet = button.getRootNode().querySelector('.page .run');
                if (sheet) throw new Error('text is left');
                const until = performance.now() + patience;
                while (before && Number(root.dataset.position) >= before) {
                    if (performance.now() > until) throw new Error('the count goes on');
                    await new Promise(requestAnimationFrame);
                }
            }""",
            PATIENCE,
        )

    def compare(self, least: int) -> None:
        """Ask for the columns, and wait until so many characters stand in each of the four."""
        self.restart("compare")
        self.wait_for_columns(least)

    def wait_for_columns(self, least: int) -> None:
        self.root.evaluate(
            """async (root, [least, patience]) => {
                const columns = [1, 2, 3, 4].map(
                    (lane) => root.querySelector(`[data-lane="${lane}"]`),
                );
                const text = (column) =>
                    [...column.querySelectorAll('.run')].map((run) => run.textContent).join('');
                const written = (column) => text(column).length;
                const until = performance.now() + patience;
                while (!columns.every((column) => written(column) >= least)) {
                    if (performance.now() > until) throw new Error(`stuck: ${root.dataset.state}`);
                    await new Promise(requestAnimationFrame);
                }
            }""",
            [least, PATIENCE],
        )

    def wait_for_drawing(self) -> None:
        """Wait until what was asked for so far is on the screen, which is drawn frame by frame."""
        self.page.evaluate(
            "() => new Promise((on) => requestAnimationFrame(() => requestAnimationFrame(on)))"
        )

    def wait_for_state(self, state: str) -> None:
        self.root.and_(self.page.locator(f'[data-state="{state}"]')).wait_for()

    def choose_the_last(self) -> None:
        """Stop it, open what is told of a character, and go back to the last one by a key."""
        self.control("play").click()
        self.wait_for_state("paused")
        self.root.locator("summary").click()
        self.sheet.press("ArrowLeft")
        self.wait_for_state("choosing")

    def runs(self, lane: int = 0) -> list[Run]:
        found = self.root.locator(f'[data-lane="{lane}"] .run').evaluate_all(
            "runs => runs.map(r => [Number(r.dataset.from), r.textContent, Number(r.dataset.t)])"
        )
        return [Run(*one) for one in found]

    def text(self, lane: int = 0) -> str:
        return "".join(run.text for run in self.runs(lane))

    def temperatures(self) -> list[float]:
        """Return the temperature of every character, in order."""
        return [run.temperature for run in self.runs() for _ in run.text]

    def set_temperature(self, value: float) -> None:
        """Move the slider in one step, as a press of a key does."""
        self.slider.evaluate(
            """(slider, value) => {
                slider.value = value;
                slider.dispatchEvent(new Event('input', { bubbles: true }));
                slider.dispatchEvent(new Event('change', { bubbles: true }));
            }""",
            value,
        )
