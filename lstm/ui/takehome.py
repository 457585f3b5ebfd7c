"""Taking a network home from the page: one popover, a button for every kind of file.

A file is made when its button is clicked, not before. Knows nothing of what is in the files.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from lstm.errors import CharloomError, ExportError
from lstm.export.names import FORMATS, Format, file_name
from lstm.records import Run
from lstm.runs import RunStore
from lstm.ui.blocks import alert
from lstm.ui.language import language, t
from lstm.ui.services import store

if TYPE_CHECKING:
    from lstm.export.story import Story
    from lstm.messages import Language

_PATIENCE = 120.0
"""Seconds that the page waits to hear whether a file could be made."""

_TYPES = {
    "html": "text/html",
    "onnx": "application/octet-stream",
    "archive": "application/zip",
    "report": "text/html",
    "model": "application/octet-stream",
    "samples": "text/plain",
}


@dataclass(frozen=True)
class _Ware:
    """A file that can be had: its kind, its name, and what makes it."""

    kind: str
    file: str
    make: Callable[[], bytes | str]


@dataclass
class _Errand:
    """One button's work, done by a thread of the server while the page waits for the outcome."""

    over: threading.Event = field(default_factory=threading.Event)
    error: CharloomError | None = None

    def run(self, make: Callable[[], bytes | str]) -> bytes | str:
        """Make the file; remember why if that fails.

        Raises:
            CharloomError: It can't be made. The browser then gets no file.
        """
        self.over.clear()
        self.error = None
        try:
            return make()
        except CharloomError as error:
            self.error = error
            raise
        finally:
            self.over.set()

    def outcome(self) -> CharloomError | None:
        """Wait until the file is made, and return why it was not."""
        self.over.wait(_PATIENCE)
        self.over.clear()
        return self.error


def take_home_run(run: Run) -> None:
    """Offer all files of a run of the visitor's own."""
    runs = store()
    wares = _exports(run.name, partial(_story_of_run, runs, run.id))
    wares += [
        _Ware("model", file_name(run.name, "model"), partial(_model, runs, run.id)),
        _Ware("samples", f"charloom-{run.id}.txt", partial(_samples, runs, run.id)),
    ]
    _offer(f"take-{run.id}", wares, enabled=run.has_model)


def take_home_model(file: Path, name: str) -> None:
    """Offer all files of a network that has no run.

    Args:
        file: The model file.
        name: What people call it.
    """
    wares = _exports(name, partial(_story_of_model, file, name))
    wares.append(_Ware("model", file_name(name, "model"), file.read_bytes))
    _offer(f"take-{file.stem}", wares, enabled=True)


def _exports(name: str, tell: Callable[[], "Story"]) -> list[_Ware]:
    return [
        _Ware(kind, file_name(name, kind), partial(_export, tell, kind, language()))
        for kind in FORMATS
    ]


@st.fragment
def _offer(key: str, wares: list[_Ware], *, enabled: bool) -> None:
    with st.popover(t("runs.take_home"), disabled=not enabled):
        st.caption(t("runs.take_home_help"))
        for ware in wares:
            _button(ware, f"{key}-{ware.kind}")


def _button(ware: _Ware, key: str) -> None:
    errand: _Errand = st.session_state.setdefault(f"_errand-{key}", _Errand())
    clicked = st.download_button(
        t(f"runs.file.{ware.kind}"),
        partial(errand.run, ware.make),
        file_name=ware.file,
        mime=_TYPES[ware.kind],
        key=key,
        width="stretch",
    )
    error = errand.outcome() if clicked else None
    if error is not None:
        alert(error.text(language()))


# ---- what the buttons do, outside of any visitor's script ---------------------------------------


def _export(tell: Callable[[], "Story"], kind: Format, language: "Language") -> bytes:
    from lstm.export import export

    return export(tell(), kind, language)


def _story_of_run(runs: RunStore, run_id: str) -> "Story":
    from lstm.export import Story

    return Story.of_run(runs, run_id)


def _story_of_model(file: Path, name: str) -> "Story":
    from lstm import checkpoint
    from lstm.export import Story

    return Story.of_model(checkpoint.load(file), name)


def _model(runs: RunStore, run_id: str) -> bytes:
    """Return the model file of the best epoch, else the newest.

    Raises:
        ExportError: There is none.
    """
    file = runs.model_file(run_id, "best") or runs.model_file(run_id)
    if file is None:
        raise ExportError("export_no_weights")
    return file.read_bytes()


def _samples(runs: RunStore, run_id: str) -> str:
    """Return everything that a run wrote while it learned, as one text."""
    parts = []
    for index in runs.sample_indices(run_id):
        for sample in runs.samples(run_id, index):
            head = f"=== {sample.epoch:.2f} | T {sample.temperature:g} ==="
            parts.append(f"{head}\n{sample.opening}{sample.text}")
    return "\n\n".join(parts)
