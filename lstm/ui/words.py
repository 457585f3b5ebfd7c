"""Numbers in words: durations, sizes and counts as a person says them, in every language."""

from datetime import UTC, datetime
from typing import Final

from lstm.messages import Language, text

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400


def duration(seconds: float, language: Language) -> str:
    """Return a length of time, as exact as it matters: 45 s, 5 min, 1 h 20 min, 3 days."""
    whole = max(0, round(seconds))
    if whole < 2 * _MINUTE:
        return text("train.time.seconds", language, seconds=whole)
    minutes = round(whole / _MINUTE)
    if minutes < 2 * _MINUTE:
        return text("train.time.minutes", language, minutes=minutes)
    if whole < 2 * _DAY:
        hours, rest = divmod(minutes, 60)
        return text("train.time.hours", language, hours=hours, minutes=rest)
    return text("train.time.days", language, days=round(whole / _DAY))


def ago(seconds: float, language: Language) -> str:
    """Return how long ago something was, in minutes or more."""
    if seconds < _MINUTE:
        return text("train.time.now", language)
    if seconds < 2 * _MINUTE:
        said = text("train.time.minutes", language, minutes=1)
    else:
        said = duration(seconds, language)
    return text("train.time.ago", language, duration=said)


def day(moment: float, language: Language) -> str:
    """Return the day of a moment in Unix seconds: 5 Mar 2027; UTC, as it is about days only."""
    date = datetime.fromtimestamp(moment, UTC)
    month = text(f"train.month.m{date.month}", language)
    return text("train.time.date", language, year=date.year, month=month, day=date.day)


def count(number: float) -> str:
    """Return a whole number with its digits in groups of three."""
    return f"{round(number):,}"


def rough(number: float) -> str:
    """Return a number with two digits that count: 0.35, 3.5, 35; a larger one whole."""
    return count(number) if number >= 9.95 else f"{number:.2g}"


def size(number: float) -> str:
    """Return a number of bytes: 512 B, 3.4 MB."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def signed(value: float, places: int = 2) -> str:
    """Return a number with a true minus sign, and without one where it is rounded to nothing."""
    return f"{float(value):z.{places}f}".replace("-", "−")
