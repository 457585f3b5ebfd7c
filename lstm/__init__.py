"""Charloom's engine: read a text, train a character-level LSTM on it, write with it.

Knows nothing of the page that shows it (``lstm.ui``). The names below are the library's face::

    from lstm import Corpus, ModelConfig, TrainConfig, Writer, train
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstm.checkpoint import Saved, load, save
    from lstm.config import ModelConfig, SampleConfig, TrainConfig
    from lstm.corpus import Corpus, Vocabulary
    from lstm.errors import CharloomError
    from lstm.events import Checkpoint, EpochEnd
    from lstm.model import CharModel
    from lstm.presets import preset
    from lstm.runs import RunStore
    from lstm.sampling import Writer
    from lstm.training import train

__version__ = "0.1.0"

_HOMES = {
    "CharModel": "lstm.model",
    "Checkpoint": "lstm.events",
    "CharloomError": "lstm.errors",
    "Corpus": "lstm.corpus",
    "EpochEnd": "lstm.events",
    "ModelConfig": "lstm.config",
    "RunStore": "lstm.runs",
    "SampleConfig": "lstm.config",
    "Saved": "lstm.checkpoint",
    "TrainConfig": "lstm.config",
    "Vocabulary": "lstm.corpus",
    "Writer": "lstm.sampling",
    "load": "lstm.checkpoint",
    "preset": "lstm.presets",
    "save": "lstm.checkpoint",
    "train": "lstm.training",
}

__all__ = [
    "CharModel",
    "CharloomError",
    "Checkpoint",
    "Corpus",
    "EpochEnd",
    "ModelConfig",
    "RunStore",
    "SampleConfig",
    "Saved",
    "TrainConfig",
    "Vocabulary",
    "Writer",
    "load",
    "preset",
    "save",
    "train",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names are of any type
    """Import a public name when it is first used: torch takes a second, the page can't wait."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
