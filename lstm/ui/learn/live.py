"""A live experiment: computed ahead in the background, shown at the viewer's own pace.

The parts of an experiment are kept, so that a viewer can play them, step through them, slow them
down and go back, while the server has computed them once for everybody who looks at the same
experiment. Knows nothing of what a part is.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any, Literal, TypeVar, cast

import streamlit as st

from lstm.errors import CharloomError
from lstm.lessons.preparing import Preparing
from lstm.ui import address, blocks
from lstm.ui.components.announcer import announce
from lstm.ui.language import language, t
from lstm.ui.learn.lesson import Lesson
from lstm.ui.look import jobs
from lstm.ui.look.context import digest

Pace = Literal["slow", "steady", "fast"]

MOST_PARTS = 500
"""An experiment has no more parts than this: they are all kept."""

LONG = frozenset(("recipes",))
"""Experiments that train for long: one of them at a time, so that no other waits for them."""

CONTROLS = ("dice", "pace", "scrub")
"""What a teacher may hide of an experiment."""

TICK = 0.5
"""Seconds between two looks at an experiment that is played or still computed."""

_PACES: dict[Pace, tuple[float, int]] = {"slow": (1.5, 1), "steady": (TICK, 1), "fast": (TICK, 4)}
"""Seconds between two ticks, and parts that one of them goes on by."""

_EARLY = 0.6
"""A tick that comes before this share of its time was none: something was clicked."""

_DICE = 99
_SEATS = "_live_seats"
_Part = TypeVar("_Part")

Work = Callable[[int], Iterator[_Part]]
"""From the dice, a seed of 1 or more, yields the parts of an experiment."""


@dataclass
class _Reel:
    """An experiment as it is computed: only ever added to, so that others may read meanwhile.

    Attributes:
        parts: What there is of it.
        share: How much of the work is done, 0 to 1.
    """

    parts: list[Any] = field(default_factory=list)
    share: float = 0.0


@dataclass
class _Seat:
    """How one viewer looks at one experiment.

    Attributes:
        settings: What the place belongs to.
        place: Number of the part that is shown, from 0.
        playing: Whether it goes on by itself.
        moved: When it last did, by the monotonic clock.
        started: Whether the viewer has set it going: from then on, other settings play at once.
        pace: How fast it goes on.
        dice: Seed of the experiment.
        stopped: What there was when the viewer cancelled the rest.
    """

    settings: str
    place: int = 0
    playing: bool = False
    moved: float = 0.0
    started: bool = False
    pace: Pace = "steady"
    dice: int = 1
    stopped: _Reel | None = None

    def begin(self, settings: str) -> None:
        """Go to the first part of what other settings give."""
        self.settings, self.place, self.stopped = settings, 0, None
        self.playing, self.moved = self.started, monotonic()

    def play(self, *, on: bool) -> None:
        """Play or pause."""
        self.playing, self.started, self.moved = on, self.started or on, monotonic()


@dataclass(frozen=True)
class _Show:
    """An experiment on the page: what it is called, and the job that computes it."""

    key: str
    seat: _Seat
    job: tuple[str, ...]
    work: Callable[[], Iterator[_Reel]]

    def look(self) -> tuple[_Reel, bool]:
        """Return what there is of it, and whether no more will come.

        Raises:
            CharloomError: The experiment can't be done.
        """
        if self.seat.stopped is not None:
            return self.seat.stopped, True
        now = jobs.job(self.job, self.work, _lane(self.key))
        if now.error is not None:
            raise now.error
        return cast(_Reel | None, now.latest) or _Reel(), now.over


def live(
    lesson: Lesson,
    key: str,
    settings: Hashable,
    work: Work[_Part | Preparing],
    show: Callable[[_Part], None],
    *,
    autoplay: bool = False,
) -> None:
    """Put an experiment on the page.

    Args:
        lesson: The teacher may have hidden the controls ``pace``, ``dice`` and ``scrub``.
        key: Names it in the lesson.
        settings: All that its parts depend on, besides the dice.
        work: From the dice, a seed of 1 or more, yields its parts, at most ``MOST_PARTS``, each
            complete in itself; one with a ``share`` tells how much is done, and ``Preparing`` tells
            nothing but that. The same settings and the same dice must give the same parts:
            whoever asks for them shares them.
        show: Draws a part.
        autoplay: Whether it plays as soon as it is there.
    """
    seat = _seat(key, digest(repr(settings)), autoplay=autoplay)
    dice = seat.dice
    one = _Show(key, seat, _job(key, seat.settings, dice), lambda: _kept(work, dice))
    every = _every(one)
    st.fragment(_watch, run_every=every)(lesson, one, cast(Callable[[Any], None], show), every)


def prime(key: str, settings: Hashable, work: Work[Any]) -> None:
    """Begin to compute what ``live`` will show when it is called so, with the first dice."""
    jobs.job(_job(key, digest(repr(settings)), 1), lambda: _kept(work, 1), _lane(key))


def leave() -> None:
    """Say that the viewer has turned to another chapter: what is computed for nobody ends."""
    seats: dict[str, _Seat] = st.session_state.get(_SEATS, {})
    for key, seat in seats.items():
        seat.playing = False
        jobs.leave([_job(key, seat.settings, seat.dice)])


def _lane(key: str) -> jobs.Lane:
    return "long" if key in LONG else "short"


def _job(key: str, settings: str, dice: int) -> tuple[str, ...]:
    return "learn", key, settings, str(dice)


def _kept(work: Work[Any], dice: int) -> Iterator[_Reel]:
    """Yield one reel that grows by the parts of the work."""
    reel = _Reel()
    for part in islice(work(dice), MOST_PARTS):
        reel.share = float(getattr(part, "share", 0.0))
        if not isinstance(part, Preparing):
            reel.parts.append(part)
        yield reel


def _seat(key: str, settings: str, *, autoplay: bool) -> _Seat:
    """Return the viewer's place at an experiment; at its beginning if the settings are new."""
    seats: dict[str, _Seat] = st.session_state.setdefault(_SEATS, {})
    if key not in seats:
        seats[key] = _Seat(settings, started=autoplay, playing=autoplay, moved=monotonic())
    elif seats[key].settings != settings:
        left = seats[key]
        jobs.leave([_job(key, left.settings, left.dice)])
        left.begin(settings)
    return seats[key]


# ---- one tick ---------------------------------------------------------------------------------


def _every(one: _Show) -> float | None:
    """Return the seconds between two ticks; None if nothing moves."""
    if one.seat.playing:
        return _PACES[one.seat.pace][0]
    try:
        return None if one.look()[1] else TICK
    except CharloomError:
        return None


def _watch(lesson: Lesson, one: _Show, show: Callable[[Any], None], every: float | None) -> None:
    """Draw the experiment as it is now: the body of one tick."""
    try:
        reel, over = one.look()
    except CharloomError as error:
        blocks.alert(error.text(language()), "info")
        return
    parts = reel.parts
    _go_on(one.seat, len(parts), over=over)
    if _every(one) != every:
        address.redraw("chapter")  # the ticking ends, begins or changes its pace
    last = max(0, len(parts) - 1)
    place = min(one.seat.place, last)
    with st.container(key=f"live-{one.key}", gap="small"):
        with st.container(
            key=f"live-{one.key}-strip", horizontal=True, vertical_alignment="center", gap="small"
        ):
            _buttons(lesson, one, place, last, over=over)
            with st.container(key=f"live-{one.key}-way"):
                _way(lesson, one, reel, place, over=over)
        announce(_state(one.seat, place, last, over=over), key=f"live-{one.key}-heard")
        if parts:
            show(parts[place])


def _go_on(seat: _Seat, count: int, *, over: bool) -> None:
    """Move on by a tick's parts if one is due; pause behind the last part."""
    seconds, parts = _PACES[seat.pace]
    now = monotonic()
    if seat.playing and now - seat.moved >= _EARLY * seconds:
        seat.place = min(seat.place + parts, max(0, count - 1))
        seat.moved = now
    if over and seat.place >= count - 1:
        seat.playing = False


def _state(seat: _Seat, place: int, last: int, *, over: bool) -> str:
    """Return how it stands, in words that change when something begins or ends: not at a tick."""
    if seat.playing:
        return t("learn_live.playing")
    if not over:
        return t("learn_live.computing")
    at_end = bool(last) and place >= last
    return t("learn_live.at_end" if at_end else "learn_live.at", place=place + 1, count=last + 1)


# ---- controls ---------------------------------------------------------------------------------


def _buttons(lesson: Lesson, one: _Show, place: int, last: int, *, over: bool) -> None:
    seat, at_end = one.seat, over and place >= last
    with st.container(
        key=f"live-{one.key}-buttons",
        horizontal=True,
        vertical_alignment="center",
        gap="small",
        width="content",
    ):
        st.button(
            t("learn_live.pause" if seat.playing else "learn_live.play"),
            key=f"live-{one.key}-play",
            type="primary",
            icon=":material/pause:" if seat.playing else ":material/play_arrow:",
            on_click=_play,
            args=(seat, at_end),
        )
        for name, step, dead in (("back", -1, place == 0), ("step", 1, at_end)):
            st.button(
                t(f"learn_live.{name}"),
                key=f"live-{one.key}-{name}",
                disabled=dead,
                on_click=_go,
                args=(seat, place + step),
            )
        st.button(
            t("learn_live.again"), key=f"live-{one.key}-again", on_click=_again, args=(seat, 0)
        )
        if lesson.shows("dice"):
            st.button(
                t("learn_live.dice", dice=seat.dice),
                key=f"live-{one.key}-dice",
                help=t("learn_live.dice_help"),
                on_click=_again,
                args=(seat, 1),
            )
        if lesson.shows("pace"):
            _choose_pace(one)


def _choose_pace(one: _Show) -> None:
    key = f"live-{one.key}-pace"
    st.session_state[key] = one.seat.pace
    st.segmented_control(
        t("learn_live.pace"),
        list(_PACES),
        format_func=lambda pace: t(f"learn_live.{pace}"),
        key=key,
        required=True,
        label_visibility="collapsed",
        on_change=_set_pace,
        args=(one.seat, key),
    )


def _way(lesson: Lesson, one: _Show, reel: _Reel, place: int, *, over: bool) -> None:
    """Show how far the computing is, and when it is done, the way through all parts."""
    if not over:
        with st.container(horizontal=True, vertical_alignment="center"):
            said = t("learn_live.working", count=len(reel.parts))
            bar = blocks.progress_html(max(reel.share, 0.02), said)
            st.html(f'<div class="charloom-working"><p>{said}</p>{bar}</div>')
            st.button(
                t("learn_live.cancel"),
                key=f"live-{one.key}-cancel",
                on_click=_cancel,
                args=(one, reel),
            )
    elif len(reel.parts) > 1 and lesson.shows("scrub"):
        key = f"live-{one.key}-place"
        st.session_state[key] = place + 1
        said = t("learn_live.part", count=len(reel.parts))
        st.slider(
            said, 1, len(reel.parts), key=key, on_change=_scrub, args=(one.seat, key),
            label_visibility="collapsed",
        )  # fmt: skip


def _play(seat: _Seat, at_end: bool) -> None:
    """Play or pause; behind the last part, play from the first."""
    if at_end:
        seat.place = 0
    seat.play(on=not seat.playing)


def _go(seat: _Seat, place: int) -> None:
    seat.play(on=False)
    seat.place = max(0, place)


def _again(seat: _Seat, other: int) -> None:
    """Play from the first part, with the same dice or others."""
    seat.dice = (seat.dice + other - 1) % _DICE + 1
    seat.started = True
    seat.begin(seat.settings)


def _set_pace(seat: _Seat, key: str) -> None:
    seat.pace = st.session_state[key]


def _scrub(seat: _Seat, key: str) -> None:
    _go(seat, int(st.session_state[key]) - 1)


def _cancel(one: _Show, reel: _Reel) -> None:
    """Let this viewer do without the rest; others who wait for the same still get it."""
    one.seat.stopped = _Reel(list(reel.parts), 1.0)
    jobs.leave([one.job])
