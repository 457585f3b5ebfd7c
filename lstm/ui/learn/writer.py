"""Which network a chapter looks at: the one that learned the lesson's text, or another one.

Knows nothing of what a chapter does with it.
"""

from lstm.config import VALIDATION_SHARE
from lstm.ui.language import language
from lstm.ui.learn import source
from lstm.ui.learn.lesson import Lesson
from lstm.ui.look import wishes
from lstm.ui.look.context import Context
from lstm.ui.networks import Choice, choices, landing
from lstm.ui.services import owner

OPENING = 160
"""Characters of the held-out text that a network reads before it writes."""

_CONTROL, _WISH = "network", "writer"


def choose(lesson: Lesson, label: str) -> Choice:
    """Draw the choice of a network and return what is chosen.

    It is not drawn on a projector, nor where the teacher has hidden ``network``.
    """
    options = choices(owner())
    by_key = {one.key: one for one in options}
    wanted = f"bundled:{source.source()}"
    first = by_key[wanted if wanted in by_key else landing(options, lesson.language).key]
    if lesson.presenting or not lesson.shows(_CONTROL):
        return by_key.get(wishes.value(_WISH) or "", first)
    keys = [first.key, *(key for key in by_key if key != first.key)]
    key = wishes.one_of_many(
        _WISH, keys, label=label, say=lambda key: by_key[key].title(language())
    )
    return by_key[key]


def before_writing(lesson: Lesson, choice: Choice, characters: int = OPENING) -> Context:
    """Return a network that has the beginning of the lesson's held-out text before it.

    Raises:
        CharloomError: The network is gone or damaged.
    """
    unseen = lesson.text[int(len(lesson.text) * (1 - VALIDATION_SHARE)) :]
    # From the start of a line, so that it does not begin in the middle of a word.
    whole = unseen[unseen.find("\n") + 1 :].lstrip()
    return Context.of(choice, _to_a_break((whole or unseen)[:characters]))


def _to_a_break(text: str) -> str:
    """Return a text up to its last break, where much can follow."""
    end = max(text.rfind(sign) for sign in " ，。")
    return text[: end + 1] if end > len(text) // 2 else text
