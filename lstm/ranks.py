"""Several processes that train one network: what each of them must know of the others.

``torchrun --nproc-per-node N -m lstm train ...`` starts the same command N times. Each process, a
rank, reads the whole text and learns from its own share of every batch; DistributedDataParallel
takes the mean of their gradients, so that all networks stay the same. What depends on a clock or
on a person is decided by rank 0 alone and told to the others. A process that was started alone is
rank 0 of one. Knows nothing of texts or networks.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together.

    Every method but ``share`` must be called by all of them at the same place.

    Attributes:
        rank: Number of this process, from 0.
        size: How many there are.
        device: Where this process computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the process that decides, prints and writes."""
        return self.rank == 0

    def first(self, *values: float) -> Sequence[float]:
        """Return the values that rank 0 has."""
        if self.size == 1:
            return values
        told = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.broadcast(told, 0)
        return told.tolist()

    def mean(self, value: float) -> float:
        """Return the mean of all ranks' values."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return float(total) / self.size

    def join(self, shares: Tensor, dim: int) -> Tensor:
        """Return the whole of what each rank has a share of, in the order of the ranks."""
        if self.size == 1:
            return shares
        every = [torch.empty_like(shares) for _ in range(self.size)]
        distributed.all_gather(every, shares.contiguous())
        return torch.cat(every, dim)

    def share(self, whole: Tensor, dim: int = 0) -> Tensor:
        """Return this rank's part of something whose length is a multiple of their number."""
        return whole if self.size == 1 else whole.chunk(self.size, dim)[self.rank]


def ranks() -> Ranks:
    """Return this process's place among those that ``together`` has brought together."""
    rank, size = 0, 1
    if distributed.is_available() and distributed.is_initialized():
        rank, size = distributed.get_rank(), distributed.get_world_size()
    if not torch.cuda.is_available():
        return Ranks(rank, size, torch.device("cpu"))
    local = int(os.environ.get("LOCAL_RANK", "0")) if size > 1 else torch.cuda.current_device()
    return Ranks(rank, size, torch.device("cuda", local))


@contextmanager
def together() -> Iterator[Ranks]:
    """Meet the other processes that torchrun has started, if it has, for the time of a block."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield ranks()
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield ranks()
        distributed.barrier()  # none leaves while another still waits for its numbers
    finally:
        distributed.destroy_process_group()
        # What trained holds on to the group in cycles; torch aborts a process that ends with one.
        gc.collect()
