"""Streamlit's websocket without a browser: what a browser could be made to send.

Knows nothing of pages; a message names widgets by the ids that the server gave them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from lstm.ui.visitor import COOKIE

SECONDS = 60.0


@dataclass
class Wire:
    """One session of one visitor.

    Attributes:
        connection: To the server.
        said: All that the server said in answer to the last message.
    """

    connection: ClientConnection
    said: list[ForwardMsg] = field(default_factory=list)

    def ask(self, query: str, page: str = "", states: Iterable[WidgetState] = ()) -> str:
        """Have a page drawn, with widgets in these states, and return all that came as text."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        message.rerun_script.widget_states.widgets.extend(states)
        self.connection.send(message.SerializeToString())
        self.said = []
        while True:
            answer = ForwardMsg()
            data = self.connection.recv(timeout=SECONDS)
            assert isinstance(data, bytes)
            answer.ParseFromString(data)
            self.said.append(answer)
            if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                continue  # the page is begun anew, and what was drawn of it may be left out
            if answer.WhichOneof("type") == "script_finished":
                return "\n".join(str(one) for one in self.said)

    def widgets(self) -> dict[str, str]:
        """The kinds of all widgets in the last answer, by their ids."""
        found = {}
        for message in self.said:
            element = message.delta.new_element
            kind = element.WhichOneof("type")
            name = getattr(getattr(element, kind), "id", "") if kind else ""
            if isinstance(name, str) and name:
                found[name] = str(kind)
        return found

    def ids(self, of: str = "") -> list[str]:
        """The ids of all widgets in the last answer, or of those of one kind."""
        return [name for name, kind in self.widgets().items() if of in ("", kind)]


@contextmanager
def wire(url: str, key: str) -> Iterator[Wire]:
    """Open a session as the visitor with this key."""
    address = url.replace("http://", "ws://") + "/_stcore/stream"
    with connect(
        address,
        origin=Origin(url),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": f"{COOKIE}={key}"},
        max_size=None,
    ) as connection:
        yield Wire(connection)
