"""What each rank of ``test_ranks`` runs: 200 steps of training, and what came of them."""

import json
import sys
from pathlib import Path
from typing import get_args

from lstm.config import ModelConfig, Recipe, TrainConfig
from lstm.corpus import Corpus
from lstm.events import Checkpoint, EpochEnd
from lstm.ranks import together
from lstm.training import train
from tests.engine_tools import words

STEPS = 200
STREAMS, LENGTH = 8, 16


def course(recipe: Recipe) -> list[float]:
    """Train on a fixed text; the batch of all ranks together is the same however many there are.

    Returns:
        Optimizer steps, held-out loss in nats, streams whose memory was saved, sum of the weights.
    """
    classic = recipe == "classic"
    corpus = Corpus.from_text(words(STEPS // 4 * STREAMS * LENGTH * 10 // 9 + 40))
    network = ModelConfig(hidden_size=24, embedding_size=0 if classic else 12)
    config = TrainConfig(
        recipe=recipe,
        batch_size=40 if classic else STREAMS,
        seq_len=LENGTH,
        epochs=4,
        precision="float32",
        learning_rate=0.005,
    )
    told: list[float] = []
    for event in train(corpus, network, config):
        if isinstance(event, EpochEnd):
            told = [event.step, event.validation_loss]
        elif isinstance(event, Checkpoint):
            tensors = event.state.tensors
            streams = [value.shape[1] for name, value in tensors.items() if "carried" in name]
            total = sum(float(v.sum()) for k, v in tensors.items() if k.startswith("model."))
            last = [float(max(streams, default=0)), total]
    return told + last


if __name__ == "__main__":
    with together() as ranks:
        courses = {recipe: course(recipe) for recipe in get_args(Recipe)}
        if ranks.leads:
            Path(sys.argv[1]).write_text(json.dumps(courses), "utf-8")
