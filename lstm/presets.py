"""Ready-made settings by time budget, fitted to the size of the text and to the machine.

Each is a starting point that can be opened and changed. Knows nothing of tensors or pages. How
the numbers were found is told in the README's section on the recipe.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from lstm.config import ModelConfig, TrainConfig

PresetName = Literal["quick", "standard", "deep", "classic"]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)

SMALL = 60_000
"""Below so many characters a large network only learns the text by heart."""

MEDIUM = 250_000

LARGE = 4_000_000
"""From so many on even a long training sees each character no more than some ten times."""

CHARACTERS_PER_WEIGHT = 10.0
"""So many characters for each recurrent weight a training should get through at least, repeated
ones included: on a machine where it can't, a smaller network learns more in the same time."""

MANY_SYMBOLS = 1024
"""From so many on the output layer takes longer than the memory, unless it shares the embedding's
weights."""

LARGEST = 512
"""Hidden size that half an hour suffices for."""

_SIZES = (128, 192, 256, 384, LARGEST)


@dataclass(frozen=True)
class Preset:
    """Complete settings of a training.

    Attributes:
        name: Which preset.
        model: The network.
        train: The recipe.
        lowercase: Whether the text is lower-cased first.
    """

    name: PresetName
    model: ModelConfig
    train: TrainConfig
    lowercase: bool = False


def preset(name: PresetName, characters: int, symbols: int, pace: float | None = None) -> Preset:
    """Return the settings of a preset for a text.

    Args:
        name: The time budget, or the article's recipe.
        characters: Length of the text.
        symbols: Size of its vocabulary.
        pace: What the machine gets through in a second, in characters times recurrent weights;
            see ``lstm.pace``. None: enough for everything.
    """
    if name == "classic":
        return _classic()
    seconds = {"quick": 60.0, "standard": 300.0, "deep": 1800.0}[name]
    embedding = 64 if symbols <= 512 else 128
    hidden = _hidden(name, characters)
    if pace is not None:
        hidden = _affordable(hidden, embedding, seconds * pace)
    model = ModelConfig(
        hidden_size=hidden,
        embedding_size=embedding,
        tied=symbols >= MANY_SYMBOLS,
        dropout=_dropout(name, characters),
        recurrent_dropout=_recurrent_dropout(name, characters),
    )
    patience = None if name == "quick" else 12
    train = TrainConfig(
        batch_size=streams(hidden, characters),
        learning_rate=0.016,
        warmup=0.01,
        weight_decay=0.1,  # large steps need it; see the README
        seconds=seconds,
        patience=patience,
    )
    return Preset(name, model, train)


def recommended(characters: int) -> PresetName:
    """Return the preset for a first training on a text of this length.

    A minute suffices for texts that a small network soon knows; a long book is worth five.
    """
    return "quick" if characters < 1_000_000 else "standard"


def _hidden(name: PresetName, characters: int) -> int:
    if characters < SMALL:
        return {"quick": 128, "standard": 192, "deep": 256}[name]
    if characters < MEDIUM:
        return {"quick": 192, "standard": 256, "deep": 384}[name]
    return {"quick": 256, "standard": 384, "deep": LARGEST}[name]


def recurrent_weights(hidden: int, embedding: int) -> int:
    """Return how many weights one LSTM layer multiplies with for each character."""
    return 4 * hidden * (hidden + embedding)


def streams(hidden: int, characters: int) -> int:
    """Return fewer streams for a short text: 32 would be through with it after a few steps.

    Where there is time for the largest network, there is time for the steadier steps of 64.
    """
    if characters < MEDIUM:
        return 8 if characters < SMALL else 16
    return 64 if hidden >= LARGEST else 32


def _affordable(most: int, embedding: int, work: float) -> int:
    """Return the largest hidden size up to ``most`` that learns enough, at least the smallest."""
    sizes = [size for size in _SIZES if size <= most]
    wanted = {
        size: CHARACTERS_PER_WEIGHT * recurrent_weights(size, embedding) ** 2 for size in sizes
    }
    return max((size for size in sizes if wanted[size] <= work), default=sizes[0])


def _dropout(name: PresetName, characters: int) -> float:
    """Return more dropout for smaller texts and longer trainings: both see the text more often.

    Half an hour on a megabyte with 0.35, and recurrently 0.15, learned it by heart.
    """
    base = {"quick": 0.1, "standard": 0.25, "deep": 0.5}[name]
    if characters >= LARGE:
        return round(max(0.0, base - 0.2), 2)
    more = 0.15 if characters < SMALL else 0.1 if characters < MEDIUM else 0.0
    return round(min(0.5, base + more), 2)


def _recurrent_dropout(name: PresetName, characters: int) -> float:
    """Return it likewise; a book that is read ten times in a minute needs none."""
    base = {"quick": 0.0, "standard": 0.15, "deep": 0.2}[name]
    if characters >= LARGE:
        return round(base / 2, 2)
    return round(min(0.35, base + (0.2 if characters < MEDIUM else 0.0)), 2)


def _classic() -> Preset:
    """Return the Keras example's settings as the article gives them."""
    return Preset(
        "classic",
        ModelConfig(hidden_size=128, embedding_size=0),
        TrainConfig(
            recipe="classic",
            seq_len=40,
            stride=3,
            batch_size=128,
            learning_rate=0.01,
            schedule="constant",
            warmup=0.0,
            clip=0.0,
            epochs=60,
        ),
        lowercase=True,
    )
