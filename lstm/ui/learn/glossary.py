"""The words that the lesson explains: each once, in plain language, where it first appears.

A term is a table of ``glossary.toml``: ``word`` is how it is written by itself, ``text`` explains
it in a sentence or two. Knows nothing of chapters.
"""

from collections.abc import Iterable
from html import escape

from lstm.messages import Language, catalogue
from lstm.ui.language import t

_SPACE = "glossary."
_WORD = ".word"


def keys(spoken: Language = "en") -> tuple[str, ...]:
    """Return every term, in the order of the glossary."""
    return tuple(
        key.removeprefix(_SPACE).removesuffix(_WORD)
        for key in catalogue(spoken)
        if key.startswith(_SPACE) and key.endswith(_WORD)
    )


def term(key: str, said: str | None = None) -> str:
    """Return a word as HTML that shows its explanation when it is pointed at or focused.

    It leads to the explanation, which the chapter's frame draws (``explanations_html``).

    Args:
        key: The term.
        said: How the sentence puts it, if not as the glossary does.
    """
    word = escape(said if said is not None else t(f"glossary.{key}.word"))
    text = escape(t(f"glossary.{key}.text"))
    return (
        f'<a class="charloom-term" href="#term-{key}" target="_self" '
        f'aria-describedby="term-{key}">{word}'
        f'<span class="charloom-tip" aria-hidden="true">{text}</span></a>'
    )


def explanations_html(terms: Iterable[str], *, anchored: bool = True) -> str:
    """Return words with their explanations, as a list.

    Args:
        terms: The words.
        anchored: Whether ``term`` leads here: true for one list on a page.
    """
    rows = "".join(_row(key, f' id="term-{key}"' if anchored else "") for key in terms)
    return f'<dl class="charloom-words">{rows}</dl>'


def _row(key: str, place: str) -> str:
    word, text = (escape(t(f"glossary.{key}.{part}")) for part in ("word", "text"))
    return f"<div><dt>{word}</dt><dd{place}>{text}</dd></div>"
