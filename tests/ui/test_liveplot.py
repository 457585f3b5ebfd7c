"""The route that sends plotly.js, and what may be sent as a figure."""

import gzip
from importlib import resources

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from lstm.ui.components.liveplot import ROUTES, bundle_path, figure_json
from lstm.ui.visitor import _wants_key


def ask(path: str, accepted: str = "") -> Response | None:
    """The answer of the first route that fits, None if none does."""
    headers = [(b"accept-encoding", accepted.encode())]
    scope = {
        "type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b"",
        "server": ("localhost", 80), "scheme": "http",
    }  # fmt: skip
    for route in ROUTES:
        match, more = route.matches(scope)
        if match == Match.FULL:
            answer = more["endpoint"](Request({**scope, **more}))
            assert isinstance(answer, Response)
            return answer
    return None


@pytest.mark.parametrize("base", ["/", "/sub/", "/deep/er/"])
def test_the_bundle_is_there_under_any_base_path(base: str) -> None:
    answer = ask(base + bundle_path())
    assert answer is not None
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    file = resources.files("plotly") / "package_data" / "plotly.min.js"
    assert answer.body == file.read_bytes()


def test_the_bundle_is_packed_for_who_can_unpack_it() -> None:
    plain, packed = ask("/" + bundle_path()), ask("/" + bundle_path(), "br, gzip")
    assert plain is not None
    assert packed is not None
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"].lower() == "accept-encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 3


def test_another_digest_is_not_answered_with_this_bundle() -> None:
    old = ask("/assets/plotly-0123456789abcdef.min.js")
    assert old is not None
    assert old.status_code == 404
    assert ask("/assets/other.js") is None


def test_what_is_cached_for_everybody_carries_no_visitor_s_key() -> None:
    scope = {"type": "http", "method": "GET", "path": "/" + bundle_path(), "headers": []}
    assert not _wants_key(scope)


def test_a_figure_with_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        figure_json({"data": [float("nan")]})
