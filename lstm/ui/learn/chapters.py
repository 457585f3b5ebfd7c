"""The chapters of the lesson, in their order.

A chapter is ``lstm/ui/learn/<key>.py``; its title and its question are ``learn_<key>.title`` and
``learn_<key>.question``. It is loaded when it is entered: the room is on the screen before torch.
"""

from importlib import import_module
from typing import Protocol, cast

from lstm.ui.learn.lesson import Lesson

# In full: order, loop, tasks, vanishing, gates, guessing, temperature, recipes, copying, yours.
CHAPTERS: tuple[str, ...] = (
    "order",
    "loop",
    "tasks",
    "vanishing",
    "gates",
    "guessing",
    "temperature",
    "recipes",
    "copying",
    "yours",
)


class Chapter(Protocol):
    """What a chapter's module has.

    It may also have ``CONTROLS``: names of its controls that a teacher's link may take away
    (``Lesson.shows`` tells); the label of each is ``learn_<key>.<control>``. And it may have
    ``prime(lesson)``, which begins what takes time: called on a projector, one chapter ahead.
    """

    TERMS: tuple[str, ...]
    """The words that it explains, as keys of the glossary."""

    def render(self, lesson: Lesson) -> None:
        """Draw what can be done and what is to be seen, below title and question."""


def chapter(key: str) -> Chapter:
    """Return a chapter by its key."""
    return cast(Chapter, import_module(f"lstm.ui.learn.{key}"))


def neighbour(key: str, step: int) -> str | None:
    """Return the chapter so many places further on, or back; None past either end."""
    place = CHAPTERS.index(key) + step
    return CHAPTERS[place] if 0 <= place < len(CHAPTERS) else None
