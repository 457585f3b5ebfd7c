"""What stands there before the app does: its name and what it is, in the page itself.

The app's scripts take seconds on a slow line, and until they run the page is empty. This puts a
few words, in the visitor's language, into the page's own HTML; the app covers them when it has
drawn its header. Knows nothing of the rooms.
"""

import html
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lstm.messages import LANGUAGES, Language, text
from lstm.ui.language import COOKIE

_WORDS = Template((Path(__file__).parent / "arriving.html").read_text("utf-8"))
_HELD_BACK = {b"if-none-match", b"if-modified-since", b"range", b"accept-encoding"}
"""The page is asked for whole, as its tag and date are those of Streamlit's file, not of these
words, and as text: it is packed further out."""


class FirstWords:
    """ASGI middleware that adds the first words to every page."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the next application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; where the answer is a page, put the words into it."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        begun: list[Message] = []
        parts: list[bytes] = []

        async def send_with_words(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                begun.append(message)
            elif message["type"] == "http.response.body" and begun:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await send_page(begun[0], b"".join(parts))
            else:
                await send(message)

        async def send_page(start: Message, page: bytes) -> None:
            spoken = spoken_language(scope)
            page = with_words(page.decode("utf-8"), spoken).encode("utf-8")
            headers = MutableHeaders(scope=start)
            for name in ("etag", "last-modified"):
                del headers[name]
            headers["content-length"] = str(len(page))
            headers["content-language"] = spoken
            headers.add_vary_header("Accept-Language")
            headers.add_vary_header("Cookie")
            await send(start)
            await send({"type": "http.response.body", "body": page})

        headers = [(name, value) for name, value in scope["headers"] if name not in _HELD_BACK]
        await self.app({**scope, "headers": headers}, receive, send_with_words)


def with_words(page: str, spoken: Language) -> str:
    """Return Streamlit's page with the first words in it."""
    keys = {"name": "common.name", "what": "write.sentence", "arriving": "common.arriving"}
    words = {name: html.escape(text(key, spoken)) for name, key in keys.items()}
    tag = "zh-Hans" if spoken == "zh" else spoken
    for old, new in (
        ('<html lang="en">', f'<html lang="{tag}">'),
        ("<title>Streamlit</title>", f"<title>{words['name']}</title>"),
        ('<div id="root">', f'{_WORDS.substitute(words)}<div id="root">'),
    ):
        page = page.replace(old, new, 1)
    return page


def spoken_language(scope: Scope) -> Language:
    """Return the language that the app will speak too: address, then cookie, then browser."""
    headers = Headers(scope=scope)
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [])
    kept = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    for wish in (*asked[:1], kept):
        for known in LANGUAGES:
            if wish == known:
                return known
    return "zh" if headers.get("accept-language", "").lower().startswith("zh") else "en"


def _is_page(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return start["status"] == 200 and headers.get("content-type", "").startswith("text/html")
