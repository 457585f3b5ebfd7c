"""Dice that belong to a seed and a position: one throw, or many at once.

Knows nothing of what is drawn with them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_MASK = 0xFFFFFFFF
_ALL = np.uint64(_MASK)
_SEED = np.uint64(0x9E3779B9)
_START = np.uint64(0x85EBCA6B)


def dice(rng: int, position: int) -> float:
    """Return the throw that belongs to a position: uniform in [0, 1), 53 random bits.

    The throw depends on the seed and the position alone, not on what was drawn before. So the
    same dice can be thrown at other temperatures, by other epochs and in another program: it
    needs 32-bit integer multiplication only.

    Args:
        rng: The seed, 0 to 2**32 - 1.
        position: Number of the character, from 0.

    Source: the integer hash is "lowbias32" of C. Wellons, *Prospecting for hash functions*
    (2018), with its two multipliers.
    """
    start = _mix((rng * 0x9E3779B9 + 0x85EBCA6B) & _MASK)
    high = _mix((start + position * 2) & _MASK)
    low = _mix((start + position * 2 + 1) & _MASK)
    return (high * 2.0**21 + (low >> 11)) / 2.0**53


def _mix(value: int) -> int:
    value ^= value >> 16
    value = (value * 0x7FEB352D) & _MASK
    value ^= value >> 15
    value = (value * 0x846CA68B) & _MASK
    return value ^ (value >> 16)


def throws(rngs: Sequence[int], first: int, count: int) -> npt.NDArray[np.float64]:
    """Return ``dice(rng, position)`` for each seed and ``count`` positions from ``first`` on.

    Returns:
        (count, B) float64 in [0, 1); the very same values.
    """
    start = _mix_all((np.array(rngs, np.uint64) * _SEED + _START) & _ALL)
    positions = np.arange(first, first + count, dtype=np.uint64)[:, None]
    high = _mix_all((start + positions * np.uint64(2)) & _ALL)
    low = _mix_all((start + positions * np.uint64(2) + np.uint64(1)) & _ALL)
    return (high.astype(np.float64) * 2.0**21 + (low >> np.uint64(11))) / 2.0**53


def _mix_all(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    value = value ^ (value >> np.uint64(16))
    value = (value * np.uint64(0x7FEB352D)) & _ALL
    value = value ^ (value >> np.uint64(15))
    value = (value * np.uint64(0x846CA68B)) & _ALL
    return value ^ (value >> np.uint64(16))
