"""The loss of many symbols is PyTorch's, and so are its gradients."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from lstm import loss
from lstm.loss import cross_entropy

COUNT, HIDDEN, SYMBOLS = 50, 12, 37


def parts() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What the output layer is fed, its weights and bias, and the characters that came."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(COUNT, HIDDEN, generator=generator, requires_grad=True)
    weight = torch.randn(SYMBOLS, HIDDEN, generator=generator, requires_grad=True)
    bias = torch.randn(SYMBOLS, generator=generator, requires_grad=True)
    return values, weight, bias, torch.randint(SYMBOLS, (COUNT,), generator=generator)


def learned(*, half: bool) -> Iterator[Tensor]:
    """The loss, and the gradients of half of it by all that was given."""
    values, weight, bias, targets = parts()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        value = cross_entropy(values, weight, bias, targets)
    assert value.dtype == torch.float32
    torch.autograd.backward(value / 2)
    yield value.detach()
    for each in (values, weight, bias):
        assert each.grad is not None
        yield each.grad


@pytest.fixture(params=[1, 7, COUNT, 2 * COUNT], ids=lambda rows: f"{rows} at a time")
def in_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few symbols count as many, and compute so many characters at a time."""
    monkeypatch.setattr(loss, "MANY", SYMBOLS)
    monkeypatch.setattr(loss, "_NEAR", SYMBOLS * request.param)


@pytest.mark.usefixtures("in_pieces")
def test_loss_and_gradients_are_pytorchs() -> None:
    values, weight, bias, targets = parts()
    logits = nn.functional.linear(values, weight, bias)
    wanted = nn.functional.cross_entropy(logits, targets)
    torch.autograd.backward(wanted / 2)
    exact = [wanted.detach(), values.grad, weight.grad, bias.grad]
    for one, other in zip(learned(half=False), exact, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.usefixtures("in_pieces")
def test_in_bfloat16_they_are_so_to_three_digits() -> None:
    for one, other in zip(learned(half=True), learned(half=False), strict=True):
        assert one.dtype == torch.float32
        assert (one - other).abs().mean() < 0.01 * other.abs().mean()


def test_few_symbols_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = list(learned(half=False))
    monkeypatch.setattr(loss, "MANY", SYMBOLS)
    for one, other in zip(learned(half=False), usual, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.usefixtures("in_pieces")
@pytest.mark.parametrize("half", [False, True])
def test_what_was_thought_impossible_costs_much_and_not_infinitely(half: bool) -> None:
    weight, targets = torch.zeros(SYMBOLS, 1), torch.tensor([1])
    bias = torch.zeros(SYMBOLS)
    bias[0] = 500.0  # the others' probability is below what float32 can hold
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        value = cross_entropy(torch.zeros(1, 1), weight, bias, targets)
    assert float(value) == pytest.approx(500.0)
