"""Rows times a matrix that stays is what PyTorch's own product says."""

import pytest
import torch
from torch import nn

from lstm.products import product


@pytest.fixture(params=["as it is", "without oneDNN", "elsewhere", "without bfloat16"])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what multiplies be of several kinds."""
    if request.param == "without oneDNN":
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    elif request.param == "elsewhere":
        monkeypatch.setattr("platform.machine", lambda: "arm64")
    elif request.param == "without bfloat16":
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)


@pytest.mark.usefixtures("processor")
@pytest.mark.parametrize("count", [1, 4, 32])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("biased", [False, True])
def test_a_product_is_that_of_pytorch(count: int, dtype: torch.dtype, biased: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(57, 33, generator=generator).to(dtype)
    rows = torch.randn(count, 33, generator=generator).to(dtype)
    bias = torch.randn(57, generator=generator).to(dtype) if biased else None
    multiplied = product(matrix, count, bias)(rows)
    assert multiplied.shape == (count, 57)
    assert multiplied.dtype == dtype
    torch.testing.assert_close(multiplied, nn.functional.linear(rows, matrix, bias))


def test_another_number_of_rows_is_no_harm() -> None:
    matrix, rows = torch.eye(40), torch.randn(7, 40)
    torch.testing.assert_close(product(matrix, 32)(rows), rows)


@pytest.mark.usefixtures("processor")
def test_the_layout_is_a_copy() -> None:
    matrix = torch.eye(40).t()
    multiply = product(matrix, 4)
    matrix.zero_()
    torch.testing.assert_close(multiply(torch.ones(4, 40)), torch.ones(4, 40))
