"""What the tests of training share: small plans, a training to its end, and commands in it."""

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.events import Checkpoint, Command, Event, Finished, Step, TrainingState
from lstm.training import train
from tests.engine_tools import words

E = TypeVar("E")

CORPUS = Corpus.from_text(words(800))
NETWORK = ModelConfig(hidden_size=12, embedding_size=6)
ONE_HOT = ModelConfig(hidden_size=12, embedding_size=0)
TICK = 1 / 128  # so that sums of it are exact


def settings(**values: object) -> TrainConfig:
    """Streams of 4 x 16 over 720 characters: 11 batches a pass."""
    plain = {"seq_len": 16, "batch_size": 4, "precision": "float32", "schedule": "constant"}
    return TrainConfig.from_json({**plain, "epochs": 2, **values})


def classic(**values: object) -> TrainConfig:
    """Windows of 40 every 3 characters: 227 of them, 8 batches of 32 a pass."""
    plain = {"recipe": "classic", "seq_len": 40, "batch_size": 32, "learning_rate": 0.01}
    return settings(**{**plain, "clip": 0.0, "warmup": 0.0, **values})


def of(kind: type[E], events: list[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def drive(
    config: TrainConfig,
    network: ModelConfig = NETWORK,
    *,
    corpus: Corpus = CORPUS,
    start: TrainingState | None = None,
    answer: Callable[[Event], Command | None] = lambda _: None,
) -> list[Event]:
    """Train to the end and return every event; ``answer`` may command after each."""
    generator = train(corpus, network, config, start)
    events = [next(generator)]
    while not isinstance(events[-1], Finished):
        events.append(generator.send(answer(events[-1])))
    assert next(generator, None) is None
    return events


def final_weights(events: list[Event]) -> dict[str, Tensor]:
    tensors = of(Checkpoint, events)[-1].state.tensors
    return {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(events[-2], Checkpoint)
    numbers = events[-2].state.numbers
    assert (numbers["step"], numbers["seconds"]) == (last.step, last.seconds)
    assert not of(Finished, events[:-1])
    return last


def once(command: Command, when: Callable[[Event], bool]) -> Callable[[Event], Command | None]:
    """Give a command at the first event that fits."""
    left = [command]
    return lambda event: left.pop() if left and when(event) else None


def is_step(number: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Step) and event.step == number
