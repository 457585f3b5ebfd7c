"""The coloured text: which number gets which colour, and whether everybody can tell them apart."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lstm.messages import LANGUAGES, Language, catalogue
from lstm.ui.components import tinted
from lstm.ui.components.tinted import (
    STEPS,
    Lane,
    Scale,
    Tinted,
    Told,
    drawn_json,
    legend_of,
    steps_of,
)
from lstm.ui.look import gates
from tests.ui.test_typewriter_files import TEXT, contrast, luminance

FOLDER = Path(tinted.__file__).parent
STYLE = (FOLDER / "tinted.css").read_text("utf-8")
SCRIPT = (FOLDER / "tinted.js").read_text("utf-8")
THEMES = ("light", "dark")
PAPER = {"light": "#FBF7EF", "dark": "#191614"}
Colour = npt.NDArray[np.float64]

# Machado, Oliveira & Fernandes 2009, severity 1: on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def colours(theme: str, scale: Scale) -> dict[int, str]:
    """The colours of a scale by their step, as the style sheet has them."""
    prefix = r'\[data-theme="dark"\] ' if theme == "dark" else "^"
    pattern = prefix + rf"\.{scale}-(\d+) \{{ background: (#[0-9a-f]{{6}})"
    return {int(step): colour for step, colour in re.findall(pattern, STYLE, re.MULTILINE)}


def lab(colour: str, blindness: str | None = None) -> Colour:
    """CIELAB (D65) of ``#rrggbb`` as it is seen with a kind of colour blindness."""
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    if blindness is not None:
        linear = np.clip(np.array(BLINDNESS[blindness]) @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    ratios = to_xyz @ linear / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, blindness: str | None = None) -> float:
    return float(np.linalg.norm(lab(one, blindness) - lab(other, blindness)))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scale", STEPS)
def test_text_can_be_read_on_every_colour(theme: str, scale: Scale) -> None:
    found = colours(theme, scale)
    missing = set(range(STEPS[scale])) - set(found)
    assert missing <= ({0} if scale != "signed" else set())
    for step, colour in found.items():
        assert contrast(colour, TEXT[theme]) >= 4.5, (scale, step)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
def test_more_looks_like_more(theme: str, blindness: str | None) -> None:
    steps = [PAPER[theme], *(colour for _, colour in sorted(colours(theme, "amount").items()))]
    brightness = [lab(colour, blindness)[0] for colour in steps]
    expected = sorted(brightness, reverse=theme == "light")
    assert brightness == expected
    assert abs(brightness[0] - brightness[-1]) > 25


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
def test_the_two_signs_can_be_told_apart(theme: str, blindness: str | None) -> None:
    found = colours(theme, "signed")
    assert difference(found[0], found[10], blindness) > 30
    assert difference(found[2], found[8], blindness) > 15
    for end in (0, 10):
        assert difference(found[end], found[5], blindness) > 15
    assert luminance(found[5]) == pytest.approx(luminance(PAPER[theme]))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
def test_the_two_marks_can_be_told_apart(theme: str, blindness: str | None) -> None:
    found = colours(theme, "marks")
    assert difference(found[1], found[2], blindness) > 15


@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
def test_the_gates_can_be_told_apart(blindness: str | None) -> None:
    names = ("forget", "input", "output")
    for one, other in itertools.combinations(names, 2):
        assert difference(gates.COLOURS[one], gates.COLOURS[other], blindness) > 16.5
    for name, paper in itertools.product(names, PAPER.values()):
        assert contrast(gates.COLOURS[name], paper) >= 3, name


def test_numbers_become_colours() -> None:
    assert steps_of(np.array([0.0, 0.99, 1.0, 7.99, 8.0, 99.0]), 8.0) == [0, 0, 1, 7, 8, 8]
    assert steps_of(np.array([np.nan, -1.0]), 8.0) == [-1, 0]
    assert steps_of(np.array([-9.0, -1.0, 0.0, 0.09, 1.0]), 1.0, "signed") == [0, 0, 5, 5, 10]


def test_the_legend_says_what_the_colours_mean() -> None:
    assert legend_of(8.0) == ["0", "1", "2", "3", "4", "5", "6", "7", "8+"]
    signed = legend_of(1.0, "signed")
    assert (signed[0], signed[5], signed[10]) == ("−1", "0", "+1")
    for scale in ("amount", "signed"):
        assert len(legend_of(2.0, scale)) == STEPS[scale]


def test_a_text_is_sent_whole_whatever_it_holds() -> None:
    text = '</script><img src=x onerror=alert(1)> **b** $x$ 学习 مرحبا 😀\n"'
    lane = Lane("t", [0] * len(text), "amount", legend_of(8.0))
    told = Told("n", [float("nan")] * len(text))
    sent = json.loads(drawn_json(Tinted(text, [lane], [told])))
    assert sent["text"] == text
    assert set(sent["told"][0]["values"]) == {None}


def test_text_is_never_taken_for_html() -> None:
    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert danger not in SCRIPT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_component_exists(language: Language) -> None:
    used = set(re.findall(r"words\.(\w+)", SCRIPT))
    assert {f"look.tinted.{word}" for word in used} <= set(catalogue(language))
