"""The machines of a cluster, as whoever starts the trainings saw them last.

One small file in the data folder, so that every process that shows a page knows it. It is there
only while a cluster is meant to be used. Knows nothing of how a cluster is reached.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lstm.files import whole_file

HERE = ""
"""As the place of a run: the server's own machine, because its owner wants it so."""

ANYWHERE = "*"
"""As the place of a run: a machine of the cluster, not known yet which."""

_NAME = "cluster.json"


@dataclass(frozen=True)
class Machine:
    """One machine of the cluster.

    Attributes:
        name: What the operator or the system calls it.
        cpus: Processor cores that may train.
        gpus: Graphics cards that may train.
    """

    name: str
    cpus: float
    gpus: float


@dataclass(frozen=True)
class Cluster:
    """The cluster at one moment.

    Attributes:
        reached: Whether it answers; if not, all else is as it was.
        free_cpus: Processor cores that nobody has claimed.
        free_gpus: Graphics cards that nobody has claimed.
        machines: Those that live.
    """

    reached: bool
    free_cpus: float = 0.0
    free_gpus: float = 0.0
    machines: tuple[Machine, ...] = ()

    @property
    def slots(self) -> int:
        """Trainings of one core each that fit at a time."""
        return sum(int(machine.cpus) for machine in self.machines)

    @property
    def cpus(self) -> float:
        """Processor cores of all machines."""
        return sum(machine.cpus for machine in self.machines)

    @property
    def gpus(self) -> float:
        """Graphics cards of all machines."""
        return sum(machine.gpus for machine in self.machines)


def tell(folder: Path, cluster: Cluster) -> None:
    """Write down how the cluster is.

    Args:
        folder: The data folder.
        cluster: The cluster now.

    Raises:
        OSError: The folder can't be written.
    """
    with whole_file(folder / _NAME) as file:
        file.write(json.dumps(asdict(cluster), ensure_ascii=False).encode("utf-8"))


def told(folder: Path) -> Cluster | None:
    """Return the cluster as it was written down last; None: there is none to be used."""
    try:
        facts = json.loads((folder / _NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    machines = tuple(Machine(**machine) for machine in facts.pop("machines"))
    return Cluster(**facts, machines=machines)


def forget(folder: Path) -> None:
    """Say that no cluster is to be used.

    Raises:
        OSError: The folder can't be written.
    """
    file = folder / _NAME
    if file.exists():  # nothing is written where nothing is to be said
        file.unlink(missing_ok=True)
