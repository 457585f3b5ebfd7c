"""The five tasks by name, in the order of the chapter."""

from functools import lru_cache
from typing import Any, Final

from lstm.lessons.tasks.brackets import Brackets
from lstm.lessons.tasks.colours import Colours
from lstm.lessons.tasks.dates import Dates
from lstm.lessons.tasks.feelings import Feelings
from lstm.lessons.tasks.numbers import Numbers
from lstm.lessons.tasks.parts import Task
from lstm.messages import Language

KINDS: Final[dict[str, type[Task[Any]]]] = {
    "colours": Colours,
    "numbers": Numbers,
    "feelings": Feelings,
    "brackets": Brackets,
    "dates": Dates,
}


@lru_cache(maxsize=16)
def task(key: str, language: Language) -> Task[Any]:
    """Return a task; its cases are prepared once.

    Args:
        key: One of ``KINDS``.
        language: In which words and signs.
    """
    return KINDS[key](language)
