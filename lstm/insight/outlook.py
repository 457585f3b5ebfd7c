"""What may come next: the whole distribution, before and after the temperature.

``p_T = softmax(z / T)``: dividing the logits by a small T sharpens the distribution, by a large T
flattens it. The network is asked once; another temperature costs no further step.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lstm.config import SampleConfig
from lstm.insight.reading import Floats, Ids, as_array, blocks, checked
from lstm.model import CharModel, State, evaluating
from lstm.sampling import probabilities


@dataclass(frozen=True, eq=False)
class Outlook:
    """The next character's chances.

    Attributes:
        plain: At temperature 1, (V,) float32, summing to 1.
        shaped: As drawn from: after temperature, top-k, top-p and min-p, (V,) float32.
        plain_entropy: Uncertainty of ``plain`` in bits.
        shaped_entropy: Uncertainty of ``shaped`` in bits.
        order: All ids, likeliest at temperature 1 first, (V,) int64.
    """

    plain: Floats
    shaped: Floats
    plain_entropy: float
    shaped_entropy: float
    order: npt.NDArray[np.int64]

    def others(self, shown: int) -> tuple[float, float]:
        """Return what all but the ``shown`` likeliest share, before and after."""
        rest = self.order[shown:]
        return float(self.plain[rest].sum()), float(self.shaped[rest].sum())


def next_logits(model: CharModel, ids: Ids) -> Floats:
    """Return the logits (V,) float32 of what follows a text, read from an empty memory.

    Raises:
        InsightError: The text is empty.
    """
    state: State = model.zero_state(1)
    with evaluating(model):
        for block in blocks(model, checked(ids)):
            _, state = model.recur(model.embed(block[None]), state)
        return as_array(model.logits(state[0][-1])[0])


def outlook(logits: npt.ArrayLike, sample: SampleConfig, unknown: int | None = None) -> Outlook:
    """Return the chances that belong to logits.

    Args:
        logits: (V,), for example from ``next_logits``.
        sample: The settings.
        unknown: Id of the symbol that is never written (``Vocabulary.unknown``).
    """
    scores = np.array(logits, dtype=np.float64)
    if unknown is not None:
        scores[unknown] = -np.inf
    plain = probabilities(scores, SampleConfig(temperature=1.0))
    shaped = probabilities(scores, sample)
    return Outlook(
        plain=plain.astype(np.float32),
        shaped=shaped.astype(np.float32),
        plain_entropy=_entropy(plain),
        shaped_entropy=_entropy(shaped),
        order=np.argsort(-plain, kind="stable"),
    )


def _entropy(chances: npt.NDArray[np.float64]) -> float:
    possible = chances[chances > 0]
    return abs(float((possible * np.log2(possible)).sum()))
