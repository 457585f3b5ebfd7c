"""Products of few rows with one matrix that stays: writing is little else.

Knows nothing of networks. Axis letters: B rows, M and N the sizes of the matrix.
"""

import platform
from collections.abc import Callable

import torch
from torch import Tensor

Product = Callable[[Tensor], Tensor]


def product(matrix: Tensor, count: int, bias: Tensor | None = None) -> Product:
    """Return the function that multiplies rows with a matrix, transposed, and adds a bias.

    Where PyTorch has oneDNN, that lays the matrix out once, in the order in which its kernels
    read it; a plain product does so at every call, which for few rows costs more than the rest.

    Args:
        matrix: (M, N), float32 or bfloat16; later changes to it are not seen.
        count: How many rows B will come.
        bias: (M,) of the same dtype; None: there is none.

    Returns:
        A function of (B, N) that returns a new (B, M), both of the matrix's dtype.
    """
    if not _lays_out(matrix.dtype):
        columns = matrix.t().clone(memory_format=torch.contiguous_format)
        return lambda rows: rows @ columns if bias is None else torch.addmm(bias, rows, columns)
    # What torch.compile calls for a linear layer whose weights are frozen.
    onednn = torch.ops.mkldnn
    packed = onednn._reorder_linear_weight(matrix.contiguous(), count)

    def multiply(rows: Tensor) -> Tensor:
        result: Tensor = onednn._linear_pointwise(rows, packed, bias, "none", [], "")
        return result

    return multiply


def _lays_out(dtype: torch.dtype) -> bool:
    """Return whether oneDNN is there and has kernels for a dtype; measured on x86 alone."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return dtype == torch.float32 or knows_bfloat16()


def knows_bfloat16() -> bool:
    """Return whether the oneDNN that is there has kernels in bfloat16 for this processor."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
