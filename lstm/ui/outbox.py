"""What waits to be sent to a browser: what is thrown away before the page is drawn again.

Streamlit clears that queue at the start of every drawing, and does it wrong in two ways.

With all that the page showed it throws away the answers to what the browser has asked meanwhile. A
file chosen at the moment of a click waits for ever then to be told where it may be sent. Here the
answers stay.

Before a fragment runs once more, what it drew last time goes. Streamlit tells that by the
fragment's name, which a large element that the browser already has does not bear: such an element
is a mere reference. So it stays when the container around it goes. On a browser that has something
else in that place Streamlit's part there fails then ("'setIn' cannot be called on an
ElementNode"), and the page is empty from then on. Here such references go as well.

It stands on names that Streamlit keeps to itself; its version is pinned, and a test fails if they
change. Knows nothing of pages.
"""

from collections.abc import Callable, Iterable
from functools import wraps

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

Clear = Callable[[ForwardMsgQueue, bool, list[str] | None], None]

_ANSWERS = {"file_urls_response", "backend_operation_response", "heartbeat_ack"}


def install() -> None:
    """Let the queues of all visitors do so from now on; once is enough."""
    if not hasattr(ForwardMsgQueue.clear, "__wrapped__"):
        ForwardMsgQueue.clear = careful(ForwardMsgQueue.clear)  # type: ignore[assignment, method-assign]


def careful(clear: Clear) -> Clear:
    """Return ``ForwardMsgQueue.clear`` that leaves answers and takes a fragment's references."""

    @wraps(clear)
    def cleared(
        queue: ForwardMsgQueue,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        before, drawn_again = queue._queue, set(fragment_ids_this_run or ())
        gone = {_place(message) for message in before if message.delta.fragment_id in drawn_again}
        clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
        queue._queue = [message for message in queue._queue if not _is_orphan(message, gone)]
        if retain_lifecycle_msgs and fragment_ids_this_run is None:
            queue._queue += [one for one in before if one.WhichOneof("type") in _ANSWERS]

    return cleared


def _place(message: ForwardMsg) -> tuple[int, ...]:
    return tuple(message.metadata.delta_path)


def _is_orphan(message: ForwardMsg, gone: Iterable[tuple[int, ...]]) -> bool:
    """Tell whether it is a reference in, or at, a place that has gone."""
    place = _place(message)
    return message.HasField("ref_hash") and any(place[: len(one)] == one for one in gone)
