"""A page that is open in nobody's browser: the page's protocol, spoken as a browser speaks it.

A tab has the cookies that the server gave it, knows the elements that the server sent, runs the
timers that the server asked for, and sends what a visitor changes together with the state of all
other widgets. It draws nothing and runs no component's script. Knows nothing of rooms.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

PATIENCE = 30.0
"""Seconds after which an answer is taken for lost."""

_VISITOR = "charloom_visitor"
_XSRF = "_streamlit_xsrf"
_WRONG = 'class="charloom-alert error"'
_CACHED = 200  # messages that a tab remembers, so that the server need not send them again

Heard = Callable[[ForwardMsg], bool]


class Unanswered(Exception):  # noqa: N818 - what happened, not whose mistake
    """The server did not answer in time, or hung up."""


class Late(Unanswered):
    """The server did not answer in time."""


@dataclass(frozen=True)
class Shown:
    """An element on the page, and the part of the page that runs when it changes."""

    element: Element
    fragment: str


@dataclass
class Traffic:
    """What went through the wire so far.

    Attributes:
        received: Bytes of all messages.
        ticks: Seconds until each run was answered that a timer had asked for.
        errors: What went wrong, a line each.
        again: Requests that were made anew because no answer came.
    """

    received: int = 0
    again: int = 0
    ticks: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@asynccontextmanager
async def tab(url: str, key: str | None = None) -> AsyncIterator["Tab"]:
    """Open a tab with nothing on it yet; it is closed at the end of the block.

    Args:
        url: The server's address, without a path.
        key: The visitor's key; default: a new visitor, who gets one with the page.
    """
    cookies = await asyncio.to_thread(_cookies, url, key)
    async with connect(
        url.replace("http", "ws", 1) + "/_stcore/stream",
        origin=Origin(url),
        subprotocols=[Subprotocol("streamlit"), Subprotocol(cookies[_XSRF])],
        additional_headers={"Cookie": _header(cookies)},
        max_size=None,
        open_timeout=PATIENCE,
        compression=None,
    ) as connection:
        opened = Tab(connection, cookies[_VISITOR])
        reading = asyncio.create_task(opened.read())
        try:
            yield opened
        finally:
            opened.leave()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


class Tab:
    """See ``tab``.

    Args:
        connection: To the server.
        key: The visitor's key.
    """

    def __init__(self, connection: ClientConnection, key: str) -> None:
        """Show nothing yet."""
        self.key, self.traffic, self.query = key, Traffic(), ""
        self._connection = connection
        self._shown: dict[tuple[int, ...], Shown] = {}
        self._fresh: set[tuple[int, ...]] = set()
        self._fragments: set[str] = set()
        self._states: dict[str, WidgetState] = {}
        self._known: dict[str, ForwardMsg] = {}
        self._pages: dict[str, str] = {}
        self._page = ""
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._ticked: dict[str, float] = {}
        self._early: dict[str, float] = {}
        self._waiting: list[tuple[Heard, asyncio.Future[float]]] = []
        self._left = False

    # ---- what a visitor does ------------------------------------------------------------------

    async def go(self, page: str, query: str = "") -> float:
        """Go to a room by its address; return the seconds until it is drawn.

        Raises:
            Unanswered: It was not drawn.
        """
        self._stop_timers()
        self._states.clear()
        self.query, self._page = query, self._pages.get(page, "")
        began, drawn = time.monotonic(), self.expect(_is_whole_run)
        await self._run(page=page)
        return await drawn - began

    async def change(
        self, shown: Shown, value: str, heard: Heard, patience: float = PATIENCE
    ) -> float:
        """Let a component have a new state; return the seconds until it is answered.

        Args:
            shown: The component.
            value: Its state, as JSON.
            heard: Tells whether a message is the answer.
            patience: Seconds after which it is taken for lost.

        Raises:
            Unanswered: No such message came.
        """
        name = shown.element.bidi_component.id
        self._states[name] = WidgetState(id=name, json_value=value)
        began, answered = time.monotonic(), self.expect(heard, patience)
        await self._run(shown.fragment)
        return await answered - began

    def expect(self, heard: Heard, patience: float = PATIENCE) -> Awaitable[float]:
        """Wait from now on for a message; return when it came, by the monotonic clock.

        Raises:
            Unanswered: It did not come.
        """
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append((heard, answer))
        return _in_time(answer, patience)

    def component(self, name: str) -> Shown | None:
        """Return the component of this name, if it is on the page."""
        return next((one for one in self._shown.values() if _component(one.element) == name), None)

    @property
    def timers(self) -> int:
        """How many parts of the page draw themselves anew from time to time."""
        return len(self._timers)

    def leave(self) -> None:
        """Do nothing more: the tab is about to be closed."""
        self._left = True
        self._stop_timers()

    # ---- what the server says -----------------------------------------------------------------

    async def read(self) -> None:
        """Take in whatever the server sends, until one of both hangs up."""
        try:
            async for data in self._connection:
                if isinstance(data, bytes):
                    self.traffic.received += len(data)
                    self._take(self._whole(ForwardMsg.FromString(data)))
        except ConnectionClosed:
            self._left = True
        finally:
            if not self._left:
                self.traffic.errors.append("the server hung up")
            for _, answer in self._waiting:
                answer.cancel()

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        """Return a message that the server only named, because it was sent before."""
        if message.WhichOneof("type") == "ref_hash":
            whole = ForwardMsg()
            whole.CopyFrom(self._known[message.ref_hash])
            whole.metadata.CopyFrom(message.metadata)
            return whole
        if message.metadata.cacheable:
            self._known[message.hash] = message
            if len(self._known) > _CACHED:
                del self._known[next(iter(self._known))]
        return message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._fresh, self._fragments = set(), set(message.metadata.run.fragment_ids)
            self._count_early()
            self._page = message.new_session.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._show(message)
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash
            self._pages = {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
            }
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_timer(fragment)
        elif kind == "script_finished":
            self._finish(message)
        self._tell(message)

    def _show(self, message: ForwardMsg) -> None:
        element, path = message.delta.new_element, tuple(message.metadata.delta_path)
        self._shown[path] = Shown(element, message.delta.fragment_id)
        self._fresh.add(path)
        if element.WhichOneof("type") == "exception":
            self.traffic.errors.append(element.exception.message)
        elif element.WhichOneof("type") == "html" and _WRONG in element.html.body:
            self.traffic.errors.append(element.html.body)

    def _finish(self, message: ForwardMsg) -> None:
        """Take away what the run that has ended did not draw again."""
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self._early = dict.fromkeys(self._fragments, time.monotonic())
            return
        whole = not self._fragments
        for path, one in list(self._shown.items()):
            if path not in self._fresh and (whole or one.fragment in self._fragments):
                del self._shown[path]
        present = {_id(one.element) for one in self._shown.values()}
        self._states = {name: state for name, state in self._states.items() if name in present}
        for fragment, asked in list(self._ticked.items()):
            if whole or fragment in self._fragments:
                self.traffic.ticks.append(time.monotonic() - asked)
                del self._ticked[fragment]

    def _count_early(self) -> None:
        """Count what ended before another run began: what it drew came, unless that draws it anew.

        Streamlit says of every run that it ended early whose end was not sent before the next one
        began.
        """
        for fragment, ended in self._early.items():
            if self._fragments and fragment not in self._fragments and fragment in self._ticked:
                self.traffic.ticks.append(ended - self._ticked.pop(fragment))
        self._early = {}

    def _tell(self, message: ForwardMsg) -> None:
        now, waiting = time.monotonic(), self._waiting
        self._waiting = [(heard, answer) for heard, answer in waiting if not answer.done()]
        for heard, answer in self._waiting:
            if heard(message):
                answer.set_result(now)

    # ---- what the tab says --------------------------------------------------------------------

    async def _run(self, fragment: str = "", page: str = "", *, by_timer: bool = False) -> None:
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash = self.query, self._page
        run.page_name, run.fragment_id, run.is_auto_rerun = page, fragment, by_timer
        run.cached_message_hashes.extend(self._known)
        run.widget_states.widgets.extend(self._states.values())
        run.context_info.timezone, run.context_info.locale = "UTC", "en-US"
        try:
            await self._connection.send(message.SerializeToString())
        except ConnectionClosed as error:
            raise Unanswered("the connection is closed") from error

    def _start_timer(self, fragment: str, interval: float) -> None:
        if fragment in self._timers and self._timers[fragment][0] == interval:
            return
        self._stop_timer(fragment)
        self._timers[fragment] = interval, asyncio.create_task(self._tick(fragment, interval))

    async def _tick(self, fragment: str, interval: float) -> None:
        due = time.monotonic()
        while True:
            due += interval
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._ticked.setdefault(fragment, time.monotonic())
            await self._run(fragment, by_timer=True)

    def _stop_timer(self, fragment: str) -> None:
        if fragment in self._timers:
            self._timers.pop(fragment)[1].cancel()
        self._ticked.pop(fragment, None)

    def _stop_timers(self) -> None:
        for fragment in list(self._timers):
            self._stop_timer(fragment)


async def _in_time(answer: asyncio.Future[float], patience: float) -> float:
    try:
        return await asyncio.wait_for(answer, patience)
    except TimeoutError as error:
        raise Late(f"no answer within {patience:g} s") from error


def _is_whole_run(message: ForwardMsg) -> bool:
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    )


def _component(element: Element) -> str:
    one = element.WhichOneof("type") == "bidi_component"
    return element.bidi_component.component_name if one else ""


def _id(element: Element) -> str:
    name = getattr(getattr(element, element.WhichOneof("type") or "", None), "id", "")
    return name if isinstance(name, str) else ""


def _cookies(url: str, key: str | None) -> dict[str, str]:
    """Fetch the page and what a browser asks for next; return the cookies that come with them."""
    cookies = {} if key is None else {_VISITOR: key}
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        connection.request("GET", path, headers={"Cookie": _header(cookies)})
        answer = connection.getresponse()
        answer.read()
        for name, value in answer.headers.items():
            if name.lower() == "set-cookie":
                cookies |= {morsel.key: morsel.value for morsel in SimpleCookie(value).values()}
    connection.close()
    return cookies


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
