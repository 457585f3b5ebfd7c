"""What axe-core says about a page, light and dark: violations of WCAG 2.1 A and AA.

And how wide a phone has it.
"""

from importlib.resources import files
from typing import Literal, NamedTuple

from playwright.sync_api import Page

SOURCE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

RUN = """async levels => {
    const options = { runOnly: levels, resultTypes: ['violations'], iframes: false };
    const { violations } = await axe.run(options);
    return violations.flatMap(({ id, nodes }) => nodes.map(
        ({ target, failureSummary }) => [id, target.flat().join(' >>> '), failureSummary]));
}"""

PAINTED = """() => new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
})"""

TOO_WIDE = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    const page = document.documentElement;
    return Math.max(main.scrollWidth - main.clientWidth, page.scrollWidth - page.clientWidth);
}"""


DARK = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const [red] = getComputedStyle(app).backgroundColor.match(/\\d+/);
    return Number(red) < 128;
}"""

STILL = """async () => {
    const seen = () => [...document.querySelectorAll('[data-testid=stApp] *')].map((one) => {
        const { color, backgroundColor } = getComputedStyle(one);
        return `${color} ${backgroundColor}`;
    }).join();
    let [before, since] = [seen(), performance.now()];
    while (performance.now() - since < 300) {
        await new Promise(requestAnimationFrame);
        const now = seen();
        if (now !== before) [before, since] = [now, performance.now()];
    }
}"""
"""Waits until colours stay as they are for a while: Streamlit paints part by part."""

REDUCED: Literal["reduce"] = "reduce"
"""Nothing is half-way between two colours while it is measured."""

Theme = Literal["light", "dark"]


class Violation(NamedTuple):
    """One element that breaks one rule."""

    state: str
    rule: str
    target: str
    summary: str


class Inspector:
    """Inspects the states of one page and gathers what is wrong with them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[Violation] = []
        page.emulate_media(reduced_motion=REDUCED)

    def inspect(self, state: str) -> None:
        """Run axe-core in both themes, then look whether a phone would scroll sideways."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(SOURCE)
        usual: Theme = "dark" if self.page.evaluate(DARK) else "light"
        self._run(f"{state}, {usual}")
        other: Theme = "light" if usual == "dark" else "dark"
        self._turn(other)
        self._run(f"{state}, {other}")
        self._turn(usual)
        self._hold_on_a_phone(state)

    def report(self) -> str:
        """Return what was found, a line for each; empty if all is well."""
        return "\n".join(" | ".join(one).replace("\n", " ") for one in self.found)

    def _run(self, state: str) -> None:
        found = self.page.evaluate(RUN, LEVELS)
        self.found += [Violation(state, *one) for one in found]

    def _turn(self, theme: Theme) -> None:
        """Have the system turn light or dark, and wait until the page followed."""
        self.page.emulate_media(color_scheme=theme, reduced_motion=REDUCED)
        self.page.wait_for_function(f"dark => ({DARK})() === dark", arg=theme == "dark")
        self.page.evaluate(STILL)

    def _hold_on_a_phone(self, state: str) -> None:
        before = self.page.viewport_size
        assert before is not None
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.page.evaluate(PAINTED)
        beyond = self.page.evaluate(TOO_WIDE)
        if beyond > 0:
            self.found.append(Violation(state, "sideways", "", f"{beyond} px too wide"))
        self.page.set_viewport_size(before)
        self.page.evaluate(PAINTED)
