"""Charloom's web server: ``streamlit run app.py`` starts the pages and the run scheduler."""

import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from lstm.errors import StoreError
from lstm.ui.arriving import FirstWords
from lstm.ui.components import liveplot
from lstm.ui.frames import CookiesInFrames
from lstm.ui.visitor import VisitorCookie

if TYPE_CHECKING:
    from lstm.scheduler import Scheduler


def _begin() -> "Scheduler | None":
    """Load torch and the first network while the browser fetches the page, then do the work.

    Returns:
        The scheduler, at work; None if the data folder can't be used, as every page will say.
    """
    from lstm.runs import RunStore
    from lstm.scheduler import Scheduler
    from lstm.ui import services

    services.warm_up()
    try:
        scheduler = Scheduler(RunStore())
    except StoreError as error:
        logging.getLogger("charloom").error("%s", error)
        return None
    scheduler.start()
    return scheduler


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the background work with the server and end it with the server."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="warm-up") as thread:
        begun = thread.submit(_begin)
        yield
        scheduler = begun.result()
        if scheduler is not None:
            scheduler.stop()


app = st.App(
    "lstm/ui/frame/main.py",
    lifespan=lifespan,
    routes=liveplot.ROUTES,
    middleware=[
        Middleware(CookiesInFrames),
        Middleware(GZipMiddleware, compresslevel=5),
        Middleware(VisitorCookie),
        Middleware(FirstWords),
    ],
)
