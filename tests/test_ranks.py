"""Two processes that train one network learn what one would."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lstm import checkpoint
from lstm.batches import Streams, Windows
from lstm.corpus import Corpus
from lstm.errors import ConfigError
from tests.engine_tools import words
from tests.trained_together import STEPS, STREAMS, course

ROOT = Path(__file__).parents[1]


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What ``torchrun`` does, under the Python that runs the tests."""
    options = ["--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, "-m", "torch.distributed.run", *options, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_two_ranks_learn_what_one_process_learns(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    done = torchrun("-m", "tests.trained_together", told)
    assert done.returncode == 0, done.stderr
    together = json.loads(told.read_text("utf-8"))
    alone = {recipe: course(recipe) for recipe in ("continuous", "classic")}
    assert together["continuous"][0] == alone["continuous"][0] == STEPS
    assert together["continuous"][2] == alone["continuous"][2] == STREAMS
    for recipe in alone:
        assert together[recipe][0] == alone[recipe][0]
        assert together[recipe][1] == pytest.approx(alone[recipe][1], abs=1e-3)
        assert together[recipe][3] == pytest.approx(alone[recipe][3], abs=0.05)


def test_the_command_line_trains_by_torchrun_and_one_rank_alone_tells(tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "model.safetensors"
    text.write_text(words(9_000), "utf-8")
    options = ["--hidden", "16", "--epochs", "3", "--out", out, "--json"]
    done = torchrun("-m", "lstm", "train", text, *options)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)  # one object, not one of each rank
    assert result["epochs"] == 3
    assert result["bits_per_char"] < 4
    assert checkpoint.load(out).vocabulary == Corpus.from_text(words(9_000)).vocabulary
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["model.safetensors", "text.txt"]


def test_a_batch_that_can_not_be_shared_is_refused() -> None:
    ids = Corpus.from_text(words(2_000)).train
    assert Streams(ids, 7, 16, 1, shares=2).streams == 6
    assert Windows(ids, 33, 16, 3, 1, shares=4).batch_size == 32
    with pytest.raises(ConfigError) as refused:
        Streams(ids, 1, 16, 1, shares=2)
    assert refused.value.key == "too_few_to_share"
