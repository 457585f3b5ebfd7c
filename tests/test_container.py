"""The container and the Space as far as they can be judged without a container engine."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import BinaryIO

import pytest

from tests.store_tools import wait_until
from tests.wheels import pack

ROOT = Path(__file__).parents[1]
PORT = "8501"


def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with what follows them, in order."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    whole = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, whole.splitlines())):
        name, rest = line.split(None, 1)
        found.append((name, rest.strip()))
    return found


def all_of(name: str) -> list[str]:
    return [rest for step, rest in steps() if step == name]


def copied() -> list[str]:
    """What is copied out of the repository."""
    return [source for rest in all_of("COPY") for source in shlex.split(rest)[:-1]]


def test_it_knows_every_instruction() -> None:
    known = {"FROM", "ENV", "RUN", "COPY", "USER", "WORKDIR", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {name for name, _ in steps()} == known
    assert steps()[0] == ("FROM", "python:3.11-slim")


def test_everything_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert set(copied()) == let_in
    for source in copied():
        assert (ROOT / source).exists(), source


def test_what_the_server_needs_is_copied() -> None:
    assert {".streamlit", "app.py", "assets", "lstm", "requirements.txt"} <= set(copied())


def test_it_runs_as_user_1000_who_is_not_root() -> None:
    (name,) = all_of("USER")
    (made,) = [rest for rest in all_of("RUN") if rest.startswith("useradd")]
    words = shlex.split(made)
    assert words[words.index("--uid") + 1] == "1000"
    assert words[-1] == name != "root"
    order = [step for step, _ in steps()]
    assert order.index("USER") > max(i for i, step in enumerate(order) if step == "COPY")


def test_its_data_lie_where_that_user_may_write() -> None:
    settings = " ".join(all_of("ENV"))
    found = re.search(r"CHARLOOM_DATA=(\S+)", settings)
    assert found is not None
    assert found[1].startswith("/home/user/")
    after = steps()[[step for step, _ in steps()].index("USER") :]
    assert ("RUN", f"mkdir {found[1]}") in after


def test_torch_is_the_pinned_one_from_the_index_of_cpu_builds_and_comes_first() -> None:
    required = (ROOT / "requirements.txt").read_text("utf-8")
    pinned = re.findall(r"^(torch==\S+)$", required, re.MULTILINE)
    pips = [shlex.split(rest) for rest in all_of("RUN") if rest.startswith("pip install")]
    index = ["--index-url", "https://download.pytorch.org/whl/cpu"]
    assert pips == [
        ["pip", "install", *pinned, *index],
        ["pip", "install", "-r", "/tmp/requirements.txt"],
    ]
    assert "PIP_NO_CACHE_DIR=1" in " ".join(all_of("ENV"))


def health_check() -> list[str]:
    (rest,) = all_of("HEALTHCHECK")
    command: list[str] = json.loads(rest.split("CMD", 1)[1])
    return command


@pytest.mark.parametrize(
    ("status", "below", "path"),
    [
        (200, "", "/_stcore/health"),
        (503, "", "/_stcore/health"),
        (200, "/charloom/", "/charloom/_stcore/health"),
    ],
)
def test_the_health_check_tells_sick_from_healthy(status: int, below: str, path: str) -> None:
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        python, *arguments = health_check()
        here = [word.replace(PORT, str(server.server_port)) for word in arguments]
        settings = {**os.environ, "STREAMLIT_SERVER_BASE_URL_PATH": below}
        ended = subprocess.run(
            [sys.executable, *here], capture_output=True, check=False, env=settings
        )
        server.shutdown()
    assert python == "python"
    assert asked == [path]
    assert (ended.returncode == 0) == (status == 200)


def test_one_port_everywhere() -> None:
    (command,) = all_of("CMD")
    words: list[str] = json.loads(command)
    assert words[:3] == ["streamlit", "run", "app.py"]
    assert f"--server.port={PORT}" in words
    assert all_of("EXPOSE") == [PORT]
    assert f":{PORT}'" in health_check()[-1]
    assert front_matter()["app_port"] == PORT


def front_matter() -> dict[str, str]:
    readme = (ROOT / "README.md").read_text("utf-8")
    found = re.match(r"---\n(.*?)\n---\n", readme, re.DOTALL)
    assert found is not None
    return dict(line.split(": ", 1) for line in found[1].splitlines())


def test_the_readme_says_what_a_space_must_know() -> None:
    said = front_matter()
    assert set(said) == {
        *("title", "emoji", "colorFrom", "colorTo", "sdk", "app_port", "license"),
        "short_description",
    }
    assert (said["title"], said["sdk"], said["license"]) == ("Charloom", "docker", "mit")
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {said["colorFrom"], said["colorTo"]} <= colours
    assert len(said["short_description"]) <= 60


# ---- the same steps without an engine -----------------------------------------------------------
#
# Executed: both lines of pip in a fresh environment; what COPY copies, compileall, mkdir, CMD and
# HEALTHCHECK; as user 1000 where we may become that user, over files that are ours. Not executed:
# FROM, useradd, and what pip would download. Its packages are wheels made of the installed ones,
# small ones whole, large ones as their metadata alone (torch has 750 MB).

IMPORTED = ("platformdirs", "psutil", "segno", "tqdm")
"""Packages small enough to be installed whole."""


def test_the_lines_of_pip_fill_a_fresh_environment(tmp_path: Path) -> None:
    """The second one leaves the first one's torch alone; nothing is missing or at odds."""
    required = Path(shutil.copy(ROOT / "requirements.txt", tmp_path))
    whole = pack(required, tmp_path / "wheels")
    hand_over(tmp_path)
    run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "python")], tmp_path)
    first, second = [rest for rest in all_of("RUN") if rest.startswith("pip install")]
    torch = f"torch-{version('torch')}"
    assert torch in pip(first, tmp_path).split("Successfully installed")[1]
    said = pip(second, tmp_path)
    assert "Requirement already satisfied: torch==" in said
    assert torch not in said.split("Successfully installed")[1]
    assert pip("pip check", tmp_path) == "No broken requirements found.\n"
    assert set(IMPORTED) <= whole
    run([str(tmp_path / "python/bin/python"), "-c", f"import {', '.join(IMPORTED)}"], tmp_path)
    assert (tmp_path / "python/bin/streamlit").stat().st_uid == user_to_be()


def pip(line: str, home: Path) -> str:
    """Run one of the Dockerfile's lines with its settings in the fresh environment."""
    _, *words = shlex.split(line.replace("/tmp/requirements.txt", "requirements.txt"))
    there = ["-m", "pip", "--python", str(home / "python" / "bin" / "python")]
    settings = dict(word.split("=", 1) for rest in all_of("ENV") for word in shlex.split(rest))
    without_the_net = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(home / "wheels")}
    return run([sys.executable, *there, *words], home, settings | without_the_net)


def run(command: list[str], home: Path, settings: Mapping[str, str] = MappingProxyType({})) -> str:
    """Run a command at home as the user to be, with no setting of ours; return what it said."""
    nothing_of_ours = {"PATH": os.defpath, "HOME": str(home), "PIP_CONFIG_FILE": os.devnull}
    ended = subprocess.run(
        [*becoming_the_user(), *command],
        cwd=home,
        env={**nothing_of_ours, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    said: str = ended.stdout
    assert ended.returncode == 0, said + ended.stderr
    return said


def test_the_server_runs_from_a_copy_that_it_can_t_change() -> None:
    """What COPY copies, compiled, read-only, started as CMD says."""
    with tempfile.TemporaryDirectory(prefix="charloom-container-") as folder:
        home = Path(folder)
        app = put_together(home / "app")
        before = sorted(app.rglob("*"))
        os.chown(home, user_to_be(), -1)
        port = free_port()
        with (home / "log").open("wb") as log:
            process = start_as_told(home, port, log)
        try:
            wait_until(lambda: process.poll() is not None or is_healthy(port))
            assert process.poll() is None, (home / "log").read_text("utf-8")
            wait_until((home / "charloom" / "charloom.sqlite3").exists)
        finally:
            process.terminate()
            process.wait(30)
        assert "Traceback" not in (home / "log").read_text("utf-8")
        assert (home / "charloom").stat().st_uid == user_to_be()
        assert sorted(app.rglob("*")) == before
        for path in app.rglob("*"):
            path.parent.chmod(0o755)  # else nobody but root could tidy up


@cache
def becoming_the_user() -> tuple[str, ...]:
    """The words before a command that user 1000 is to run; none if we may not become that user.

    That user may read all that we may, such as this Python, but writes only what is theirs.
    """
    who = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    if os.getuid() == 0 and shutil.which("setpriv"):
        for words in ((*who, *reading), who):
            command = [*words, sys.executable, "-c", "import torch"]
            if subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0:
                return words
    return ()


def user_to_be() -> int:
    return 1000 if becoming_the_user() else os.getuid()


def hand_over(folder: Path) -> None:
    """Let a folder and what is in it be the user's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user_to_be(), -1)


def put_together(app: Path) -> Path:
    """Copy what COPY copies, compile it as RUN says, and let nobody change it."""
    app.mkdir()
    for source in copied():
        if (ROOT / source).is_dir():
            compiled = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, app / source, ignore=compiled)
        else:
            shutil.copy(ROOT / source, app / source)
    (line,) = [rest for rest in all_of("RUN") if rest.startswith("python ")]
    subprocess.run([sys.executable, *shlex.split(line)[1:]], cwd=app, check=True)
    for path in (app, *app.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return app


def start_as_told(home: Path, port: int, log: BinaryIO) -> "subprocess.Popen[bytes]":
    (command,) = all_of("CMD")
    program, *arguments = json.loads(command.replace(PORT, str(port)))
    settings = {"HOME": str(home), "CHARLOOM_DATA": str(home / "charloom")}
    (folder,) = [rest for rest in all_of("RUN") if rest.startswith("mkdir ")]
    run(shlex.split(folder.replace("/home/user", str(home))), home)
    return subprocess.Popen(
        [*becoming_the_user(), sys.executable, "-m", program, *arguments],
        cwd=home / "app",
        env={**os.environ, **settings},
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def is_healthy(port: int) -> bool:
    _, *arguments = health_check()
    here = [word.replace(PORT, str(port)) for word in arguments]
    return subprocess.run([sys.executable, *here], capture_output=True, check=False).returncode == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
