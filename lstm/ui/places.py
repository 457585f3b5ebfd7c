"""Where trainings run: the machine of one run, the whole cluster, and what to do without it.

Where no cluster is used there is nothing of this on any page. Knows nothing of how a cluster is
reached.
"""

import math
from collections.abc import Callable

import streamlit as st

from lstm.machines import ANYWHERE, HERE, Cluster
from lstm.records import Run, RunState
from lstm.ui import blocks
from lstm.ui.blocks import alert
from lstm.ui.language import t
from lstm.ui.services import store

_Do = Callable[[Callable[[str], Run], str], None]


def facts(run: Run) -> list[tuple[str, str]]:
    """Say where a run trains, or trained last; nothing where there is no choice."""
    if store().cluster() is None and not run.place:
        return []
    return [(t("cluster.place"), _place(run))]


def _place(run: Run) -> str:
    if run.place and run.place != ANYWHERE:
        return run.place
    if run.place == ANYWHERE:
        return t("cluster.anywhere")
    waits = run.place is None and run.state == RunState.QUEUED
    return t("cluster.not_yet") if waits else t("cluster.here")


def outage(run: Run, do: _Do) -> None:
    """Say of a waiting run that the cluster is out of reach, and offer the server itself.

    Args:
        run: One of the visitor's own.
        do: Asks something of a run, as the room does it.
    """
    if not is_without_machine(run):
        return
    alert(t("cluster.away"), "warning")
    st.button(
        t("cluster.train_here"),
        key=f"here-{run.id}",
        on_click=do,
        args=(store().train_here, run.id),
    )


def is_without_machine(run: Run) -> bool:
    """Tell whether a run waits for a cluster that is out of reach."""
    if run.state != RunState.QUEUED or run.place == HERE:
        return False
    cluster = store().cluster()
    return cluster is not None and not cluster.reached


def view() -> None:
    """Draw the machines, what is free on them, and how many trainings wait."""
    cluster = store().cluster()
    if cluster is None:
        return
    with st.expander(t("cluster.title"), key="cluster"):
        if not cluster.reached:
            alert(t("cluster.away"), "warning")
        st.html(blocks.facts_html(_sums(cluster)))
        st.html(blocks.table_html(t("cluster.machines"), _rows(cluster)))


def _sums(cluster: Cluster) -> list[tuple[str, str]]:
    signs = store().signs()
    free = [
        (t("cluster.free_cpus"), _of(cluster.free_cpus, cluster.cpus)),
        (t("cluster.free_gpus"), _of(cluster.free_gpus, cluster.gpus)),
    ]
    return [
        *(free if cluster.reached else []),
        (t("cluster.running"), str(signs.running)),
        (t("cluster.waiting"), str(signs.waiting)),
    ]


def _rows(cluster: Cluster) -> list[list[str]]:
    here = store().trainings_by_place()
    head = [t(f"cluster.{name}") for name in ("machine", "cpus", "gpus", "running")]
    machines = [
        [one.name, f"{one.cpus:g}", f"{one.gpus:g}", str(here.get(one.name, 0))]
        for one in cluster.machines
    ]
    local = sum(count for place, count in here.items() if not place)
    return [head, *machines, *([[t("cluster.here"), "", "", str(local)]] if local else [])]


def _of(free: float, all_: float) -> str:
    return t("cluster.of", free=math.floor(free), all=f"{all_:g}")
