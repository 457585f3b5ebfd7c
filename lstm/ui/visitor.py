"""Who is asking: an unguessable key that the visitor's browser keeps in a cookie.

There are no accounts. The key is set with the page itself, can't be read by scripts, never
stands in an address and comes back with the websocket's handshake. Knows nothing of runs.
"""

import re
import secrets

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "charloom_visitor"
_YEAR = 365 * 24 * 3600
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")  # what token_urlsafe(32) gives
_NOT_PAGES = ("/favicon", "/_stcore/", "/static/", "/media/", "/component/", "/assets/")


def new_key() -> str:
    """Return a fresh key with 256 random bits."""
    return secrets.token_urlsafe(32)


def is_key(value: object) -> bool:
    """Tell whether a value has the form of a visitor key."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def owner() -> str:
    """Return the visitor's key.

    A browser that keeps no cookies gets a key that lasts as long as its session.
    """
    kept = st.context.cookies.to_dict().get(COOKIE)
    if kept is not None and is_key(kept):
        return kept
    key: str = st.session_state.setdefault("_visitor", new_key())
    return key


class VisitorCookie:
    """ASGI middleware that gives a key to a browser that asks for a page without one."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the next application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the cookie to the answer where it is missing."""
        if not _wants_key(scope):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", _cookie(scope))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _wants_key(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if any(part in scope["path"] for part in _NOT_PAGES):
        return False
    sent = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
    return not is_key(cookie_parser(sent).get(COOKIE))


def base_path() -> str:
    """Return the sub-path that the server is told to live under; empty if it has none."""
    return f"/{str(st.get_option('server.baseUrlPath')).strip('/')}".rstrip("/")


def _cookie(scope: Scope) -> str:
    """Return the cookie as it is without HTTPS; with it, ``frames`` adds to it."""
    path = scope.get("root_path") or base_path() or "/"
    return f"{COOKIE}={new_key()}; Path={path}; Max-Age={_YEAR}; HttpOnly; SameSite=Lax"
