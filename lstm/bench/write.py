"""How fast one stream, and many, are written on one core."""

import statistics
from collections.abc import Callable, Iterator

import torch

from lstm.bench.rows import Row, best_time
from lstm.chorus import Part, write
from lstm.config import ModelConfig, SampleConfig
from lstm.corpus import Vocabulary
from lstm.model import CharModel, evaluating
from lstm.sampling import Stepper, Writer

SYMBOLS = 57
_LENGTH = 500
_TEXTS = 32
_FILTERED = SampleConfig(temperature=0.8, top_k=20, top_p=0.95, min_p=0.02)


def rows() -> Iterator[Row]:
    """Measure writing at hidden sizes 128 and 512 against ``nn.LSTM`` called per character."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    for hidden in (128, 512):
        yield from _one_size(hidden)
    torch.set_num_threads(before)


def single_stream(hidden: int) -> float:
    """Return how many characters a second one stream gets on one core."""
    model = CharModel(SYMBOLS, ModelConfig(hidden_size=hidden, embedding_size=64)).eval()
    return _speed(_stream(Writer(model, _vocabulary(), opening="!"), told=False))


def _vocabulary() -> Vocabulary:
    return Vocabulary(tuple(chr(ord("!") + number) for number in range(SYMBOLS)))


def _one_size(hidden: int) -> Iterator[Row]:
    model = CharModel(SYMBOLS, ModelConfig(hidden_size=hidden, embedding_size=64)).eval()
    vocabulary = _vocabulary()
    stepper = Stepper(model)
    module = f"nn.LSTM called per character, hidden {hidden}"
    reference = _speed(lambda: _module_stream(model))
    yield Row("write", module, reference, "characters/s")
    for what, sample, told in (
        ("text alone", SampleConfig(), False),
        ("text alone, top-k, top-p and min-p", _FILTERED, False),
        ("with probabilities, top-k, top-p and min-p", _FILTERED, True),
    ):
        writer = Writer(stepper, vocabulary, sample=sample, opening="!")
        speed = _speed(_stream(writer, told=told))
        name = f"one stream, hidden {hidden}, {what}"
        yield Row("write", name, speed, "characters/s", module, speed / reference)
        if what == "text alone":
            alone, one = name, speed
    most = _ceiling(stepper)
    what = f"multiplying by its recurrent weights and nothing else, hidden {hidden}"
    yield Row("write", what, most, "characters/s", alone, most / one)
    parts = [Part("!", SampleConfig(), rng) for rng in range(_TEXTS)]
    speed = _TEXTS * _speed(lambda: write(stepper, vocabulary, parts, _LENGTH))
    name = f"{_TEXTS} texts side by side, hidden {hidden}, all together"
    yield Row("write", name, speed, "characters/s", alone, speed / one)


def _ceiling(stepper: Stepper) -> float:
    """Return how often a second the processor gets through the weights of one character."""
    weights, memory = stepper.layers[0].recurrent, stepper.empty()
    return 1 / best_time(lambda: weights.dot(memory.parts[0], memory.gates.all), 0.5)


def _stream(writer: Writer, *, told: bool) -> Callable[[], object]:
    def stream() -> object:
        writer.rewind(0)
        return writer.write(_LENGTH) if told else writer.write_text(_LENGTH)

    return stream


def _module_stream(model: CharModel) -> None:
    """Write with the PyTorch module as one would at first: one call for each character."""
    state, character = model.zero_state(1), torch.zeros(1, dtype=torch.int64)
    with evaluating(model):
        for _ in range(_LENGTH):
            logits, state = model.step(character, state)
            character = torch.multinomial(torch.softmax(logits / 0.8, -1), 1)[:, 0]


def _speed(action: Callable[[], object]) -> float:
    return _LENGTH / statistics.fmean([best_time(action, 0.5) for _ in range(2)])
