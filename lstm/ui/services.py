"""What the rooms share: the run store, the visitor's key and the networks that write.

One of each per process, made when it is first asked for. Everything cached here is never
changed by who gets it. Knows nothing of pages.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from lstm.paths import ASSETS, data_folder
from lstm.ui.visitor import owner

if TYPE_CHECKING:
    from lstm.checkpoint import Saved
    from lstm.model import CharModel
    from lstm.rationing import Ration
    from lstm.runs import RunStore
    from lstm.sampling import Stepper

__all__ = ["BUNDLED", "Loaded", "bundled", "load", "owner", "ration", "store", "warm_up"]

BUNDLED = ("essays-en", "essays-zh", "nietzsche")
"""Names of the networks that ship with Charloom, best first."""

_MODELS_KEPT = 8


@dataclass(frozen=True)
class Loaded:
    """A network in memory, ready to write; shared by everybody who writes with it."""

    saved: "Saved"

    @cached_property
    def model(self) -> "CharModel":
        """The network in evaluation mode; never to be changed."""
        return self.saved.model()

    @cached_property
    def stepper(self) -> "Stepper":
        """The forward step that all its writers share."""
        from lstm.sampling import Stepper

        return Stepper(self.model)


@st.cache_resource(show_spinner=False)
def store() -> "RunStore":
    """Return the store of all runs."""
    from lstm.runs import RunStore

    return RunStore(data_folder())


@st.cache_resource(show_spinner=False)
def ration() -> "Ration":
    """Return who has had how many characters written lately."""
    from lstm.rationing import Ration

    return Ration()


def bundled(name: str) -> Path:
    """Return the file of a network that ships with Charloom."""
    return ASSETS / "models" / f"{name}.safetensors"


def load(path: Path) -> Loaded:
    """Return the network in a file, from memory if the file has not changed.

    Raises:
        CheckpointError: The file is damaged or foreign.
    """
    return _load(str(path), path.stat().st_mtime_ns)


@st.cache_resource(show_spinner=False, max_entries=_MODELS_KEPT)
def _load(path: str, changed: int) -> Loaded:
    from lstm import checkpoint
    from lstm.events import TrainingState

    saved = checkpoint.load(Path(path))
    weights = {k: v for k, v in saved.state.tensors.items() if k.startswith("model.")}
    return Loaded(replace(saved, state=TrainingState(weights)))


def warm_up() -> None:
    """Load torch and the first bundled network before anybody asks for them."""
    _ = load(bundled(BUNDLED[0])).stepper
