"""The writing desk: answers a visitor's typewriter with characters.

It keeps a Writer for each lane, but only to be quick: whatever it has lost, the request brings
along. Knows nothing of Streamlit.
"""

from dataclasses import dataclass
from typing import Any

from lstm.config import SampleConfig
from lstm.sampling import Stepper, Writer
from lstm.ui.components.typewriter.protocol import Ask, Request, packed
from lstm.vocabulary import Vocabulary

_FAR_BACK = 4_000
"""A step back by more than this is cheaper from the text than by replaying."""

MANY_SYMBOLS = 500
"""Above this a character is about a word, as in Chinese."""

_LONGEST = 200_000
"""Characters after which a Writer is made anew, so that it can't grow for ever."""


@dataclass(frozen=True)
class Network:
    """What it takes to write.

    Attributes:
        stream: Name of the network, new whenever another one is meant.
        stepper: The network.
        vocabulary: Its symbols.
        lowercase: Whether it knows only small letters.
    """

    stream: str
    stepper: Stepper
    vocabulary: Vocabulary
    lowercase: bool = False

    @property
    def dense(self) -> bool:
        """Whether one of its characters is about a word, as in Chinese."""
        return self.vocabulary.size > MANY_SYMBOLS


@dataclass
class _Seat:
    writer: Writer
    asked: str
    """The opening as it was asked for, before anything in it was replaced."""
    since: int
    """Position from which on its text is known."""


class Desk:
    """One visitor's writers on one network."""

    def __init__(self, network: Network) -> None:
        """Sit down with a network."""
        self.network = network
        self._seats: dict[int, _Seat] = {}

    def change(self, network: Network) -> None:
        """Go on with newer weights: the next requests bring the text along."""
        self.network = network
        self._seats.clear()

    def answer(self, request: Request) -> dict[str, Any]:
        """Write what was asked for; see the protocol for what comes back."""
        lanes = [self._answer(request, ask) for ask in request.asks]
        writer = self._seats[request.asks[0].lane].writer
        return {
            "seq": request.seq,
            "stream": self.network.stream,
            "asked": request.opening,
            "rng": request.rng,
            "opening": writer.opening,
            "substituted": sorted(writer.substituted.items()),
            "lanes": lanes,
        }

    def cost(self, request: Request) -> int:
        """Return how many characters it takes to answer: those to write and those to read again."""
        return sum(self._cost(request, ask) for ask in request.asks)

    def _cost(self, request: Request, ask: Ask) -> int:
        seat = self._seats.get(ask.lane)
        known = seat is not None and _fits(seat, request, ask)
        return 1 + ask.count + (0 if known else len(request.opening) + len(ask.before))

    def first_page(self, opening: str, rng: int, sample: SampleConfig, count: int) -> Request:
        """Return the request with which a fresh typewriter would begin."""
        ask = Ask(lane=0, position=0, before="", count=count, sample=sample, put=None)
        return Request(0, self.network.stream, opening, rng, (ask,))

    def recent(self, lane: int, length: int) -> tuple[str, int]:
        """Return the last characters that a lane has written, and the position behind them."""
        seat = self._seats.get(lane)
        if seat is None:
            return "", 0
        end = seat.writer.position
        return seat.writer.between(end - length, end), end

    def _answer(self, request: Request, ask: Ask) -> dict[str, Any]:
        writer = self._writer(request, ask)
        writer.sample = ask.sample
        written = []
        # A character that the network can't know is left out: it may stem from another network.
        if ask.put is not None and ask.put in writer.vocabulary.characters:
            written.append(writer.branch(ask.position, ask.put))
        written.extend(writer.write(ask.count))
        return packed(ask.lane, written)

    def _writer(self, request: Request, ask: Ask) -> Writer:
        """Return the lane's Writer, standing at the position that was asked for."""
        seat = self._seats.get(ask.lane)
        if seat is None or not _fits(seat, request, ask):
            seat = self._new_seat(request, ask)
            self._seats[ask.lane] = seat
        seat.writer.rewind(ask.position)
        return seat.writer

    def _new_seat(self, request: Request, ask: Ask) -> _Seat:
        network = self.network
        opening = request.opening.lower() if network.lowercase else request.opening
        writer = Writer(network.stepper, network.vocabulary, opening=opening, rng=request.rng)
        if ask.position:
            writer.resume(ask.position, ask.before)
        return _Seat(writer, request.opening, ask.position - len(ask.before))


def _fits(seat: _Seat, request: Request, ask: Ask) -> bool:
    writer = seat.writer
    start = ask.position - len(ask.before)
    return (
        (seat.asked, writer.rng) == (request.opening, request.rng)
        and max(seat.since, writer.position - _FAR_BACK) <= start
        and ask.position <= writer.position <= seat.since + _LONGEST
        and writer.between(start, ask.position) == ask.before
    )
