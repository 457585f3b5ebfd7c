"""One door to all formats, for the command line and the page."""

from collections.abc import Callable

from lstm.export.names import Format
from lstm.export.story import Story
from lstm.messages import Language


def export(story: Story, kind: Format, language: Language = "en") -> bytes:
    """Return a network in one of the formats.

    Args:
        story: The network.
        kind: The format.
        language: Language that people read in the file, or that its page begins with.

    Raises:
        ExportError: The network does not fit into this format.
    """
    return _WAYS[kind](story, language)


def _html(story: Story, language: Language) -> bytes:
    from lstm.export.html import player

    return player(story.saved, language, story.name)


def _onnx(story: Story, _language: Language) -> bytes:
    from lstm.export.graph import onnx  # its library takes a moment to load

    return onnx(story.saved)


def _archive(story: Story, language: Language) -> bytes:
    from lstm.export.bundle import archive

    return archive(story, language)


def _report(story: Story, language: Language) -> bytes:
    from lstm.export.paper import report

    return report(story, language)


_WAYS: dict[Format, Callable[[Story, Language], bytes]] = {
    "html": _html,
    "onnx": _onnx,
    "archive": _archive,
    "report": _report,
}
