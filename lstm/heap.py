"""Memory that a training frees stays with its process, for the next step to take.

A step of a large network frees tens of megabytes at its end. The C library of most Linux systems
gives such blocks back to the system at once, and when the next step asks for them, the system
hands them out page by page and zeroed: with 512 cells that took up to 30 % of the time.
Knows nothing of networks.
"""

import ctypes
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
"""What glibc's mallopt can be told, by its number in ``malloc.h``."""

_NEVER = -1
_USUAL_MMAP_MAX = 65536
_MEGABYTE = 2**20


@contextmanager
def kept() -> Iterator[None]:
    """Keep freed memory inside the block, and give back what is free after it.

    Does nothing with another C library than glibc, and outside the main thread: other threads
    have heaps of their own, which are too small for such blocks. Blocks may lie in each other.
    """
    library = _glibc()
    if library is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    _open.append(library)
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        _open.pop()
        if not _open:
            # The limits that glibc itself comes to once a process has freed a large block.
            library.mallopt(_MMAP_MAX, _USUAL_MMAP_MAX)
            library.mallopt(_MMAP_THRESHOLD, 32 * _MEGABYTE)
            library.mallopt(_TRIM_THRESHOLD, 64 * _MEGABYTE)
            library.malloc_trim(0)


_open: list[ctypes.CDLL] = []
"""One entry for each block that is being run."""


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
