"""The process that reads files: ``python -m lstm.readers``, started by ``apart``.

It answers requests on its standard input until that ends. Its memory is bounded; what goes wrong
in it is told without a word of the file.
"""

import contextlib
import logging
import os
import sys
import traceback
from typing import IO

from lstm.errors import DocumentError
from lstm.readers.kinds import read_here
from lstm.readers.wire import Message, answer, asked, receive, refusal, send

MOST_MEMORY = 2 << 30
"""Bytes of address space: twice what the largest honest upload takes."""


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = _streams()
    _bound_memory()
    logging.disable()  # libraries warn about broken files, in words that quote them
    while (message := receive(requests)) is not None:
        send(answers, _answer(message))


def _answer(message: Message) -> Message:
    source = asked(message)
    try:
        return answer(read_here(source))
    except DocumentError as error:
        return refusal(error)
    except MemoryError:
        return refusal(DocumentError("reading_costs_too_much", name=source.name))
    except Exception as error:  # the page must go on; ``apart`` logs where this was raised
        failure = refusal(DocumentError("damaged_file", name=source.name))
        return Message(failure.head | {"failed": _where(error)}, b"")


def _where(error: Exception) -> str:
    """Return kind and place of an error, but not its words: they may quote the file."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name}, {place.filename}:{place.lineno}"


def _streams() -> tuple[IO[bytes], IO[bytes]]:
    """Return requests and answers; a library that prints can't spoil an answer."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return sys.stdin.buffer, answers


def _bound_memory() -> None:
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(ValueError):  # a lower limit is in force already
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    main()
