"""A process beside the server that speaks to the cluster: ``python -m lstm.cluster.agent``.

It reads wishes from its standard input and writes what it sees of the cluster to its standard
output, one JSON object a line each. When the server ends, or the cluster, it ends as well; the
trainings don't. Knows nothing of the store but its folder.
"""

import json
import os
import queue
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from lstm.cluster.recorder import Recorder
from lstm.cluster.trainer import RECORDER, Trainer, name_of
from lstm.cluster.wishes import Answer

LOOK_SECONDS = 0.3
"""How often the cluster is looked at."""

_SHARE = 0.9  # of a machine's memory that one training asks for at most
_NAME_PATIENCE = 30.0
_CALLS_AT_ONCE = 16
_TEXTS_KEPT = 31  # in the cluster's memory, beside the newest
_SETTINGS = "CHARLOOM_"
_OWN = ("CHARLOOM_DATA", "CHARLOOM_RAY_ADDRESS")  # settings that mean nothing elsewhere


class SharingRecorder(Recorder):
    """The recorder, which puts each text into the cluster's memory once."""

    def __init__(self, folder: str) -> None:
        """Open the store."""
        super().__init__(folder)
        self._shared: dict[str, Answer] = {}
        self._sharing = threading.Lock()

    def shared_corpus(self, key: str) -> Answer:
        """Return where a text is in the cluster's memory."""
        with self._sharing:
            if key not in self._shared:
                answer = self.corpus(key)
                if answer.refused is not None:
                    return answer
                self._shared = dict([*self._shared.items()][-_TEXTS_KEPT:])
                self._shared[key] = Answer(ray.put(answer.value))
            return self._shared[key]


def main(arguments: list[str]) -> None:
    """Serve until the standard input ends.

    Args:
        arguments: The cluster's address, a name for this server's trainings, the data folder.
    """
    address, namespace, folder = arguments
    ray.init(
        address=address,
        namespace=namespace,
        log_to_driver=False,
        configure_logging=False,
    )
    wishes: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_read, args=(wishes,), daemon=True).start()
    _begin_recorder(folder)
    for name in _names():
        ray.get_actor(name).train.remote()  # one that was started without being told to
    done = 0
    while True:
        _tell(done)
        try:
            wish = wishes.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if wish is None:
            return
        _obey(wish)
        done += 1


def _read(wishes: "queue.Queue[dict[str, Any] | None]") -> None:
    for line in sys.stdin:
        wishes.put(json.loads(line))
    wishes.put(None)


def _tell(done: int) -> None:
    """Write down what there is: trainings, machines, what is free, how many wishes are done."""
    free = ray.available_resources()
    machines = [
        {
            "name": name_of(node),
            "cpus": float(node["Resources"].get("CPU", 0.0)),
            "gpus": float(node["Resources"].get("GPU", 0.0)),
        }
        for node in ray.nodes()
        if node["Alive"]
    ]
    seen = {
        "done": done,
        "names": _names(),
        "machines": machines,
        "free_cpus": float(free.get("CPU", 0.0)),
        "free_gpus": float(free.get("GPU", 0.0)),
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


def _names() -> list[str]:
    return [name for name in ray.util.list_named_actors() if name != RECORDER]


def _obey(wish: dict[str, Any]) -> None:
    if wish["do"] == "start":
        _start(wish)
        return
    try:
        actor = ray.get_actor(wish["name"])
    except ValueError:  # it is gone already
        return
    if wish["do"] == "kill":
        ray.kill(actor, no_restart=True)
    else:
        actor.leave.remote()


def _start(wish: dict[str, Any]) -> None:
    settings = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_SETTINGS) and name not in _OWN
    }
    # Ray would wait for ever for a machine with more.
    most = max((node["Resources"].get("memory", 0.0) for node in ray.nodes()), default=0.0)
    actor: Any = (
        ray.remote(Trainer)
        .options(
            name=wish["name"],
            lifetime="detached",
            num_cpus=wish["cpus"],
            num_gpus=wish["gpus"],
            memory=min(wish["memory"], int(_SHARE * most)),
            max_concurrency=3,
        )
        .remote(wish["run"], wish["lease"], settings)
    )
    actor.train.remote()


def _begin_recorder(folder: str) -> None:
    """Put a recorder beside the store, in place of one that an earlier server left.

    Raises:
        TimeoutError: The earlier one does not go.
    """
    with suppress(ValueError):  # there is none
        ray.kill(ray.get_actor(RECORDER), no_restart=True)
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    until = time.monotonic() + _NAME_PATIENCE
    while RECORDER in ray.util.list_named_actors():
        if time.monotonic() > until:
            raise TimeoutError(RECORDER)
        time.sleep(0.05)
    recorder: Any = (
        ray.remote(SharingRecorder)
        .options(
            name=RECORDER,
            lifetime="detached",
            num_cpus=0,
            max_restarts=-1,
            max_concurrency=_CALLS_AT_ONCE,
            scheduling_strategy=here,
        )
        .remote(folder)
    )
    ray.get(recorder.ping.remote())


if __name__ == "__main__":
    main(sys.argv[1:])
