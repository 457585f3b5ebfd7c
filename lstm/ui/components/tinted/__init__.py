"""A text whose characters are coloured by numbers, with a legend and a playhead.

Pointing at a character, touching it or going there with the arrow keys tells its numbers. Colours
are classes of the style sheet, whose contrast with the text is tested; the text itself is only
ever put on the page as text. Knows nothing of networks.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import streamlit as st

from lstm.messages import catalogue
from lstm.ui.components.said import said
from lstm.ui.language import language

Scale = Literal["amount", "signed", "marks"]
"""``amount`` runs from nothing to much, ``signed`` from much below to much above zero, ``marks``
are two kinds that have no order."""

STEPS: dict[Scale, int] = {"amount": 9, "signed": 11, "marks": 3}
"""Colours of each scale; the first of ``amount`` and ``marks`` and the middle of ``signed`` are
hardly any colour."""

Numbers = npt.NDArray[np.floating[Any]]
_HERE = Path(__file__).parent
_WORDS = "look.tinted."
_mount = st.components.v2.component(
    "charloom.tinted",
    js=(_HERE / "tinted.js").read_text("utf-8"),
    css=(_HERE / "tinted.css").read_text("utf-8"),
)


@dataclass(frozen=True)
class Lane:
    """One colouring of the text.

    Attributes:
        title: What the colours mean, with the unit.
        steps: The colour of each character, 0 to below ``STEPS[scale]``; -1 for none.
        scale: Which colours.
        legend: What each colour stands for; of ``marks``, an empty word leaves it out.
    """

    title: str
    steps: Sequence[int]
    scale: Scale
    legend: Sequence[str]


@dataclass(frozen=True)
class Told:
    """A number that is told about each character, such as its surprise.

    Attributes:
        name: With the unit.
        values: One for each character; NaN says nothing.
        digits: After the point.
    """

    name: str
    values: Sequence[float] | Numbers
    digits: int = 2


@dataclass(frozen=True)
class Tinted:
    """A coloured text, ready to be sent.

    Attributes:
        text: The characters. Hostile.
        lanes: Its colourings: the same text again for each, or, if ``under``, the text once with
            a row of cells for each below its lines.
        told: Numbers that are told about a character.
        top: For each character, what was expected there with its chances.
        under: See ``lanes``.
        play: Whether there is a playhead that goes through the text.
        name: Of the file that a picture is saved as, without its ending.
    """

    text: str
    lanes: Sequence[Lane]
    told: Sequence[Told] = ()
    top: Sequence[Sequence[tuple[str, float]]] = field(default=())
    under: bool = False
    play: bool = False
    name: str = "text"


def steps_of(values: Numbers, most: float, scale: Scale = "amount") -> list[int]:
    """Turn numbers into colours.

    Args:
        values: One for each character; NaN gets no colour.
        most: Where the scale ends: ``amount`` runs from 0 to here in equal steps, and what is
            larger gets the last colour; ``signed`` runs from -most to most.
        scale: Which colours.
    """
    values = np.asarray(values, dtype=np.float64)
    last = STEPS[scale] - 1
    known = np.where(np.isfinite(values), values, 0.0)
    if scale == "signed":
        places = np.rint((np.clip(known / most, -1, 1) + 1) / 2 * last)
    else:
        # As many equal steps as there are colours but the last, which is for all from ``most`` on.
        places = np.floor(np.clip(known / most, 0, 1) * last)
    found: list[int] = np.where(np.isfinite(values), places, -1).astype(np.int64).tolist()
    return found


def legend_of(most: float, scale: Scale = "amount", unit: str = "") -> list[str]:
    """Return what the colours of ``steps_of`` stand for: the lower end of each, or the middle."""
    last = STEPS[scale] - 1
    if scale == "signed":
        ends = {0: f"−{most:g}{unit}", last // 2: "0", last: f"+{most:g}{unit}"}
        return [ends.get(at, "") for at in range(last + 1)]
    said = [f"{most * at / last:.3g}{unit}" for at in range(last + 1)]
    return [*said[:-1], f"{said[-1]}+"]


def picked(key: str, length: int) -> int | None:
    """Return the character that the visitor chose last, None if there is none of that number."""
    place = said(key, "place")
    if not isinstance(place, int) or isinstance(place, bool):
        return None
    return place if 0 <= place < length else None


def tinted(drawn: Tinted, *, key: str, chosen: int | None = None, choose: bool = False) -> None:
    """Draw or update a coloured text.

    Args:
        drawn: What to draw.
        key: Names the place on the page.
        chosen: The character that carries a visible mark.
        choose: Whether a click or the Enter key chooses a character; ``picked`` then tells which.
    """
    data = {
        "drawn": drawn_json(drawn),
        "chosen": chosen,
        "choose": choose,
        "words": json.dumps(_words(), ensure_ascii=False),
    }
    _mount(key=key, data=data, on_place_change=_noted)


def drawn_json(drawn: Tinted) -> str:
    """Return a coloured text as compact JSON; NaN becomes null."""
    lanes = [
        {"title": lane.title, "steps": list(lane.steps), "scale": lane.scale,
         "legend": list(lane.legend)}
        for lane in drawn.lanes
    ]  # fmt: skip
    told = [{"name": one.name, "digits": one.digits, "values": _rounded(one)} for one in drawn.told]
    top = [[[c, round(float(share), 4)] for c, share in place] for place in drawn.top]
    sent = {
        "text": drawn.text, "lanes": lanes, "told": told, "top": top, "under": drawn.under,
        "play": drawn.play, "name": drawn.name,
    }  # fmt: skip
    return json.dumps(sent, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _rounded(told: Told) -> list[float | None]:
    values = np.asarray(told.values, dtype=np.float64)
    rounded: list[float] = np.round(values, told.digits + 1).tolist()
    return [value if np.isfinite(value) else None for value in rounded]


def _noted() -> None:
    """Make Streamlit keep what was chosen: it only does so where there is a callback."""


def _words() -> dict[str, str]:
    return {
        key.removeprefix(_WORDS): text
        for key, text in catalogue(language()).items()
        if key.startswith(_WORDS)
    }
