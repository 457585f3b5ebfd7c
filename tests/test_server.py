"""The server as a process, before anybody opens a page."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

TOLD = """
import app, json, sys
early = {"numpy", "torch"} & sys.modules.keys()
import numpy, torch
from threadpoolctl import threadpool_info
numpy.ones((2, 2)) @ numpy.ones((2, 2))
threads = {one["user_api"]: one["num_threads"] for one in threadpool_info()}
print(json.dumps([sorted(early), threads, torch.get_num_threads()]))
"""


def test_no_matrix_library_of_the_server_has_threads_of_its_own() -> None:
    environment = {name: told for name, told in os.environ.items() if "NUM_THREADS" not in name}
    command = [sys.executable, "-c", TOLD]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    early, threads, torch_threads = json.loads(said.stdout)
    assert early == []  # they read the variable when they are loaded
    assert "blas" in threads
    assert set(threads.values()) == {1}
    assert torch_threads == 1
