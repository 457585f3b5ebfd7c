"""From a row of character ids to batches, in the two ways that Charloom trains.

Both are functions of the seed, the pass and the position alone, so that a resumed training finds
its place without a stored generator. Knows nothing of networks.

Continuous streams (truncated BPTT): the text is a ring, cut into B streams that are read side by
side, T characters at a time; the network's memory goes on from one batch to the next::

    text    abcdefghijklmnopqrstuvwx          B = 3, T = 4
    stream  abcd|efgh   ijkl|mnop   qrst|uvwx
    batch 0 abcd        ijkl        qrst      targets bcde jklm rstu
    batch 1      efgh        mnop        uvwx

Where the ring is cut is drawn anew for each pass, so that the borders fall elsewhere. Now and
then a stream forgets: whoever lets the network write begins with an empty memory, so it must have
met one.

Classic windows: every ``stride`` characters a window of T characters with one target after it, in
shuffled order, each from an empty memory.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lstm.errors import ConfigError

Ids = npt.NDArray[np.uint16]

RESET = 0.02
"""Chance of a stream to begin a batch with an empty memory: about once in 50 batches."""


class Batch(NamedTuple):
    """Inputs and targets of one optimizer step.

    Attributes:
        inputs: (B, T) int64.
        targets: (B, T) int64 for streams, (B,) for windows.
        done: Share of the pass that is over after this batch, in (0, 1].
        empty: Whose memory is emptied before this batch, (B,) bool; windows: everybody's.
    """

    inputs: Tensor
    targets: Tensor
    done: float
    empty: Tensor


class Streams:
    """Continuous streams over one text."""

    def __init__(self, ids: Ids, streams: int, seq_len: int, rng: int, shares: int = 1) -> None:
        """Lay the streams out; a short text gets fewer of them, or shorter steps.

        Args:
            ids: The training text, (N,) uint16, may be memory-mapped.
            streams: Wanted number of streams B.
            seq_len: Characters a step T.
            rng: Seed of the cuts.
            shares: B is a multiple of it, so that it can be divided evenly.

        Raises:
            ConfigError: There are more shares than streams.
        """
        self._ids = ids
        self._rng = rng
        self.seq_len = min(seq_len, len(ids) - 1)
        most = max(1, min(streams, len(ids) // (self.seq_len + 1)))
        self.streams = _multiple(most, shares)
        self._length = len(ids) // self.streams
        self.batches = max(1, self._length // self.seq_len)

    def one_pass(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """Yield the batches of a pass, the first ``skip`` left out.

        Args:
            number: Which pass over the text, from 0.
            skip: Batches that were already trained on.
        """
        cut = int(np.random.default_rng([self._rng, number]).integers(len(self._ids)))
        starts = [cut + stream * self._length for stream in range(self.streams)]
        for index in range(skip, self.batches):
            rows = np.stack([self._read(start + index * self.seq_len) for start in starts])
            block = torch.from_numpy(rows.astype(np.int64))
            drawn = np.random.default_rng([self._rng, number, index]).random(self.streams)
            empty = torch.from_numpy(drawn < RESET)
            yield Batch(block[:, :-1], block[:, 1:], (index + 1) / self.batches, empty)

    def _read(self, start: int) -> Ids:
        """Return T + 1 characters of the ring from a place on."""
        start %= len(self._ids)
        piece = self._ids[start : start + self.seq_len + 1]
        missing = self.seq_len + 1 - len(piece)
        return np.concatenate([piece, self._ids[:missing]]) if missing else piece


class Windows:
    """The Keras example's windows: T characters in, the next one as the only target."""

    def __init__(
        self, ids: Ids, batch_size: int, seq_len: int, stride: int, rng: int, *, shares: int = 1
    ) -> None:
        """Find the windows' starts.

        Args:
            ids: The training text, (N,) uint16.
            batch_size: Windows in a batch.
            seq_len: Characters in a window T.
            stride: Characters between the starts of two windows.
            rng: Seed of the order.
            shares: All batches are multiples of it, so that they can be divided evenly.

        Raises:
            ConfigError: There are more shares than windows in a batch.
        """
        self._ids = ids
        self._rng = rng
        self.seq_len = min(seq_len, len(ids) - 1)
        starts = np.arange(0, len(ids) - self.seq_len, stride)
        self.batch_size = _multiple(batch_size, shares)
        self._starts = starts[: _multiple(len(starts), shares)]
        self.batches = -(-len(self._starts) // self.batch_size)

    def one_pass(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """Yield the shuffled batches of a pass, the first ``skip`` left out."""
        order = np.random.default_rng([self._rng, number]).permutation(self._starts)
        for index in range(skip, self.batches):
            starts = order[index * self.batch_size : (index + 1) * self.batch_size]
            inputs, targets = windows(self._ids, starts, self.seq_len)
            empty = torch.ones(len(inputs), dtype=torch.bool)
            yield Batch(inputs, targets, (index + 1) / self.batches, empty)


def windows(ids: Ids, starts: npt.NDArray[np.int64], seq_len: int) -> tuple[Tensor, Tensor]:
    """Return the windows that begin at the given places, and the character after each.

    Returns:
        Inputs (B, T) int64 and targets (B,) int64.
    """
    places = starts[:, None] + np.arange(seq_len + 1)
    block = torch.from_numpy(np.asarray(ids[places], dtype=np.int64))
    return block[:, :-1], block[:, -1]


def _multiple(most: int, shares: int) -> int:
    """Return the largest multiple of ``shares`` up to ``most``."""
    if most < shares:
        raise ConfigError("batch_size", "too_few_to_share", value=most, shares=shares)
    return most // shares * shares
