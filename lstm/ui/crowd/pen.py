"""The typewriter without its screen: shows characters at its pace and asks for more in time.

The same requests at the same moments as ``typewriter.js`` in the room Write sends, for one text.
Knows nothing of how many others write.
"""

import asyncio
import json
import math
import time
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lstm.ui.crowd.tab import PATIENCE, Late, Shown, Tab, Unanswered

PACE = 25.0
"""Characters a second that a visitor reads: the usual pace of the room."""

_AHEAD = 8 + 1.2 * PACE  # characters that lie ready at least
_COUNT = math.ceil(2.5 * PACE)  # characters that are asked for
_PATIENCE = 5.0  # seconds after which the page asks again
_BEFORE = 1000  # characters that a request brings along
_COMPONENT = "charloom_typewriter"
_FILTERS = {"top_k": 0, "top_p": 1, "min_p": 0}


class Pen:
    """A visitor's typewriter, in a tab that shows the room Write.

    Args:
        tab: The tab.

    Raises:
        Unanswered: No text came with the page.
    """

    def __init__(self, tab: Tab) -> None:
        """Begin with the text that came with the page."""
        self._tab, self._seq = tab, 0
        data = self._data()
        reply = data.get("reply")
        if not reply or reply["seq"] != 0:
            raise Unanswered("no text came with the page")
        self._settings, self._stream = data["settings"], data["stream"]
        self.text: str = reply["lanes"][0]["text"]
        self._began, self._shown = time.monotonic(), 0

    @property
    def shown(self) -> int:
        """How many characters a visitor has read by now."""
        passed = time.monotonic() - self._began
        return min(len(self.text), self._shown + int(PACE * passed))

    async def hungry(self) -> None:
        """Wait until it is time to ask for more."""
        ahead = len(self.text) - self.shown
        await asyncio.sleep(max(0.0, (ahead - _AHEAD) / PACE))

    async def more(self) -> float:
        """Ask for more characters; return the seconds until they are there.

        Raises:
            Unanswered: They did not come, or others than were asked for.
        """
        return await self._ask(self._settings["temperature"])

    async def turn(self, temperature: float) -> float:
        """Move the slider; return the seconds until there is text at the new temperature.

        What was not shown yet is dropped, as on the page.

        Raises:
            Unanswered: It did not come, or other characters than were asked for.
        """
        shown = self.shown
        self.text, self._shown, self._began = self.text[:shown], shown, time.monotonic()
        self._settings["temperature"] = temperature
        return await self._ask(temperature)

    async def _ask(self, temperature: float) -> float:
        began = time.monotonic()
        while True:
            try:
                await self._ask_once(temperature)
            except Late:
                if time.monotonic() - began > PATIENCE:
                    raise
                self._tab.traffic.again += 1
            else:
                return time.monotonic() - began

    async def _ask_once(self, temperature: float) -> None:
        self._seq += 1
        position = len(self.text)
        ask = {"lane": 0, "position": position, "before": self.text[-_BEFORE:], "count": _COUNT}
        request = {
            "seq": self._seq,
            "stream": self._stream,
            "opening": self._settings["opening"],
            "rng": self._settings["rng"],
            "asks": [{**ask, "put": None, **_FILTERS, "temperature": temperature}],
        }
        shown = self._component()
        await self._tab.change(shown, json.dumps({"request": request}), self._answers, _PATIENCE)
        self._receive(self._data()["reply"], position, temperature)

    def _answers(self, message: ForwardMsg) -> bool:
        """Tell whether a message brings the reply to the last request."""
        component = message.delta.new_element.bidi_component
        if component.component_name != _COMPONENT:
            return False
        reply = json.loads(component.json)["reply"]
        return bool(reply) and reply["seq"] == self._seq

    def _receive(self, reply: dict[str, Any], position: int, temperature: float) -> None:
        if "error" in reply:
            raise Unanswered(reply["error"])
        part = reply["lanes"][0]
        fits = part["start"] == position and set(part["temperature"]) == {temperature}
        if not fits or len(part["text"]) != _COUNT:
            raise Unanswered("other characters came than were asked for")
        self.text += part["text"]

    def _component(self) -> Shown:
        shown = self._tab.component(_COMPONENT)
        if shown is None:
            raise Unanswered("there is no typewriter on the page")
        return shown

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self._component().element.bidi_component.json)
        return data
