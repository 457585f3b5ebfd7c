"""The shape of the program: who may import whom."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import lstm

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "lstm").rglob("*.py"))]
PAGE_LIBRARIES = {"streamlit", "plotly", "altair"}


def is_page(file: Path) -> bool:
    return file == ROOT / "app.py" or (ROOT / "lstm" / "ui") in file.parents


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""


def test_only_the_page_knows_the_page_libraries() -> None:
    offenders = {
        (file.relative_to(ROOT).as_posix(), name)
        for file in SOURCES
        if not is_page(file)
        for name in imported(file)
        if name.split(".")[0] in PAGE_LIBRARIES
    }
    assert not offenders
    assert any("streamlit" in set(imported(file)) for file in SOURCES if is_page(file))


def test_nothing_but_the_command_line_and_the_page_imports_the_page() -> None:
    allowed = {"lstm/cli.py", "lstm/__main__.py", "app.py"}
    offenders = {
        file.relative_to(ROOT).as_posix()
        for file in SOURCES
        if not is_page(file)
        for name in imported(file)
        if name == "lstm.ui" or name.startswith("lstm.ui.")
    }
    assert offenders <= allowed


def test_imports_point_down_only() -> None:
    # In a process of its own: the linter's set-up silences every other logger of its process.
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_module_has_its_place_in_the_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    listed = [name.strip() for layer in contract["layers"] for name in layer.split("|")]
    modules = {file.stem for file in (ROOT / "lstm").glob("*.py")} | {"ui"}
    assert len(listed) == len(set(listed))
    assert modules - {"__init__"} <= set(listed)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text("utf-8")))


@pytest.mark.parametrize("name", lstm.__all__)
def test_public_name_is_what_its_module_defines(name: str) -> None:
    home = import_module(lstm._HOMES[name])
    assert getattr(lstm, name) is getattr(home, name)


def test_unknown_public_names_are_refused() -> None:
    with pytest.raises(AttributeError):
        lstm.nothing_of_this_name  # noqa: B018
