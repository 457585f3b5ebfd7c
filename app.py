"""Charloom's web server: ``streamlit run app.py`` starts the pages and the run scheduler."""

import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from lstm import logs
from lstm.ui import headers, health, outbox, reruns
from lstm.ui.arriving import FirstWords
from lstm.ui.components import liveplot
from lstm.ui.frames import CookiesInFrames
from lstm.ui.settling import settle
from lstm.ui.visitor import VisitorCookie

# Before numpy and torch are loaded: every visitor is a thread here, and if each of them waits for
# a matrix library's own threads as well, two cores beside a training get next to nothing done.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A page tells how long a training takes by a moment of one, in a thread of the server, which can't
# keep what is freed as a training does (``lstm/heap.py``): in large pages it is handed out faster.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def _work(ended: threading.Event) -> None:
    """Load torch and the first network while the browser fetches the page, then do the work.

    While the data folder can't be used, every page says so, and the work waits for it.
    """
    from lstm.scheduler import serve
    from lstm.ui import services

    services.warm_up()
    serve(ended)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the background work with the server and end it with the server."""
    logs.install()
    reruns.install()
    outbox.install()
    ended = threading.Event()
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="work") as threads:
        works = [threads.submit(_work, ended), threads.submit(settle, ended)]
        yield
        ended.set()
        for work in works:
            work.result()


app = st.App(
    "lstm/ui/frame/main.py",
    lifespan=lifespan,
    routes=[*liveplot.ROUTES, *health.ROUTES],
    middleware=[
        Middleware(health.Observed),
        Middleware(headers.Guarded),
        Middleware(CookiesInFrames),
        Middleware(GZipMiddleware, compresslevel=5),
        Middleware(VisitorCookie),
        Middleware(FirstWords),
    ],
)
