"""Numbers as they are shown."""

import numpy as np
import pytest

from lstm.ui.words import rough, signed


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "0.50"), (-0.5, "−0.50"), (-0.004, "0.00"), (-0.0, "0.00"), (np.float32(-1), "−1.00")],
)
def test_a_number_below_nothing_has_a_true_minus_and_nothing_has_none(
    value: float, said: str
) -> None:
    assert signed(value) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0.0, "0"), (0.346, "0.35"), (3.46, "3.5"), (9.96, "10"), (99.6, "100"), (1834.0, "1,834")],
)
def test_a_rough_number_is_never_written_as_a_power(number: float, said: str) -> None:
    assert rough(number) == said
