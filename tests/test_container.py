"""The container and the Space as far as they can be judged without a container engine."""

import json
import re
import shlex
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

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


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_tells_sick_from_healthy(status: int, healthy: bool) -> None:
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
        ended = subprocess.run([sys.executable, *here], capture_output=True, check=False)
        server.shutdown()
    assert python == "python"
    assert asked == ["/_stcore/health"]
    assert (ended.returncode == 0) == healthy


def test_one_port_everywhere() -> None:
    (command,) = all_of("CMD")
    words: list[str] = json.loads(command)
    assert words[:3] == ["streamlit", "run", "app.py"]
    assert f"--server.port={PORT}" in words
    assert all_of("EXPOSE") == [PORT]
    assert f":{PORT}/" in health_check()[-1]
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
