"""Lesson links: what an address carries so that a class sees what its teacher sees.

Knows nothing of how a link is made by hand, or of Streamlit.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno

HIDE = "hide"
PRESENT = "present"

LONGEST_QR = 600
"""Bytes; a code of more can't be read from a projector by a phone."""

_CONTROL = re.compile(r"[a-z_]{1,40}")
_MOST_HIDDEN = 40


def hidden(said: str | None) -> frozenset[str]:
    """Return the controls that an address takes away; what is no name of a control is dropped."""
    names = (said or "").split(",")[:_MOST_HIDDEN]
    return frozenset(name for name in names if _CONTROL.fullmatch(name))


def lesson_link(page: str, query: Mapping[str, str], take_away: Iterable[str] = ()) -> str:
    """Return a link.

    Args:
        page: Address of the room; what it asks for is replaced.
        query: What the link asks for: chapter, text, language and the chapter's settings.
        take_away: Controls that it hides.
    """
    names = ",".join(sorted(take_away))
    asked = {**query, HIDE: names} if names else dict(query)
    scheme, host, path, _, _ = urlsplit(page)
    return urlunsplit((scheme, host, path, urlencode(asked), ""))


def qr_image(link: str, *, scale: int = 5) -> str | None:
    """Return a QR code as the address of an SVG picture, None for a link too long for one.

    Args:
        link: What it leads to.
        scale: Pixels of one of its squares.
    """
    if len(link.encode()) > LONGEST_QR:
        return None
    code = segno.make(link, error="m", micro=False)
    return code.svg_data_uri(scale=scale, border=3, dark="#000", light="#fff")
