"""``python -m lstm export``: what it writes, where, and what it says when it can't."""

import zipfile
from pathlib import Path

import onnx
import pytest

from lstm.checkpoint import save
from lstm.cli import main
from lstm.export import FORMATS
from lstm.runs import RunStore
from tests.export.export_tools import a_network, a_run

ENDINGS = {"html": ".html", "onnx": ".onnx", "archive": ".zip", "report": "-report.html"}


@pytest.fixture
def model_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    path = tmp_path / "model.safetensors"
    save(path, a_network(name="Two cats"))
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_of_a_file(
    model_file: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(model_file), "--format", kind]) == 0
    expected = f"Two-cats{ENDINGS[kind]}"
    output, remarks = capsys.readouterr()
    assert output == f"{expected}\n"
    assert expected in remarks
    content = Path(expected).read_bytes()
    if kind == "onnx":
        onnx.checker.check_model(onnx.load_model_from_string(content))
    elif kind == "archive":
        assert zipfile.is_zipfile(expected)
    else:
        assert content.startswith(b"<!doctype html>")


def test_without_a_name_it_never_overwrites(model_file: Path) -> None:
    for _ in range(2):
        assert main(["export", str(model_file), "--format", "report"]) == 0
    assert {path.name for path in Path.cwd().iterdir()} == {
        "Two-cats-report.html",
        "Two-cats-report-2.html",
    }


def test_a_place_can_be_named(model_file: Path, tmp_path: Path) -> None:
    named, folder = tmp_path / "mine.html", tmp_path / "folder"
    folder.mkdir()
    named.write_text("old")
    for out in (named, folder):
        assert main(["export", str(model_file), "--format", "html", "--out", str(out)]) == 0
    assert named.stat().st_size > 1000
    assert (folder / "Two-cats.html").exists()


def test_a_run_is_found_by_its_id(store: RunStore, tmp_path: Path) -> None:
    run = a_run(store, name="我的训练")
    words = ["export", run.id, "--format", "report", "--out", str(tmp_path), "--language", "zh"]
    assert main(words) == 0
    assert '<html lang="zh">' in (tmp_path / "我的训练-report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.safetensors", "--format", "html"], "missing.safetensors"),
        (["nosuchrun", "--format", "html"], "nosuchrun"),
        (["nosuchrun"], "--format"),
        (["nosuchrun", "--format", "pdf"], "pdf"),
        (["README.md", "--format", "onnx"], "damaged"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CHARLOOM_DATA", str(tmp_path / "data"))
    try:
        code: int | str | None = main(["export", *words])
    except SystemExit as stop:
        code = stop.code
    output, remarks = capsys.readouterr()
    assert code == 2
    assert output == ""
    assert said in remarks
    assert len(remarks.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists(), "asking must not make a store"


def test_an_unknown_run_of_a_real_store(
    store: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    a_run(store)
    assert main(["export", "nosuchrun", "--format", "html"]) == 2
    assert "nosuchrun" in capsys.readouterr().err


def test_it_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["export", "--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert all(kind in said for kind in FORMATS)
