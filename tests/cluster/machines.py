"""A real Ray cluster on this machine, with a few processes for each of its machines."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

MEMORY = 80 * 2**20
"""Bytes of shared memory for each machine, about the least that Ray takes."""

QUICK = {
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 300,
    "health_check_timeout_ms": 3000,
    "health_check_failure_threshold": 3,
}
"""A machine that is gone is noticed within seconds."""


class Machines:
    """A server's machine, which does not train, and others that join and fail."""

    def __init__(self, port: int = 0) -> None:
        settings: dict[str, Any] = {"gcs_server_port": port} if port else {}
        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 0,
                "node_name": "server",
                "object_store_memory": MEMORY,
                "include_dashboard": False,
                "_system_config": QUICK,
                **settings,
            },
        )
        self.nodes: dict[str, Any] = {}

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def join(self, name: str, **resources: int) -> None:
        """Let a machine join; it has one processor core."""
        wanted: dict[str, Any] = {"num_cpus": 1, "object_store_memory": MEMORY, **resources}
        self.nodes[name] = self._cluster.add_node(node_name=name, **wanted)

    def fail(self, name: str) -> None:
        """Kill everything on a machine at once."""
        self._cluster.remove_node(self.nodes.pop(name), allow_graceful=False)

    def end(self) -> None:
        """Kill everything on all machines."""
        self._cluster.shutdown()


@contextmanager
def machines(*names: str, port: int = 0) -> Iterator[Machines]:
    """A cluster of these machines and the server's, with folders of its own."""
    # Not pytest's folder: the names of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    (folder / "ray").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(folder))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
        cluster = Machines(port)
        try:
            for name in names:
                cluster.join(name)
            yield cluster
        finally:
            cluster.end()
            shutil.rmtree(folder, ignore_errors=True)
