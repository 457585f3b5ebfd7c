"""Where labels go when the things that they name stand too close together."""

from collections.abc import Sequence


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
