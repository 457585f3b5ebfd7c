"""Small pieces of the page that hold what visitors wrote: all text in them is escaped.

Streamlit's own alerts, captions, metrics and tables read Markdown, which a file's name or a
run's name must never reach. Knows nothing of what the pieces say.
"""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

Mood = Literal["info", "good", "warning", "error"]

_STYLE = Path(__file__).with_name("blocks.css")
_SIGNS: dict[Mood, str] = {"info": "i", "good": "✓", "warning": "!", "error": "✕"}


def style() -> None:
    """Put the style sheet of the pieces on the page: once, before the first of them."""
    st.html(_STYLE)


def alert(sentence: str, mood: Mood = "error") -> None:
    """Say a sentence in a box."""
    st.html(alert_html(sentence, mood))


def alert_html(sentence: str, mood: Mood = "error") -> str:
    """Return a box with a sentence."""
    role = "alert" if mood == "error" else "status"
    sign = f'<span class="charloom-sign" aria-hidden="true">{_SIGNS[mood]}</span>'
    return f'<div class="charloom-alert {mood}" role="{role}">{sign}<p>{_safe(sentence)}</p></div>'


def facts_html(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names and values side by side, in as many rows as the width needs."""
    cells = "".join(
        f"<div><dt>{_safe(name)}</dt><dd>{_safe(value)}</dd></div>" for name, value in pairs
    )
    return f'<dl class="charloom-facts">{cells}</dl>'


def table_html(caption: str, rows: Sequence[Sequence[str]]) -> str:
    """Return a table; its first row and its first column are heads."""
    head, *body = rows
    columns = "".join(f'<th scope="col">{_safe(cell)}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{_safe(row[0])}</th>'
        + "".join(f"<td>{_safe(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in body
    )
    return (
        f'<div class="charloom-table" tabindex="0" role="region" aria-label="{_safe(caption)}">'
        f"<table><caption>{_safe(caption)}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def list_html(sentences: Iterable[str]) -> str:
    """Return sentences as a list."""
    return f'<ul class="charloom-list">{"".join(f"<li>{_safe(s)}</li>" for s in sentences)}</ul>'


def title_html(name: str, mark: str = "", level: int = 1) -> str:
    """Return a heading with a name of the visitor's and a word about it, such as its state."""
    word = f' <span class="charloom-mark">{_safe(mark)}</span>' if mark else ""
    return f'<h{level} class="charloom-title"><bdi>{_safe(name)}</bdi>{word}</h{level}>'


def progress_html(share: float, label: str) -> str:
    """Return a bar that is filled to a share between 0 and 1."""
    percent = round(100 * min(max(share, 0.0), 1.0), 1)
    return (
        f'<div class="charloom-progress" role="progressbar" aria-label="{_safe(label)}" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}">'
        f'<span style="width: {percent}%"></span></div>'
    )


def _safe(words: str) -> str:
    return html.escape(words, quote=True)
