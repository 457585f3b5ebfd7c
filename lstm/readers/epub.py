"""E-books: the chapters of an .epub in reading order.

An e-book is a zip file whose ``META-INF/container.xml`` names a package file, which lists all
parts and, as its spine, the order to read them in. Knows nothing of what a chapter looks like
inside (``webpage``).

Source: EPUB 3.3, W3C Recommendation: container, package document, encryption.
"""

import posixpath
from typing import Any
from urllib.parse import unquote

from lxml import etree

from lstm.errors import DocumentError
from lstm.readers.archive import Archive
from lstm.readers.bounds import MEGABYTE, MOST_MARKUP, damaged
from lstm.readers.cleaning import is_blank
from lstm.readers.document import Document, Note, Source
from lstm.readers.webpage import decode_markup, page_text

_CONTAINER = "META-INF/container.xml"
_LOCKS = "META-INF/encryption.xml"
_PAGE_TYPES = {"application/xhtml+xml", "text/html", "text/x-oeb1-document"}
_MOST_XML = 8 * MEGABYTE


def read_epub(source: Source) -> Document:
    """Read an .epub file.

    Raises:
        DocumentError: It is no e-book, is damaged, is locked against copying or has no text.
    """
    archive = Archive(source)
    chapters = _spine(archive, source.name)
    if chapters and set(chapters) <= _locked(archive, source.name):
        raise DocumentError("book_locked", name=source.name)
    texts: list[str] = []
    unread = 0
    for chapter in chapters:
        text = _chapter(archive, chapter, source)
        if text is None:
            unread += 1
        elif not is_blank(text):
            texts.append(text)
    if not texts:
        raise DocumentError("book_without_text", name=source.name)
    notes = [Note("documents.epub_chapters", {"count": len(texts)})]
    if unread:
        notes.append(Note("documents.epub_unread", {"count": unread}))
    return Document(source.name, "\n\n".join(texts), "EPUB", tuple(notes))


def _chapter(archive: Archive, path: str, source: Source) -> str | None:
    """Return a chapter's text; None if it is missing or damaged or the time is used up."""
    if path not in archive or source.allowance.is_late:
        return None
    try:
        data = archive.read(path, MOST_MARKUP)
        return page_text(decode_markup(data, path).text, path).text
    except DocumentError as error:
        # One broken chapter is told and does not cost the book; a bomb does.
        if error.key in {"archive_too_large", "archive_bomb"}:
            raise
        return None


def _spine(archive: Archive, name: str) -> list[str]:
    """Return the paths of the chapters in reading order, each once.

    Left out are the table of contents and what the book itself calls not part of its flow.
    """
    package_path = _package_path(archive, name)
    package = _xml(archive, package_path, name)
    folder = posixpath.dirname(package_path)
    pages = {}
    for item in package.iterfind(".//{*}manifest/{*}item"):
        is_contents = "nav" in item.get("properties", "").split()
        if item.get("media-type") in _PAGE_TYPES and not is_contents:
            path = posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
            pages[item.get("id")] = path
    references = [
        reference
        for reference in package.iterfind(".//{*}spine/{*}itemref")
        if reference.get("idref") in pages
    ]
    flow = [reference for reference in references if reference.get("linear") != "no"]
    return list(dict.fromkeys(pages[reference.get("idref")] for reference in flow or references))


def _package_path(archive: Archive, name: str) -> str:
    if _CONTAINER not in archive:
        raise DocumentError("not_a_book", name=name)
    root = _xml(archive, _CONTAINER, name).find(".//{*}rootfile")
    path = "" if root is None else unquote(root.get("full-path", ""))
    if path not in archive:
        raise DocumentError("damaged_file", name=name)
    return path


def _locked(archive: Archive, name: str) -> set[str]:
    """Return the paths of encrypted parts. Fonts often are; that does not matter here."""
    if _LOCKS not in archive:
        return set()
    references = _xml(archive, _LOCKS, name).iterfind(".//{*}CipherReference")
    return {unquote(reference.get("URI", "")) for reference in references}


def _xml(archive: Archive, path: str, name: str) -> Any:  # noqa: ANN401 - lxml's tree is untyped
    """Parse a part without touching the network, loading a DTD or expanding an entity."""
    data = archive.read(path, _MOST_XML)
    with damaged(name):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        return etree.fromstring(data, parser)
