"""A real server for each module, a real Chromium for the session, and no error goes unnoticed.

A test asks for ``open_page`` and gets a page in the language, theme and size that it names. When
the test ends, any error on the page's console or uncaught in its scripts fails it.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOOKED_FOR = ("/_stcore/health", "/_stcore/host-config")
LOCALES = {"en": "en-US", "zh": "zh-CN"}
PATIENCE = 60_000
"""Milliseconds that a test waits for something to appear: a bound, not an expectation."""


@dataclass(frozen=True)
class Server:
    """A running server with a data folder of its own."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]
    log: Path


class OpenPage(Protocol):
    """Opens the page in a browser that has never been here."""

    def __call__(
        self,
        path: str = "/",
        *,
        language: str = "en",
        theme: str = "light",
        size: tuple[int, int] = (1440, 900),
    ) -> Page: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_server(data: Path, port: int | None = None, below: str = "") -> Server:
    """Start ``streamlit run app.py``, maybe below a path, and wait until it answers."""
    port = port or free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / "server.log"
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *("--server.port", str(port), "--server.address", "127.0.0.1"),
        *("--server.headless", "true"),
    ]
    environment = {
        **os.environ,
        "CHARLOOM_DATA": str(data / "store"),
        "STREAMLIT_SERVER_BASE_URL_PATH": below,
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}/{below}".rstrip("/")
    server = Server(address, data / "store", process, log)
    _wait_until_healthy(server)
    return server


def stop_server(server: Server) -> None:
    server.process.terminate()
    server.process.wait(30)


def _wait_until_healthy(server: Server) -> None:
    for _ in range(600):
        if server.process.poll() is not None:
            raise RuntimeError(server.log.read_text("utf-8"))
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health") as answer:
                if answer.status == 200:
                    return
        except urllib.error.URLError:
            time.sleep(0.1)
    stop_server(server)
    raise RuntimeError("The server did not start:\n" + server.log.read_text("utf-8"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    stop_server(running)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium if there is one, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


def launch(kind: BrowserType, *arguments: str) -> Browser:
    system = Path(os.environ.get("CHARLOOM_CHROMIUM", "/usr/bin/chromium"))
    return kind.launch(
        executable_path=system if system.exists() else None, args=[*ARGUMENTS, *arguments]
    )


@pytest.fixture
def open_page(server: Server, chromium: Browser) -> Iterator[OpenPage]:
    errors: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # Opened below a room's address, Streamlit's page first looks for its server there.
        looking = message.location["url"].endswith(LOOKED_FOR)
        if message.type == "error" and not looking:
            errors.append(message.text)

    def open_one(
        path: str = "/",
        *,
        language: str = "en",
        theme: str = "light",
        size: tuple[int, int] = (1440, 900),
    ) -> Page:
        context = chromium.new_context(
            base_url=server.url,
            locale=LOCALES[language],
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": size[0], "height": size[1]},
            has_touch=size[0] < 600,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []
