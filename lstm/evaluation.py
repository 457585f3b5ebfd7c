"""How well a network predicts a text that it has not seen: nats per character.

Knows nothing of training. ``bits = nats / ln 2``; perplexity is ``exp(nats)``.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.batches import windows
from lstm.config import TrainConfig
from lstm.model import CharModel, State, evaluating

Ids = npt.NDArray[np.uint16]

NATS_PER_BIT = math.log(2.0)
_BLOCK = 2048
_WARM_UP = 192
_STREAMS = 32
_WINDOWS = 1024


def carried_loss(model: CharModel, ids: Ids) -> float:
    """Return the loss of reading a text from its first character to its last.

    The memory starts empty and is carried through. The first character is predicted from the
    empty memory's logits, so that every character counts.

    Args:
        model: The network.
        ids: The text, (N,) uint16, N at least 1.

    Returns:
        Mean of ``-ln p`` over all N characters.
    """
    with evaluating(model):
        state: State = model.zero_state(1)
        total = _nats(model.logits(state[0][-1]), _row(model, ids[:1]))
        for start in range(0, len(ids) - 1, _BLOCK):
            block = _row(model, ids[start : start + _BLOCK + 1])
            logits, state = model(block[None, :-1], state)
            total += _nats(logits[0], block[1:])
    return total / len(ids)


def quick_loss(model: CharModel, ids: Ids, limit: int = 200_000) -> float:
    """Return the carried loss, nearly, many times faster: the text is read in parallel pieces.

    Each piece is warmed up on the characters before it, which are not counted. A long text is
    judged by pieces spread evenly over it.

    Args:
        model: The network.
        ids: The text, (N,) uint16.
        limit: Most characters that are judged.

    Returns:
        Mean of ``-ln p`` over the judged characters.
    """
    length = min(len(ids), limit) // _STREAMS
    if length < _WARM_UP:
        return carried_loss(model, ids[:limit])
    spacing = (len(ids) - length) / (_STREAMS - 1)
    starts = [round(index * spacing) for index in range(_STREAMS)]
    starts[0] = _WARM_UP  # nothing stands before the first piece: its beginning is the warm-up
    rows = np.stack([ids[start - _WARM_UP : start + length] for start in starts if start])
    block = torch.from_numpy(rows.astype(np.int64)).to(model.device)
    with evaluating(model):
        _, state = model(block[:, : _WARM_UP - 1])
        total = 0.0
        for start in range(_WARM_UP - 1, block.shape[1] - 1, 256):
            piece = block[:, start : start + 257]
            logits, state = model(piece[:, :-1], state)
            total += _nats(logits.flatten(0, 1), piece[:, 1:].flatten())
    return total / ((block.shape[1] - _WARM_UP) * block.shape[0])


def windowed_loss(
    model: CharModel, ids: Ids, first: int, seq_len: int, limit: int | None = None
) -> float:
    """Return the loss of the classic recipe: each character from the ``seq_len`` before it alone.

    Args:
        model: The network.
        ids: The whole text, (N,) uint16; characters before ``first`` are only looked at.
        first: Place of the first character to predict, below N.
        seq_len: Characters that the network may see, from an empty memory; where the text has
            fewer before a character, those.
        limit: Most characters that are judged, spread evenly; ``None`` judges all.

    Returns:
        Mean of ``-ln p`` over the judged characters.
    """
    places = np.arange(max(first, seq_len), len(ids)) - seq_len
    if limit is not None and len(places) > limit:
        places = places[np.linspace(0, len(places) - 1, limit).astype(np.int64)]
    total, judged = 0.0, len(places)
    if first < seq_len:
        early = ids[:seq_len]
        total = carried_loss(model, early) * len(early)
        total -= carried_loss(model, ids[:first]) * first if first else 0.0
        judged += len(early) - first
    with evaluating(model):
        for start in range(0, len(places), _WINDOWS):
            inputs, targets = windows(ids, places[start : start + _WINDOWS], seq_len)
            device = model.device
            outputs, _ = model.recur(model.embed(inputs.to(device)), None)
            total += _nats(model.logits(outputs[:, -1]), targets.to(device))
    return total / judged


def held_out_loss(model: CharModel, config: TrainConfig | None, ids: Ids, first: int) -> float:
    """Return the loss over a text from a place on, judged as the network was trained.

    Args:
        model: The network.
        config: Its recipe. A classic one sees the ``seq_len`` characters before each, from an
            empty memory; any other carries its memory through, from empty at ``first``.
        ids: The whole text, (N,) uint16.
        first: Place of the first character that counts.

    Returns:
        Mean of ``-ln p`` over all characters from ``first`` on.
    """
    if config is not None and config.recipe == "classic":
        return windowed_loss(model, ids, first, config.seq_len)
    return carried_loss(model, ids[first:])


def _row(model: CharModel, ids: Ids) -> Tensor:
    return torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(model.device)


def _nats(logits: Tensor, targets: Tensor) -> float:
    """Return the summed ``-ln p`` of targets (N,) under logits (N, V)."""
    return float(nn.functional.cross_entropy(logits.float(), targets, reduction="sum"))
