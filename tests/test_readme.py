"""What the README shows is run as it stands there."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_library_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.strip().splitlines()) <= 12
    essay = next((ROOT / "assets" / "corpora" / "essays-en").glob("*.txt"))
    shutil.copy(essay, tmp_path / "nietzsche.txt")
    monkeypatch.chdir(tmp_path)
    exec(code.replace("seconds=60", "seconds=1").replace("hidden_size=256", "hidden_size=16"), {})
    output = capsys.readouterr().out
    assert "nats per character" in output
    assert len(output.rsplit("nats per character\n", 1)[-1]) == 401


def test_every_dependency_is_justified() -> None:
    pinned = (ROOT / "requirements.txt").read_text("utf-8")
    names = re.findall(r"^([a-z][\w-]*)[=<>]", pinned, re.MULTILINE)
    assert names
    for name in names:
        assert f"| {name} |" in README, f"the README does not say why {name} is needed"


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
