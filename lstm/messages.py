"""The message catalogue: every sentence that a person may read, in every language.

The catalogue is a folder per language below ``assets/locales``; each TOML file there is one
namespace, so ``text("errors.too_short", "zh", least=200)`` looks up ``too_short`` in
``zh/errors.toml``. Placeholders are ``str.format`` names. Knows nothing of who asks.
"""

import tomllib
from functools import lru_cache
from typing import Literal

from lstm.paths import ASSETS

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: Language) -> dict[str, str]:
    """Return every message of a language by its dotted key, read from disk once."""
    messages: dict[str, str] = {}
    for file in sorted((ASSETS / "locales" / language).glob("*.toml")):
        _flatten(file.stem, tomllib.loads(file.read_text("utf-8")), messages)
    return messages


def text(key: str, language: Language = "en", /, **values: object) -> str:
    """Return one message with its placeholders filled in.

    Args:
        key: Dotted name, for example ``"errors.too_short"``.
        language: ``"en"`` or ``"zh"``.
        **values: One value for each placeholder of the message.

    Raises:
        KeyError: The catalogue has no such message, or a placeholder got no value. Both are
            mistakes of the programmer, never of the visitor.
    """
    return catalogue(language)[key].format(**values)


def setting_value(value: object, language: Language) -> str:
    """Return a setting's value in words: a number, one of several, yes or no, or nothing."""
    if value is None:
        return text("settings.value.none", language)
    if isinstance(value, bool):
        return text(f"settings.value.{'yes' if value else 'no'}", language)
    return text(f"settings.value.{value}", language) if isinstance(value, str) else f"{value:g}"


def _flatten(prefix: str, table: dict[str, object], into: dict[str, str]) -> None:
    for name, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}.{name}", value, into)
        else:
            into[f"{prefix}.{name}"] = str(value)
