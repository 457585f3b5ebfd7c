"""Subtitles: what is said in a .srt file, without its numbers, times and markup.

Knows nothing of encodings (``plain``).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lstm.errors import DocumentError
from lstm.readers.cleaning import LINE_ENDS
from lstm.readers.document import Document, Note, Source
from lstm.readers.lines import join_lines
from lstm.readers.plain import decode

_TIME = r"\d{1,3}:\d{2}(?::\d{2})?[.,]\d{1,3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_NUMBER = re.compile(r"\s*\d+\s*")
_MARKUP = re.compile(r"</?(?:[ibus]|font|c|v)\b[^<>]*>|\{[\\a-zA-Z][^{}]*\}", re.IGNORECASE)
_SPEAKER_CHANGES = re.compile(r"\s*[-–—]\s*\S")


class _Cues(NamedTuple):
    lines: list[str]
    number: int
    markup: int  # tags left out


def read_subtitles(source: Source) -> Document:
    """Read a .srt file: one line for each cue, or for each speaker in it.

    A sentence that runs over several cues becomes one line again.

    Raises:
        DocumentError: It is no text or has no times in it.
    """
    text, encoding, notes = decode(source.data, source.name)
    cues = _read(LINE_ENDS.sub("\n", text).split("\n"))
    if not cues.number:
        raise DocumentError("not_subtitles", name=source.name)
    notes = (*notes, Note("documents.srt_cues", {"count": cues.number}))
    if cues.markup:
        notes = (*notes, Note("documents.srt_markup", {"count": cues.markup}))
    return Document(source.name, "\n".join(cues.lines), encoding, notes)


def _read(lines: list[str]) -> _Cues:
    spoken: list[str] = []
    count = markup = 0
    for cue in _cues(lines):
        count += 1
        for said in _turns(cue):
            plain, tags = _MARKUP.subn("", said)
            markup += tags
            if not plain.strip():
                continue
            if spoken and _goes_on(spoken[-1], plain):
                spoken[-1] = join_lines([spoken[-1], plain])
            else:
                spoken.append(plain.strip())
    return _Cues(spoken, count, markup)


def _cues(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines below each time; a number right before the next time is not one of them."""
    cue: list[str] | None = None
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if _TIMES.fullmatch(line):
            if cue is not None:
                yield cue
            cue = []
        elif cue is not None and not (_NUMBER.fullmatch(line) and _TIMES.fullmatch(following)):
            cue.append(line)
    if cue is not None:
        yield cue


def _turns(cue: list[str]) -> Iterator[str]:
    """Yield what each speaker says: a dash at the beginning of a line is another one."""
    turn: list[str] = []
    for line in cue:
        if turn and _SPEAKER_CHANGES.match(line):
            yield join_lines(turn)
            turn = []
        turn.append(line)
    if turn:
        yield join_lines(turn)


def _goes_on(before: str, after: str) -> bool:
    """Tell whether a sentence runs on from one cue into the next: only small letters show it."""
    return after.lstrip()[0].islower() and not before.endswith((".", "!", "?", ":", "…", "”", '"'))
