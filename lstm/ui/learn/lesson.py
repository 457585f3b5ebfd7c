"""What a chapter is given: the text of the lesson, and how it is shown.

Knows nothing of chapters, of where the text comes from or of Streamlit.
"""

from dataclasses import dataclass

from lstm.messages import Language


@dataclass(frozen=True)
class Lesson:
    """A lesson as this visitor takes it.

    Attributes:
        text: The text that every chapter works on, at least ``LEAST_CHARACTERS`` of ``corpus``
            long. Hostile: the visitor may have pasted it.
        language: The visitor's language.
        presenting: Whether it is on a projector: large type, nothing but the chapter.
        hidden: Names of the controls that the teacher's link takes away.
    """

    text: str
    language: Language
    presenting: bool = False
    hidden: frozenset[str] = frozenset()

    def shows(self, control: str) -> bool:
        """Tell whether a control is there; without it, its value is the link's or the default."""
        return control not in self.hidden
