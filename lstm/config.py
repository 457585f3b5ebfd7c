"""The settings of a network, of its training and of its writing: frozen, checked, explained.

Every field is checked when the object is made, so that whoever holds a config holds a valid one.
The one-line help of each field lives in the message catalogue (``settings.<field>``), because
the page shows it. Knows nothing of tensors.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from lstm.errors import ConfigError

Cell = Literal["lstm", "gru", "rnn"]
Recipe = Literal["continuous", "classic"]
Schedule = Literal["cosine", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]


class _Checked:
    """Shared behaviour of the three configs: to and from plain JSON values."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build the config from JSON values, for example from a checkpoint.

        Raises:
            ConfigError: A field is unknown, of the wrong type or out of range.
        """
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in values:
            if name not in known:
                raise ConfigError(name, "unknown_setting")
        return cls(**values)

    def _number(self, field: str, least: float, most: float, *, optional: bool = False) -> None:
        value = getattr(self, field)
        if value is None and optional:
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise ConfigError(field, "out_of_range", value=value, least=least, most=most)

    def _whole(self, field: str, least: int, most: int, *, optional: bool = False) -> None:
        value = getattr(self, field)
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError(field, "not_whole", value=value)
        self._number(field, least, most)

    def _flag(self, field: str) -> None:
        value = getattr(self, field)
        if not isinstance(value, bool):
            raise ConfigError(field, "not_one_of", value=value, choices="true, false")

    def _choice(self, field: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, field)
        if value not in choices:
            raise ConfigError(field, "not_one_of", value=value, choices=", ".join(choices))


@dataclass(frozen=True)
class ModelConfig(_Checked):
    """The shape of a network. The vocabulary's size is not here: it belongs to the corpus."""

    cell: Cell = "lstm"
    hidden_size: int = 256
    """Numbers in the memory of each layer."""
    num_layers: int = 1
    embedding_size: int = 64
    """Numbers that stand for one character on its way in; 0 feeds it one-hot."""
    tied: bool = False
    """Whether the output layer's weights are the embedding's, see ``lstm.model.TiedHead``."""
    dropout: float = 0.0
    """Share of a layer's outputs set to zero on the way to the next one or the head, in training
    only."""
    recurrent_dropout: float = 0.0
    """Share of the recurrent weights left out of each step of training."""
    forget_bias: float = 1.0
    """Value that the LSTM's forget-gate bias starts from. PyTorch's default is about 0, with
    which a fresh LSTM forgets almost as fast as a plain RNN (pytorch/pytorch#20102)."""

    def __post_init__(self) -> None:
        """Check every field; raises ConfigError."""
        self._choice("cell", get_args(Cell))
        self._whole("hidden_size", 1, 2048)
        self._whole("num_layers", 1, 4)
        self._whole("embedding_size", 0, 1024)
        self._flag("tied")
        if self.tied and not self.embedding_size:
            raise ConfigError("tied", "nothing_to_tie")
        self._number("dropout", 0.0, 0.9)
        self._number("recurrent_dropout", 0.0, 0.9)
        self._number("forget_bias", -5.0, 10.0)


@dataclass(frozen=True)
class TrainConfig(_Checked):
    """How a network is trained and when it stops. The first stop rule that applies ends it."""

    recipe: Recipe = "continuous"
    """``continuous``: parallel streams, carried state, a loss at every character (truncated
    BPTT). ``classic``: the Keras example's windows, one target each."""
    seq_len: int = 64
    """Characters that the gradient goes back (truncated BPTT), or the window's length."""
    stride: int = 3
    """Classic only: characters between the starts of two windows."""
    batch_size: int = 32
    """Parallel streams, or windows in a batch."""
    learning_rate: float = 0.008
    schedule: Schedule = "cosine"
    warmup: float = 0.02
    """Share of the budget over which the learning rate rises from zero."""
    weight_decay: float = 0.0
    clip: float = 1.0
    """Largest norm of the gradient; 0 turns clipping off."""
    precision: Precision = "auto"
    """``auto`` takes bfloat16 where the processor has it natively."""
    threads: int = 1
    seconds: float | None = None
    """Stop after so many seconds of training, validation and samples not counted."""
    epochs: int | None = None
    """Stop after so many passes over the training text."""
    target_bits: float | None = None
    """Stop when the held-out bits per character are at or below this."""
    patience: int | None = None
    """Stop after so many evaluations without a better one."""
    rng: int = 1
    """Seed of everything random in the training: initial weights, order, dropout, samples."""

    def __post_init__(self) -> None:
        """Check every field and that something ends the training; raises ConfigError."""
        self._choice("recipe", get_args(Recipe))
        self._whole("seq_len", 2, 1024)
        self._whole("stride", 1, 1024)
        self._whole("batch_size", 1, 4096)
        self._number("learning_rate", 1e-6, 1.0)
        self._choice("schedule", get_args(Schedule))
        self._number("warmup", 0.0, 0.5)
        self._number("weight_decay", 0.0, 1.0)
        self._number("clip", 0.0, 1000.0)
        self._choice("precision", get_args(Precision))
        self._whole("threads", 1, 256)
        self._number("seconds", 0.1, 604_800, optional=True)
        self._whole("epochs", 1, 100_000, optional=True)
        self._number("target_bits", 0.0, 20.0, optional=True)
        self._whole("patience", 1, 10_000, optional=True)
        self._whole("rng", 0, 2**32 - 1)
        if self.seconds is None and self.epochs is None:
            raise ConfigError("seconds", "no_end")


@dataclass(frozen=True)
class SampleConfig(_Checked):
    """How the next character is drawn from the network's logits."""

    temperature: float = 0.8
    """The logits are divided by it; 0 always takes the likeliest character (greedy)."""
    top_k: int = 0
    """Keep the k likeliest characters only; 0 keeps all."""
    top_p: float = 1.0
    """Keep the smallest set of likeliest characters whose probabilities reach this sum
    (nucleus sampling, Holtzman et al. 2020, arXiv:1904.09751)."""
    min_p: float = 0.0
    """Drop characters below this share of the likeliest one's probability
    (Nguyen et al. 2024, arXiv:2407.01082)."""

    def __post_init__(self) -> None:
        """Check every field; raises ConfigError."""
        self._number("temperature", 0.0, 2.0)
        self._whole("top_k", 0, 65_535)
        self._number("top_p", 0.0, 1.0)
        self._number("min_p", 0.0, 1.0)


SAMPLE_TEMPERATURES = (0.2, 0.5, 1.0, 1.2)
"""The article's four diversities, sampled after every epoch."""

SAMPLE_LENGTH = 400
"""Characters of each of those samples."""

VOCABULARY_CAP = 8192
"""Most frequent characters kept; the rest become one unknown symbol."""

VALIDATION_SHARE = 0.1
"""Share of the text, at its end, that is held out."""
