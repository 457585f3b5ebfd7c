"""The server's log: one JSON object a line, and nothing of what visitors wrote.

Only what the program itself says gets in: its fixed sentences, numbers, and the keys of its own
errors. A name, a text, a path, an address or a visitor's key is never written, nor is the message
of a foreign exception, which may quote any of them; its type and the places in the code are. Knows
nothing of the page.

With ``CHARLOOM_LOG=text`` everything is logged as Python does it, for whoever mends the program.
"""

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from lstm.errors import CharloomError

VARIABLE = "CHARLOOM_LOG"
OURS = "charloom"
_ROOT = Path(__file__).resolve().parents[1]
_MOST_PLACES = 12
_SAYS_NOTHING = ("uvicorn.access",)  # a line for each request, empty without its address


def is_wanted(stream: TextIO) -> bool:
    """Tell whether JSON is to be written: unless it is a terminal, or a variable says otherwise."""
    said = os.environ.get(VARIABLE, "").strip().lower()
    return said == "json" or (said != "text" and not stream.isatty())


def install(stream: TextIO | None = None) -> None:
    """Send all that is logged in this process to a stream, as JSON lines, if that is wanted.

    Args:
        stream: Where to; default: the standard error output.
    """
    stream = stream or sys.stderr
    if not is_wanted(stream):
        return
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    for known in list(root.manager.loggerDict.values()):
        if isinstance(known, logging.Logger):
            known.handlers, known.propagate = [], True
    for quiet in _SAYS_NOTHING:
        logging.getLogger(quiet).setLevel(logging.WARNING)
    logging.setLoggerClass(_ToRoot)  # a library that comes later adds handlers of its own
    logging.captureWarnings(True)
    ours = logging.getLogger(OURS)
    ours.setLevel(logging.INFO)
    threading.excepthook = _unexpected


class _ToRoot(logging.Logger):
    """A logger whose records go to the root's handlers, whatever else was added to it."""

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Pass a record on to the root."""
        logging.getLogger().callHandlers(record)


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: when, how bad, where from, what, which numbers."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        ours = record.name.split(".")[0] in {OURS, "lstm"}
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "source": record.name,
            # Other programs put values into their sentences, so theirs are told by their place.
            "event": str(record.msg) if ours else f"{record.module}.{record.funcName}",
        }
        if ours and record.args:
            values = record.args if isinstance(record.args, tuple) else (record.args,)
            line["values"] = [_told(value) for value in values]
        line.update(_facts(record))
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = _error(error)
        return json.dumps(line, ensure_ascii=False)


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    """Return what a call gave as ``extra={"facts": ...}``: numbers and words of the program."""
    facts: Mapping[str, object] = getattr(record, "facts", {})
    return facts


def _told(value: object) -> object:
    """Return a value if it can't be a visitor's."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, CharloomError):
        return f"{type(value).__name__}: {value.key}"
    return None


def _error(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_PLACES:]
    told: dict[str, object] = {
        "type": type(error).__name__,
        "at": [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, CharloomError):
        told["key"] = error.key
    return told


def _place(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else path.name


def _unexpected(thread: threading.ExceptHookArgs) -> None:
    if thread.exc_value is not None:
        told = (thread.exc_type, thread.exc_value, thread.exc_traceback)
        logging.getLogger(OURS).error("a thread failed", exc_info=told)
