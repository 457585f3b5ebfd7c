"""Where labels go when the things that they name stand too close together."""

from collections.abc import Sequence


def spread(places: Sequence[float], least: float) -> list[float]:
    """Say by how much each of the rising places must move so that neighbours keep a distance.

    Neighbours that touch form a block that is centred on the mean of its members.
    """
    blocks: list[list[float]] = []  # the wished places of the members
    for place in places:
        blocks.append([place])
        while len(blocks) > 1 and _overlap(blocks[-2], blocks[-1], least):
            last = blocks.pop()
            blocks[-1].extend(last)
    moved = [
        sum(block) / len(block) + (i - (len(block) - 1) / 2) * least
        for block in blocks
        for i in range(len(block))
    ]
    return [to - place for to, place in zip(moved, places, strict=True)]


def _overlap(lower: Sequence[float], upper: Sequence[float], least: float) -> bool:
    top = sum(lower) / len(lower) + (len(lower) - 1) / 2 * least
    bottom = sum(upper) / len(upper) - (len(upper) - 1) / 2 * least
    return bottom - top < least
