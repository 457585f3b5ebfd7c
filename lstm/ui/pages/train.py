"""The room Train: bring a text, choose a network, watch it learn.

With ``?run=ID`` in the address it shows that run, with ``?shared=TOKEN`` one that somebody
shares, with ``?from=ID`` it trains that run's network on a text, otherwise it leads to a new one.
Knows nothing of how a training is done.
"""

import streamlit as st

from lstm.errors import CharloomError, CorpusError
from lstm.presets import PresetName
from lstm.ui import address, blocks, language
from lstm.ui.access import Ticket
from lstm.ui.blocks import alert
from lstm.ui.classroom import belonging
from lstm.ui.language import t
from lstm.ui.pages import train_network, train_on, train_text, train_watch
from lstm.ui.services import owner, store
from lstm.ui.settings import NAMES, Chosen
from lstm.ui.texts import Prepared, Text, prepare

_WANTED = "_start_wanted"
_KEPT = NAMES | {"preset", "text"}


def render() -> None:
    """Draw the room."""
    blocks.style()
    asked, start = st.query_params, st.query_params.get("from")
    if "shared" in asked:
        train_watch.render(Ticket("shared", asked["shared"]))
    elif "run" in asked:
        train_watch.render(Ticket("run", asked["run"]))
    elif start is not None:
        train_on.render(start)
    else:
        _set_up()


def _set_up() -> None:
    address.bring_back(_KEPT)
    st.html(blocks.title_html(t("train.title")))
    belonging.before_training()
    left, right = st.columns(2, gap="large")
    with left:
        text = train_text.choose()
        prepared = _prepare(text) if text else None
        if text and prepared:
            train_text.doctor(text, prepared)
    with right:
        if text and prepared:
            _network(text, prepared)
        else:
            st.session_state.pop(_WANTED, None)
            st.html(blocks.title_html(t("train.network.title"), level=2))
            alert(t("train.network.waits"), "info")


def _prepare(text: Text) -> Prepared | None:
    """Return the text as a corpus, or say beside it what is wrong with it."""
    name = train_network.preset_name(len(text.content))
    changed = train_network.changes()
    lowercase = bool(changed.get("lowercase", text.lowercase or name == "classic"))
    share = changed.get("validation")
    options = {"validation": share} if isinstance(share, float) and 0.01 <= share <= 0.5 else {}
    try:
        return prepare(text, train_text.title(text), lowercase=lowercase, **options)
    except CorpusError as error:
        alert(error.text(language.language()))
        return None


def _network(text: Text, prepared: Prepared) -> None:
    corpus, usual = prepared.corpus, text.lowercase
    name, chosen = train_network.choose_preset(corpus, lowercase=usual)
    train_network.cost(corpus, chosen)
    if chosen.errors:
        alert(t("train.network.wrong"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input(
            t("train.name"), train_text.title(text), max_chars=80, key=f"name-{text.digest}"
        )
        ready = not chosen.errors
        st.button(t("train.start"), type="primary", disabled=not ready, key="start", on_click=_want)
    train_network.numbers(corpus, name, chosen, lowercase=usual)
    if st.session_state.pop(_WANTED, False) and ready:
        _start(called, text, prepared, name, chosen)


def _want() -> None:
    """Note that the training is to start, at the end of a drawing that nothing cuts short.

    A drawing may be begun anew before it comes to its end, and a click alone would be lost with
    it; and what was changed just before the click is known to that drawing only.
    """
    st.session_state[_WANTED] = True


def _start(called: str, text: Text, prepared: Prepared, preset: PresetName, chosen: Chosen) -> None:
    corpus = prepared.corpus
    try:
        store().add_corpus(corpus, text.report)
        run = store().create(owner(), called, corpus, chosen.model, chosen.train, preset)
    except CharloomError as error:
        alert(error.text(language.language()))
        return
    st.query_params.from_dict({**language.address(), "run": run.id})
    st.rerun()
