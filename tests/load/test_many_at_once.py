"""A small class on a real server, by the protocol that browsers speak.

``python -m lstm bench app`` does the same with fifty sessions and tells how long they waited; how
long anything takes, no test asks.
"""

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lstm.bench.serving import Server, serving
from lstm.runs import RunState
from lstm.ui.crowd import MIX, visitors
from lstm.ui.crowd.crowd import Tally, crowd, visiting
from lstm.ui.crowd.pen import Pen
from lstm.ui.crowd.school import School
from tests.store_tools import wait_until

pytestmark = pytest.mark.xdist_group("load")

CLASS = 8
SECONDS = 18.0
"""Long enough for everybody to do everything several times: who writes asks every 2.5 seconds."""

MEMORY = 1e9
"""Bytes that a server may hold."""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, School]]:
    """A server, one training and three that wait behind it."""
    folder = tmp_path_factory.mktemp("many")
    with serving(folder, {"CHARLOOM_SLOTS": "1"}) as server, server.store() as store:
        school = School.of(store, waiting=3, hidden=16)
        yield server, school
        school.end()


@pytest.fixture(scope="module")
def tally(school: tuple[Server, School]) -> Tally:
    """What happened to a class that wrote, moved the slider, watched and walked about."""
    server, runs = school
    begun = runs.first().epoch
    tally = asyncio.run(crowd(server.url, visitors(runs, CLASS), SECONDS, SECONDS / 4))
    assert runs.first().epoch > begun
    return tally


def test_nobody_meets_an_error(tally: Tally) -> None:
    assert tally.errors == []


def test_everybody_gets_answers(tally: Tally) -> None:
    does = MIX[:CLASS]
    assert tally.opened == len(tally.took["open"]) == CLASS
    assert len(tally.took["write"]) >= 2 * does.count("write")
    assert len(tally.took["slider"]) >= 2 * does.count("slide")
    assert len(tally.took["page"]) >= does.count("walk")
    assert len(tally.took["tick"]) >= 2 * does.count("watch")


def test_the_server_stays_below_a_gigabyte(school: tuple[Server, School], tally: Tally) -> None:
    assert tally.opened
    assert school[0].memory() < MEMORY


def test_the_training_goes_on_and_the_others_wait_their_turn(
    school: tuple[Server, School], tally: Tally
) -> None:
    assert tally.opened
    _, runs = school
    store, (first, *waiting) = runs.store, runs.runs
    assert store.run(first.id).state == RunState.RUNNING
    places = store.forecast()
    assert [places[run.id].place for run in waiting] == [1, 2, 3]
    store.stop(first.id)
    wait_until(lambda: store.run(waiting[0].id).state == RunState.RUNNING)
    assert [store.run(run.id).state for run in waiting[1:]] == [RunState.QUEUED] * 2


def test_sessions_that_left_free_what_they_held(tmp_path: Path) -> None:
    counted = "tests/load/counted.py"
    with serving(tmp_path, {}, "--server.disconnectedSessionTTL", "1", app=counted) as server:
        held = asyncio.run(_visit(server, 4))
        assert held["AppSession"] >= 4
        assert held["Desk"] >= 4
        assert held["Writer"] >= 4
        wait_until(lambda: _all_gone(server))


async def _visit(server: Server, count: int) -> dict[str, int]:
    """Open tabs that write and walk about, and tell what the server holds before they close."""
    tally = Tally()
    held = await asyncio.gather(*(_stay(server, tally, count) for _ in range(count)))
    assert tally.errors == []
    return held[-1]


async def _stay(server: Server, tally: Tally, count: int) -> dict[str, int]:
    async with visiting(server.url, tally) as tab:
        await tab.go("")
        await Pen(tab).more()
        for page in ("train", ""):
            await tab.go(page)
        tally.took["there"].append(time.monotonic())
        while len(tally.took["there"]) < count:
            await asyncio.sleep(0.05)
        return await asyncio.to_thread(_alive, server)


def _all_gone(server: Server) -> bool:
    """Tell whether but the newest sessions are left: one that comes makes the server look."""
    asyncio.run(_glance(server))
    return max(_alive(server).values()) <= 2


async def _glance(server: Server) -> None:
    async with visiting(server.url, Tally()) as tab:
        await tab.go("runs")


def _alive(server: Server) -> dict[str, int]:
    with urllib.request.urlopen(f"{server.url}/alive") as answer:
        told: dict[str, int] = json.load(answer)
        return told
