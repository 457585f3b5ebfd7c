"""The second part of Train: presets by time, every number behind them, what it will cost.

Knows nothing of where the text comes from.
"""

import secrets
from concurrent.futures import Future
from functools import partial

import streamlit as st

from lstm import pace
from lstm.corpus import Corpus
from lstm.errors import ConfigError
from lstm.limits import Limits
from lstm.model import parameter_count
from lstm.presets import PRESETS, Preset, PresetName, preset, recommended
from lstm.ui import address, blocks, words
from lstm.ui.blocks import alert, alert_html, facts_html
from lstm.ui.estimate import Probes, estimate
from lstm.ui.language import language, t
from lstm.ui.settings import (
    GROUPS,
    SETTINGS,
    Chosen,
    Group,
    Setting,
    Value,
    applies,
    choose,
    defaults,
    limited,
    parse,
    within,
    written,
)

_POLL = 0.4  # seconds between two looks at a probe


def preset_name(characters: int) -> PresetName:
    """Return the preset in the address, else the one for a text of this length."""
    known = address.get("preset")
    return next((name for name in PRESETS if name == known), recommended(characters))


def changes() -> dict[str, Value]:
    """Return what the visitor changed, from the address; what can't be read there is dropped."""
    found: dict[str, Value] = {}
    for setting in SETTINGS:
        value = address.get(setting.name)
        if value is None:
            continue
        try:
            found[setting.name] = parse(setting, value)
        except ValueError:
            address.put(setting.name, None)
    return found


def choose_preset(corpus: Corpus, *, lowercase: bool) -> tuple[PresetName, Chosen]:
    """Draw the presets, and return the one in force with what was changed in its numbers.

    Args:
        corpus: The text.
        lowercase: Whether this text is usually lower-cased.
    """
    st.html(blocks.title_html(t("train.network.title"), level=2))
    name = _presets(corpus)
    base, symbols = _base(name, corpus), corpus.vocabulary.size
    chosen = choose(base, changes(), lowercase=lowercase)
    return name, limited(chosen, base, symbols, Limits.now())


def numbers(corpus: Corpus, name: PresetName, chosen: Chosen, *, lowercase: bool) -> None:
    """Draw every number; what is changed there is in force at the next drawing."""
    base = _base(name, corpus)
    changed = changes()
    with st.expander(t("train.network.numbers"), expanded=bool(changed), key="numbers"):
        for group in GROUPS:
            _group(group, base, chosen, changed, lowercase=lowercase)


def cost(corpus: Corpus, chosen: Chosen) -> None:
    """Say how large the network is and how long it takes here, measured in the background."""
    asker = st.session_state.setdefault("_asker", secrets.token_hex(8))
    speed = _probes().ask(asker, corpus, chosen.model, chosen.train)
    st.fragment(_cost, run_every=None if speed.done() else _POLL)(corpus, chosen, speed)


def _base(name: PresetName, corpus: Corpus) -> Preset:
    return within(_preset(name, corpus), Limits.now())


def _preset(name: PresetName, corpus: Corpus) -> Preset:
    return preset(name, corpus.characters, corpus.vocabulary.size, pace.known())


def _presets(corpus: Corpus) -> PresetName:
    best = recommended(corpus.characters)
    chosen = preset_name(corpus.characters)
    # Streamlit knows options by their titles: in another language it is another control. And a
    # text of another length may bring another preset, until the visitor has chosen one.
    key = f"preset-{chosen}-{language()}"
    return st.radio(
        t("train.network.preset"),
        PRESETS,
        index=PRESETS.index(chosen),
        format_func=lambda name: t(f"train.preset.{name}"),
        captions=[_caption(name, corpus, fits=name == best) for name in PRESETS],
        key=key,
        on_change=_choose_preset,
        args=(key,),
    )


def _caption(name: PresetName, corpus: Corpus, *, fits: bool) -> str:
    hidden = _preset(name, corpus).model.hidden_size
    caption = t(f"train.preset_caption.{name}", hidden=hidden)
    return t("train.network.recommended", caption=caption) if fits else caption


def _choose_preset(key: str) -> None:
    address.put("preset", st.session_state[key])
    for setting in SETTINGS:
        address.put(setting.name, None)


def _group(
    group: Group, base: Preset, chosen: Chosen, changed: dict[str, Value], *, lowercase: bool
) -> None:
    standard = defaults(base, lowercase=lowercase)
    st.html(blocks.title_html(t(f"settings.group.{group}"), level=3))
    shown = [s for s in SETTINGS if s.group == group and applies(s, chosen)]
    for start in range(0, len(shown), 2):
        pair = shown[start : start + 2]
        for column, setting in zip(st.columns(2), pair, strict=False):
            with column:
                value = changed.get(setting.name, standard[setting.name])
                _control(setting, base.name, standard[setting.name], value)
                _help(setting, chosen.errors.get(setting.name))


def _control(setting: Setting, preset: PresetName, standard: Value, value: Value) -> None:
    """Draw one control; with another default it is another control, which starts there."""
    label = t(f"settings.label.{setting.name}")
    key = f"set-{setting.name}-{preset}-{standard}-{language()}"
    told = partial(_change, setting, key, standard)
    if setting.kind == "flag":
        st.toggle(label, bool(value), key=key, on_change=told)
    elif setting.kind == "choice":
        place = setting.choices.index(str(value))
        st.selectbox(
            label, setting.choices, place, format_func=_value_title, key=key, on_change=told
        )
    elif setting.kind == "whole":
        whole = None if value is None else int(value)
        st.number_input(
            label, value=whole, step=int(setting.step), format="%d", key=key, on_change=told
        )
    else:
        number = None if value is None else float(value)
        st.number_input(
            label, value=number, step=setting.step, format="%g", key=key, on_change=told
        )


def _change(setting: Setting, key: str, standard: Value) -> None:
    value = st.session_state[key]
    if value is None and not setting.optional:
        value = standard
    address.put(setting.name, None if value == standard else written(value))


def _value_title(value: str) -> str:
    return t(f"settings.value.{value}")


def _help(setting: Setting, error: ConfigError | None) -> None:
    if error is None:
        st.caption(t(f"settings.{setting.name}"))
    else:
        named = {**error.values, "field": t(f"settings.label.{setting.name}")}
        alert(t(f"errors.{error.key}", **named))


def _cost(corpus: Corpus, chosen: Chosen, speed: Future[float]) -> None:
    size = words.count(parameter_count(corpus.vocabulary.size, chosen.model))
    facts = [(t("train.cost.parameters"), size)]
    if not speed.done():
        unknown = t("train.cost.measuring")
        facts += [(t(f"train.cost.{name}"), unknown) for name in ("time", "epochs", "speed")]
        st.html(facts_html(facts))
        return
    st.html(_measured(corpus, chosen, speed, facts))
    if st.session_state.get("_measured") is not speed:
        # The page is drawn once more, so that the clock that brought us here stops.
        st.session_state["_measured"] = speed
        st.rerun()


def _measured(
    corpus: Corpus, chosen: Chosen, speed: Future[float], facts: list[tuple[str, str]]
) -> str:
    if speed.cancelled() or isinstance(speed.exception(), MemoryError | RuntimeError):
        return facts_html(facts) + alert_html(t("train.cost.too_large"), "warning")
    expected = estimate(corpus, chosen.train, speed.result())
    rate = t("train.cost.rate", count=words.count(expected.chars_per_second))
    return facts_html(
        [
            *facts,
            (t("train.cost.time"), words.duration(expected.seconds, language())),
            (t("train.cost.epochs"), words.rough(expected.epochs)),
            (t("train.cost.speed"), rate),
        ]
    )


@st.cache_resource(show_spinner=False)
def _probes() -> Probes:
    from lstm.training import probe

    return Probes(probe)
