"""Reading a text with a network while writing down what its layers answer.

The other modules of this package start from here. Axis letters as in ``lstm.model``: T characters,
V vocabulary, H hidden, L layers.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.errors import InsightError
from lstm.model import CharModel, State, evaluating

Ids = npt.NDArray[np.integer[Any]]
"""Characters of a text, (T,), uint16 or int64."""

Floats = npt.NDArray[np.float32]

_BLOCK = 1024
_BLOCK_NUMBERS = 1 << 22


@dataclass(frozen=True, eq=False)
class Reading:
    """A text and what every layer answered to it, from an empty memory on.

    Attributes:
        ids: The text, (T,) int64.
        hidden: The answers h_t, each after its character was read, (L, T, H) float32.
    """

    ids: npt.NDArray[np.int64]
    hidden: Floats

    def before(self, layer: int) -> Floats:
        """Return h_(t-1), the answer before each character, (T, H)."""
        return one_later(self.hidden[layer])


def read(model: CharModel, ids: Ids) -> Reading:
    """Read a text from its first character to its last.

    Args:
        model: The network.
        ids: The text, (T,), T at least 1.

    Raises:
        InsightError: The text is empty.
    """
    ids = checked(ids)
    parts: list[Floats] = []
    state: State = model.zero_state(1)
    # Nothing is yielded inside ``evaluating``: its mode would leak to whoever takes the value.
    with evaluating(model):
        for block in blocks(model, ids):
            answers, state = _answers(model, block, state)
            parts.append(answers)
    return Reading(ids, np.concatenate(parts, axis=1))


def _answers(model: CharModel, block: Tensor, state: State) -> tuple[Floats, State]:
    """Read one block (T,) int64 layer by layer; return h (L, T, H) and the new memory."""
    values = model.embed(block[None])
    answers, after = [], []
    for index, layer in enumerate(model.layers):
        before = tuple(part[index : index + 1] for part in state)
        values, memory = layer(values, before if len(before) == 2 else before[0])
        answers.append(values[0])
        after.append(memory if isinstance(memory, tuple) else (memory,))
    joined = tuple(torch.cat(parts) for parts in zip(*after, strict=True))
    return as_array(torch.stack(answers)), joined


def blocks(model: CharModel, ids: Ids) -> Iterator[Tensor]:
    """Cut a text into pieces that bound the memory, as int64 tensors on the model's device.

    The larger the vocabulary, the shorter the pieces: logits and one-hot inputs are (T, V).
    """
    length = max(1, min(_BLOCK, _BLOCK_NUMBERS // model.vocab_size))
    for start in range(0, len(ids), length):
        yield tensor(model, ids[start : start + length])


def tensor(model: CharModel, ids: Ids) -> Tensor:
    """Return ids of any shape as an int64 tensor on the model's device."""
    return torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(model.device)


def as_array(values: Tensor) -> Floats:
    """Return a tensor as a float32 array of its own."""
    array: Floats = values.detach().float().cpu().numpy()
    return array


def checked(ids: Ids, least: int = 1) -> npt.NDArray[np.int64]:
    """Return the ids as int64.

    Raises:
        InsightError: There are fewer than ``least`` of them.
    """
    if len(ids) < least:
        raise InsightError("insight_too_short", least=least, characters=len(ids))
    return np.asarray(ids, dtype=np.int64)


def checked_layer(model: CharModel, layer: int) -> int:
    """Return the number of a layer, from 0.

    Raises:
        InsightError: The network has no such layer.
    """
    layers = model.config.num_layers
    if not 0 <= layer < layers:
        raise InsightError("insight_no_such_layer", layer=layer + 1, layers=layers)
    return layer


def one_later(values: Floats) -> Floats:
    """Return values (T, ...) moved on by one character, zeros first: what was before each."""
    later = np.zeros_like(values)
    later[1:] = values[:-1]
    return later


def layer_weights(model: CharModel, layer: int) -> dict[str, Floats]:
    """Return one layer's weights by their PyTorch names without the suffix ``_l0``."""
    module: nn.Module = model.layers[layer]
    return {name.removesuffix("_l0"): as_array(value) for name, value in module.named_parameters()}


def incoming(model: CharModel, reading: Reading, layer: int) -> Floats:
    """Return what a layer receives from below, ``W_ih x + b_ih``, (T, gates H) float32.

    The first layer of a network without embedding is fed one-hot characters: multiplying by the
    matrix then only picks its columns.
    """
    weights = layer_weights(model, layer)
    matrix: Floats = weights["weight_ih"].T  # (E or V or H, gates H)
    if layer:
        values: Floats = reading.hidden[layer - 1] @ matrix
    elif model.embedding is None:
        values = matrix[reading.ids]
    else:
        values = as_array(model.embedding.weight)[reading.ids] @ matrix
    values += weights["bias_ih"]
    return values


@contextmanager
def differentiating(model: nn.Module) -> Iterator[None]:
    """Turn dropout off and gradients on inside the block, and restore both after it.

    cuDNN refuses the backward pass of a recurrent layer in evaluation mode, so on a GPU it is left
    out. That switch is the whole process's: elsewhere it is not touched.
    """
    on_gpu = any(weight.is_cuda for weight in model.parameters())
    without_cudnn = torch.backends.cudnn.flags(enabled=False) if on_gpu else nullcontext()
    was_training = model.training
    model.eval()
    try:
        with torch.enable_grad(), without_cudnn:
            yield
    finally:
        model.train(was_training)
