"""Whoever asks for reduced motion gets none: what the style sheets say about it."""

import re
from pathlib import Path

import pytest

from lstm.paths import ASSETS

ENGINE = ASSETS.parent / "lstm"
SHEETS = sorted(ENGINE.rglob("*.css"))
MOVES = re.compile(r"\b(?:animation|transition)(?:-[a-z]+)?\s*:(?!\s*none)")
CALM = re.compile(r"@media \(prefers-reduced-motion: reduce\) \{\s*\*,[^{]*\{([^}]*)\}")
LIVELY = re.compile(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", re.DOTALL)


def test_the_page_and_the_one_taken_home_stop_whatever_moves() -> None:
    for sheet in (ENGINE / "ui" / "theme.css", ENGINE / "export" / "player" / "player.css"):
        found = CALM.search(sheet.read_text("utf-8"))
        assert found is not None, sheet
        assert "animation-duration: 0.01ms !important" in found[1]
        assert "transition-duration: 0.01ms !important" in found[1]


@pytest.mark.parametrize(
    "sheet", [pytest.param(sheet, id=sheet.name) for sheet in SHEETS if "components" in sheet.parts]
)
def test_a_component_moves_only_where_that_is_welcome(sheet: Path) -> None:
    """The page's own rule does not reach into it."""
    assert not MOVES.search(LIVELY.sub("", sheet.read_text("utf-8")))
