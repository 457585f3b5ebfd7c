"""The typewriter's own files: every label that it uses exists, every tint can be read on."""

import re
from pathlib import Path

import pytest

from lstm.messages import LANGUAGES, Language, catalogue
from lstm.ui.components import typewriter

FOLDER = Path(typewriter.__file__).parent
SCRIPTS = "\n".join(file.read_text("utf-8") for file in sorted(FOLDER.glob("*.js")))
STYLE = (FOLDER / "typewriter.css").read_text("utf-8")
TEXT = {"light": "#2A2420", "dark": "#F0E8DC"}
"""Text colours of .streamlit/config.toml."""


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, by WCAG 2.1."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tints(theme: str) -> dict[str, str]:
    prefix = r'\[data-theme="dark"\] ' if theme == "dark" else "^"
    found = re.findall(prefix + r"\.([st]\d+) \{ background: (#[0-9a-f]{6})", STYLE, re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_tint(theme: str) -> None:
    colours = tints(theme)
    assert len(colours) == 8 + 11
    for name, colour in colours.items():
        assert contrast(colour, TEXT[theme]) >= 4.5, name


def test_the_text_colours_are_those_of_the_theme() -> None:
    configured = Path(".streamlit/config.toml").read_text("utf-8")
    for colour in TEXT.values():
        assert f'textColor = "{colour}"' in configured


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_exists(language: Language) -> None:
    known = {
        key.removeprefix("write.typewriter.")
        for key in catalogue(language)
        if key.startswith("write.typewriter.")
    }
    used = set(re.findall(r"\blabels\.(\w+)", SCRIPTS)) | set(re.findall(r'say\("(\w+)"', SCRIPTS))
    used |= set(re.findall(r'\], \[\w+\.\w+, "(\w+)"\]', SCRIPTS))
    assert used - known == set()


def test_text_is_never_taken_for_html() -> None:
    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert danger not in SCRIPTS
