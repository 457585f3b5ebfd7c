"""Signs that a PDF uses for their shape, brought back to the letters that are meant.

Fonts have one drawing for ﬁ and for 一, and some programs note the wrong one of the characters
that are drawn so: the ligature, or the radical ⼀ (U+2F00) from the list of radicals instead of
一 (U+4E00). A network would learn them as different characters. Knows nothing of PDF itself.

Source: Unicode 15.1, EquivalentUnifiedIdeograph; checked against the fonts Noto Sans and Noto
Serif CJK, in which both members of each pair share a drawing.
"""

import re
import unicodedata

from lstm.readers.lines import is_wide

_SUPPLEMENT = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⺓⺟⻳⼾",
        "民虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀幺母龟户",
        strict=True,
    )
)
"""Radicals that are characters too and that Unicode's own compatibility map leaves out; and 户,
which that map takes for its traditional form."""

_MARKS = set("“”‘’ ")
_GAP = re.compile(r"(?<=\S) (?=\S)")

_SHAPES = re.compile(f"[\ufb00-\ufb06\u2f00-\u2fd5{''.join(_SUPPLEMENT)}]")


def plain_glyphs(text: str) -> tuple[str, int]:
    """Replace ligatures and radicals by letters.

    Returns:
        The text and the number of replaced signs.
    """
    return _SHAPES.subn(lambda found: _meant(found[0]), text)


def is_marks(text: str) -> bool:
    """Tell whether there is nothing in a text but quotation marks and blanks."""
    return all(sign in _MARKS for sign in text)


def marks_in_place(marks: str, line: str, *, leads: bool) -> str:
    """Put quotation marks that were drawn before their line back into it.

    Where a Chinese font lacks them, some programs draw all marks of a line first, from another
    font, and leave gaps: “ ”他说 好。 Each gap between Chinese characters gets one.

    Args:
        marks: The marks.
        line: The rest of the line.
        leads: Whether the first mark stands before the rest. The last may stand behind it.

    Returns:
        The line, its marks in front if they do not fit into the gaps.
    """
    slots = [0] if leads else []
    slots += [
        gap.start()
        for gap in _GAP.finditer(line)
        if is_wide(line[gap.start() - 1]) and is_wide(line[gap.end()])
    ]
    signs = "".join(marks.split())
    if len(signs) == len(slots) + 1:
        slots.append(len(line))
    if len(signs) != len(slots):
        return marks + line
    parts, start = [], 0
    for sign, slot in zip(signs, slots, strict=True):
        parts += [line[start:slot], sign]
        start = slot + (line[slot : slot + 1] == " ")
    return "".join([*parts, line[start:]])


def unknown_share(text: str) -> float:
    """Return the share of signs that mean nothing: private, unassigned, control, broken.

    A PDF whose fonts do not tell their letters yields such text.
    """
    signs = [sign for sign in text if not sign.isspace()]
    meaningless = sum(
        sign == "\ufffd" or unicodedata.category(sign) in {"Co", "Cn", "Cc", "Cs"} for sign in signs
    )
    return meaningless / max(len(signs), 1)


def _meant(sign: str) -> str:
    return _SUPPLEMENT.get(sign) or unicodedata.normalize("NFKC", sign)
