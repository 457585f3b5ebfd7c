"""For the operator: how the server is, as JSON, and a line in its log for what is asked of it.

Neither says anything of what somebody wrote, nor who or where they are: of an address only its
kind is told. Knows nothing of the rooms.
"""

import logging
import time
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lstm import __version__
from lstm.errors import StoreError
from lstm.ui.services import store
from lstm.ui.visitor import base_path

_log = logging.getLogger("charloom.server")

_KINDS = (
    ("/_stcore/stream", "session"),
    ("/_stcore/upload_file", "upload"),
    ("/_stcore/", "probe"),
    ("/health", "probe"),
    ("/media/", "download"),
    ("/static/", "file"),
    ("/assets/", "file"),
    ("/component/", "file"),
)


def kind(path: str) -> str:
    """Return what an address leads to, in a word."""
    return next((word for part, word in _KINDS if part in path), "page")


def _answer(_: Request) -> Response:
    """Tell how the server is; a plain function, so that it may wait for the disk."""
    try:
        signs = store().signs()
    except StoreError as error:
        told = {"status": "unusable", "version": __version__, "reason": error.key}
        return JSONResponse(told, 503, {"Cache-Control": "no-store"})
    told = {"status": "ok", "version": __version__, **asdict(signs)}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


# Below the sub-path that the app lives under, and nowhere else: Streamlit's own /_stcore/health
# brings the cookie without which no file can be uploaded.
ROUTES = tuple(Route(path, _answer) for path in dict.fromkeys(("/health", f"{base_path()}/health")))
"""To be listed in ``st.App(routes=...)``."""


class Observed:
    """ASGI middleware that logs every page, and whatever is refused or fails."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the next application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            _note(kind(scope["path"]), status, time.monotonic() - began)


def _note(what: str, status: int, seconds: float) -> None:
    """Log a request. Probes fail by design: a page below a room's address looks for its server."""
    if what == "page" or (status >= 400 and (what != "probe" or status >= 500)):
        facts = {"kind": what, "status": status, "milliseconds": round(1000 * seconds)}
        level = logging.WARNING if status >= 500 else logging.INFO
        _log.log(level, "request", extra={"facts": facts})
