"""The first words: in Streamlit's own page, in the visitor's language, and always fresh."""

import asyncio
from pathlib import Path

import pytest
import streamlit
from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse
from starlette.types import ASGIApp, Message

from lstm.messages import Language, text
from lstm.ui.arriving import FirstWords
from lstm.ui.language import COOKIE

PAGE = Path(streamlit.__file__).parent / "static" / "index.html"


def ask(app: ASGIApp | None = None, query: str = "", **sent: str) -> tuple[int, Headers, bytes]:
    """Ask for Streamlit's page, or another application's answer, as a browser does."""
    answers: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()  # the browser waits for its answer
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    headers = {"accept": "text/html,*/*;q=0.8", **sent}
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }
    asyncio.run(FirstWords(app or FileResponse(PAGE))(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in answers[1:])
    return answers[0]["status"], Headers(raw=answers[0]["headers"]), body


@pytest.mark.parametrize(
    ("query", "sent", "language"),
    [
        ("", {}, "en"),
        ("", {"accept_language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh"),
        ("", {"accept_language": "de"}, "en"),
        ("", {"cookie": f"other=1; {COOKIE}=zh"}, "zh"),
        ("", {"cookie": f"{COOKIE}=en", "accept_language": "zh"}, "en"),
        ("rng=5&lang=zh", {"cookie": f"{COOKIE}=en"}, "zh"),
        ("lang=xx&lang=zh", {"cookie": f"{COOKIE}=<script>"}, "en"),
    ],
)
def test_it_speaks_as_the_app_will(query: str, sent: dict[str, str], language: Language) -> None:
    _, headers, body = ask(None, query, **sent)
    page = body.decode("utf-8")
    for key in ("common.name", "write.sentence", "common.arriving"):
        assert f">{text(key, language)}</p>" in page
    assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in page
    assert f"<title>{text('common.name', language)}</title>" in page
    assert headers["content-language"] == language
    assert int(headers["content-length"]) == len(body)


def test_they_stand_before_the_app_in_streamlits_own_page() -> None:
    page = ask()[2].decode("utf-8")
    assert page.index('class="charloom-arriving"') < page.index('<div id="root">')
    assert page.count("<script") == PAGE.read_text("utf-8").count("<script")


def test_an_older_page_is_never_taken_for_this_one() -> None:
    tag = FileResponse(PAGE, stat_result=PAGE.stat()).headers["etag"]
    status, headers, body = ask(None, if_none_match=tag, range="bytes=0-9")
    assert (status, len(body) > 1000) == (200, True)
    assert not {"etag", "last-modified"} & set(headers)
    assert {"Accept-Language", "Cookie"} <= set(headers["vary"].split(", "))


def test_other_answers_stay_as_they_are() -> None:
    assert ask(PlainTextResponse('<div id="root">'))[2] == b'<div id="root">'
    missing = FileResponse(PAGE, status_code=404)
    assert ask(missing)[2] == PAGE.read_bytes()
    assert ask(None, accept="*/*")[2] == PAGE.read_bytes()
