"""The take-home page: one file with a network inside that writes in any browser, without a server.

The page is Charloom's own typewriter, fed by a desk that sits in the page itself and computes what
the server would. It may not open any connection: a content security policy names the one script
and the one style sheet by their hashes and forbids the rest. Knows nothing of runs.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from lstm.checkpoint import Saved, dumps
from lstm.errors import ExportError
from lstm.events import TrainingState
from lstm.export.names import file_name
from lstm.export.words import count, facts, model_rows, name_of, parameters, tidy
from lstm.messages import LANGUAGES, Language, catalogue, text
from lstm.vocabulary import HARMLESS, LOOKALIKES

MOST_BYTES = 96 * 2**20
"""Weights above this make a page that phones can't open."""

_FOLDER = Path(__file__).parent / "player"
# The typewriter's own files, so that both are one. Its Python part is not needed: the desk in the
# page answers it.
_TYPEWRITER = Path(__file__).parents[1] / "ui" / "components" / "typewriter"
_SCRIPTS = ("matrix", "network", "writer", "desk", "player")
_TYPEWRITER_WORDS = "write.typewriter."
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='3' fill='%239c3b1b'/%3E"
    "%3Cpath d='M11 5a4 4 0 1 0 0 6' fill='none' stroke='%23fbf7ef' stroke-width='2'/%3E%3C/svg%3E"
)


def player(saved: Saved, language: Language = "en", name: str | None = None) -> bytes:
    """Return a page in which a network writes.

    With the same opening, dice and settings it writes what ``lstm.sampling.Writer`` writes: the
    weights are float32, the dice are the same integers, and the arithmetic differs in the order
    of its sums alone (some 1e-6 of a logit), so the texts part only where a throw falls as close
    as that to the border between two characters.

    Args:
        saved: The network.
        language: The language that the page begins with; it speaks both.
        name: What to call the network; default: what its file calls it.

    Raises:
        ExportError: The network is too large for a page.
    """
    plain = _plain(saved)
    if sum(t.numel() * t.element_size() for t in plain.state.tensors.values()) > MOST_BYTES:
        raise ExportError("export_too_large", most=MOST_BYTES // 2**20)
    called = tidy(name or "") or name_of(saved, language)
    style, script = _style(), _script()
    page = Template((_FOLDER / "player.html").read_text("utf-8")).substitute(
        language=language,
        policy=html.escape(_policy(script, style)),
        title=html.escape(text("export.player.title", language, name=called)),
        name=html.escape(called),
        icon=html.escape(_ICON),
        style=style,
        script=script,
        noscript_en=html.escape(text("export.player.noscript", "en")),
        noscript_zh=html.escape(text("export.player.noscript", "zh")),
        words=_json(_words(saved, language, called)),
        model=base64.b64encode(dumps(plain, with_training=False)).decode("ascii"),
    )
    return page.encode("utf-8", "replace")


def _plain(saved: Saved) -> Saved:
    """Return the network alone, in float32, which is all that the page can read."""
    weights = {
        name: value.float()
        for name, value in saved.state.tensors.items()
        if name.startswith("model.")
    }
    return replace(saved, state=TrainingState(weights, {}))


def _words(saved: Saved, language: Language, name: str) -> dict[str, Any]:
    """Return everything that the page says, and what its stand-ins for unknown characters are."""
    return {
        "language": language,
        "file_name": file_name(name, "model"),
        "lookalikes": LOOKALIKES,
        "harmless": HARMLESS,
        **{known: _words_in(known, saved, name) for known in LANGUAGES},
    }


def _words_in(language: Language, saved: Saved, name: str) -> dict[str, Any]:
    said = {
        key: text(f"export.player.{key}", language)
        for key in ("about", "keep", "keep_help", "note")
    }
    typewriter = {
        key.removeprefix(_TYPEWRITER_WORDS): words
        for key, words in catalogue(language).items()
        if key.startswith(_TYPEWRITER_WORDS)
    }
    return said | {
        "title": text("export.player.title", language, name=name),
        "introduction": text(
            "export.player.introduction", language, parameters=count(parameters(saved))
        ),
        "facts": facts(saved, language),
        "settings": model_rows(saved, language),
        "typewriter": typewriter,
    }


def _json(values: dict[str, Any]) -> str:
    """Return JSON that can't end the script element it stands in, whatever the values say."""
    written = json.dumps(values, separators=(",", ":"))
    for sign in "<>&":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written


@cache
def _script() -> str:
    scripts = [*sorted(_TYPEWRITER.glob("*.js")), *(_FOLDER / f"{name}.js" for name in _SCRIPTS)]
    return _joined(scripts)


@cache
def _style() -> str:
    return _joined([_TYPEWRITER / "typewriter.css", _FOLDER / "player.css"])


def _joined(files: Iterable[Path]) -> str:
    return "\n".join(file.read_text("utf-8") for file in files)


def _policy(script: str, style: str) -> str:
    """Return the content security policy: this script and this style sheet, and nothing else.

    Source: W3C, *Content Security Policy Level 3*, sections 2.3.1 and 6.7.3.3. The script is
    hashed with the line break before and behind it, as the template sets it.
    """
    rules = {
        "default-src": "'none'",
        "script-src": f"{_hash(chr(10) + script + chr(10))} 'wasm-unsafe-eval'",
        "style-src": _hash(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {values}" for name, values in rules.items())


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
