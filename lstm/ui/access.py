"""Who may see a run and who may change it: the one place that decides.

A run is its owner's alone. By its id nobody else sees it, and is told what is told of a run that
does not exist. A link that its owner made shows it to whoever has the link, and changes nothing.
Every id and every link comes from a browser, so both are looked at anew at each use. Knows
nothing of what is shown.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from lstm.errors import StoreError
from lstm.records import Run
from lstm.ui.services import owner, store

Kind = Literal["run", "shared"]

_ID = re.compile(r"[0-9A-Za-z]{1,40}")


@dataclass(frozen=True)
class Ticket:
    """What a visitor wants to see a run by, as it stands in the address.

    Attributes:
        kind: ``run`` for one of the visitor's own, ``shared`` for one by its link.
        value: The run's id, or the link's token. Unchecked.
    """

    kind: Kind
    value: str

    @property
    def is_own(self) -> bool:
        """Whether it opens runs of the visitor's own only."""
        return self.kind == "run"

    @property
    def address(self) -> dict[str, str]:
        """What a page's address carries to show the same run."""
        return {self.kind: self.value}

    def see(self) -> Run:
        """Return the run as it is now, an own one also if it is deleted.

        Raises:
            StoreError: There is no such run for this visitor, or the link is none any more.
        """
        return own(self.value) if self.is_own else store().shared(self.value)


def own(run_id: str) -> Run:
    """Return a run of the visitor's own, deleted ones included.

    Raises:
        StoreError: There is none, or it is somebody else's, which nobody is told.
    """
    if _ID.fullmatch(run_id):
        run = store().run(run_id)
        if run.owner == owner():
            return run
    raise StoreError("unknown_run")


def only_known(asked: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return what was asked for and had been offered: a browser may send anything."""
    offered = frozenset(known)
    return tuple(dict.fromkeys(one for one in asked if one in offered))


def ask(act: Callable[..., object], run_id: str, *values: float) -> None:
    """Ask something of a run of the visitor's own.

    Args:
        act: A method of the store that takes the run's id first.
        run_id: The run. Unchecked.
        *values: What else the method takes.

    Raises:
        CharloomError: There is no such run of theirs, or the store refuses.
    """
    act(own(run_id).id, *values)


def link(token: str) -> str:
    """Return the whole address of a shared run, as the visitor's browser would spell it."""
    here = urlsplit(st.context.url or "/")
    folder = here.path.rpartition("/")[0]
    return urlunsplit((here.scheme, here.netloc, f"{folder}/train", f"shared={token}", ""))
