"""The server's log: one JSON object a line, and nothing in it that a visitor wrote."""

import ast
import io
import json
import logging
from pathlib import Path

import pytest

from lstm.errors import StoreError
from lstm.logs import VARIABLE, JsonLines, is_wanted

SOURCES = sorted((Path(__file__).parents[1] / "lstm").rglob("*.py"))
SECRET = "marker-text"
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def written(name: str, message: str, *values: object, error: BaseException | None = None) -> str:
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, values, None, "f")
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    return JsonLines().format(record)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_says_what_happened_in_the_program_s_own_words() -> None:
    line = json.loads(written("charloom.scheduler", "run %s waits for %s s", SECRET, 3.5))
    assert (line["level"], line["source"]) == ("error", "charloom.scheduler")
    assert (line["event"], line["values"]) == ("run %s waits for %s s", [None, 3.5])


def test_our_own_errors_are_told_by_their_key() -> None:
    error = raised(StoreError("disk_full", folder=SECRET))
    line = written("charloom", "%s", error, error=error)
    assert json.loads(line)["values"] == ["StoreError: disk_full"]
    assert json.loads(line)["error"]["key"] == "disk_full"
    assert SECRET not in line


@pytest.mark.parametrize("name", ["charloom", "lstm.readers.apart", "streamlit.app", "asyncio"])
def test_what_an_exception_says_is_left_out(name: str) -> None:
    line = written(name, "failed", error=raised(ValueError(SECRET)))
    told = json.loads(line)
    assert SECRET not in line
    assert told["error"]["type"] == "ValueError"
    assert told["error"]["at"][0].startswith("tests/test_logs.py:")


def test_sentences_of_other_programs_are_left_out() -> None:
    assert SECRET not in written("streamlit.web", f"no page {SECRET}")
    assert "\n" not in written("streamlit.web", "a\nb")


def test_our_own_sentences_hold_no_values() -> None:
    """A value that is put into the sentence itself would get into the log."""
    calls = 0
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = getattr(node.func.value, "id", "")
                if owner in {"_log", "logger"} and node.func.attr in LEVELS:
                    calls += 1
                    assert isinstance(node.args[0], ast.Constant), f"{file}:{node.lineno}"
    assert calls > 10


def test_json_unless_it_is_a_terminal_or_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert is_wanted(io.StringIO())
    monkeypatch.setenv(VARIABLE, "text")
    assert not is_wanted(io.StringIO())
    monkeypatch.setenv(VARIABLE, "JSON")
    assert is_wanted(io.StringIO())
