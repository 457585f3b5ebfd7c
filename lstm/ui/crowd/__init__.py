"""The whole app at work: a class of visitors on a real server, over the wire that browsers use.

What the visitors wait for is measured while one training goes on and others wait behind it; the
same training is measured alone before and after, in the same run. Nothing here draws a page: what
a browser needs for that comes on top.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from lstm.bench.rows import SECONDS, Row
from lstm.bench.serving import Server, serving
from lstm.errors import BenchError
from lstm.processes import number_from_environment
from lstm.ui.crowd.crowd import Tally, Visitor, crowd, noting, visiting
from lstm.ui.crowd.school import Meter, School

SESSIONS = 50
WAITING = 30

MIX = ("write", "slide", "watch", "write", "walk", "write", "slide", "watch", "write", "walk")
"""What ten visitors do; the next ten do the same."""

_NAMES = {
    "open": "page opened",
    "write": "more characters",
    "slider": "slider moved to first character",
    "page": "change of page",
    "tick": "tick of a watched training",
}
_ALONE = 20.0  # seconds for which the training is measured by itself, before and after
_SETTLED = 15.0  # seconds after which the server has loaded what it loads
_LOOKERS = 10  # sessions that only watch, to measure a tick
_LOOKED = 15.0
_REMEMBERED = 150  # sessions after which the server forgets one for each that comes
_PASSERS = 100
_TOGETHER = 5
_WORK = re.compile(
    r"trained for ([\d.]+) s; store ([\d.]+) s, validation ([\d.]+) s, samples ([\d.]+) s"
)
_MEGA = 1e6


def rows() -> Iterator[Row]:
    """Let a class come to a server of its own, and measure how both fare.

    Raises:
        BenchError: The server does not start, or the training does not get on.
        ConfigError: ``CHARLOOM_BENCH_SECONDS`` is not a number, or too small.
    """
    seconds = number_from_environment(SECONDS, 120.0, 20.0)
    settings = {"CHARLOOM_SLOTS": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="charloom-bench-") as folder,
        serving(Path(folder), settings) as server,
        server.store() as store,
    ):
        school = School.of(store, WAITING)
        time.sleep(_SETTLED)
        meter = Meter(school, server)
        with meter.running():
            yield from _at_work(server, school, meter, seconds)
            yield from _ticks(server, school)
        yield from _beside(school)
        yield from _come_and_gone(server)


def visitors(school: School, count: int) -> list[Visitor]:
    """Return a class: everybody does something of ``MIX``, the first ones own a training."""
    owners = [run.owner for run in school.runs] + [None] * count
    return [
        Visitor(does, owners[index], f"shared={school.token}" if does == "watch" else "")
        for index, does in enumerate(MIX[index % len(MIX)] for index in range(count))
    ]


def _at_work(server: Server, school: School, meter: Meter, seconds: float) -> Iterator[Row]:
    before, memory = _alone(meter), server.memory()
    began = time.monotonic()
    coming = crowd(server.url, visitors(school, SESSIONS), seconds, seconds / 6)
    tally = asyncio.run(coming)
    ended = time.monotonic()
    after, answered = _alone(meter), sum(map(len, tally.took.values()))
    what = f"{SESSIONS} sessions, 1 training, {WAITING} waiting, {seconds:.0f} s"
    yield Row("app", f"{what}: errors", len(tally.errors), "")
    yield Row("app", "interactions answered", answered, "")
    yield Row("app", "of them asked again, as the page does after 5 s", tally.again, "")
    yield from _waits(tally)
    yield Row("app", "sent to each session", tally.received / SESSIONS / seconds / 1e3, "kB/s")
    yield from _memory(meter, memory, began, ended)
    yield from _speeds(meter, (before + after) / 2, began, ended)
    looks = meter.between(began, ended)
    work = (looks[-1].server - looks[0].server) / max(1, answered)
    yield Row("app", "server's work for an interaction", 1e3 * work, "ms")


def _alone(meter: Meter) -> float:
    began = time.monotonic()
    time.sleep(_ALONE)
    return meter.speed(began, time.monotonic())


def _waits(tally: Tally) -> Iterator[Row]:
    for kind, name in _NAMES.items():
        took = tally.took[kind]
        for share in (50, 95) if took else ():
            value = 1e3 * float(np.percentile(took, share))
            yield Row("app", f"{name}, p{share} of {len(took):,}", value, "ms")


def _memory(meter: Meter, before: float, began: float, ended: float) -> Iterator[Row]:
    looks = meter.between(began, ended)
    tenth = (ended - began) / 10
    middle = [look.memory for look in looks if abs(look.moment - began - 5.5 * tenth) <= tenth / 2]
    last = [look.memory for look in looks if look.moment >= ended - tenth]
    name = "server's memory before the class"
    end = float(np.mean(last))
    yield Row("app", name, before / _MEGA, "MB")
    yield Row("app", "server's memory at the end", end / _MEGA, "MB", name, end / before)
    growth = (end - float(np.mean(middle))) / _MEGA
    yield Row("app", "its growth over the second half", growth, "MB")


def _speeds(meter: Meter, alone: float, began: float, ended: float) -> Iterator[Row]:
    name = "training alone, before and after"
    speed, looks = meter.speed(began, ended), meter.between(began, ended)
    passed = looks[-1].moment - looks[0].moment
    yield Row("app", name, alone, "characters/s")
    yield Row("app", "training beside the class", speed, "characters/s", name, speed / alone)
    server = (looks[-1].server - looks[0].server) / passed
    worker = (looks[-1].worker - looks[0].worker) / passed
    yield Row("app", "server's share of a core meanwhile", 100 * server, "%")
    yield Row("app", "training's share of a core meanwhile", 100 * worker, "%")


def _ticks(server: Server, school: School) -> Iterator[Row]:
    """Measure what a tick costs: by visitors that only watch, less what the server does anyway."""
    began, effort = time.monotonic(), server.effort()
    time.sleep(_LOOKED)
    idle = (server.effort() - effort) / (time.monotonic() - began)
    ticks, cost = asyncio.run(_look(server, f"shared={school.token}", idle))
    yield Row("app", f"server's work for a tick, of {ticks}", 1e3 * cost / max(1, ticks), "ms")


async def _look(server: Server, query: str, idle: float) -> tuple[int, float]:
    """Return the ticks of some watchers, and the processor seconds that they took together."""
    tally = Tally()
    async with AsyncExitStack() as stack:
        tabs = [
            await stack.enter_async_context(visiting(server.url, tally)) for _ in range(_LOOKERS)
        ]
        for opened in tabs:
            await opened.go("train", query)
        await asyncio.sleep(1.0)
        before, began = sum(len(opened.traffic.ticks) for opened in tabs), time.monotonic()
        effort = server.effort()
        await asyncio.sleep(_LOOKED)
        cost = server.effort() - effort - idle * (time.monotonic() - began)
        return sum(len(opened.traffic.ticks) for opened in tabs) - before, max(0.0, cost)


def _beside(school: School) -> Iterator[Row]:
    """Tell what of the training's time went into other things than learning, from its own log."""
    found = _WORK.findall(school.end())
    if not found:
        raise BenchError("bench_no_training")
    learned, *others = map(float, found[-1])
    whole = learned + sum(others)
    name = "training: whole time"
    yield Row("app", name, whole, "s")
    for what, took in zip(("store", "validation", "samples"), others, strict=True):
        yield Row("app", f"training: {what}", took, "s", name, took / whole)


def _come_and_gone(server: Server) -> Iterator[Row]:
    """Measure how the server's memory grows with sessions that come, write, watch and go."""
    asyncio.run(_pass_by(server, _REMEMBERED))
    before = server.memory()
    asyncio.run(_pass_by(server, _PASSERS))
    growth = (server.memory() - before) / _MEGA
    yield Row("app", f"growth by {_PASSERS} sessions that came and went", growth, "MB")


async def _pass_by(server: Server, count: int) -> None:
    tally = Tally()
    for _ in range(count // _TOGETHER):
        await asyncio.gather(*(_pass(server, tally) for _ in range(_TOGETHER)))
    if tally.errors:
        raise BenchError("bench_no_answer", reason=tally.errors[0])


async def _pass(server: Server, tally: Tally) -> None:
    with noting(tally):
        async with visiting(server.url, tally) as opened:
            for page in ("", "train", ""):
                await opened.go(page)
