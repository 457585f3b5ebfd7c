"""A class that is at work all at once: who writes, who moves the slider, watches, walks about.

Every visitor has a tab and a cookie of their own. Knows nothing of servers or figures of speed.
"""

import asyncio
import itertools
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

from lstm.ui.crowd.pen import Pen
from lstm.ui.crowd.tab import Tab, Unanswered, tab

MOVES = 8
"""Steps that the slider takes in one drag."""

ROOMS = ("train", "learn", "runs", "look", "")
"""Where somebody goes who walks about; the last one is Write, the landing page."""

_DRAG_EVERY = 0.17  # seconds between two requests of a drag: see PLAY_BETWEEN in wire.js
_REST = (2.0, 6.0)  # seconds between two drags or two changes of page


@dataclass
class Tally:
    """What happened to all visitors.

    Attributes:
        took: Seconds of every answered interaction, by its kind: ``open``, ``write``,
            ``slider``, ``page``, ``tick``.
        errors: What went wrong, a line each.
        received: Bytes that went to all of them.
        again: Requests that had to be made anew.
        opened: Sessions.
    """

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    received: int = 0
    again: int = 0
    opened: int = 0


@dataclass(frozen=True)
class Visitor:
    """Somebody in front of a browser.

    Attributes:
        does: What they do: a key of ``DOING``.
        key: Their key; None for somebody who never was here.
        watches: The query of the address of the run that they watch.
    """

    does: str
    key: str | None = None
    watches: str = ""


@dataclass
class _Visit:
    tab: Tab
    visitor: Visitor
    tally: Tally
    until: float
    rng: random.Random

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    async def rest(self) -> None:
        left = max(0.0, self.until - time.monotonic())
        await asyncio.sleep(min(left, self.rng.uniform(*_REST)))


async def crowd(
    url: str, visitors: Sequence[Visitor], seconds: float, arrivals: float, rng: int = 1
) -> Tally:
    """Let visitors come one after the other and stay to the end.

    Args:
        url: The server's address.
        visitors: Who comes.
        seconds: How long it lasts, arrivals included.
        arrivals: Seconds until the last one has come.
        rng: Seed of how long they rest.
    """
    tally, until = Tally(), time.monotonic() + seconds
    await asyncio.gather(
        *(
            _come(url, visitor, tally, arrivals * index / len(visitors), until, rng + index)
            for index, visitor in enumerate(visitors)
        )
    )
    return tally


async def _come(
    url: str, visitor: Visitor, tally: Tally, wait: float, until: float, rng: int
) -> None:
    await asyncio.sleep(wait)
    with noting(tally):
        async with visiting(url, tally, visitor.key) as opened:
            visit = _Visit(opened, visitor, tally, until, random.Random(rng))
            page = "train" if visitor.watches else ""
            tally.took["open"].append(await opened.go(page, visitor.watches))
            await DOING[visitor.does](visit)


@contextmanager
def noting(tally: Tally) -> Iterator[None]:
    """Note in the tally that a visit did not begin, or ended early."""
    try:
        yield
    except (Unanswered, OSError, WebSocketException) as error:
        tally.errors.append(repr(error))


@asynccontextmanager
async def visiting(url: str, tally: Tally, key: str | None = None) -> AsyncIterator[Tab]:
    """Open a tab for a block; its traffic goes into the tally."""
    async with tab(url, key) as opened:
        tally.opened += 1
        try:
            yield opened
        finally:
            tally.received += opened.traffic.received
            tally.again += opened.traffic.again
            tally.took["tick"] += opened.traffic.ticks
            tally.errors += opened.traffic.errors


async def _write(visit: _Visit) -> None:
    pen = Pen(visit.tab)
    while visit.goes_on:
        visit.tally.took["write"].append(await pen.more())
        await pen.hungry()


async def _slide(visit: _Visit) -> None:
    pen = Pen(visit.tab)
    heats = itertools.cycle([0.2 + 0.1 * step for step in range(15)])
    while visit.goes_on:
        for _ in range(MOVES):
            visit.tally.took["slider"].append(await pen.turn(round(next(heats), 2)))
            await asyncio.sleep(_DRAG_EVERY)
        await visit.rest()


async def _watch(visit: _Visit) -> None:
    await asyncio.sleep(max(0.0, visit.until - time.monotonic()))


async def _walk(visit: _Visit) -> None:
    for room in itertools.cycle(ROOMS):
        await visit.rest()
        if not visit.goes_on:
            return
        visit.tally.took["page"].append(await visit.tab.go(room))


DOING: dict[str, Callable[[_Visit], Awaitable[None]]] = {
    "write": _write,
    "slide": _slide,
    "watch": _watch,
    "walk": _walk,
}
"""What visitors do."""
