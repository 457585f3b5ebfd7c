"""The archive: complete, readable without Charloom, and its README works as it stands there."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from lstm.checkpoint import loads
from lstm.errors import ExportError, StoreError
from lstm.export import Story, archive
from lstm.messages import LANGUAGES, Language
from lstm.runs import RunStore
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.export.export_tools import HOSTILE, a_network, a_run
from tests.store_tools import make_run

ROOT = Path(__file__).parents[2]


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name) for name in bundle.namelist()}


def code_of(readme: str) -> str:
    """The first block of indented lines."""
    lines = readme.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("    "))
    last = next(i for i in range(first, len(lines)) if not lines[i].startswith("    "))
    return "\n".join(line[4:] for line in lines[first:last])


def test_a_run_brings_everything_along(store: RunStore) -> None:
    run = a_run(store)
    files = unpacked(archive(Story.of_run(store, run.id)))
    assert files.keys() >= {
        "README.txt", "model.safetensors", "training.safetensors", "vocabulary.json",
        "settings.json", "history.csv", "steps.csv", "samples/0003-epoch-1.50/temperature-0.5.txt",
    }  # fmt: skip
    assert files["samples/0002-epoch-1.00/temperature-1.2.txt"] == b"the sample 2"
    model, training = loads(files["model.safetensors"]), loads(files["training.safetensors"])
    assert not any(name.startswith("optimizer.") for name in model.state.tensors)
    assert any(name.startswith("optimizer.") for name in training.state.tensors)
    assert training.state.numbers["step"] == 30
    assert tuple(json.loads(files["vocabulary.json"])["characters"]) == model.vocabulary.characters
    settings = json.loads(files["settings.json"])
    assert settings["model"]["hidden_size"] == 8
    assert settings["training"]["seconds"] == 60.0
    assert settings["text"]["characters"] == run.characters


def test_its_tables_are_those_of_the_store(store: RunStore) -> None:
    run = a_run(store, evaluations=4)
    files = unpacked(archive(Story.of_run(store, run.id)))
    history = list(csv.DictReader(io.StringIO(files["history.csv"].decode())))
    assert [float(row["validation_bits"]) for row in history] == [
        row.validation_bits for row in store.epochs(run.id)
    ]
    assert [row["best"] for row in history] == ["1"] * 4
    steps = list(csv.DictReader(io.StringIO(files["steps.csv"].decode())))
    assert [float(row["loss"]) for row in steps] == store.steps(run.id).loss.tolist()


def test_a_model_file_brings_what_there_is() -> None:
    files = unpacked(archive(Story.of_model(a_network())))
    assert files.keys() == {"README.txt", "model.safetensors", "vocabulary.json", "settings.json"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_five_lines_of_its_readme_write(
    store: RunStore, tmp_path: Path, language: Language
) -> None:
    files = unpacked(archive(Story.of_run(store, a_run(store).id), language))
    for name in ("model.safetensors", "README.txt"):
        (tmp_path / name).write_bytes(files[name])
    code = code_of(files["README.txt"].decode("utf-8"))
    assert len(code.splitlines()) == 5
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert len(done.stdout) == 401


def test_its_readme_names_every_file(store: RunStore) -> None:
    files = unpacked(archive(Story.of_run(store, a_run(store).id)))
    readme = files["README.txt"].decode("utf-8")
    for name in files.keys() - {"README.txt"}:
        assert name.split("/")[0] in readme


def test_hostile_names_stay_names(store: RunStore) -> None:
    run = a_run(store, name=HOSTILE, said="=cmd|' /C calc'!A0\x00")
    files = unpacked(archive(Story.of_run(store, run.id)))
    assert all(not name.startswith(("/", "..")) and ".." not in name for name in files)
    assert json.loads(files["settings.json"])["name"].startswith("</script>")
    compile(code_of(files["README.txt"].decode("utf-8")), "README", "exec")


def test_symbols_that_are_no_text_survive() -> None:
    vocabulary = Vocabulary(("\x00", "a", "b", "\ud800", "😀", UNKNOWN))
    files = unpacked(archive(Story.of_model(a_network(vocabulary))))
    assert tuple(json.loads(files["vocabulary.json"])["characters"]) == vocabulary.characters
    compile(code_of(files["README.txt"].decode("utf-8")), "README", "exec")


def test_a_run_without_a_network_is_refused(store: RunStore) -> None:
    with pytest.raises(ExportError):
        Story.of_run(store, make_run(store).id)
    with pytest.raises(StoreError):
        Story.of_run(store, "nosuch")


def test_a_model_file_with_its_optimizer_can_be_trained_on(store: RunStore) -> None:
    newest = Story.of_run(store, a_run(store).id).newest
    assert newest is not None
    assert "training.safetensors" in unpacked(archive(Story.of_model(newest)))
    assert Story.of_model(replace(newest, info={}), "my\ncats").name == "my cats"
