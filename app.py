"""Charloom's web server: ``streamlit run app.py`` starts the pages and the run scheduler.

Knows nothing of what the pages show.
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from lstm.ui.visitor import VisitorCookie


def _warm_up() -> None:
    """Load what the first visitor will need, while the browser still fetches the page."""
    from lstm.ui import services

    services.warm_up()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the background work with the server and end it with the server."""
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


routes: list[BaseRoute] = []

app = st.App(
    "lstm/ui/main.py",
    lifespan=lifespan,
    routes=routes,
    middleware=[Middleware(GZipMiddleware, compresslevel=5), Middleware(VisitorCookie)],
)
