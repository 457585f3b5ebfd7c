"""Speed, measured in one run and quoted as ratios: ``python -m lstm bench``.

Machines differ and are shared, so a figure means little without the one beside it. Every row says
what it was compared with in the same run.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from lstm.bench.cluster import rows as cluster_rows
from lstm.bench.page import rows as page_rows
from lstm.bench.peers import rows as peers_rows
from lstm.bench.race import rows as race_rows
from lstm.bench.recipe import rows as recipe_rows
from lstm.bench.rows import Row
from lstm.bench.scale import rows as scale_rows
from lstm.bench.size import rows as size_rows
from lstm.bench.train import rows as train_rows
from lstm.bench.write import rows as write_rows

BENCHES: dict[str, Callable[[Path | None], Iterator[Row]]] = {
    "train": lambda _: train_rows(),
    "write": lambda _: write_rows(),
    "peers": peers_rows,
    "race": race_rows,
    "recipe": recipe_rows,
    "scale": lambda _: scale_rows(),
    "page": lambda _: page_rows(),
    "size": lambda _: size_rows(),
    "ray": lambda _: cluster_rows(),
}
"""What a bench prints, each called with the folder of its texts: figures with their yardsticks.

The command line adds what needs the page: ``app``.
"""

USUAL = ("train", "write")
"""What is measured if nothing is named: what takes a minute and needs nothing else."""
