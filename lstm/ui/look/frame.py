"""The frame of a view: its question, what to do, what to see; formula, code and downloads.

Knows nothing of what a view computes.
"""

import csv
import inspect
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, TypeVar, cast

import streamlit as st

from lstm.errors import CharloomError
from lstm.ui import address, blocks
from lstm.ui.components.liveplot import Plot, figure_json, live_plot
from lstm.ui.language import language, t
from lstm.ui.look import jobs
from lstm.ui.look.context import Context, digest
from lstm.ui.look.views import view

TICK = 0.4
"""Seconds between two looks at work that goes on in the background."""

_JOBS = "_look_jobs"
_STOPPED = "_look_stopped"
_STOPPED_KEPT = 4
REDRAW = "_look_redraw"
"""In the session: a button inside of what ticks has changed something outside of it."""

_Part = TypeVar("_Part")


def draw(key: str, context: Context) -> None:
    """Draw a view with everything around it.

    Args:
        key: One of ``views.VIEWS``.
        context: The network and the text.
    """
    said = view(key)
    space = f"look_{key}"
    # What the visitor looked at before needs not go on; if it is looked at again, it does.
    jobs.leave(st.session_state.pop(_JOBS, ()))
    do, see = escape(t(f"{space}.do")), escape(t(f"{space}.see"))
    st.html(blocks.title_html(t(f"{space}.title"), level=2))
    st.html(f'<p class="charloom-do">{do}</p><p class="charloom-see">{see}</p>')
    try:
        said.render(context)
    except CharloomError as error:
        blocks.alert(error.text(language()), "info")
    with st.expander(t("look.formula")):
        st.html(f"<p>{escape(t(f'{space}.formula'))}</p>")
        for formula in said.FORMULAS:
            st.latex(formula)
    with st.expander(t("look.code")):
        for part in said.CODE:
            st.code(inspect.getsource(cast(Any, part)), language="python")


def plot(
    figure: Mapping[str, Any],
    *,
    key: str,
    title: str,
    height: int,
    summary: str = "",
    table: Sequence[Sequence[str]] = (),
) -> None:
    """Draw a Plotly figure that can be saved.

    Args:
        figure: ``data`` and ``layout``; text, grid and background get the theme's colours.
        key: Names the place on the page, and the file of a saved picture.
        title: What it shows, for screen readers.
        height: Pixels.
        summary: What can be read from it, for screen readers.
        table: Its most telling numbers, the head first, for screen readers.
    """
    words = {"reset": t("charts.reset"), "failed": t("charts.failed")}
    words |= {"png": t("look.tinted.png"), "svg": t("look.tinted.svg")}
    ready = Plot(figure_json(figure), title, summary, table)
    live_plot(ready, key=f"plot-{key}", height=height, words=words, file=f"charloom-{key}")


def numbers(name: str, head: Sequence[str], rows: Callable[[], Iterable[Sequence[object]]]) -> None:
    """Offer the numbers behind a figure as a CSV file.

    Args:
        name: Of the file, without its ending.
        head: Names of the columns.
        rows: Returns the rows; asked when the file is wanted.
    """
    st.download_button(
        t("look.csv"),
        data=lambda: csv_bytes(head, rows()),
        file_name=f"charloom-{name}.csv",
        mime="text/csv",
        key=f"csv-{name}",
        on_click="ignore",
    )


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV in UTF-8, with the mark that spreadsheets know it by.

    A text that a spreadsheet would take for a formula gets a quote before it.
    """
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\r\n")
    for row in itertools.chain([head], rows):
        writer.writerow([_harmless(cell) for cell in row])
    return page.getvalue().encode("utf-8-sig", "replace")


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and (cell[:1] == "\t" or cell.lstrip()[:1] in tuple("=+-@")):
        return f"'{cell}"
    return cell


def in_background(
    context: Context,
    name: str,
    work: Callable[[], Iterator[_Part]],
    show: Callable[[_Part], None],
    *settings: object,
) -> None:
    """Do longer work in the background, show what there is of it, offer to cancel it.

    Args:
        context: The network and the text: with the settings, they name the work.
        name: Of the work.
        work: Yields better and better results; one with a ``share`` tells how much is done.
        show: Draws a result.
        *settings: All else that the result depends on.
    """
    key = (name, context.network, digest(context.spelled), repr(settings))
    stopped = st.session_state.get(_STOPPED, {})
    if key in stopped:
        _halted(key)
        if stopped[key] is not None:
            show(stopped[key])
        return
    over = jobs.job(key, work).over
    st.session_state.setdefault(_JOBS, []).append(key)
    st.fragment(_watch, run_every=None if over else TICK)(key, work, show, over=over)


def _watch(
    key: tuple[str, ...],
    work: Callable[[], Iterator[object]],
    show: Callable[[Any], None],
    *,
    over: bool,
) -> None:
    """Draw the state of a job: the body of one tick."""
    if key in st.session_state.get(_STOPPED, {}):
        address.redraw("view")
    now = jobs.job(key, work)
    if (now.over and not over) or st.session_state.pop(REDRAW, False):
        address.redraw("view")  # the ticking ends, or what was done here shows elsewhere, too
    if not now.is_whole:
        _progress(key, now)
    if now.latest is not None:
        show(now.latest)


def _progress(key: tuple[str, ...], now: jobs.Job) -> None:
    if now.over:
        if now.error is not None:
            if not isinstance(now.error, CharloomError):
                raise now.error
            blocks.alert(now.error.text(language()), "info")
        return
    share = float(getattr(now.latest, "share", 0.0) or 0.0)
    st.html(blocks.progress_html(max(share, 0.02), t("look.working")))
    st.button(t("look.cancel"), key=f"cancel-{key[0]}", on_click=_stop, args=(key, now))


def _stop(key: tuple[str, ...], now: jobs.Job) -> None:
    """Let a visitor do without the rest; others who wait for the same still get it."""
    stopped: dict[tuple[str, ...], object] = st.session_state.setdefault(_STOPPED, {})
    stopped[key] = now.latest
    for old in list(stopped)[:-_STOPPED_KEPT]:
        del stopped[old]
    jobs.leave([key])


def _halted(key: tuple[str, ...]) -> None:
    """Say that this visitor stopped the work, and offer to take it up again."""
    stopped = st.session_state[_STOPPED]
    with st.container(horizontal=True, vertical_alignment="center"):
        blocks.alert(t("look.cancelled"), "info")
        said = t("look.again")
        st.button(said, key=f"again-{key[0]}", on_click=stopped.__delitem__, args=(key,))


def windowed(context: Context) -> None:
    """Say that a network of the classic recipe is read here as it was never trained."""
    if context.window is not None:
        st.caption(t("look.windowed", window=context.window))


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Draw names and numbers side by side."""
    st.html(blocks.facts_html(pairs))
