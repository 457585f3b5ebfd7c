"""A small GPT at the setting that nanoGPT gives for a processor, as a yardstick.

4 layers, 4 heads, 128 wide, blocks of 64, batches of 12, 2,000 steps, AdamW at 0.001 falling to a
tenth. The transformer is that of Radford et al. (2019): norms before each part, learned positions,
tied embedding; the setting is that of the nanoGPT README. Knows nothing of Charloom's networks.
"""

import math
import os
import time

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.corpus import Corpus
from lstm.errors import BenchError

GPT_NATS = 1.88
"""About the held-out loss that this setting ends at on tinyshakespeare, nats per character."""

LAYERS, HEADS, WIDTH, BLOCK, BATCH, STEPS = 4, 4, 128, 64, 12, 2000
_RATE, _LEAST, _WARM_UP = 1e-3, 1e-4, 100
_EVERY, _JUDGED = 100, 40


class Layer(nn.Module):
    """Attention to what came before, then two dense layers, each added to what came in."""

    def __init__(self) -> None:
        """Build the layer with fresh weights."""
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.mixed, self.joined = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.dense = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        )

    def forward(self, values: Tensor) -> Tensor:
        """Return (B, T, WIDTH) for (B, T, WIDTH)."""
        batch, length, _ = values.shape
        parts = self.mixed(self.first(values)).view(batch, length, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (B, heads, T, width / heads)
        seen = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        values = values + self.joined(seen.transpose(1, 2).reshape(batch, length, WIDTH))
        added: Tensor = self.dense(self.second(values))
        return values + added


class SmallGPT(nn.Module):
    """Characters in, logits of the next one out, from the last ``BLOCK`` characters alone."""

    def __init__(self, symbols: int) -> None:
        """Build it with fresh weights."""
        super().__init__()
        self.embedding, self.positions = nn.Embedding(symbols, WIDTH), nn.Embedding(BLOCK, WIDTH)
        self.layers = nn.Sequential(*(Layer() for _ in range(LAYERS)), nn.LayerNorm(WIDTH))
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def loss(self, ids: Tensor) -> Tensor:
        """Return the mean loss in nats of predicting ids (B, T + 1) int64 from those before."""
        places = torch.arange(ids.shape[1] - 1)
        values = self.layers(self.embedding(ids[:, :-1]) + self.positions(places))
        logits = values @ self.embedding.weight.t()
        return nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


def time_to_goal(corpus: Corpus, steps: int = STEPS, goal: float = GPT_NATS) -> tuple[float, float]:
    """Train on all cores, and return the seconds to the goal and the lowest held-out loss in nats.

    Only the optimizer's steps count. If the goal is not reached, the time is that of all steps:
    a lower bound.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(1)
    model, rng = SmallGPT(corpus.vocabulary.size), np.random.default_rng(1)
    optimizer = torch.optim.AdamW(model.parameters(), _RATE, betas=(0.9, 0.99), weight_decay=0.1)
    seconds, reached, best = 0.0, math.inf, math.inf
    for step in range(1, steps + 1):
        began = time.perf_counter()
        optimizer.param_groups[0]["lr"] = _rate(step)
        loss = model.loss(_blocks(corpus.train, rng))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds += time.perf_counter() - began
        if step % _EVERY == 0 or step == steps:
            best = min(best, _held_out(model, corpus))
            reached = min(reached, seconds if best <= goal else math.inf)
    torch.set_num_threads(threads)
    if not math.isfinite(best):
        raise BenchError("bench_goal_missed", bits=goal)
    return min(reached, seconds), best


def _rate(step: int) -> float:
    if step < _WARM_UP:
        return _RATE * step / _WARM_UP
    share = min(1.0, (step - _WARM_UP) / (STEPS - _WARM_UP))
    return _LEAST + (_RATE - _LEAST) * 0.5 * (1 + math.cos(math.pi * share))


def _blocks(ids: npt.NDArray[np.uint16], rng: np.random.Generator) -> Tensor:
    """Return blocks from random places, (BATCH, BLOCK + 1) int64."""
    starts = rng.integers(len(ids) - BLOCK, size=BATCH)
    return torch.from_numpy(np.stack([ids[s : s + BLOCK + 1] for s in starts]).astype(np.int64))


def _held_out(model: SmallGPT, corpus: Corpus) -> float:
    rng = np.random.default_rng(2)
    with torch.inference_mode():
        losses = [float(model.loss(_blocks(corpus.held_out, rng))) for _ in range(_JUDGED)]
    return sum(losses) / len(losses)
