"""The catalogue: whatever the program wants to say, it can say in both languages."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lstm import errors
from lstm.errors import CharloomError, CheckpointError, ConfigError
from lstm.messages import LANGUAGES, Language, catalogue, text
from lstm.paths import ASSETS

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "lstm").rglob("*.py"))]
ENGLISH = catalogue("en")


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_have_the_same_keys(language: Language) -> None:
    assert catalogue(language).keys() == ENGLISH.keys()


def test_messages_have_the_same_placeholders_in_both_languages() -> None:
    english, chinese = (
        {key: placeholders(message) for key, message in catalogue(language).items()}
        for language in LANGUAGES
    )
    assert chinese == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_empty_and_every_placeholder_has_a_name(language: Language) -> None:
    for key, message in catalogue(language).items():
        assert message.strip(), key
        assert all(name.isidentifier() for name in placeholders(message)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_hold_nothing_but_texts(language: Language) -> None:
    def leaves(table: dict[str, object]) -> Iterator[object]:
        for value in table.values():
            if isinstance(value, dict):
                yield from leaves(value)
            else:
                yield value

    for file in (ASSETS / "locales" / language).iterdir():
        assert file.suffix == ".toml", file
        assert all(isinstance(leaf, str) for leaf in leaves(tomllib.loads(file.read_text("utf-8"))))


def test_text_fills_in_and_refuses_what_is_missing() -> None:
    assert "cap" in text("errors.unknown_setting", field="cap")
    assert text("errors.unknown_setting", "zh", field="cap") != text(
        "errors.unknown_setting", "en", field="cap"
    )
    with pytest.raises(KeyError):
        text("errors.unknown_setting")
    with pytest.raises(KeyError):
        text("errors.there_is_no_such_message")


def test_hostile_values_are_shown_as_they_are() -> None:
    hostile = "{0.__class__} {field} %s"
    assert hostile in text("errors.unknown_setting", field=hostile)


def test_an_error_speaks_both_languages() -> None:
    error = CheckpointError("checkpoint_missing", name="x.safetensors")
    assert str(error) == error.text("en")
    assert "x.safetensors" in error.text("en")
    assert "x.safetensors" in error.text("zh")
    assert error.text("zh") != error.text("en")


# -- every message that the code asks for by name -----------------------------------------------


class Asked(NamedTuple):
    """A place in the code that names a message."""

    where: str
    key: str
    given: set[str] | None  # names of the values; None if they are not literal


def error_classes() -> set[str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind.__name__ for kind in kinds if issubclass(kind, CharloomError)}


def called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="messages" | "language"), attr=name):
            return name
        case _:
            return ""


def asked_by(call: ast.Call, where: str) -> Asked | None:
    name = called_name(call)
    place = 1 if name == ConfigError.__name__ else 0
    if name in error_classes():
        prefix = "errors."
    elif name in {"t", "text"}:
        prefix = ""
    else:
        return None
    if len(call.args) <= place:
        return None
    match call.args[place]:
        case ast.Constant(value=str(key)):
            pass
        case _:
            return None
    given = {keyword.arg or "**" for keyword in call.keywords} | ({"field"} if place else set())
    return Asked(where, prefix + key, None if "**" in given else given)


def all_asked() -> list[Asked]:
    asked = []
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                where = f"{file.relative_to(ROOT)}:{node.lineno}"
                asked.append(asked_by(node, where))
    return [found for found in asked if found is not None]


def test_the_search_finds_what_is_asked_for() -> None:
    keys = {asked.key for asked in all_asked()}
    assert {"errors.checkpoint_damaged", "errors.out_of_range", "common.language"} <= keys


def test_every_message_that_is_asked_for_by_name_exists() -> None:
    missing = [asked for asked in all_asked() if asked.key not in ENGLISH]
    assert not missing


def test_every_placeholder_gets_its_value() -> None:
    short = [
        asked
        for asked in all_asked()
        if asked.given is not None and not placeholders(ENGLISH.get(asked.key, "")) <= asked.given
    ]
    assert not short


def strings(file: Path) -> Iterator[tuple[str, bool]]:
    """Every string in a file, and whether it is only a part of an f-string."""
    tree = ast.parse(file.read_text("utf-8"))
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, id(node) in parts


def test_every_literal_that_looks_like_a_key_is_one() -> None:
    """Catches keys that reach the catalogue through other functions and through tables."""
    namespaces = "|".join(sorted({key.split(".")[0] for key in ENGLISH}))
    looks_like_a_key = re.compile(rf"({namespaces})\.[a-z0-9_.]*")
    file_endings = {".json", ".lock", ".log", ".md", ".sqlite", ".toml", ".txt", ".zip"}
    wrong = {
        (file.relative_to(ROOT).as_posix(), value)
        for file in SOURCES
        for value, is_part in strings(file)
        if looks_like_a_key.fullmatch(value) and Path(value).suffix not in file_endings
        if value not in ENGLISH
        if not (is_part or value[-1] in "._") or not any(key.startswith(value) for key in ENGLISH)
    }
    assert not wrong
