"""One training as an actor of the cluster: the usual worker, on a store that is elsewhere.

Runs in a process that Ray starts on one of its machines. Knows nothing of whose turn it is.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import ray
from ray.exceptions import GetTimeoutError, RayError

from lstm.cluster.remote import RemoteStore, Tenure
from lstm.cluster.wishes import Answer, Away, Wish
from lstm.limits import Limits
from lstm.processes import lower_priority
from lstm.worker import NICE_TRAINING, run_worker

RECORDER = "recorder"
"""Name of the actor beside the store."""

_ANSWER_SECONDS = 20.0


class RayDesk:
    """The recorder, as an actor that is looked up by its name."""

    def __init__(self) -> None:
        """Look nobody up yet."""
        self._recorder: Any = None

    def write(self, wish: Wish) -> Answer:
        """Do what a wish says; see ``Desk``."""
        return self._call("write", wish)

    def put(self, wish: Wish, saved: bytes, best: bytes | None) -> Answer:
        """Keep a checkpoint; see ``Desk``."""
        return self._call("put", wish, saved, best)

    def look(self, run: str, lease: int, what: Literal["run", "commands", "checkpoint"]) -> Answer:
        """Return something of a run; see ``Desk``."""
        return self._call("look", run, lease, what)

    def corpus(self, key: str) -> Answer:
        """Return a text, which all workers of a machine have in memory once; see ``Desk``."""
        answer = self._call("shared_corpus", key)
        if answer.refused is not None:
            return answer
        return Answer(_got(answer.value))

    def _call(self, method: str, *values: object) -> Answer:
        try:
            if self._recorder is None:
                self._recorder = ray.get_actor(RECORDER)
            asked = getattr(self._recorder, method).remote(*values)
        except (RayError, ValueError) as error:
            self._recorder = None
            raise Away from error
        try:
            answer: Answer = _got(asked)
        except Away:
            self._recorder = None  # another one may have its name by now
            raise
        return answer


def _got(asked: "ray.ObjectRef[Any]") -> Any:  # noqa: ANN401 - whatever was asked for
    try:
        return ray.get(asked, timeout=_ANSWER_SECONDS)
    except (RayError, GetTimeoutError) as error:
        raise Away from error


class Trainer:
    """Trains one run.

    Args:
        run_id: The run.
        lease: By which it is this worker's.
        environment: The server's settings.
    """

    def __init__(self, run_id: str, lease: int, environment: Mapping[str, str]) -> None:
        """Train nothing yet; see ``train``."""
        os.environ.update(environment)
        self._run_id, self._lease = run_id, lease
        self._store: RemoteStore | None = None
        self._busy = threading.Lock()

    def train(self) -> None:
        """Train to the end, then end this process; do nothing if that is under way."""
        if not self._busy.acquire(blocking=False):
            return
        lower_priority(NICE_TRAINING)
        if not ray.get_runtime_context().get_accelerator_ids().get("GPU"):
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a card that it did not ask for is another's
        tenure = Tenure(self._run_id, self._lease, _place(), Limits.now().max_seconds)
        with TemporaryDirectory(prefix="charloom-") as folder:
            gone = threading.Event()
            self._store = RemoteStore(tenure, RayDesk(), Path(folder), gone)
            run_worker(self._run_id, self._store, gone)
        ray.actor.exit_actor()

    def leave(self) -> None:
        """Go, unless the run has its turn; what is halted is saved already."""
        if self._store is not None:
            self._store.make_room()


def _place() -> str:
    """Return what the operator or the system calls this machine."""
    here = ray.get_runtime_context().get_node_id()
    return next(name_of(node) for node in ray.nodes() if node["NodeID"] == here)


def name_of(node: Mapping[str, Any]) -> str:
    """Return a machine's name; the system's, if the operator gave none but the address."""
    name, address = str(node["NodeName"]), str(node["NodeManagerAddress"])
    return str(node["NodeManagerHostname"]) if name in ("", address) else name
