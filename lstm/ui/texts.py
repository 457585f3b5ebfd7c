"""The texts that a visitor can train on: ready-made, fetched, uploaded or pasted.

What was uploaded and pasted is kept for the session as clean text; the files' bytes are dropped.
Knows nothing of widgets.
"""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from lstm import library
from lstm.config import VALIDATION_SHARE
from lstm.corpus import Corpus, Diagnosis, diagnose
from lstm.documents import Document, clean, join_documents, read_document, read_documents
from lstm.errors import DocumentError, DownloadError
from lstm.library import PublicText
from lstm.limits import Limits
from lstm.paths import data_folder

UPLOAD = "upload"
PASTE = "paste"

MOST_FILES = 300
"""Texts that one visitor may bring at a time; those of a zip file count one by one."""

PREVIEW = 700
"""Characters of a text that the page shows."""


@dataclass(frozen=True, eq=False)
class Text:
    """A text that can be trained on.

    Attributes:
        key: ``upload``, ``paste``, or the key of a ready-made or public text.
        name: What to call it. Hostile text if it was uploaded.
        documents: Its parts in order.
        content: The parts as one text.
        digest: SHA-256 of the content.
        lowercase: Whether it is usually lower-cased.
    """

    key: str
    name: str
    documents: tuple[Document, ...]
    content: str
    digest: str
    lowercase: bool = False

    @classmethod
    def of(
        cls, key: str, name: str, documents: Iterable[Document], *, lowercase: bool = False
    ) -> "Text":
        """Join documents into a text."""
        parts = tuple(documents)
        content = join_documents(parts)
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        return cls(key, name, parts, content, digest, lowercase)

    @property
    def report(self) -> dict[str, object]:
        """What was understood and cleaned, as JSON values for the store."""
        return {
            "documents": [
                {
                    "name": document.name,
                    "encoding": document.encoding,
                    "notes": [{"key": n.key, "values": n.values} for n in document.notes],
                }
                for document in self.documents
            ]
        }


@dataclass
class Draft:
    """What a visitor brought, kept while the session lasts.

    Attributes:
        documents: Uploaded files that could be read, in order.
        errors: What was wrong with the files of the last upload.
        uploads: Number of uploads so far; names the control, so that it is empty again.
    """

    documents: list[Document] = field(default_factory=list)
    errors: list[DocumentError] = field(default_factory=list)
    uploads: int = 0
    _tables: dict[str, bytes] = field(default_factory=dict)
    _joined: Text | None = None
    _pasted: tuple[str, Text] | None = None

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Read uploaded files; one of the same name takes the older one's place."""
        self.errors = []
        self.uploads += 1
        for name, data in files:
            try:
                documents = read_documents(data, name)
                self._check_length(documents, name)
                for document in documents:
                    self._put(document)
            except DocumentError as error:
                self.errors.append(error)
            else:
                # Another column can only be read from the bytes; all others are dropped. A table
                # inside of a zip file keeps the column that was found.
                if documents[0].columns and documents[0].name == name:
                    self._tables[name] = data
        self._joined = None

    def columns(self, place: int) -> tuple[str, ...]:
        """Return the columns that a text could also be read from, none if it is no table."""
        document = self.documents[place]
        return document.columns if document.name in self._tables else ()

    def choose_column(self, place: int, column: str) -> None:
        """Read a table again, from another column."""
        self.errors = []
        name = self.documents[place].name
        try:
            self.documents[place] = read_document(self._tables[name], name, column=column)
        except DocumentError as error:
            self.errors.append(error)
        self._joined = None

    def remove(self, place: int) -> None:
        """Take a file out again."""
        self.errors = []
        if place < len(self.documents):
            self._tables.pop(self.documents[place].name, None)
            del self.documents[place]
        self._joined = None

    def uploaded(self) -> Text | None:
        """Return the files as one text, None without any."""
        if self.documents and self._joined is None:
            more = f" + {len(self.documents) - 1}" if len(self.documents) > 1 else ""
            self._joined = Text.of(UPLOAD, self.documents[0].name + more, self.documents)
        return self._joined

    def pasted(self, words: str, name: str) -> Text:
        """Return pasted words as a text, cleaned like a file.

        Raises:
            DocumentError: They are too many.
        """
        most = Limits.now().characters
        if len(words) > most:
            raise DocumentError("too_much_text", name=name, most=most)
        if self._pasted is None or self._pasted[0] != words:
            content, notes = clean(words)
            document = Document(name, content, "Unicode", notes)
            self._pasted = (words, Text.of(PASTE, name, [document]))
        return self._pasted[1]

    def _check_length(self, documents: list[Document], name: str) -> None:
        """Refuse what would make all texts together too long.

        Raises:
            DocumentError: It would.
        """
        names = {document.name for document in documents}
        others = [document for document in self.documents if document.name not in names]
        most = Limits.now().characters
        if sum(len(document.text) for document in [*others, *documents]) > most:
            raise DocumentError("too_much_text", name=name, most=most)

    def _put(self, document: Document) -> None:
        for place, known in enumerate(self.documents):
            if known.name == document.name:
                self.documents[place] = document
                return
        if len(self.documents) >= MOST_FILES:
            raise DocumentError("too_many_files", name=document.name, most=MOST_FILES)
        self.documents.append(document)


class Download:
    """A public text on its way, fetched by a thread of its own."""

    def __init__(self, text: PublicText) -> None:
        """Begin to fetch it."""
        self.text = text
        self.done = 0
        self.error: DownloadError | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="download", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it is still on its way."""
        return self._thread.is_alive()

    @property
    def share(self) -> float:
        """How much of it has come, 0 to 1."""
        return min(self.done / self.text.bytes, 1.0)

    def cancel(self) -> None:
        """Give it up at the next block."""
        self._cancelled.set()

    def _run(self) -> None:
        try:
            library.download(self.text, public_folder(), self._progress, self._cancelled.is_set)
        except DownloadError as error:
            self.error = error

    def _progress(self, done: int, _total: int) -> None:
        self.done = done


def public_folder() -> Path:
    """Return where fetched texts are kept."""
    return data_folder() / "texts"


@st.cache_resource(show_spinner=False, max_entries=8)
def ready_made(key: str) -> Text:
    """Return a text that ships with Charloom; its name is its title's message key.

    Raises:
        KeyError: There is no such text.
    """
    title = next(text.title for text in library.bundled() if text.key == key)
    document = Document(title, library.read_bundled(key), "UTF-8", ())
    return Text.of(key, title, [document])


def fetched(text: PublicText) -> Text | None:
    """Return a public text, None if it has not been fetched yet."""
    path = library.cached(text, public_folder())
    return None if path is None else _fetched(text, str(path))


@st.cache_resource(show_spinner=False, max_entries=4)
def _fetched(text: PublicText, path: str) -> Text:
    document = read_document(Path(path).read_bytes(), Path(path).name)
    return Text.of(text.key, text.title, [document], lowercase=text.lowercase)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A text as the network will see it, and what the doctor says."""

    corpus: Corpus
    diagnosis: Diagnosis


def prepare(
    text: Text, name: str, *, lowercase: bool, validation: float = VALIDATION_SHARE
) -> Prepared:
    """Turn a text into a corpus; the same one again costs nothing.

    Raises:
        CorpusError: It is nothing to learn from.
    """
    if text.key in {UPLOAD, PASTE}:
        return _private(text, name, lowercase, validation)
    return _shared(text.key, name, lowercase, validation, _text=text)


@st.cache_resource(show_spinner=False, max_entries=16)
def _shared(key: str, name: str, lowercase: bool, validation: float, _text: Text) -> Prepared:
    return _prepared(_text, name, lowercase, validation)


def _private(text: Text, name: str, lowercase: bool, validation: float) -> Prepared:
    """Keep the last one in the session, so that nobody else's memory holds it."""
    asked = (text.digest, name, lowercase, validation)
    known: tuple[object, Prepared] | None = st.session_state.get("_prepared")
    if known is None or known[0] != asked:
        known = (asked, _prepared(text, name, lowercase, validation))
        st.session_state["_prepared"] = known
    return known[1]


def _prepared(text: Text, name: str, lowercase: bool, validation: float) -> Prepared:
    corpus = Corpus.from_text(text.content, name=name, lowercase=lowercase, validation=validation)
    return Prepared(corpus, diagnose(corpus))


def draft() -> Draft:
    """Return the visitor's draft."""
    kept: Draft = st.session_state.setdefault("_draft", Draft())
    return kept
