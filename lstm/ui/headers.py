"""What the browser is told about the page's answers: whom to trust, and what not to tell others.

Scripts run only if they come from here; nothing is fetched from elsewhere, so a text that looked
like a page could reach nobody. Knows nothing of cookies, nor of what is on the page.
"""

import base64
import hashlib
import os
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANCESTORS = "CHARLOOM_FRAME_ANCESTORS"
"""Variable with the sites that may show the page in a frame; all may if it is not set."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # the address of a shared run is what opens it
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_DOWNLOADS = "sandbox; default-src 'none'"
"""A file that was made of a visitor's text is no page of ours, even if somebody opens it."""

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_SITES = re.compile(r"['A-Za-z0-9.:/*\- ]{1,1000}")


class Guarded:
    """ASGI middleware that puts the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the next application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = _DOWNLOADS if "/media/" in scope["path"] else page_policy()

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers["Content-Security-Policy"] = policy
            await send(message)

        await self.app(scope, receive, send_guarded)


@cache
def page_policy() -> str:
    """Return what a page may do.

    Styles may stand in the page, since Streamlit writes them there; scripts may not, but for
    Streamlit's own, which is named by its hash. Components come as blobs that its scripts make.
    """
    rules = [
        "default-src 'self'",
        f"script-src 'self' blob: {' '.join(_own_scripts())}".rstrip(),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
    sites = os.environ.get(ANCESTORS, "").strip()
    if sites and _SITES.fullmatch(sites):
        rules.append(f"frame-ancestors {sites}")
    elif sites:
        rules.append("frame-ancestors 'self'")  # what can't be read allows nobody else
    return "; ".join(rules)


def _own_scripts() -> list[str]:
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    digests = (hashlib.sha256(script.encode("utf-8")).digest() for script in _INLINE.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests]
