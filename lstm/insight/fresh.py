"""Networks that have learned nothing yet, as a yardstick and for small races.

The same seed gives the same weights, whoever else draws random numbers meanwhile, and the global
generator is left where it was.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import nn

from lstm.config import ModelConfig
from lstm.model import CharModel

Scheme = Literal["charloom", "pytorch"]
"""How weights begin: as Charloom sets them (orthogonal recurrent matrices), or uniform within
1 / sqrt(H) as ``torch.nn`` leaves them; the forget-gate bias is the config's in both."""

_ONE_AT_A_TIME = threading.Lock()


def fresh(
    vocab_size: int,
    config: ModelConfig,
    *,
    rng: int = 1,
    gain: float = 1.0,
    scheme: Scheme = "charloom",
) -> CharModel:
    """Return an untrained network in evaluation mode.

    Args:
        vocab_size: Number of symbols V.
        config: Its shape; ``forget_bias`` counts for the LSTM.
        rng: Seed of its weights.
        gain: Factor on the recurrent matrices. For a plain RNN with orthogonal ones, below 1
            gradients vanish and above 1 they can explode.
        scheme: How the weights begin.
    """
    with _seeded(rng):
        model = CharModel(vocab_size, config)
        if scheme == "pytorch":
            for layer in model.layers:
                _as_pytorch(layer, config)
    with torch.no_grad():
        for layer in model.layers:
            layer.get_parameter("weight_hh_l0").mul_(gain)
    return model.eval()


def _as_pytorch(layer: nn.Module, config: ModelConfig) -> None:
    if isinstance(layer, nn.RNNBase):
        layer.reset_parameters()
    if config.cell == "lstm":
        rows = slice(config.hidden_size, 2 * config.hidden_size)
        with torch.no_grad():
            layer.get_parameter("bias_ih_l0")[rows] = config.forget_bias
            layer.get_parameter("bias_hh_l0")[rows] = 0.0


@contextmanager
def _seeded(rng: int) -> Iterator[None]:
    """Seed the global generator inside the block; the lock keeps other threads' draws apart."""
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(rng)
        yield
