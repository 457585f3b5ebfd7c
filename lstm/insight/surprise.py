"""How surprised is the network at each character, and how unsure was it beforehand?

Surprise is ``s_t = -log2 p(x_t | x_<t)`` in bits; its mean over a text is the loss. The predicted
entropy ``H_t = -sum_v p_v log2 p_v`` is the surprise that the network itself expects: in a network
that knows how much it knows, both have the same mean.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lstm.evaluation import NATS_PER_BIT
from lstm.insight.reading import Floats, Ids, as_array, blocks, checked, tensor
from lstm.model import CharModel, State, evaluating

TOP = 3
"""Expected characters that are told with each character."""

_WINDOWS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Surprise:
    """What the network expected at every place of a text, and what it paid.

    Attributes:
        ids: The text, (T,) int64.
        bits: Surprise at each character, (T,).
        entropy: Surprise that was expected there, in bits, (T,).
        top: The likeliest characters there, likeliest first, (T, ``TOP`` or V) int64.
        chances: Their probabilities, the same shape.
    """

    ids: npt.NDArray[np.int64]
    bits: Floats
    entropy: Floats
    top: npt.NDArray[np.int64]
    chances: Floats

    @property
    def mean_bits(self) -> float:
        """Bits per character over the whole text: the loss divided by ln 2."""
        return float(self.bits.mean(dtype=np.float64))

    @property
    def mean_entropy(self) -> float:
        """Bits per character that the network expected to pay."""
        return float(self.entropy.mean(dtype=np.float64))


def surprise(model: CharModel, ids: Ids, *, window: int | None = None) -> Surprise:
    """Return the surprise at every character of a text.

    The first character is predicted from the empty memory, as ``evaluation.carried_loss`` does.

    Args:
        model: The network.
        ids: The text, (T,), T at least 1.
        window: For a network of the classic recipe: predict each character from so many before
            it, from an empty memory, as the network was trained. ``None`` carries the memory.

    Raises:
        InsightError: The text is empty.
    """
    ids = checked(ids)
    with evaluating(model):
        parts = _windowed(model, ids, window) if window else _carried(model, ids)
    bits, entropy, chances = (
        np.concatenate([as_array(part[i]) for part in parts]) for i in (0, 1, 3)
    )
    top = np.concatenate([part[2].cpu().numpy() for part in parts])
    return Surprise(ids, bits, entropy, top, chances)


_Judged = tuple[Tensor, Tensor, Tensor, Tensor]


def _carried(model: CharModel, ids: npt.NDArray[np.int64]) -> list[_Judged]:
    state: State = model.zero_state(1)
    parts = [_judged(model.logits(state[0][-1]), tensor(model, ids[:1]))]
    targets = tensor(model, ids[1:])
    done = 0
    for block in blocks(model, ids[:-1]):
        logits, state = model(block[None], state)
        parts.append(_judged(logits[0], targets[done : done + len(block)]))
        done += len(block)
    return parts


def _windowed(model: CharModel, ids: npt.NDArray[np.int64], window: int) -> list[_Judged]:
    """Predict from the ``window`` characters before; the first ones have fewer to go by."""
    head = ids[: window + 1]
    parts = _carried(model, head)
    starts = np.arange(1, len(ids) - window)
    for at in range(0, len(starts), _WINDOWS_AT_ONCE):
        places = starts[at : at + _WINDOWS_AT_ONCE, None] + np.arange(window + 1)
        rows = tensor(model, ids[places])  # (B, window + 1)
        outputs, _ = model.recur(model.embed(rows[:, :-1]), None)
        parts.append(_judged(model.logits(outputs[:, -1]), rows[:, -1]))
    return parts


def _judged(logits: Tensor, targets: Tensor) -> _Judged:
    """Judge predictions: logits (N, V) against what came, (N,) int64.

    Returns:
        Bits (N,), entropy in bits (N,), the likeliest ids (N, k) and their chances (N, k).
    """
    log_chances = torch.log_softmax(logits.float(), dim=-1)
    nats = -log_chances.gather(1, targets[:, None])[:, 0]
    chances = log_chances.exp()
    # A chance that underflows to 0 comes with a finite logarithm, so the product is 0, not NaN.
    entropy = -(chances * log_chances).sum(1)
    likeliest = chances.topk(min(TOP, chances.shape[1]), dim=1)
    return nats / NATS_PER_BIT, entropy / NATS_PER_BIT, likeliest.indices, likeliest.values
