"""Numbers and dates as they are written in words: the rules that make the tasks' right answers.

Knows nothing of networks.
"""

from lstm.messages import Language

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_HAN = "零一二三四五六七八九"


def cardinal(number: int, language: Language) -> str:
    """Return a whole number from 0 to 999 in words: forty-two, 四十二."""
    return _han(number) if language == "zh" else _english(number)


def date(year: int, month: int, day: int, language: Language) -> str:
    """Return a date of the years 1910 to 1999 or 2010 to 2099 in words."""
    if language == "zh":
        said = "".join(_HAN[int(digit)] for digit in str(year))
        return f"{said}年{_han(month)}月{_han(day)}日"
    century, rest = divmod(year, 100)
    years = f"{_english(century)} {_english(rest)}"
    return f"the {_ordinal(day)} of {_MONTHS[month - 1]}, {years}"


def _english(number: int) -> str:
    if number < len(_ONES):
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]
    hundreds, rest = divmod(number, 100)
    said = f"{_ONES[hundreds]} hundred"
    return f"{said} and {_english(rest)}" if rest else said


def _ordinal(number: int) -> str:
    start, dash, last = _english(number).rpartition("-")
    return start + dash + _ORDINALS.get(last, f"{last}th")


def _han(number: int) -> str:
    if number < 10:
        return _HAN[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return ("" if tens == 1 else _HAN[tens]) + "十" + (_HAN[ones] if ones else "")
    hundreds, rest = divmod(number, 100)
    said = f"{_HAN[hundreds]}百"
    if rest == 0:
        return said
    if rest < 10:
        return f"{said}零{_HAN[rest]}"
    tens, ones = divmod(rest, 10)
    return f"{said}{_HAN[tens]}十{_HAN[ones] if ones else ''}"
