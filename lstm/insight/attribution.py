"""Which earlier characters mattered for one character's chance?

Two answers, because they differ, and neither is the truth:

* **gradient**: ``|d log p(y) / d e_k|``, how strongly a tiny change of the k-th input vector would
  tell (Simonyan et al. 2013, arXiv:1312.6034); always positive;
* **occlusion**: ``log2 p(y | x) - log2 p(y | x with x_k blanked)``, in bits, what is lost when the
  k-th character is blanked out (Li et al. 2016, arXiv:1612.08220); positive where it helped.

Characters at and behind the target can't matter: there, both are exactly 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lstm.errors import InsightError
from lstm.evaluation import NATS_PER_BIT
from lstm.insight.reading import Floats, Ids, as_array, blocks, checked, differentiating, tensor
from lstm.model import CharModel, State, evaluating
from lstm.vocabulary import Vocabulary

SPAN = 128
"""Characters before the target that are looked at; those before them are read as they are."""

_TARGETS_AT_ONCE = 25


@dataclass(frozen=True, eq=False)
class Attribution:
    """What one character's chance depended on.

    Attributes:
        target: Place of the character in the text.
        first: Place of the first character that was looked at; before it, all is 0.
        chance: Probability that the network gave the target.
        gradient: Norm of the gradient at each character, in nats per unit of input, (T,).
        occlusion: Bits that blanking each character costs the target, (T,).
        agreement: Spearman's rank correlation of the two, over the characters looked at; 0 if
            they are fewer than 3.
    """

    target: int
    first: int
    chance: float
    gradient: Floats
    occlusion: Floats
    agreement: float

    @property
    def strongest(self) -> float:
        """The largest gradient: a row scaled to its own maximum must not hide it."""
        return float(self.gradient.max())


def attribution(
    model: CharModel, ids: Ids, target: int, blank: int, span: int = SPAN
) -> Attribution:
    """Return what a character's chance depended on, by both measures.

    Args:
        model: The network.
        ids: The text, (T,), T at least 2.
        target: Place of the character, 1 to T - 1: something must stand before it.
        blank: Id of the character that blanks another one out, see ``blank_id``. Where it
            stands anyway, occlusion is 0.
        span: Characters before the target to look at.

    Raises:
        InsightError: The text is too short or the target is not in it.
    """
    ids = checked(ids, 2)
    if not 1 <= target < len(ids):
        raise InsightError("insight_no_such_place", place=target + 1, characters=len(ids))
    first = max(0, target - span)
    state = _memory(model, ids[:first])
    gradient, occlusion = np.zeros(len(ids), np.float32), np.zeros(len(ids), np.float32)
    context = ids[first:]
    gradient[first:] = _gradients(model, context, np.array([target - first]), state)[0]
    chance, lost = _occluded(model, context[: target - first], int(ids[target]), blank, state)
    occlusion[first:target] = lost
    looked = slice(first, target)
    agreement = rank_correlation(gradient[looked], np.abs(occlusion[looked]))
    return Attribution(target, first, chance, gradient, occlusion, agreement)


@dataclass(frozen=True, eq=False)
class AttributionMap:
    """Gradients for every target of a text at once.

    Attributes:
        gradient: Row t: norm of the gradient of the t-th character's log-chance at each
            character, (T, T); zero where column is at or behind the row, and in row 0.
        done: Rows that are computed so far.
        share: How much of the work is done, 0 to 1.
    """

    gradient: Floats
    done: int
    share: float

    def scaled(self) -> Floats:
        """Return the rows each divided by its maximum, (T, T), 0 to 1."""
        most = self.gradient.max(axis=1, keepdims=True)
        scaled: Floats = np.divide(
            self.gradient, most, out=np.zeros_like(self.gradient), where=most > 0
        )
        return scaled


def attribution_map(model: CharModel, ids: Ids) -> Iterator[AttributionMap]:
    """Return the gradients of all targets; cost grows with the cube of the text: 200 at most.

    Args:
        model: The network.
        ids: The text, (T,), T at least 2.

    Yields:
        The map, more rows of it each time.

    Raises:
        InsightError: The text is too short.
    """
    ids = checked(ids, 2)
    size = len(ids)
    gradient = np.zeros((size, size), np.float32)
    for start in range(1, size, _TARGETS_AT_ONCE):
        targets = np.arange(start, min(size, start + _TARGETS_AT_ONCE))
        read = ids[: targets[-1] + 1]
        gradient[targets, : len(read)] = _gradients(model, read, targets, model.zero_state(1))
        done = int(targets[-1]) + 1
        yield AttributionMap(gradient.copy(), done, done / size)


def _memory(model: CharModel, ids: npt.NDArray[np.int64]) -> State:
    """Return the memory after a text, which may be empty."""
    state: State = model.zero_state(1)
    with evaluating(model):
        for block in blocks(model, ids):
            _, state = model.recur(model.embed(block[None]), state)
    # Out of inference mode, so that a gradient may flow through what follows.
    return tuple(part.clone() for part in state)


def _gradients(
    model: CharModel, ids: npt.NDArray[np.int64], targets: npt.NDArray[np.int64], state: State
) -> Floats:
    """Return the gradient's norm at each of T characters for N targets, (N, T).

    One row of a batch per target, and one backward pass for all: the rows do not touch.
    """
    rows, wanted = tensor(model, targets), tensor(model, ids[targets])
    with differentiating(model):
        values = model.embed(tensor(model, ids)[None]).detach()
        values = values.expand(len(targets), -1, -1).clone().requires_grad_()  # (N, T, E)
        outputs, _ = model.recur(values, tuple(_repeated(part, len(targets)) for part in state))
        before = outputs[torch.arange(len(targets)), rows - 1]  # (N, H)
        log_chances = torch.log_softmax(model.logits(before).float(), dim=-1)
        chosen = log_chances.gather(1, wanted[:, None]).sum()
        (gradient,) = torch.autograd.grad(chosen, values)
    return as_array(gradient.norm(dim=2))


def _occluded(
    model: CharModel, context: npt.NDArray[np.int64], target: int, blank: int, state: State
) -> tuple[float, Floats]:
    """Return the target's chance, and the bits that blanking each of T characters costs, (T,)."""
    rows = np.repeat(context[None], len(context) + 1, axis=0)  # the last row stays as it is
    places = np.arange(len(context))
    rows[places, places] = blank
    with evaluating(model):
        outputs, _ = model.recur(
            model.embed(tensor(model, rows)),
            tuple(_repeated(part, len(rows)) for part in state),
        )
        log_chances = torch.log_softmax(model.logits(outputs[:, -1]).float(), dim=-1)
        bits = as_array(log_chances[:, target]) / np.float32(NATS_PER_BIT)
    lost: Floats = bits[-1] - bits[:-1]
    lost[context == blank] = 0.0  # the same text, up to rounding in the batch
    return float(np.exp2(bits[-1])), lost


def _repeated(part: Tensor, rows: int) -> Tensor:
    """Turn the memory of one stream, (L, 1, H), into that of many, (L, rows, H)."""
    return part.expand(-1, rows, -1).contiguous()


def blank_id(vocabulary: Vocabulary) -> int:
    """Return what blanks a character out: a space, or the most harmless known character."""
    return int(vocabulary.encode(vocabulary.substitute(" ")[0])[0])


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation of two arrays (N,), ties averaged; 0 if undefined."""
    if len(first) < 3:
        return 0.0
    a, b = _ranks(first), _ranks(second)
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread else 0.0


def _ranks(values: Floats) -> npt.NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    ranks: npt.NDArray[np.float64] = (last - (counts - 1) / 2)[places]
    return ranks
