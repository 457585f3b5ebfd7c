"""What the first page needs next, told to the browser while it fetches what the page itself names.

Streamlit's page names the scripts of the frame. Those of what is drawn in it are asked for only
when the frame runs and the server has answered, each with those that it stands on, and on a slow
line every such wave waits for the line's latency. Knows nothing of what is drawn.
"""

import re
from functools import cache
from pathlib import Path

import streamlit

DRAWN = ("Html", "PageLink", "BidiComponent", "Selectbox")
"""The parts of Streamlit that the room Write is made of."""

_STATIC = Path(streamlit.__file__).parent / "static"
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*["']\./([\w.-]+\.js)["']""")
_EARLY_FONT = re.compile(r'<link\s+rel="preload"[^>]*\bas="font"[^>]*>')


def in_order(page: str) -> str:
    """Return Streamlit's page with its next scripts named, and no font before them.

    A font that is fetched first keeps the scripts waiting for a second on a slow line; until it
    comes, the text stands there in the system's font.
    """
    return _EARLY_FONT.sub("", page, count=1).replace("</head>", f"{_hints()}</head>", 1)


@cache
def _hints() -> str:
    names = next_scripts((_STATIC / "index.html").read_text("utf-8"))
    links = (f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in names)
    return "\n".join(links)


def next_scripts(page: str) -> list[str]:
    """Return the files that draw the first room and that the page does not name, in order."""
    folder, found = _STATIC / "static" / "js", list[str]()
    waiting = [file.name for part in DRAWN for file in sorted(folder.glob(f"{part}.*.js"))]
    while waiting:
        name = waiting.pop(0)
        if name in found or name in page:
            continue
        found.append(name)
        waiting += _IMPORTED.findall((folder / name).read_text("utf-8"))
    return found
