"""Reference lines with their labels, and where labels go that stand too close together.

Knows nothing of curves.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm.ui.curves import Look, Reference, in_unit

Figure = dict[str, Any]

REFERENCE = "#808080"
_LABEL_HEIGHT = 18  # pixels that one line of a label needs


def ladder(
    references: Sequence[Reference], look: Look, ends: Sequence[float], lowest: float, pixels: int
) -> tuple[list[Figure], list[Figure]]:
    """Return lines and labels of the references that lie within the axis.

    Args:
        references: The rungs.
        look: Unit and language.
        ends: Of the loss axis; logarithms to base 10 where the axis is logarithmic.
        lowest: Best held-out loss of the training in nats: rungs above it are ticked off.
        pixels: Height of the plot, so that labels can keep their distance.
    """
    logarithmic = look.unit == "perplexity"
    rungs = []
    for reference in sorted(references, key=lambda r: r.bits):
        value = float(in_unit(np.array(reference.bits * math.log(2)), look.unit))
        place = math.log10(value) if logarithmic else value
        if ends[0] <= place <= ends[1]:
            rungs.append((reference, value, place))
    scale = pixels / (ends[1] - ends[0])
    shifts = spread([(place - ends[0]) * scale for _, _, place in rungs], _LABEL_HEIGHT)
    lines, labels = [], []
    for (reference, value, place), shift in zip(rungs, shifts, strict=True):
        name = look.say(f"reference_{reference.key}")
        key = "beaten" if lowest < reference.bits * math.log(2) else "unbeaten"
        lines.append(line(value))
        labels.append(edge(look.say(key, name=name, value=f"{value:.2f}"), place, shift))
    return lines, labels


def line(value: float) -> Figure:
    """Return a dashed line across the plot."""
    return {
        "type": "line",
        "layer": "below",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": REFERENCE, "width": 1.2, "dash": "dash"},
    }


def edge(label: str, place: float, shift: float) -> Figure:
    """Return a label at the right edge, moved up by so many pixels from its place."""
    return {
        "name": "edge",
        "text": label,
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "y": place,
        "yshift": round(shift, 1),
        "showarrow": False,
    }


def spread(places: Sequence[float], least: float) -> list[float]:
    """Say by how much each of the rising places must move so that neighbours keep a distance.

    Neighbours that touch form a block that is centred on the mean of its members, but does not
    reach below half a distance, where the axis has its own labels.
    """
    blocks: list[list[float]] = []  # the wished places of the members
    for place in places:
        blocks.append([place])
        while len(blocks) > 1 and _overlap(blocks[-2], blocks[-1], least):
            last = blocks.pop()
            blocks[-1].extend(last)
    moved = [_lowest(block, least) + i * least for block in blocks for i in range(len(block))]
    return [to - place for to, place in zip(moved, places, strict=True)]


def _overlap(lower: Sequence[float], upper: Sequence[float], least: float) -> bool:
    top = _lowest(lower, least) + (len(lower) - 1) * least
    return _lowest(upper, least) - top < least


def _lowest(block: Sequence[float], least: float) -> float:
    """Return where the lowest member of a block goes."""
    return max(sum(block) / len(block) - (len(block) - 1) / 2 * least, least / 2)
