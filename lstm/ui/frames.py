"""Cookies that last inside a frame of another site, such as a page that embeds this one.

A browser sends a cookie from within such a frame only if it is ``SameSite=None; Secure``, and ever
more of them only if it is ``Partitioned`` as well (CHIPS): kept apart for each site that embeds the
page, so that no other site can act in a visitor's name. All of this needs HTTPS; without it the
cookies stay as they are. Knows nothing of what the cookies mean.
"""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REPLACED = re.compile(r";\s*(?:samesite=[a-z]*|secure|partitioned)(?=\s*(?:;|$))", re.IGNORECASE)
_IN_FRAMES = "; SameSite=None; Secure; Partitioned"


class CookiesInFrames:
    """ASGI middleware that lets every cookie of the app, Streamlit's too, last in a frame."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the next application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; over HTTPS, rewrite the cookies of the answer."""
        if scope["type"] != "http" or not is_secure(scope):
            await self.app(scope, receive, send)
            return

        async def send_for_frames(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [_for_frames(*header) for header in message["headers"]]
            await send(message)

        await self.app(scope, receive, send_for_frames)


def is_secure(scope: Scope) -> bool:
    """Tell whether the browser came over HTTPS, be it only as far as a proxy.

    Whoever sends the proxy's header without a proxy changes nothing but the cookies that they
    get themselves, so it is believed.
    """
    said = Headers(scope=scope).get("x-forwarded-proto", "")
    return scope.get("scheme") == "https" or said.split(",")[0].strip().lower() == "https"


def _for_frames(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() != b"set-cookie":
        return name, value
    return name, (_REPLACED.sub("", value.decode("latin-1")) + _IN_FRAMES).encode("latin-1")
