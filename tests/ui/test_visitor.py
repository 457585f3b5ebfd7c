"""The key that a browser keeps: who gets one, and that it can't be guessed or read."""

import asyncio
import re

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from lstm.ui.frames import CookiesInFrames
from lstm.ui.visitor import COOKIE, VisitorCookie, is_key, new_key


def cookie_for(path: str, sent: str = "", scheme: str = "http", proxied: str = "") -> str | None:
    """Ask for a page and return the cookie that comes with it."""
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "scheme": scheme,
        "headers": [
            (name, value.encode("latin-1"))
            for name, value in ((b"cookie", sent), (b"x-forwarded-proto", proxied))
            if value
        ],
    }
    app = CookiesInFrames(VisitorCookie(PlainTextResponse("page")))
    asyncio.run(app(scope, receive, send))
    headers: dict[bytes, bytes] = dict(answers[0]["headers"])
    found = headers.get(b"set-cookie")
    return found.decode("latin-1") if found else None


def test_a_new_browser_gets_a_key_that_scripts_cannot_read() -> None:
    cookie = cookie_for("/train") or ""
    assert re.match(rf"{COOKIE}=[A-Za-z0-9_-]{{43}}; Path=/; ", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_a_known_browser_keeps_its_key() -> None:
    assert cookie_for("/runs", f"other=1; {COOKIE}={new_key()}") is None


@pytest.mark.parametrize("forged", ["", "anna", "a" * 42, "a" * 44, "ä" * 43, "a" * 42 + " b"])
def test_what_is_no_key_is_replaced(forged: str) -> None:
    assert cookie_for("/", f"{COOKIE}={forged}") is not None


@pytest.mark.parametrize("path", ["/_stcore/health", "/static/js/a.js", "/media/x", "/favicon.ico"])
def test_only_pages_bring_a_key(path: str) -> None:
    assert cookie_for(path) is None


@pytest.mark.parametrize(
    ("scheme", "proxied"), [("https", ""), ("http", "https"), ("http", "HTTPS, http")]
)
def test_over_https_it_lasts_in_a_frame(scheme: str, proxied: str) -> None:
    cookie = cookie_for("/", scheme=scheme, proxied=proxied) or ""
    assert cookie.endswith("; HttpOnly; SameSite=None; Secure; Partitioned")
    assert cookie.count("SameSite") == 1


@pytest.mark.parametrize("proxied", ["http", "http, https", "nonsense"])
def test_without_https_it_is_one_that_a_browser_takes(proxied: str) -> None:
    assert (cookie_for("/", proxied=proxied) or "").endswith("; SameSite=Lax")


def test_keys_differ() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(is_key(key) for key in keys)
