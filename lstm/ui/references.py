"""What a fragment has drawn and nobody has fetched yet goes whole when it is drawn again.

Before a fragment runs once more, Streamlit throws away what it drew last time and has not sent. It
tells that by the fragment's name, which a large element that the browser already has does not
bear: such an element is a mere reference. So it stays when the container around it goes. On a
browser that has something else in that place Streamlit's part there fails then ("'setIn' cannot be
called on an ElementNode"), and the page is empty from then on. Here such references go as well.

It stands on names that Streamlit keeps to itself; its version is pinned, and a test fails if they
change. Knows nothing of pages.
"""

from collections.abc import Callable, Iterable
from functools import wraps

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

Clear = Callable[[ForwardMsgQueue, bool, list[str] | None], None]


def install() -> None:
    """Let the queues of all visitors do so from now on; once is enough."""
    if not hasattr(ForwardMsgQueue.clear, "__wrapped__"):
        ForwardMsgQueue.clear = whole(ForwardMsgQueue.clear)  # type: ignore[assignment, method-assign]


def whole(clear: Clear) -> Clear:
    """Return ``ForwardMsgQueue.clear`` that takes a fragment's references along."""

    @wraps(clear)
    def cleared(
        queue: ForwardMsgQueue,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        drawn_again = set(fragment_ids_this_run or ())
        gone = {
            _place(message) for message in queue._queue if message.delta.fragment_id in drawn_again
        }
        clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
        queue._queue = [message for message in queue._queue if not _is_orphan(message, gone)]

    return cleared


def _place(message: ForwardMsg) -> tuple[int, ...]:
    return tuple(message.metadata.delta_path)


def _is_orphan(message: ForwardMsg, gone: Iterable[tuple[int, ...]]) -> bool:
    """Tell whether it is a reference in, or at, a place that has gone."""
    place = _place(message)
    return message.HasField("ref_hash") and any(place[: len(one)] == one for one in gone)
