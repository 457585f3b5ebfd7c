"""What one drawing has left is taken in before the next one begins."""

import asyncio
import gc
from types import SimpleNamespace
from typing import Any, cast

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    ScriptRequestType,
)

from lstm.ui import reruns


class Session:
    """What of Streamlit's session is looked at."""

    def __init__(self, ended: SimpleNamespace | None) -> None:
        self._scriptrunner = ended
        self._event_loop = asyncio.get_running_loop()


def runner(*, ended: bool) -> SimpleNamespace:
    requests = ScriptRequests()
    requests.request_rerun(RerunData())
    assert requests.on_scriptrunner_ready().type == ScriptRequestType.RERUN
    if ended:
        assert requests.on_scriptrunner_ready().type == ScriptRequestType.STOP
    return SimpleNamespace(_requests=requests)


async def asked(ended: bool) -> tuple[list[str], list[str]]:
    """Ask three times; return what got through before and after the loop got there."""
    session: Any = Session(runner(ended=ended))
    heard: list[str] = []

    def request(_: AppSession, state: ClientState | None) -> None:
        heard.append(cast(ClientState, state).query_string)

    ask = reruns.in_turn(request)
    for name in "abc":
        ask(session, ClientState(query_string=name))
    await asyncio.sleep(4 * reruns.AGAIN)
    before = list(heard)
    session._scriptrunner = None
    ask(session, ClientState(query_string="d"))
    while len(heard) < 4:
        await asyncio.sleep(reruns.AGAIN)
    return before, heard


def test_requests_wait_for_a_drawing_that_has_ended_and_keep_their_order() -> None:
    assert asyncio.run(asked(ended=True)) == ([], ["a", "b", "c", "d"])


def test_requests_go_at_once_to_a_drawing_that_goes_on() -> None:
    assert asyncio.run(asked(ended=False)) == (["a", "b", "c"], ["a", "b", "c", "d"])


def test_a_request_that_fails_does_not_hold_up_those_behind_it() -> None:
    heard: list[str] = []

    def request(_: AppSession, state: ClientState | None) -> None:
        name = cast(ClientState, state).query_string
        heard.append(name)
        if name == "bad":
            raise ValueError(name)

    async def ask_all() -> None:
        session: Any = Session(runner(ended=True))
        asyncio.get_running_loop().set_exception_handler(lambda *_: heard.append("raised"))
        ask = reruns.in_turn(request)
        for name in ("bad", "good"):
            ask(session, ClientState(query_string=name))
        session._scriptrunner = None
        while "good" not in heard:
            await asyncio.sleep(reruns.AGAIN)

    asyncio.run(ask_all())
    assert heard == ["bad", "raised", "good"]


def test_a_session_that_is_gone_is_forgotten() -> None:
    async def ask_once() -> None:
        session: Any = Session(None)
        reruns.in_turn(lambda *_: None)(session, ClientState())
        assert session in reruns._waiting

    asyncio.run(ask_once())
    gc.collect()
    assert not any(isinstance(session, Session) for session in reruns._waiting)


def test_streamlit_still_has_what_this_stands_on() -> None:
    assert {"_scriptrunner", "_event_loop"} <= set(AppSession.__init__.__code__.co_names)
    assert ScriptRequests()._state == ScriptRequestType.CONTINUE
