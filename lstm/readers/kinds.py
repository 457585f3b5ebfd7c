"""Which reader reads which file.

This is what runs in the process of its own (``__main__``); tests call it directly as well. Knows
nothing of processes.
"""

from lstm.readers.bundle import read_bundle
from lstm.readers.cleaning import cleaned
from lstm.readers.document import Document, Reader, Source
from lstm.readers.endings import BUNDLE, checked_ending
from lstm.readers.epub import read_epub
from lstm.readers.pdf import read_pdf
from lstm.readers.plain import read_plain
from lstm.readers.subtitles import read_subtitles
from lstm.readers.table import read_table
from lstm.readers.webpage import read_webpage
from lstm.readers.word import read_word

READERS: dict[str, Reader] = {
    ".txt": read_plain,
    ".md": read_plain,
    ".pdf": read_pdf,
    ".docx": read_word,
    ".epub": read_epub,
    ".html": read_webpage,
    ".htm": read_webpage,
    ".srt": read_subtitles,
    ".csv": read_table,
}
"""Reader of each kind of file; a bundle has none of its own, because it holds several."""


def read_here(source: Source, depth: int = 1) -> list[Document]:
    """Read a file in this process: one document, or all of a bundle's.

    Args:
        source: The file.
        depth: How many bundles it lies in, counted from 1.

    Raises:
        DocumentError: It is not accepted, damaged, costs too much or holds no text.
    """
    ending = checked_ending(source.name, source.data)
    if ending == BUNDLE:
        return read_bundle(source, read_here, depth)
    return [cleaned(READERS[ending](source))]
