"""Speed, measured in one run and quoted as ratios: ``python -m lstm bench``.

Machines differ and are shared, so a figure means little without the one beside it. Every row says
what it was compared with in the same run.
"""

from collections.abc import Callable, Iterator

from lstm.bench.rows import Row
from lstm.bench.train import rows as train_rows
from lstm.bench.write import rows as write_rows

BENCHES: dict[str, Callable[[], Iterator[Row]]] = {"train": train_rows, "write": write_rows}
