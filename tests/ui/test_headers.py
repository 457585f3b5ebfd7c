"""What every answer says to the browser, and how the server says that it is well."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import Message

import lstm
from lstm.runs import RunStore
from lstm.ui import headers, health, services
from tests.store_tools import make_run

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    headers.page_policy.cache_clear()
    yield
    headers.page_policy.cache_clear()


def answer(app: object, path: str) -> tuple[int, dict[str, str], bytes]:
    got: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        got.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))  # type: ignore[operator]
    names = {name.decode(): value.decode() for name, value in got[0]["headers"]}
    return got[0]["status"], names, b"".join(part.get("body", b"") for part in got[1:])


def policy(path: str) -> str:
    _, names, _ = answer(headers.Guarded(PlainTextResponse("page")), path)
    assert names["x-content-type-options"] == "nosniff"
    assert names["referrer-policy"] == "same-origin"
    return names["content-security-policy"]


def test_scripts_run_only_from_here_and_nothing_is_fetched_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy("/train").split("; "))
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in rules["script-src"]
    assert "http" not in policy("/train")
    assert "frame-ancestors" not in rules


def test_a_download_is_no_page_of_ours() -> None:
    assert policy("/media/abc.html") == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("'self' https://huggingface.co", "frame-ancestors 'self' https://huggingface.co"),
        ("*; script-src *", "frame-ancestors 'self'"),
        ("x\r\nset-cookie: a=b", "frame-ancestors 'self'"),
    ],
)
def test_who_may_frame_the_page_can_be_set(
    monkeypatch: pytest.MonkeyPatch, said: str, rule: str
) -> None:
    monkeypatch.setenv(headers.ANCESTORS, said)
    assert policy("/").endswith(f"; {rule}")


def test_health_in_numbers(store: RunStore) -> None:
    make_run(store)
    status, names, body = answer(Starlette(routes=[*health.ROUTES]), "/health")
    assert (status, names["cache-control"]) == (200, "no-store")
    told = json.loads(body)
    assert told.pop("free_bytes") > 0
    assert told == {
        "status": "ok", "version": lstm.__version__, "scheduler": "nowhere", "waiting": 1,
        "running": 0,
    }  # fmt: skip


def test_a_store_that_cannot_be_used_is_no_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "charloom.sqlite3").write_bytes(b"nothing that SQLite knows " * 99)
    monkeypatch.setenv("CHARLOOM_DATA", str(tmp_path))
    services.store.clear()
    status, _, body = answer(Starlette(routes=[*health.ROUTES]), "/health")
    assert (status, json.loads(body)["reason"]) == (503, "store_damaged")
    services.store.clear()


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{lstm.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "page"), ("/train", "page"), ("/_stcore/stream", "session"), ("/x/media/a", "download")],
)
def test_of_an_address_only_its_kind_is_told(path: str, kind: str) -> None:
    assert health.kind(path) == kind
