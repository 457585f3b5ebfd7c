"""The views of the room, in the order in which they are offered. One line per view.

A view's module is loaded when it is entered: the room is on the screen before torch is.
"""

from importlib import import_module
from typing import Protocol, cast

from lstm.ui.look.context import Context

VIEWS = {
    "history": "lstm.ui.look.history",
    "next": "lstm.ui.look.next",
    "surprise": "lstm.ui.look.surprise",
    "cells": "lstm.ui.look.cells",
    "gates": "lstm.ui.look.gates",
    "whatif": "lstm.ui.look.whatif",
    "gradients": "lstm.ui.look.gradients",
    "race": "lstm.ui.look.race",
    "attribution": "lstm.ui.look.attribution",
    "horizon": "lstm.ui.look.horizon",
    "trajectory": "lstm.ui.look.trajectory",
    "novelty": "lstm.ui.look.novelty",
}


class View(Protocol):
    """What a view's module has."""

    FORMULAS: tuple[str, ...]
    """LaTeX, one line each."""
    CODE: tuple[object, ...]
    """The functions and classes that did the work: their source is shown."""

    def render(self, context: Context) -> None:
        """Draw what can be done and what is to be seen."""


def view(key: str) -> View:
    """Return a view by its key."""
    return cast(View, import_module(VIEWS[key]))
