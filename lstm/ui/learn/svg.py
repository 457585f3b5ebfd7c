"""Pieces of drawings: everything that is said in them is escaped.

Colours come from the style sheet, except those that stand for a number. Knows nothing of what is
drawn.
"""

from html import escape

from lstm.messages import Language, text

PURPLE, ORANGE = (94, 60, 153), (230, 97, 1)
"""The ends of a signed scale, of ColorBrewer's PuOr: apart for everybody."""

_LEAST_INK = 0.55
"""Share of white in the strongest colour, so that dark words can be read on it."""


def words(x: float, y: float, said: str, kind: str = "", *, size: int = 13) -> str:
    """Return a text whose middle stands at a place."""
    about = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" class="{kind}"'
    return f"<text {about}>{escape(said)}</text>"


def left_words(x: float, y: float, said: str, *, size: int = 13) -> str:
    """Return a text that begins at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}">{escape(said)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str = "box") -> str:
    """Return a frame with round corners."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5"'
    return f'<rect {place} class="{kind}"/>'


def cell(x: float, y: float, width: float, height: float, value: float) -> str:
    """Return a field in the colour of a number between -1 and 1; white at 0."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{colour(value)}"/>'


def colour(value: float) -> str:
    """Return the colour of a number: orange below 0, purple above, the stronger the larger."""
    strength = min(1.0, abs(value)) * _LEAST_INK
    end = PURPLE if value > 0 else ORANGE
    mixed = (round(255 + (part - 255) * strength) for part in end)
    return "#" + "".join(f"{part:02x}" for part in mixed)


def arrow(points: str, kind: str = "") -> str:
    """Return a line with a head at its end, through points of an SVG path."""
    return f'<path d="{points}" class="line {kind}" marker-end="url(#charloom-head)"/>'


def sheet(width: float, height: float, *pieces: str) -> str:
    """Return a drawing. Its size is that of its contents; the page scales it."""
    head = (
        '<defs><marker id="charloom-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" '
        'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" class="head"/></marker></defs>'
    )
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg"'
    return f'<svg {size} aria-hidden="true">{head}{"".join(pieces)}</svg>'


def named(letter: str, language: Language) -> str:
    """Return a letter as it can be seen: those that leave no mark by their names."""
    names = {" ": "blank", "\n": "line", "\t": "tab", "\ufffd": "rare"}
    return text(f"learn_loop.{names[letter]}", language) if letter in names else letter
