"""What moves the bits: the preset Quick with one setting changed at a time, on one text.

Every variant sees the text equally often, so the figures do not depend on what else the machine
does; how long each took is told beside them, against the preset's own time.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lstm.bench.rows import Row
from lstm.bench.texts import public_text
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT
from lstm.events import Finished
from lstm.presets import preset
from lstm.training import train

EPOCHS = 2

VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hidden size 128", {"hidden_size": 128}),
    ("hidden size 384", {"hidden_size": 384}),
    ("two layers", {"num_layers": 2}),
    ("GRU", {"cell": "gru"}),
    ("plain RNN, learning rate 0.001", {"cell": "rnn", "learning_rate": 0.001}),
    ("one-hot in place of the embedding", {"embedding_size": 0}),
    ("embedding 16", {"embedding_size": 16}),
    ("forget-gate bias 0", {"forget_bias": 0.0}),
    ("no dropout", {"dropout": 0.0}),
    ("dropout 0.3", {"dropout": 0.3}),
    ("recurrent dropout 0.2", {"recurrent_dropout": 0.2}),
    ("16 streams", {"batch_size": 16}),
    ("64 streams", {"batch_size": 64}),
    ("32 characters a step", {"seq_len": 32}),
    ("128 characters a step", {"seq_len": 128}),
    ("learning rate 0.008", {"learning_rate": 0.008}),
    ("learning rate 0.032", {"learning_rate": 0.032}),
    ("constant learning rate", {"schedule": "constant"}),
    ("no warm-up", {"warmup": 0.0}),
    ("no weight decay", {"weight_decay": 0.0}),
    ("weight decay 0.2", {"weight_decay": 0.2}),
    ("no clipping", {"clip": 0.0}),
    ("float32", {"precision": "float32"}),
)
"""What is changed, and to what."""


def rows(folder: Path | None = None, epochs: int = EPOCHS) -> Iterator[Row]:
    """Measure the preset and every variant of it.

    Args:
        folder: Where ``nietzsche.txt`` lies; default: it is fetched.
        epochs: Passes over the text.

    Raises:
        DownloadError: The text can't be fetched.
    """
    file = public_text("nietzsche", folder)
    yield from compared(Corpus.from_files([file], lowercase=True), epochs)


def compared(corpus: Corpus, epochs: int) -> Iterator[Row]:
    """Train the preset Quick and every variant on a corpus, and yield their held-out bits."""
    usual = preset("quick", corpus.characters, corpus.vocabulary.size)
    recipe = replace(usual.train, seconds=None, epochs=epochs)
    name = f"preset Quick, {epochs} passes"
    bits, seconds = _trained(corpus, usual.model, recipe)
    yield Row("recipe", name, bits, "bits")
    for what, changes in VARIANTS:
        model, config = _changed(usual.model, recipe, changes)
        found, took = _trained(corpus, model, config)
        what = f"{what}, {took / seconds:.2f} of the time"
        yield Row("recipe", what, found, "bits", name, found / bits)


def _changed(
    model: ModelConfig, recipe: TrainConfig, changes: dict[str, Any]
) -> tuple[ModelConfig, TrainConfig]:
    shape, rest = model.to_json(), recipe.to_json()
    for field, value in changes.items():
        (shape if field in shape else rest)[field] = value
    return ModelConfig.from_json(shape), TrainConfig.from_json(rest)


def _trained(corpus: Corpus, model: ModelConfig, recipe: TrainConfig) -> tuple[float, float]:
    """Return the lowest held-out loss in bits and the seconds of training."""
    for event in train(corpus, model, recipe):
        if isinstance(event, Finished):
            return event.best_loss / NATS_PER_BIT, event.seconds
    raise AssertionError("train() ends with Finished")
