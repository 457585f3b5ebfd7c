"""What small networks learn from: batches of a text without end.

Knows nothing of what is learned.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch import Tensor

from lstm.batches import Streams


def endless(
    ids: npt.NDArray[np.uint16], streams: int, seq_len: int, rng: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets, both (B, T) int64, pass after pass.

    Args:
        ids: The text, (N,).
        streams: Wanted number of streams B.
        seq_len: Characters a step T.
        rng: Seed of where each pass begins.
    """
    source = Streams(ids, streams, seq_len, rng)
    number = 0
    while True:
        for batch in source.one_pass(number):
            yield batch.inputs, batch.targets
        number += 1
