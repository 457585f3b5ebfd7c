"""The network's path through its own memory, seen from the side: T points in two dimensions.

The axes are the two directions in which the answers h_t spread most (principal components, by
singular value decomposition), or two cells of the visitor's choice. Two of some hundred dimensions
never show all, so the share of the variance that they do show is told. Between epochs the axes are
kept, and their signs are fixed, so that the picture does not flip.
"""

from dataclasses import dataclass

import numpy as np

from lstm.errors import InsightError
from lstm.insight.reading import Floats, Ids, checked_layer, read
from lstm.model import CharModel

MOST_FITTED = 4000
"""Characters from which axes are computed at most, evenly spread."""

LEAST_CHARACTERS = 3
"""Two points always lie on one line."""


@dataclass(frozen=True, eq=False)
class Axes:
    """Two directions in the space of a layer's answers.

    Attributes:
        centre: What lies at the origin, (H,).
        directions: Two orthogonal unit vectors, (2, H).
        names: The two cells' numbers if the axes are cells, else ``None``.
    """

    centre: Floats
    directions: Floats
    names: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The path.

    Attributes:
        points: Where the network stands after each character, (T, 2).
        axes: The directions that are shown.
        variance: Share of this path's variance along each axis, (2,), 0 to 1.
        spectrum: Shares of the principal components of this path, largest first, 10 at most.
    """

    points: Floats
    axes: Axes
    variance: Floats
    spectrum: Floats


def states(model: CharModel, ids: Ids, layer: int) -> Floats:
    """Return a layer's answers to a text, (T, H).

    Raises:
        InsightError: The text is empty or there is no such layer.
    """
    checked_layer(model, layer)
    hidden: Floats = read(model, ids).hidden[layer]
    return hidden


def principal_axes(values: Floats, like: Axes | None = None) -> Axes:
    """Return the two directions in which answers (T, H) spread most.

    Args:
        values: The answers, T at least 3.
        like: Axes whose signs are to be followed, for example those of an epoch before.
            Without them, the largest component of each direction is positive.

    Raises:
        InsightError: There are fewer than 3 characters.
    """
    _check(values)
    centre, _, found = _decomposed(values)
    directions = np.vstack([found, np.zeros_like(found)])[:2]  # H may be 1
    if like is None:
        largest = np.abs(directions).argmax(axis=1)
        signs = np.sign(directions[np.arange(2), largest])
    else:
        signs = np.sign((directions * like.directions).sum(axis=1))
    signs = np.where(signs == 0, 1.0, signs).astype(np.float32)
    return Axes(centre, directions * signs[:, None])


def cell_axes(size: int, first: int, second: int) -> Axes:
    """Return two cells as axes, the origin at zero.

    Args:
        size: Cells of the layer, H.
        first: Number of the cell shown to the right, from 0.
        second: Number of the cell shown upwards, from 0.

    Raises:
        InsightError: There is no such cell.
    """
    for cell in (first, second):
        if not 0 <= cell < size:
            raise InsightError("insight_no_such_cell", cell=cell, last=size - 1)
    directions = np.zeros((2, size), np.float32)
    directions[0, first] = directions[1, second] = 1.0
    return Axes(np.zeros(size, np.float32), directions, (first, second))


def trajectory(values: Floats, axes: Axes | None = None) -> Trajectory:
    """Return the path of answers (T, H) along axes.

    Args:
        values: The answers, from ``states``.
        axes: From another epoch or from ``cell_axes``; ``None`` takes this path's own.

    Raises:
        InsightError: There are fewer than 3 characters.
    """
    _check(values)
    axes = principal_axes(values) if axes is None else axes
    points = ((values - axes.centre) @ axes.directions.T).astype(np.float32, copy=False)
    total = values.var(axis=0, dtype=np.float64).sum()
    along = points.var(axis=0, dtype=np.float64)
    variance = (along / total if total else along * 0).astype(np.float32)
    _, lengths, _ = _decomposed(values)
    energy = lengths.astype(np.float64) ** 2
    spectrum = (energy / max(energy.sum(), 1e-30))[:10].astype(np.float32)
    return Trajectory(points, axes, variance, spectrum)


def _decomposed(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the centre (H,), singular values (K,) and directions (K, H), K = min(T, H)."""
    step = -(-len(values) // MOST_FITTED)
    used = values[::step]
    centre = used.mean(axis=0)
    _, lengths, directions = np.linalg.svd(used - centre, full_matrices=False)
    return centre, lengths, directions


def _check(values: Floats) -> None:
    if len(values) < LEAST_CHARACTERS:
        raise InsightError("insight_too_short", least=LEAST_CHARACTERS, characters=len(values))
