"""The commands that the README and the compose file start a cluster with, run as they stand there.

Each container becomes a few processes of this machine, so the port and the address of the head
are others, and each takes less memory.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import yaml

from lstm.runs import RunState, RunStore
from tests.cluster.machines import MEMORY
from tests.store_tools import make_run, wait_for_state, wait_until

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / ".cluster" / "compose.yaml").read_text("utf-8"))

pytestmark = pytest.mark.xdist_group("cluster")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: str, folder: Path, **settings: str) -> Iterator[None]:
    """Run a command with all that it starts, and end all of it.

    One that ends is begun anew, as by the compose file's ``restart`` or a service manager: a
    machine that comes before the head is ready goes again.
    """
    command = f"while :; do\n{command}\nsleep 1\ndone"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_TMPDIR": str(folder), **settings}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            begun = psutil.Process(process.pid).children(recursive=True)
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            _, left = psutil.wait_procs(begun, timeout=10)
            for one in left:
                one.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: the names of sockets must be short."""
    made = Path(tempfile.mkdtemp(prefix="ray"))
    (made / "ray").mkdir()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def moved(command: str, port: int, page: int) -> str:
    """A container's command for a process of this machine."""
    here = command.replace("head:6379", f"127.0.0.1:{port}").replace(
        "--port=6379", f"--port={port}"
    )
    here = here.replace("--server.port=8501", f"--server.port={page}")
    return here.replace("ray start", f"ray start --object-store-memory={MEMORY}")


def composed() -> list[tuple[str, dict[str, str]]]:
    """What each container of the compose file runs, with its variables."""
    services = COMPOSE["services"]
    assert set(services) == {"head", "worker", "app"}
    return [
        (service["command"], {key: str(value) for key, value in service["environment"].items()})
        for service in (services[name] for name in ("head", "worker", "app"))
    ]


def told() -> list[tuple[str, dict[str, str]]]:
    """The three commands of the README, each kept in the foreground."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"```bash\n(PYTHONPATH=\..*?)```", readme, re.DOTALL)
    lines = [line.split(" #")[0].strip() for line in block.splitlines()]
    commands = [line.replace(".venv/bin/", "").replace("SERVER:", "head:") for line in lines]
    assert len(commands) == 3
    commands[0] += " --block"
    commands[1] += " --block"
    commands[2] += " --server.port=8501 --server.headless=true"
    return [(command, {}) for command in commands]


@pytest.mark.parametrize("source", [composed, told])
def test_the_commands_that_are_told_make_a_cluster_that_trains(
    source: Callable[[], list[tuple[str, dict[str, str]]]], folder: Path, tmp_path: Path
) -> None:
    port, page = free_port(), free_port()
    with RunStore(tmp_path / "data") as store, ExitStack() as stack:
        run = make_run(store, epochs=1)
        for command, settings in source():
            here = {key: moved(value, port, page) for key, value in settings.items()}
            here |= {"CHARLOOM_DATA": str(store.folder), "PYTHONPATH": str(ROOT)}
            stack.enter_context(running(moved(command, port, page), folder, **here))
            wait_until(lambda: is_listening(port))
        ended = wait_for_state(store, run.id, RunState.FINISHED, RunState.FAILED)
        assert ended.state == RunState.FINISHED
        assert ended.place, "it was trained on the cluster"


def test_the_server_knows_nothing_of_ray_by_itself() -> None:
    code = "import lstm.scheduler, lstm.ui.services, sys; raise SystemExit('ray' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
