"""What is freed inside the block stays with the process, and afterwards it goes back."""

import json
import platform
import subprocess
import sys
import threading

import pytest

from lstm import heap
from lstm.training import train
from tests.training.training_tools import CORPUS, NETWORK, drive, settings

_SCRIPT = """
import json, resource, psutil, torch
from lstm import heap

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        blocks = [torch.ones(12_000_000) for _ in range(3)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

memory = psutil.Process().memory_info
usual = faults()
with heap.kept():
    faults()
    kept, held = faults(), memory().rss
after = memory().rss
print(json.dumps([usual, kept, held - after]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_freed_memory_is_taken_again_and_given_back_in_the_end() -> None:
    told = subprocess.run([sys.executable, "-c", _SCRIPT], check=True, capture_output=True)
    usual, kept, given_back = json.loads(told.stdout)
    assert kept < usual / 20  # pages that the system had to hand out
    assert given_back > 100_000_000


class _Library:
    """Notes what a C library would be told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def mallopt(self, option: int, value: int) -> int:
        self.told.append((option, value))
        return 1

    def malloc_trim(self, _: int) -> None:
        self.told.append("trim")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> _Library:
    found = _Library()
    monkeypatch.setattr(heap, "_glibc", lambda: found)
    return found


def test_only_the_outermost_block_gives_memory_back(library: _Library) -> None:
    with heap.kept():
        with heap.kept():
            pass
        assert "trim" not in library.told
    assert library.told[-1] == "trim"
    assert library.told.count("trim") == 1


def test_an_error_ends_the_block_too(library: _Library) -> None:
    with pytest.raises(KeyError), heap.kept():
        raise KeyError
    assert library.told[-1] == "trim"


def test_other_threads_and_other_libraries_are_left_alone(
    library: _Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enter() -> None:
        with heap.kept():
            pass

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert library.told == []
    monkeypatch.setattr(heap, "_glibc", lambda: None)
    enter()
    assert library.told == []


def test_a_training_keeps_its_memory_until_it_ends_or_is_given_up(library: _Library) -> None:
    training = train(CORPUS, NETWORK, settings())
    next(training)
    assert library.told
    assert "trim" not in library.told
    training.close()
    assert library.told.pop() == "trim"
    drive(settings(epochs=1))
    assert library.told[-1] == "trim"
