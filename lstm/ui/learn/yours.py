"""The last chapter: from the lesson to a network of one's own."""

from lstm.ui import rooms
from lstm.ui.learn.lesson import Lesson

TERMS = ("network",)


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    rooms.link("train")
