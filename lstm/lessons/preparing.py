"""What an experiment yields while it can't show anything yet."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preparing:
    """No part, but a sign that work goes on.

    Attributes:
        share: How much of the whole experiment is done, 0 to 1.
    """

    share: float
