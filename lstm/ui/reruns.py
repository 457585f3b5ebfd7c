"""A request for the next drawing waits until the last one has been taken in.

Streamlit draws in a thread and hands what was drawn to its event loop. If a request comes after a
thread has ended, but before the loop has got to what it left, a new thread takes its place, and
whatever is not from the new one is thrown away: a reply that nobody sees, a button that seems
dead. On a busy server that happened to one request in some thousands. Here such a request steps
back until the loop has got there; later ones of the same visitor wait behind it in order.

It stands on names that Streamlit keeps to itself; its version is pinned, and a test fails if they
change. Knows nothing of pages.
"""

from collections import deque
from collections.abc import Callable
from functools import wraps
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

AGAIN = 0.005
"""Seconds until it is looked again whether the loop has got there."""

Request = Callable[[AppSession, ClientState | None], None]

_waiting: WeakKeyDictionary[AppSession, deque[ClientState | None]] = WeakKeyDictionary()


def install() -> None:
    """Let every visitor's requests wait like this, from now on; once is enough."""
    if not hasattr(AppSession.request_rerun, "__wrapped__"):
        AppSession.request_rerun = in_turn(AppSession.request_rerun)  # type: ignore[assignment, method-assign]


def in_turn(request: Request) -> Request:
    """Return ``AppSession.request_rerun`` with the waiting before it."""

    @wraps(request)
    def ask(session: AppSession, client_state: ClientState | None) -> None:
        line = _waiting.setdefault(session, deque())
        line.append(client_state)
        if len(line) == 1:
            advance(session, line)

    def advance(session: AppSession, line: deque[ClientState | None]) -> None:
        while line:
            if _left_something(session):
                session._event_loop.call_later(AGAIN, advance, session, line)
                return
            try:
                request(session, line[0])
            except BaseException:
                session._event_loop.call_soon(advance, session, line)
                raise
            finally:
                line.popleft()

    return ask


def _left_something(session: AppSession) -> bool:
    """Tell whether a thread has ended whose last words the loop has not taken in."""
    runner = session._scriptrunner
    return runner is not None and runner._requests._state == ScriptRequestType.STOP
