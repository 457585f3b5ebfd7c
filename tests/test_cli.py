"""The command line as its user types it: exit codes, what goes where, the JSON contract."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lstm.checkpoint import load
from lstm.cli import main
from lstm.presets import preset

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "corpora"


@pytest.fixture(scope="module")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [
        "the",
        "cat",
        "sat",
        "on",
        "a",
        "mat",
        "and",
        "the",
        "dog",
        "ran",
        "to",
        "a",
        "man",
        "in",
        "the",
        "sun",
    ]
    chooser = random.Random(4)
    text = " ".join(chooser.choice(words) for _ in range(3000)).replace("sun ", "Sun.\n")
    path = tmp_path_factory.mktemp("text") / "cats.txt"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def model_file(text_file: Path) -> Path:
    out = text_file.with_name("cats.safetensors")
    words = ["train", str(text_file), "--hidden", "24", "--epochs", "12", "--out", str(out)]
    assert main(words) == 0
    return out


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lstm", *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_train_prints_one_json_object_and_keeps_the_model(text_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    done = run("train", text_file, "--hidden", 16, "--epochs", 2, "--json", "--out", out)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result.keys() >= {
        "bits_per_char", "best_bits_per_char", "train_bits_per_char", "seconds", "epochs",
        "chars_per_second", "parameters", "vocabulary", "history", "out",
    }  # fmt: skip
    assert result["epochs"] == 2
    assert result["out"] == str(out)
    assert out.exists()
    assert result["best_bits_per_char"] <= result["bits_per_char"] + 0.05
    assert all(len(point) == 3 for point in result["history"])
    assert done.stdout.count("\n") == 1, "results alone belong on stdout"


def test_train_beats_letter_frequencies_after_a_few_passes(model_file: Path) -> None:
    text = model_file.with_name("cats.txt")
    done = run("evaluate", model_file, text, "--json")
    result = json.loads(done.stdout)
    assert result["bits_per_char"] < 3.0
    assert result["unknown"] == 0
    assert result["characters"] == len(text.read_text()) - int(len(text.read_text()) * 0.9)


def test_evaluate_counts_characters_that_the_model_does_not_know(
    model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / "strange.txt"
    strange.write_text("the cat sat on the mat, 中文 too " * 10, "utf-8")
    assert main(["evaluate", str(model_file), str(strange), "--tail", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["characters"] == len(strange.read_text("utf-8").strip()) or result["unknown"] > 0
    assert result["unknown"] >= 20


def test_write_prints_the_text_alone(model_file: Path) -> None:
    first = run("write", model_file, "--opening", "the cat", "--length", 120, "--rng", 5)
    again = run("write", model_file, "--opening", "the cat", "--length", 120, "--rng", 5)
    other = run("write", model_file, "--opening", "the cat", "--length", 120, "--rng", 6)
    assert first.returncode == 0
    assert len(first.stdout) == 120
    assert first.stdout == again.stdout != other.stdout


def test_write_says_what_it_replaced_in_the_opening(model_file: Path) -> None:
    done = run("write", model_file, "--opening", "the café", "--length", 5, "--rng", 1)
    assert done.returncode == 0
    assert "é" in done.stderr
    assert "é" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "missing.txt"], "missing.txt"),
        (["train"], "FILE"),
        (["train", "missing.txt", "--preset", "slow"], "slow"),
        (["evaluate", "missing.safetensors", "x.txt"], "missing.safetensors"),
        (["write", "missing.safetensors"], "missing.safetensors"),
        (["write", "missing.safetensors", "--temperature", "3"], "temperature"),
        (["write", "missing.safetensors", "--length", "-1"], "--length"),
        (["evaluate", "m", "x", "--tail", "0"], "--tail"),
        ([], "COMMAND"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        code: int | str | None = main(words)
    except SystemExit as stop:
        code = stop.code
    output, remarks = capfd.readouterr()
    assert code == 2
    assert output == ""
    assert said in remarks
    assert len(remarks.strip().splitlines()) == 1
    assert "Traceback" not in remarks


@pytest.mark.parametrize("command", ["train", "evaluate", "write", "worker"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert command in capsys.readouterr().out


def test_a_binary_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    assert main(["train", str(file)]) == 2
    assert "picture.txt" in capsys.readouterr().err


def test_ctrl_c_keeps_the_model(text_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.safetensors"
    command = [sys.executable, "-m", "lstm", "train", str(text_file), "--hidden", "16"]
    command += ["--seconds", "600", "--out", str(out), "--json"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stderr is not None
    seen = ""
    while "held out" not in seen:  # the bar's remark appears with the first stretch of steps
        seen += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert json.loads(output.splitlines()[-1])["stopped_by"] == "stopped"
    assert out.exists()


def test_without_a_name_the_model_never_overwrites(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["train", str(text_file), "--hidden", "8", "--epochs", "1"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"cats.safetensors", "cats-2.safetensors"}


def test_classic_preset_lower_cases(
    text_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "classic.safetensors"
    words = ["train", str(text_file), "--preset", "classic", "--hidden", "8", "--epochs", "1"]
    assert main([*words, "--json", "--out", str(out)]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["vocabulary"] == len(set(text_file.read_text().lower()))
    assert preset("classic", 1, 1).lowercase


def test_what_was_asked_for_is_in_the_model(text_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.safetensors"
    words = ["train", str(text_file), "--hidden", "8", "--epochs", "1", "--cell", "gru"]
    assert main([*words, "--precision", "float32", "--rng", "7", "--out", str(out)]) == 0
    saved = load(out)
    assert saved.train_config is not None
    assert (saved.model_config.hidden_size, saved.model_config.cell) == (8, "gru")
    assert (saved.train_config.precision, saved.train_config.rng) == ("float32", 7)
