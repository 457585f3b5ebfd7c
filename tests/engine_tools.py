"""What the tests of the engine share: tiny texts, tiny networks and a clock that can be wound."""

import random

import torch

from lstm.config import ModelConfig
from lstm.events import TrainingState
from lstm.model import CharModel

CELLS = ("lstm", "gru", "rnn")

WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "then", "dogs", "ran", "far", "away")


def words(characters: int, seed: int = 1) -> str:
    """Random words in lines: every character of it is easy or impossible to guess."""
    rng = random.Random(seed)
    text = ""
    while len(text) < characters:
        text += " ".join(rng.choice(WORDS) for _ in range(8)) + ".\n"
    return text[:characters]


def lively(model: CharModel, scale: float = 1.5) -> CharModel:
    """Scale fresh weights up, so that the network has opinions and its gates move."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale).add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def network(symbols: int, *, seed: int = 0, **shape: object) -> CharModel:
    """A tiny network with opinions; ``shape`` are fields of ModelConfig."""
    torch.manual_seed(seed)
    config = ModelConfig.from_json({"hidden_size": 8, "embedding_size": 5, **shape})
    return lively(CharModel(symbols, config))


def bare_state(model: CharModel) -> TrainingState:
    """The weights alone, as a model to take home has them."""
    return TrainingState({f"model.{name}": value for name, value in model.state_dict().items()})


class Clock:
    """Stands in for the module ``time``: each look at it moves it on by one tick."""

    def __init__(self, tick: float = 0.01) -> None:
        self.now, self.tick = 0.0, tick

    def perf_counter(self) -> float:
        self.now += self.tick
        return self.now
