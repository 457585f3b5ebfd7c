"""How far back does the network look? Bits against the number of characters it may see.

``bits(k) = mean -log2 p(x_t | the k characters before t)``, from an empty memory, at the same
places t for every k. Where the line goes flat, what lies further back is of no use to the network.

Sources: the comparison with n-grams of rising order in Karpathy et al. 2015, arXiv:1506.02078;
Khandelwal et al. 2018, arXiv:1805.04623.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lstm.insight.reading import Floats, Ids, as_array, checked, tensor
from lstm.insight.surprise import surprise
from lstm.model import CharModel, evaluating

CONTEXTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Numbers of characters that are allowed to be seen."""

PLACES = 512
"""Places of the text that are judged."""

LEAST_CHARACTERS = 100
"""A shorter text has too few places."""


@dataclass(frozen=True, eq=False)
class Horizon:
    """Bits against allowed context.

    Attributes:
        contexts: Numbers of characters k so far, (K,) int64.
        bits: Mean surprise with the last k characters alone, (K,).
        errors: Standard error of each mean, (K,), as if the places were independent.
        carried: Mean surprise at the same places with everything from the text's beginning.
        carried_error: Its standard error.
        places: The N places that were judged, (N,) int64.
        share: How much of the work is done, 0 to 1.
    """

    contexts: npt.NDArray[np.int64]
    bits: Floats
    errors: Floats
    carried: float
    carried_error: float
    places: npt.NDArray[np.int64]
    share: float


def horizon(
    model: CharModel, ids: Ids, contexts: Sequence[int] = CONTEXTS, places: int = PLACES
) -> Iterator[Horizon]:
    """Judge the same places with more and more context.

    Args:
        model: The network.
        ids: The text, (T,), best one that it was not trained on.
        contexts: Numbers of characters to allow, rising; those beyond half of a short text are
            left out, so that enough places remain.
        places: Most places to judge; they are spread evenly.

    Yields:
        The line, one point longer each time. Differences between points are surer than the
        errors say, because the places are the same.

    Raises:
        InsightError: The text is too short.
    """
    ids = checked(ids, LEAST_CHARACTERS)
    contexts = [k for k in contexts if k <= len(ids) // 2]
    chosen = np.arange(max(contexts), len(ids))
    if len(chosen) > places:
        chosen = chosen[np.linspace(0, len(chosen) - 1, places).astype(np.int64)]
    carried, carried_error = _mean(surprise(model, ids).bits[chosen])
    bits, errors, work = [], [], np.cumsum(contexts)
    for number, context in enumerate(contexts):
        mean, error = _mean(limited_bits(model, ids, chosen, context))
        bits.append(mean)
        errors.append(error)
        yield Horizon(
            contexts=np.array(contexts[: number + 1]),
            bits=np.array(bits, np.float32),
            errors=np.array(errors, np.float32),
            carried=carried,
            carried_error=carried_error,
            places=chosen,
            share=float(work[number] / work[-1]),
        )


def limited_bits(model: CharModel, ids: Ids, places: npt.NDArray[np.int64], context: int) -> Floats:
    """Return the surprise at N places when only ``context`` characters before them are seen.

    Args:
        model: The network.
        ids: The text, (T,).
        places: Places of the characters to predict, (N,), each at least ``context``.
        context: Characters to see, at least 1.

    Returns:
        Bits, (N,).
    """
    windows = np.asarray(ids)[places[:, None] + np.arange(-context, 1)]  # (N, context + 1)
    with evaluating(model):
        rows = tensor(model, windows)
        outputs, _ = model.recur(model.embed(rows[:, :-1]), None)
        logits = model.logits(outputs[:, -1]).float()
        nats = -logits.log_softmax(dim=-1).gather(1, rows[:, -1:])[:, 0]
        bits: Floats = as_array(nats) / np.float32(math.log(2.0))
    return bits


def _mean(bits: Floats) -> tuple[float, float]:
    """Return the mean of N values and its standard error."""
    spread = float(bits.std(ddof=1, dtype=np.float64)) if len(bits) > 1 else 0.0
    return float(bits.mean(dtype=np.float64)), spread / math.sqrt(len(bits))
