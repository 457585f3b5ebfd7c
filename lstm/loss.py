"""The loss of many symbols: output layer and cross-entropy together, a few characters at a time.

For thousands of symbols the logits of a batch are far more numbers than a processor keeps close
by, and taking them through the memory several times costs more than the LSTM below them. Here
they are turned into their own gradient while they are near. Knows nothing of networks.

Axis letters: N characters, V vocabulary, H hidden.
"""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional

from lstm.products import product

MANY = 1024
"""So many symbols make it the faster way."""

_NEAR = 2**19
"""Logits that are computed at a time: 1 MB in bfloat16."""


def cross_entropy(values: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of -ln p of the targets, with ``p = softmax(weight values + bias)``.

    It is computed in bfloat16 where autocast says so, each sum in float32.

    Args:
        values: What the output layer is fed, (N, H).
        weight: Its weights, (V, H) float32.
        bias: (V,) float32.
        targets: The characters that came, (N,) int64.

    Returns:
        A scalar in nats, float32.
    """
    if values.device.type != "cpu" or len(weight) < MANY:
        return at_once(values, weight, bias, targets)
    half = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if half else torch.float32
    parts = (part.to(dtype) for part in (values, weight, bias))
    loss: Tensor = _Judged.apply(*parts, targets)  # type: ignore[no-untyped-call]
    return loss


def at_once(values: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Return the same, with the logits of all characters in memory: for few symbols the faster."""
    logits = functional.linear(values, weight, bias)
    with torch.autocast(values.device.type, enabled=False):
        return functional.cross_entropy(logits.float(), targets)


class _Judged(torch.autograd.Function):
    """The loss and, computed with it, its gradient by the logits: softmax - one-hot."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, values: Tensor, weight: Tensor, bias: Tensor, targets: Tensor
    ) -> Tensor:
        """Return the mean loss of (N, H) values; they, weights and bias in the same dtype."""
        count, symbols = len(values), len(weight)
        rows = max(1, _NEAR // symbols)
        multiply = product(weight, rows, bias)
        slopes = torch.empty(count, symbols, dtype=values.dtype)
        for start in range(0, count, rows):
            part = slice(start, start + rows)
            torch.softmax(multiply(values[part]), 1, out=slopes[part])
        flat, wanted = slopes.view(-1), torch.arange(count) * symbols + targets
        chances = flat[wanted].float()
        flat[wanted] = (chances - 1).to(slopes.dtype)
        ctx.save_for_backward(values, weight, slopes)
        losses = -chances.log()
        lost = chances < torch.finfo(torch.float32).tiny  # too small for the format
        if lost.any():
            logits = functional.linear(values[lost], weight, bias).float()
            losses[lost] = functional.cross_entropy(logits, targets[lost], reduction="none")
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, given: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Return the gradients by values, weights and bias."""
        values, weight, slopes = ctx.saved_tensors  # type: ignore[attr-defined]
        share = given / len(values)
        by_values, by_weight = slopes @ weight, slopes.t() @ values
        by_bias = slopes.t() @ slopes.new_ones(len(values))  # faster than their sum
        return share * by_values, share * by_weight, share * by_bias, None
