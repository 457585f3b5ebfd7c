"""The network: characters in, logits of the next character out, memory carried in between.

One interface for LSTM, GRU and the plain tanh RNN, so that everything else can compare them.
Knows nothing of texts, files or training. Axis letters: B streams, T characters, V vocabulary,
E embedding, H hidden, L layers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lstm.config import ModelConfig
from lstm.products import knows_bfloat16

State = tuple[Tensor, ...]
"""What the network remembers: ``(h,)``, or ``(h, c)`` for the LSTM, each (L, B, H)."""

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
_FUNCTIONS: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "rnn": torch.rnn_tanh,
}
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class TiedHead(nn.Module):
    """What is an output layer's own if its weights are the embedding's.

    A symbol then has one vector (E,) for being read and for being foretold, which of thousands of
    symbols saves the larger part of the weights and of the work. What the memory answers (H,) is
    brought to that size first.

    A step of the optimizer moves every weight by as much as the learning rate says, and what it
    moves in the projection is multiplied by all of an embedding's numbers, which are large. So it
    is scaled down: with 1 trainings blow up now and then, with ``E ** -0.5`` they learn less.

    Sources: Press & Wolf (2017), arXiv:1608.05859; Inan et al. (2017), arXiv:1611.01462.
    """

    def __init__(self, hidden_size: int, embedding_size: int, vocab_size: int) -> None:
        """Build it with fresh weights."""
        super().__init__()
        self.projection = nn.Linear(hidden_size, embedding_size, bias=False)
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        self.scale = embedding_size**-0.25

    @property
    def matrix(self) -> Tensor:
        """What brings an answer to the embedding's size, (E, H)."""
        matrix: Tensor = self.projection.weight * self.scale
        return matrix


class CharModel(nn.Module):
    """Embedding (or one-hot), a stack of recurrent layers, and a linear head, tied or not.

    The layers are separate one-layer modules, so that what each of them does can be looked at.
    The LSTM is that of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al.
    (2000), as ``torch.nn.LSTM`` computes it.
    """

    def __init__(self, vocab_size: int, config: ModelConfig) -> None:
        """Build the network with fresh weights from torch's global generator.

        Args:
            vocab_size: Number of symbols V, the unknown symbol included.
            config: The shape.
        """
        super().__init__()
        self.vocab_size = vocab_size
        self.config = config
        self.embedding = (
            nn.Embedding(vocab_size, config.embedding_size) if config.embedding_size else None
        )
        sizes = [config.embedding_size or vocab_size] + [config.hidden_size] * config.num_layers
        self.layers = nn.ModuleList(
            CELLS[config.cell](size, config.hidden_size, batch_first=True) for size in sizes[:-1]
        )
        self.head = (
            TiedHead(config.hidden_size, config.embedding_size, vocab_size)
            if config.tied
            else nn.Linear(config.hidden_size, vocab_size)
        )
        self._initialise()

    def _initialise(self) -> None:
        """Set fresh weights as Keras does: Glorot input, orthogonal recurrent, zero biases.

        Sources: Glorot & Bengio (2010); Saxe et al. (2014), arXiv:1312.6120; for the forget-gate
        bias Gers et al. (2000) and Jozefowicz et al. (2015).
        """
        size = self.config.hidden_size
        for layer in self.layers:
            weights = dict(layer.named_parameters())
            nn.init.xavier_uniform_(weights["weight_ih_l0"])
            nn.init.orthogonal_(weights["weight_hh_l0"])
            nn.init.zeros_(weights["bias_ih_l0"])
            nn.init.zeros_(weights["bias_hh_l0"])
            if self.config.cell == "lstm":  # gate order of torch.nn.LSTM: i, f, g, o
                nn.init.constant_(weights["bias_ih_l0"][size : 2 * size], self.config.forget_bias)
            if self.config.cell != "gru":
                # torch adds two biases; trained both, they would learn twice as fast as one.
                weights["bias_hh_l0"].requires_grad_(False)
        head = self.head.projection if isinstance(self.head, TiedHead) else self.head
        nn.init.xavier_uniform_(head.weight)
        nn.init.zeros_(self.head.bias)

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.head.bias.device

    def zero_state(self, batch_size: int) -> State:
        """Return the empty memory: zeros, each (L, B, H), float32, on the model's device."""
        shape = (self.config.num_layers, batch_size, self.config.hidden_size)
        parts = 2 if self.config.cell == "lstm" else 1
        return tuple(torch.zeros(shape, device=self.device) for _ in range(parts))

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read characters and predict the next one after each.

        Args:
            ids: Characters, (B, T) int64.
            state: Memory from before; ``None`` is the empty memory.

        Returns:
            Logits (B, T, V) and the memory after the last character.
        """
        outputs, state = self.recur(self.embed(ids), state)
        return self.logits(self.drop(outputs)), state

    def embed(self, ids: Tensor) -> Tensor:
        """Return what the first layer is fed: (B, T) int64 to (B, T, E or V) float32."""
        if self.embedding is not None:
            embedded: Tensor = self.embedding(ids)
            return embedded
        one_hot = torch.zeros(*ids.shape, self.vocab_size, device=ids.device)
        return one_hot.scatter_(-1, ids.unsqueeze(-1), 1.0)

    def recur(self, values: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Run all layers over embedded characters.

        Args:
            values: (B, T, E or V) float32.
            state: Memory from before, or ``None``.

        Returns:
            The last layer's outputs (B, T, H) and the new memory.
        """
        state = self.zero_state(values.shape[0]) if state is None else state
        after: list[tuple[Tensor, ...]] = []
        for index, layer in enumerate(self.layers):
            before = tuple(part[index : index + 1].contiguous() for part in state)
            values = self.drop(values) if index else values
            values, *memory = self._layer(layer, values, before)
            after.append(tuple(memory))
        joined = tuple(torch.cat(parts).float() for parts in zip(*after, strict=True))
        return values, joined

    def logits(self, values: Tensor) -> Tensor:
        """Return what the last layer's outputs (..., H) say of the next character: (..., V)."""
        return nn.functional.linear(*self.output(values))

    def output(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what logits are computed from: rows, weights and bias of the output layer.

        Args:
            values: The last layer's outputs, (..., H).

        Returns:
            Rows (..., H), weights (V, H) and bias (V,); with E in place of H if they are tied.
        """
        if isinstance(self.head, TiedHead):
            assert self.embedding is not None
            rows = nn.functional.linear(values, self.head.matrix)
            return rows, self.embedding.weight, self.head.bias
        return values, self.head.weight, self.head.bias

    def drop(self, values: Tensor) -> Tensor:
        """Set some of a layer's outputs (B, T, H) to zero, in training only.

        In a batch they are the same ones at every character: that costs a T-th of the random
        numbers and harms the memory less (Gal & Ghahramani 2016, arXiv:1512.05287).
        """
        share = self.config.dropout
        if not (self.training and share):
            return values
        # As many are kept as make up for what the factor loses in bfloat16.
        factor = torch.tensor(1 / (1 - share), dtype=values.dtype).item()
        numbers = torch.rand(values.shape[0], 1, values.shape[2], device=values.device)
        return values * ((numbers < 1 / factor).to(values.dtype) * factor)

    def _layer(
        self, layer: nn.Module, values: Tensor, before: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """Run one layer; in training, without some of its recurrent weights.

        Source: Merity et al. 2018, arXiv:1708.02182, section 3.1 (weight-dropped LSTM).
        """
        share = self.config.recurrent_dropout if self.training else 0.0
        memory = before if len(before) == 2 else before[0]
        inputs, recurrent, *biases = layer.parameters()
        weights = [inputs, _thinned(recurrent, share) if share else recurrent, *biases]
        if self.config.cell == "lstm" and _has_no_lstm(values):
            return _lstm_by_steps(values, before, weights)
        if not share:
            values, after = layer(values, memory)
            return values, *(after if isinstance(after, tuple) else (after,))
        # The arguments after the weights: has biases, layers, dropout, training, both ways,
        # batch first.
        function = _FUNCTIONS[self.config.cell]
        return function(values, memory, weights, True, 1, 0.0, True, False, True)

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one character per stream.

        Args:
            ids: (B,) int64.
            state: Memory from before.

        Returns:
            Logits (B, V) and the new memory.
        """
        logits, state = self(ids.unsqueeze(1), state)
        return logits[:, 0], state


def _thinned(weights: Tensor, share: float) -> Tensor:
    """Return the weights with a share of them at zero, in steps of 1/256, and the rest larger.

    One random byte decides on each: eight come with one draw, which is what costs.
    """
    least = round(256 * share)
    numbers = torch.empty(-(-weights.numel() // 8), dtype=torch.int64, device=weights.device)
    limits = torch.iinfo(torch.int64)
    drawn = numbers.random_(limits.min, limits.max).view(torch.uint8)[: weights.numel()]
    return weights * ((drawn >= least).view_as(weights) * (256 / (256 - least)))


def _has_no_lstm(values: Tensor) -> bool:
    """Return whether PyTorch would ask oneDNN for an LSTM that it hasn't got, and fail.

    So it does in bfloat16 on a processor without AVX512, where its other layers know a way.
    """
    half = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    if not (half and values.device.type == "cpu"):
        return False
    return torch.backends.mkldnn.is_available() and not knows_bfloat16()  # type: ignore[no-untyped-call]


def _lstm_by_steps(
    values: Tensor, before: tuple[Tensor, ...], weights: list[Tensor]
) -> tuple[Tensor, ...]:
    """Run an LSTM layer character by character: (B, T, E or H) to (B, T, H), and its memory."""
    hidden, cell = (part[0] for part in before)
    outputs = []
    for value in values.unbind(1):
        hidden, cell = torch.lstm_cell(value, (hidden, cell), *weights)
        outputs.append(hidden)
    return torch.stack(outputs, 1), hidden.unsqueeze(0), cell.unsqueeze(0)


def parameter_count(vocab_size: int, config: ModelConfig) -> int:
    """Return the number of trainable numbers, without building the network."""
    hidden, gates = config.hidden_size, GATES[config.cell]
    biases = 2 if config.cell == "gru" else 1
    inputs = [config.embedding_size or vocab_size] + [hidden] * (config.num_layers - 1)
    recurrent = sum(gates * hidden * (size + hidden + biases) for size in inputs)
    output = config.embedding_size * hidden if config.tied else vocab_size * hidden
    return vocab_size * config.embedding_size + recurrent + output + vocab_size


def bfloat16_is_native() -> bool:
    """Return whether this processor multiplies bfloat16 matrices in hardware."""
    return multiplies_tiles() or _has("_is_avx512_bf16_supported")


def multiplies_tiles() -> bool:
    """Return whether it does so tile by tile (AMX), several times as fast."""
    return _has("_is_amx_tile_supported")


def _has(feature: str) -> bool:
    return bool(getattr(torch.cpu, feature, bool)())


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Turn dropout and gradients off inside the block and restore the mode after it."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)
