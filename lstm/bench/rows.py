"""What a bench prints: rows of measured figures, each with its yardstick."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from lstm.model import bfloat16_is_native, multiplies_tiles

SECONDS = "CHARLOOM_BENCH_SECONDS"
"""Variable that says how long a bench lasts, or each training in it at most."""


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        bench: Which bench it belongs to.
        what: What was measured.
        value: The figure.
        unit: Its unit.
        against: What it is compared with in the same run; empty for a yardstick itself.
        ratio: The figure divided by that of ``against``.
    """

    bench: str
    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table, ready for the README."""
    lines = ["| bench | what | measured | ratio | against |", "|---|---|---|---|---|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        digits = 0 if row.value >= 100 else 2 if row.value >= 10 else 3
        value = f"{row.value:,.{digits}f}"
        lines.append(f"| {row.bench} | {row.what} | {value} {row.unit} | {ratio} | {row.against} |")
    return "\n".join(lines)


def machine() -> str:
    """Return the machine's class: cores and what its processor multiplies natively."""
    cores = os.cpu_count() or 1
    half = "native bfloat16" if bfloat16_is_native() else "no native bfloat16"
    tiles = ", AMX" if multiplies_tiles() else ""
    return f"{cores} cores, {torch.backends.cpu.get_cpu_capability()}{tiles}, {half}"


def best_time(action: Callable[[], object], seconds: float = 1.0, least: int = 3) -> float:
    """Return the shortest time of an action in seconds, repeated for a while.

    The shortest, because whatever else runs on the machine can only make it longer.
    """
    action()
    best, spent, count = float("inf"), 0.0, 0
    while spent < seconds or count < least:
        began = time.perf_counter()
        action()
        took = time.perf_counter() - began
        best, spent, count = min(best, took), spent + took, count + 1
    return best
