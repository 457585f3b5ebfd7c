"""A class of fifty, all on the class page at once, by the protocol that browsers speak."""

import asyncio
import secrets
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lstm.bench.serving import serving
from lstm.passages import Passage
from lstm.ui.crowd.crowd import Tally, visiting
from lstm.ui.crowd.school import School

pytestmark = pytest.mark.xdist_group("load")

MEMBERS = 50
PATIENCE = 120.0
ARRIVALS = 5.0  # seconds in which all of them come
REAL = "It was written by a person, in one afternoon."


def test_fifty_see_their_class_and_the_quiz_that_begins(tmp_path: Path) -> None:
    with serving(tmp_path, {"CHARLOOM_SLOTS": "1"}) as server, server.store() as store:
        school = School.of(store, waiting=0, hidden=16)
        teacher, keys = secrets.token_urlsafe(32), [school.runs[0].owner]
        keys += [secrets.token_urlsafe(32) for _ in range(MEMBERS - 1)]
        room = store.open_class(teacher, "Evening class")
        for number, key in enumerate(keys):
            store.join_class(room.code, key, f"Member {number}")
        tally, there = Tally(), set[str]()

        async def attend(key: str, place: int) -> None:
            await asyncio.sleep(ARRIVALS * place / MEMBERS)
            async with visiting(server.url, tally, key) as tab:
                await tab.go("class", f"code={room.code}")
                asked = tab.expect(_shows_the_quiz, PATIENCE)
                there.add(key)
                if len(there) == 1 + MEMBERS:  # the last one has come
                    store.start_round(room.code, teacher, [Passage(REAL, None)])
                await asked
                tally.took["quiz"].append(0.0)

        async def all_attend() -> None:
            await asyncio.gather(
                *(attend(key, place) for place, key in enumerate((*keys, teacher)))
            )

        asyncio.run(all_attend())
        assert store.run(school.runs[0].id).epoch > 0
        school.end()
    assert tally.errors == []
    assert tally.opened == len(tally.took["quiz"]) == 1 + MEMBERS
    assert len(tally.took["tick"]) >= MEMBERS


def _shows_the_quiz(message: ForwardMsg) -> bool:
    """Tell whether a message brings a member the passage, or the teacher the end of the round."""
    whole = message.SerializeToString()
    return REAL.encode() in whole or b"class-quiz-end" in whole
