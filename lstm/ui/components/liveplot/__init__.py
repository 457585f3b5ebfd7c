"""Live charts: one Plotly instance per place on the page, kept alive while its data changes.

``st.plotly_chart`` replaces its DOM node whenever its data changes, which flickers and forgets
the zoom. This component hands the figure to ``Plotly.react`` inside one node instead. plotly.js
is the bundle of the installed ``plotly`` package, sent by the route below, so that it can be
cached for good and nothing is fetched from elsewhere. Knows nothing of trainings or losses.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_HERE = Path(__file__).parent
_FOR_GOOD = "public, max-age=31536000, immutable"

_mount = st.components.v2.component(
    "charloom.liveplot",
    js=(_HERE / "liveplot.js").read_text("utf-8"),
    css=(_HERE / "liveplot.css").read_text("utf-8"),
    isolate_styles=False,  # plotly.js puts its style sheet into the document's head
)


@dataclass(frozen=True)
class Plot:
    """A chart ready to be sent: made once per change of its data, sent at every tick.

    Attributes:
        figure: A Plotly figure as JSON text. Made once, because turning some hundred points into
            JSON costs more than everything else in a tick.
        title: What the chart shows, for screen readers.
        summary: What can be read from it now, in a sentence, for screen readers.
        table: The most telling numbers, the head first, for screen readers.
    """

    figure: str
    title: str
    summary: str = ""
    table: Sequence[Sequence[str]] = field(default=())


def figure_json(figure: Mapping[str, Any]) -> str:
    """Return the figure as compact JSON.

    Raises:
        ValueError: The figure holds a value that JSON can't express, such as NaN.
    """
    return json.dumps(figure, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def live_plot(
    plot: Plot, *, key: str, height: int, words: Mapping[str, str], file: str | None = None
) -> None:
    """Draw or update a chart of fixed height.

    Args:
        plot: What to draw.
        key: Names the place on the page; the same key keeps the same Plotly instance.
        height: Pixels. The place is that high before plotly.js has arrived, too.
        words: ``reset`` (label of the button that undoes a zoom) and ``failed`` (shown when
            plotly.js can't be loaded), in the visitor's language; with a file also ``png`` and
            ``svg``, the labels of the buttons that save the chart.
        file: Name, without its ending, of the picture that can be saved; None for no buttons.
    """
    data = {
        "bundle": bundle_path(),
        "figure": plot.figure,
        "file": file,
        "height": height,
        "summary": plot.summary,
        "table": json.dumps(plot.table, ensure_ascii=False),
        "title": plot.title,
        "words": json.dumps(dict(words), ensure_ascii=False),
    }
    _mount(key=key, data=data)


@cache
def _bundle() -> bytes:
    return (resources.files("plotly") / "package_data" / "plotly.min.js").read_bytes()


@cache
def bundle_path() -> str:
    """Return the address of plotly.js relative to the app's base; it names its content."""
    return f"assets/plotly-{hashlib.sha256(_bundle()).hexdigest()[:16]}.min.js"


@cache
def _zipped() -> bytes:
    # Once for all visitors: compressing 5 MB for each of a class would stall the server.
    return gzip.compress(_bundle(), compresslevel=6, mtime=0)


def _send_bundle(request: Request) -> Response:
    """Send plotly.js; a plain function, so that Starlette runs it outside the event loop."""
    if not request.url.path.endswith(bundle_path()):
        return Response(status_code=404)
    headers = {"Cache-Control": _FOR_GOOD, "Vary": "Accept-Encoding"}
    body = _bundle()
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = _zipped()
    return Response(body, media_type="text/javascript", headers=headers)


# The second form answers when the app lives under a sub-path that the proxy does not strip.
ROUTES = (
    Route("/assets/plotly-{digest}.min.js", _send_bundle),
    Route("/{base:path}/assets/plotly-{digest}.min.js", _send_bundle),
)
"""To be listed in ``st.App(routes=...)``."""
