"""The app with one more address, which tells how much of what sessions hold is still there."""

import gc
from pathlib import Path
from typing import Any
from weakref import WeakSet

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit.runtime.app_session import AppSession

import app as whole
from lstm.sampling import Writer
from lstm.ui import health
from lstm.ui.desk import Desk
from lstm.ui.visitor import VisitorCookie


def counted(kind: type) -> "WeakSet[Any]":
    """Everything of a kind that is made from now on, as long as it lives."""
    made, begin = WeakSet[Any](), kind.__init__  # type: ignore[misc]

    def begin_counted(self: object, *values: object, **named: object) -> None:
        begin(self, *values, **named)
        made.add(self)

    kind.__init__ = begin_counted  # type: ignore[misc]
    return made


COUNTED = {kind.__name__: counted(kind) for kind in (AppSession, Desk, Writer)}


def alive(_: Request) -> JSONResponse:
    gc.collect()
    return JSONResponse({name: len(made) for name, made in COUNTED.items()})


# What is there when the server settles is kept for good: here that would be a session.
whole.settle = lambda _: None  # type: ignore[assignment, attr-defined]

app = st.App(
    str(Path(__file__).parents[2] / "lstm" / "ui" / "frame" / "main.py"),
    lifespan=whole.lifespan,
    routes=[Route("/alive", alive), *health.ROUTES],
    middleware=[Middleware(VisitorCookie)],
)
