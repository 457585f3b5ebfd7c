"""A chapter on paper: one HTML file that holds everything it needs and prints on a page or two.

Knows nothing of Streamlit's session.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from lstm.messages import Language, text
from lstm.ui.learn.link import qr_image

_STYLE = Path(__file__).with_name("printed.css")
_SPOKEN: dict[Language, str] = {"en": "en", "zh": "zh-Hans"}
_LINES = 3  # to write on, below each question


def handout(key: str, terms: Iterable[str], language: Language, link: str) -> str:
    """Return the handout of a chapter.

    Args:
        key: The chapter.
        terms: The words that it explains.
        language: In which language.
        link: Where the chapter is; printed, and as a QR code.
    """

    def say(name: str) -> str:
        return escape(text(name, language))

    title, idea = say(f"learn_{key}.title"), say(f"handout.{key}.idea")
    parts = (
        f'<header><p class="name">{say("handout.name")} <span></span> {say("handout.date")} '
        f"<span></span></p><h1>{title}</h1>",
        f'<p class="question">{say(f"learn_{key}.question")}</p></header>',
        f"<section><h2>{say('handout.idea')}</h2><p>{idea}</p></section>",
        f"<section><h2>{say('handout.try')}</h2>{_steps(text(f'handout.{key}.try', language))}",
        "</section>",
        f"<section><h2>{say('handout.ask')}</h2>{_questions(text(f'handout.{key}.ask', language))}",
        "</section>",
        f"<section><h2>{say('learn.words')}</h2>{_words(terms, language)}</section>",
        _where(link, say("handout.where")),
    )
    style = _STYLE.read_text("utf-8")
    return (
        f'<!doctype html>\n<html lang="{_SPOKEN[language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Charloom: {title}</title><style>{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _steps(said: str) -> str:
    return f"<ol>{''.join(f'<li>{escape(line)}</li>' for line in said.splitlines())}</ol>"


def _questions(said: str) -> str:
    lines = '<div class="line"></div>' * _LINES
    asked = (f"<p>{escape(line)}</p>{lines}" for line in said.splitlines())
    return "".join(f'<div class="ask">{one}</div>' for one in asked)


def _words(terms: Iterable[str], language: Language) -> str:
    pairs = (
        (text(f"glossary.{key}.word", language), text(f"glossary.{key}.text", language))
        for key in terms
    )
    rows = "".join(f"<dt>{escape(word)}</dt><dd>{escape(said)}</dd>" for word, said in pairs)
    return f"<dl>{rows}</dl>"


def _where(link: str, said: str) -> str:
    code = qr_image(link, scale=3)
    shown = f'<img src="{code}" alt="">' if code else ""
    return f'<footer>{shown}<p>{said}<br><span class="link">{escape(link)}</span></p></footer>'
