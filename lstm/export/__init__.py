"""Taking a network home: each function turns a model or a run into the bytes of one file.

``player`` is a web page that writes without a server, ``onnx`` a graph for other programs,
``archive`` everything as a .zip, ``report`` a page to print. Whatever stands in a model or a run
is hostile and is escaped on its way into a file. Knows nothing of pages and of the command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstm.export.bundle import archive
    from lstm.export.files import export
    from lstm.export.graph import onnx
    from lstm.export.html import player
    from lstm.export.names import FORMATS, Format, file_name
    from lstm.export.paper import report
    from lstm.export.story import Story

_HOMES = {
    "FORMATS": "lstm.export.names",
    "Format": "lstm.export.names",
    "Story": "lstm.export.story",
    "archive": "lstm.export.bundle",
    "export": "lstm.export.files",
    "file_name": "lstm.export.names",
    "onnx": "lstm.export.graph",
    "player": "lstm.export.html",
    "report": "lstm.export.paper",
}

__all__ = [
    "FORMATS",
    "Format",
    "Story",
    "archive",
    "export",
    "file_name",
    "onnx",
    "player",
    "report",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names are of any type
    """Import a public name when it is first used: not everyone who exports needs every library."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
