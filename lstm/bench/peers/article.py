"""Runs the Keras example in an environment of its own, made the first time."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lstm import messages
from lstm.errors import BenchError
from lstm.paths import data_folder

_PACKAGES = ("keras>=3.15,<4", "tensorflow>=2.21,<3")
_EXAMPLE = Path(__file__).with_name("keras_example.py")


def keras_example(
    text: Path, goal: float, seconds: float | None = None
) -> Iterator[dict[str, Any]]:
    """Run the Keras example and yield what it tells, see ``keras_example.py``.

    Args:
        text: The text file to train on.
        goal: Held-out bits per character at which it ends.
        seconds: It ends after the epoch in which so much training time is over.

    Raises:
        BenchError: The environment can't be made, or the script failed.
    """
    command = [str(_python()), str(_EXAMPLE), str(text), str(goal), str(seconds or "inf")]
    # As it is usually run: on all cores.
    environment = {name: told for name, told in os.environ.items() if name != "OMP_NUM_THREADS"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment, text=True, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        raise BenchError("bench_peer_failed", name="Keras", code=child.returncode)


def _python() -> Path:
    """Return the Python of the environment that has Keras; make it if it is not there."""
    folder = data_folder() / "bench" / "keras"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / "complete"
    if not done.exists():
        sys.stderr.write(messages.text("cli.installing", packages=", ".join(_PACKAGES)) + "\n")
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *_PACKAGES]
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
            raise BenchError("bench_not_installed", packages=", ".join(_PACKAGES))
        done.touch()
    return python
