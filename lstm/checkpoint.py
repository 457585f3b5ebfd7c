"""A network and its training in one file: safetensors, the rest as JSON in its metadata.

The same format serves a training to be resumed and a model to take home; the latter merely has no
optimizer. Everything is checked on the way in, because such files are also uploaded by strangers:
sizes before anything is read, shapes against the settings, the vocabulary. Nothing in it is code.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Vocabulary
from lstm.errors import CheckpointError, ConfigError, CorpusError
from lstm.events import TrainingState
from lstm.files import whole_file
from lstm.model import CharModel

FORMAT = 1
"""Version of the metadata's layout."""

_KEY = "charloom"
_MOST_BYTES = 512 * 1024 * 1024
_MOST_HEADER = 4 * 1024 * 1024
_MOST_NUMBER = 2.0**53
_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Saved:
    """A network as it lies in a file.

    Attributes:
        model_config: The shape.
        vocabulary: The symbols, in the order of the ids.
        state: Weights and, if kept, what a resumed training needs.
        train_config: How it was trained; ``None`` if unknown.
        lowercase: Whether its text was lower-cased, and so an opening should be.
        info: Plain facts for people, such as ``name``, ``corpus``, ``epoch``, ``bits_per_char``.
    """

    model_config: ModelConfig
    vocabulary: Vocabulary
    state: TrainingState
    train_config: TrainConfig | None = None
    lowercase: bool = False
    info: dict[str, Any] = field(default_factory=dict)

    def model(self) -> CharModel:
        """Return the network with these weights, in evaluation mode, on the CPU."""
        with torch.random.fork_rng(devices=[]):
            model = CharModel(self.vocabulary.size, self.model_config)
        model.load_state_dict(_weights(self.state.tensors))
        return model.eval()


def dumps(saved: Saved, *, with_training: bool = True) -> bytes:
    """Return the file's bytes.

    Args:
        saved: What to keep.
        with_training: Whether to keep the optimizer, the memory and the generators too, so that
            the training can go on. About three times as large.
    """
    tensors = {
        name: value.contiguous()
        for name, value in saved.state.tensors.items()
        if with_training or name.startswith("model.")
    }
    facts = {
        "format": FORMAT,
        "model": saved.model_config.to_json(),
        "training": saved.train_config.to_json() if saved.train_config else None,
        "vocabulary": list(saved.vocabulary.characters),
        "lowercase": saved.lowercase,
        "numbers": saved.state.numbers if with_training else {},
        "info": saved.info,
    }
    # ASCII, because a lone surrogate in the vocabulary can't be written as UTF-8.
    return safetensors.torch.save(tensors, {_KEY: json.dumps(facts)})


def save(path: Path, saved: Saved, *, with_training: bool = True) -> None:
    """Write a file so that a crash at any moment leaves the old one or the new one, whole.

    Raises:
        OSError: The folder can't be written, or there is no room.
    """
    data = dumps(saved, with_training=with_training)
    with whole_file(path) as file:
        file.write(data)


def load(path: Path) -> Saved:
    """Read a file.

    Raises:
        CheckpointError: It is missing, damaged, too large or not Charloom's.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CheckpointError("checkpoint_too_large", most=_MOST_BYTES // 2**20)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError("checkpoint_missing", name=path.name) from error
    return loads(data)


def loads(data: bytes) -> Saved:
    """Read a file's bytes; see ``load``."""
    if len(data) > _MOST_BYTES:
        raise CheckpointError("checkpoint_too_large", most=_MOST_BYTES // 2**20)
    facts = _facts(data)
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError("checkpoint_damaged") from error
    try:
        saved = _saved(facts, tensors)
    except (KeyError, TypeError, ValueError, ConfigError, CorpusError) as error:
        raise CheckpointError("checkpoint_foreign") from error
    _check_shapes(saved)
    return saved


def _facts(data: bytes) -> Mapping[str, Any]:
    """Return the metadata, before any tensor is looked at.

    Layout of safetensors: the header's length as uint64, little-endian, then the header as JSON.
    """
    if len(data) < 8:
        raise CheckpointError("checkpoint_damaged")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(len(data) - 8, _MOST_HEADER):
        raise CheckpointError("checkpoint_damaged")
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=_named_once)
        facts = json.loads(header["__metadata__"][_KEY], object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as error:
        raise CheckpointError("checkpoint_damaged") from error
    except (KeyError, TypeError) as error:
        raise CheckpointError("checkpoint_foreign") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise CheckpointError("checkpoint_foreign")
    return facts


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what is said twice: two programs might believe different ones."""
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError("a name stands twice")
    return named


def _saved(facts: Mapping[str, Any], tensors: dict[str, Tensor]) -> Saved:
    training, info, numbers = facts["training"], facts["info"], facts["numbers"]
    if not isinstance(info, dict) or not isinstance(numbers, dict):
        raise TypeError("info")
    for name, value in numbers.items():
        if value is not None and not 0 <= value < _MOST_NUMBER:  # not so for a NaN either
            raise ValueError(name)
    return Saved(
        model_config=ModelConfig.from_json(facts["model"]),
        vocabulary=Vocabulary(tuple(facts["vocabulary"])),
        state=TrainingState(tensors, numbers),
        train_config=TrainConfig.from_json(training) if training else None,
        lowercase=bool(facts["lowercase"]),
        info=info,
    )


def _check_shapes(saved: Saved) -> None:
    """Compare every weight with what the settings ask for, on the meta device: no memory."""
    with torch.device("meta"):
        wanted = CharModel(saved.vocabulary.size, saved.model_config).state_dict()
    weights = _weights(saved.state.tensors)
    if wanted.keys() != weights.keys():
        raise CheckpointError("checkpoint_foreign")
    for name, value in weights.items():
        if value.shape != wanted[name].shape or value.dtype not in _DTYPES:
            raise CheckpointError("checkpoint_foreign")
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError("checkpoint_not_finite")


def _weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix("model."): value
        for name, value in tensors.items()
        if name.startswith("model.")
    }
