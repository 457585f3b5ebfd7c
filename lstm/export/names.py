"""What the files are called: a network's name as far as every file system can bear it."""

import re
from typing import Literal, get_args

Format = Literal["html", "onnx", "archive", "report"]
FORMATS: tuple[Format, ...] = get_args(Format)

_ENDINGS: dict[Format | Literal["model"], str] = {
    "html": ".html",
    "onnx": ".onnx",
    "archive": ".zip",
    "report": "-report.html",
    "model": ".safetensors",
}
_LONGEST = 60
# Names that Windows keeps for devices, whatever the ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def file_name(name: str, kind: Format | Literal["model"]) -> str:
    """Return the name of a file for a network.

    Args:
        name: What the network is called. Hostile text: letters, digits, ``-`` and ``_`` of every
            script stay, everything else becomes ``-``.
        kind: What is in the file.
    """
    stem = re.sub(r"[^\w]+", "-", name).strip("-_")[:_LONGEST].rstrip("-_")
    if not stem or _DEVICES.fullmatch(stem):
        stem = f"charloom-{stem}".rstrip("-")
    return stem + _ENDINGS[kind]
