"""One base error whose message may be shown to the visitor as it is."""

from lstm.messages import Language, text


class CharloomError(Exception):
    """Something that the visitor can understand and mend.

    The sentence lives in the message catalogue, so that the page can show it in the visitor's
    language while the command line prints the English one. ``str(error)`` is English.

    Args:
        key: Name of the message inside ``errors.toml``, without the namespace.
        **values: The placeholders of that message.
    """

    def __init__(self, key: str, **values: object) -> None:
        """Remember the message's key and values; see the class."""
        super().__init__(key)
        self.key = key
        self.values = values

    def text(self, language: Language) -> str:
        """Return the sentence in the given language."""
        return text(f"errors.{self.key}", language, **self.values)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.text("en")


class ConfigError(CharloomError):
    """A setting is outside its range; ``field`` says which control it belongs to."""

    def __init__(self, field: str, key: str, **values: object) -> None:
        """Remember which field was wrong besides the message."""
        super().__init__(key, field=field, **values)
        self.field = field


class DocumentError(CharloomError):
    """A file or pasted text can't be read as text."""


class CorpusError(CharloomError):
    """A text can be read but is no corpus: too short, one character only."""


class CheckpointError(CharloomError):
    """A model file is damaged, foreign or of another shape than it says."""


class RationError(CharloomError):
    """A visitor asks for more than their share."""


class StoreError(CharloomError):
    """The run store can't do what was asked: unknown run, wrong state, no room."""


class DownloadError(CharloomError):
    """A public text could not be fetched or is not the one that was expected."""


class InsightError(CharloomError):
    """A view into the network can't show what was asked: text too short, no such gate."""


class LessonError(CharloomError):
    """An experiment of the lesson can't be done with what was typed."""


class BenchError(CharloomError):
    """Something can't be measured here."""


class ExportError(CharloomError):
    """A network or run can't be turned into the file that was asked for."""
