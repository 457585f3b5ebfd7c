"""How a file travels to the process that reads it, and its text back.

A message is a head (JSON, ASCII) and a body (bytes), each after its length. Knows nothing of
processes.
"""

import json
import struct
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

from lstm.errors import DocumentError
from lstm.readers.document import Document, Note, Removed, Source

_LENGTHS = struct.Struct(">QQ")


class Message(NamedTuple):
    """A head and a body."""

    head: dict[str, Any]
    body: bytes


def send(stream: IO[bytes], message: Message) -> None:
    """Write a message.

    Raises:
        OSError: Nobody reads any more.
    """
    head = json.dumps(message.head).encode("ascii")
    stream.write(_LENGTHS.pack(len(head), len(message.body)))
    stream.write(head)
    stream.write(message.body)
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read a message; None if the stream ends before it does."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    head, body = stream.read(head_length), stream.read(body_length)
    if len(head) < head_length or len(body) < body_length:
        return None
    return Message(json.loads(head), body)


def request(source: Source) -> Message:
    """Return the message that asks for a file to be read."""
    return Message({"name": source.name, "column": source.column}, source.data)


def asked(message: Message) -> Source:
    """Return the file that a request is about."""
    return Source(message.head["name"], message.body, message.head["column"])


def answer(documents: Sequence[Document]) -> Message:
    """Return the message that brings documents back."""
    bodies = [document.text.encode() for document in documents]
    heads = [
        {
            "name": document.name,
            "bytes": len(body),
            "encoding": document.encoding,
            "notes": [[note.key, note.values] for note in document.notes],
            "columns": document.columns,
            "column": document.column,
            "removed": document.removed,
        }
        for document, body in zip(documents, bodies, strict=True)
    ]
    return Message({"documents": heads}, b"".join(bodies))


def refusal(error: DocumentError) -> Message:
    """Return the message that says why a file can't be read."""
    return Message({"error": error.key, "values": error.values}, b"")


def answered(message: Message) -> list[Document]:
    """Return the documents of an answer.

    Raises:
        DocumentError: It is a refusal.
    """
    if "error" in message.head:
        raise DocumentError(message.head["error"], **message.head["values"])
    documents, start = [], 0
    for head in message.head["documents"]:
        end = start + head["bytes"]
        documents.append(_document(head, message.body[start:end].decode()))
        start = end
    return documents


def _document(head: dict[str, Any], text: str) -> Document:
    return Document(
        head["name"],
        text,
        head["encoding"],
        tuple(Note(key, values) for key, values in head["notes"]),
        tuple(head["columns"]),
        head["column"],
        tuple(Removed(page, line) for page, line in head["removed"]),
    )
