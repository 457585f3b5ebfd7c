"""The next character: its chances before and after temperature, drawn one by one."""

from dataclasses import dataclass

import streamlit as st

from lstm.config import SampleConfig
from lstm.insight.outlook import Outlook, next_logits, outlook
from lstm.sampling import dice, draw
from lstm.ui import words
from lstm.ui.charts import Figure, plain
from lstm.ui.components.tinted import Lane, Tinted, tinted
from lstm.ui.language import t
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import LONGEST, Context, clean, digest

FORMULAS = (
    r"p_T(v) = \frac{e^{z_v / T}}{\sum_u e^{z_u / T}}",
    r"H = -\sum_v p_v \log_2 p_v",
)
CODE = (outlook, next_logits, draw, dice)

SHOWN = 12
"""Characters that get a bar; all others share one."""

_BEFORE, _AFTER = "#0072B2", "#D55E00"
_HEIGHT = 480
_EVERY = 0.7  # seconds between two characters while it plays
_WRITTEN = "next"
_TAIL = 160  # characters of the text before that are shown
_MOST = 400  # characters that can be written here


@dataclass(frozen=True, eq=False)
class Moment:
    """The place that the writing has come to.

    Attributes:
        written: What was written so far, without the text before it.
        seen: The chances there.
        drawn: The character on which the throw falls.
        throw: The throw, 0 to 1.
    """

    written: str
    seen: Outlook
    drawn: int
    throw: float


def render(context: Context) -> None:
    """Draw the view."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=320):
            temperature = wishes.number(
                "temperature", 0.0, 2.0, label=t("look_next.temperature"), default=0.7
            )
        with st.container(width=260):
            rng = wishes.whole("dice", 0, 9_999, label=t("look_next.dice"), default=1, box=True)
    playing = bool(st.session_state.get(wishes.PLAYING))
    writing = st.fragment(_writing, run_every=_EVERY if playing else None)
    writing(context, temperature, rng, playing=playing)


def _writing(context: Context, temperature: float, rng: int, *, playing: bool) -> None:
    """Draw the place that the writing has come to: the body of one tick."""
    if bool(st.session_state.get(wishes.PLAYING)) != playing:
        st.rerun()
    now = _moment(context, temperature, rng)
    if playing and st.session_state.pop("_look_ticked", False):
        if len(now.written) >= _MOST:
            st.session_state[wishes.PLAYING] = False
            st.rerun()
        _write(now.written + context.name(now.drawn))
        now = _moment(context, temperature, rng)
    st.session_state["_look_ticked"] = playing
    _buttons(context, now, playing=playing)
    tinted(so_far(context, now), key="tinted-next")
    title = t("look_next.chart")
    figure = bars(now, context.vocabulary.characters, temperature)
    frame.plot(figure, key="next", title=title, height=_HEIGHT)
    frame.facts(
        [
            (t("look_next.entropy_before"), f"{now.seen.plain_entropy:.2f}"),
            (t("look_next.entropy_after"), f"{now.seen.shaped_entropy:.2f}"),
            (t("look_next.throw"), f"{now.throw:.3f}"),
            (t("look_next.drawn"), named(context.name(now.drawn))),
        ]
    )
    head = [t("look_surprise.character"), t("look_next.before"), t("look_next.after")]
    frame.numbers("next", head, lambda: _rows(context, now))


def _moment(context: Context, temperature: float, rng: int) -> Moment:
    written = clean(wishes.value(_WRITTEN) or "")[:_MOST]
    written = context.vocabulary.substitute(written)[0]
    before = context.spelled + written
    logits = context.computed(
        "logits", lambda: next_logits(context.model, context.vocabulary.encode(before)), written
    )
    seen = outlook(logits, SampleConfig(temperature=temperature), context.vocabulary.unknown)
    throw = dice(rng, len(written))
    return Moment(written, seen, draw(seen.shaped.astype(float), throw), throw)


def _buttons(context: Context, now: Moment, *, playing: bool) -> None:
    full = len(now.written) >= _MOST
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            t("look_next.step"), key="next-step", type="primary", disabled=playing or full,
            on_click=_write, args=(now.written + context.name(now.drawn),),
        )  # fmt: skip
        label = t("look.tinted.pause") if playing else t("look.tinted.play")
        st.button(label, key="next-play", on_click=_play, args=(not playing,), disabled=full)
        st.button(
            t("look_next.back"), key="next-back", disabled=playing or not now.written,
            on_click=_write, args=(now.written[:-1],),
        )  # fmt: skip
        st.button(
            t("look_next.again"), key="next-again", disabled=not now.written,
            on_click=_write, args=("",),
        )  # fmt: skip
        order = now.seen.order[: 4 * SHOWN].tolist()
        key = f"next-other-{len(now.written)}-{digest(now.written)}"  # empty again after a choice
        st.selectbox(
            t("look_next.other"),
            [None, *order],
            format_func=lambda key: _choice(context, now, key),
            key=key,
            on_change=_put_other,
            args=(now.written, context, key),
            disabled=playing or full,
            filter_mode=None,
            width=260,
        )  # fmt: skip


def _choice(context: Context, now: Moment, key: int | None) -> str:
    if key is None:
        return t("look_next.choose")
    return f"{named(context.name(key))}   {words.rough(100 * float(now.seen.plain[key]))} %"


def _put_other(written: str, context: Context, key: str) -> None:
    chosen = st.session_state[key]
    if chosen in range(context.model.vocab_size):
        _write(written + context.name(chosen))


def _write(written: str) -> None:
    wishes.put(_WRITTEN, written or None)


def _play(start: bool) -> None:
    st.session_state[wishes.PLAYING] = start


def so_far(context: Context, now: Moment) -> Tinted:
    """Return the end of the text with what was written, marked."""
    tail = context.text[-_TAIL:]
    steps = [0] * len(tail) + [2] * len(now.written)
    lane = Lane(t("look_next.so_far"), steps, "marks", ["", "", t("look_next.written")])
    return Tinted((tail + now.written)[-LONGEST:], [lane], name="charloom-next-text")


def named(character: str) -> str:
    """Return a character as it can be seen in a label."""
    names = {" ": "space", "\n": "newline", "\t": "tab", "\u3000": "space"}
    if character in names:
        return t(f"look.tinted.{names[character]}")
    return character if character.isprintable() else f"U+{ord(character):04X}"


def bars(now: Moment, characters: tuple[str, ...], temperature: float) -> Figure:
    """Draw the likeliest characters' chances before and after temperature, the rest as one bar."""
    seen = now.seen
    order = seen.order[:SHOWN].tolist()
    if now.drawn not in order:
        order[-1] = now.drawn
    plain_rest, shaped_rest = (
        max(0.0, 1.0 - float(chances[order].sum())) for chances in (seen.plain, seen.shaped)
    )
    names = [f"{plain(named(characters[key]))}{' ●' if key == now.drawn else ''}" for key in order]
    names.append(t("look_next.others", count=len(characters) - len(order)))
    traces = []
    for name, chances, rest, colour, shape in (
        ("before", seen.plain, plain_rest, _BEFORE, ""),
        ("after", seen.shaped, shaped_rest, _AFTER, "/"),
    ):
        shares = [*(float(chances[key]) for key in order), rest]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": t(f"look_next.{name}_at", temperature=f"{temperature:g}"),
                "x": [round(100 * share, 3) for share in shares],
                "y": list(range(len(names))),
                "marker": {"color": colour, "pattern": {"shape": shape, "fillmode": "overlay"}},
                "hovertemplate": "%{x:.3g} %",
            }
        )
    layout = {
        "barmode": "group",
        "xaxis": {"title": {"text": t("look_next.axis")}, "range": [0, 100]},
        "yaxis": {
            "autorange": "reversed",
            "automargin": True,
            "tickvals": list(range(len(names))),
            "ticktext": names,
        },
        "margin": {"l": 8, "r": 16, "t": 40, "b": 46},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "uirevision": "next",
    }
    return {"data": traces, "layout": layout}


def _rows(context: Context, now: Moment) -> list[list[object]]:
    return [
        [context.name(key), float(now.seen.plain[key]), float(now.seen.shaped[key])]
        for key in now.seen.order.tolist()
    ]
