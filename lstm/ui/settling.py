"""What the server does once the first visitors have their page: it settles in for the long run.

Rooms and what experiments need are loaded before somebody enters them, the pace of the machine is
measured, by which presets go, and all that was loaded is spared from garbage collection: a full
collection looks at every object there is, some hundred thousand of them, while everybody waits.
Knows nothing of what is in the rooms.
"""

import gc
import threading
from importlib import import_module

from lstm.ui.rooms import ROOMS, SIDE_ROOMS

QUIET_SECONDS = 8.0
"""For so long after the start the first page comes first."""

_LATE = ("torch._dynamo",)
"""What torch itself imports at the first step of any training, for a second or more."""


def settle(ended: threading.Event) -> None:
    """Wait a moment, then load what will be needed and spare it from garbage collection.

    Args:
        ended: Set when the server ends.
    """
    if ended.wait(QUIET_SECONDS):
        return
    for name in (*(f"lstm.ui.pages.{room}" for room in (*ROOMS, *SIDE_ROOMS)), *_LATE):
        import_module(name)

    from lstm import pace  # numpy comes with it, and must not be there before app.py's settings

    pace.measured()
    gc.collect()
    gc.freeze()
