"""Train a network on: one that is among the runs goes on with the same text or another one.

Says which symbols of the text are new to it, and as what they begin. Knows nothing of how a
vocabulary grows.
"""

from dataclasses import replace
from typing import get_args

import streamlit as st

from lstm.checkpoint import Saved
from lstm.config import TrainConfig
from lstm.corpus import Corpus
from lstm.errors import CharloomError, CorpusError, StoreError
from lstm.limits import Limits
from lstm.presets import PresetName, preset, recommended
from lstm.records import Run
from lstm.returning import Continuation, go_on_with, with_optimizer
from lstm.shelf import corpus_key
from lstm.ui import address, blocks, language, words
from lstm.ui.access import own
from lstm.ui.blocks import alert
from lstm.ui.classroom import belonging
from lstm.ui.language import t
from lstm.ui.networks import Choice
from lstm.ui.pages import train_text
from lstm.ui.services import load, owner, store
from lstm.ui.settings import within
from lstm.ui.texts import Prepared, Text, prepare
from lstm.vocabulary import UNKNOWN

BUDGETS: tuple[PresetName, ...] = tuple(name for name in get_args(PresetName) if name != "classic")
"""The presets that differ in their time; the article's recipe trains a new network only."""

_WANTED = "_on_wanted"
_GROWN = "_grown"
_FEW = 24  # new symbols that are listed


def render(run_id: str) -> None:
    """Draw the way to a training that goes on from a run's network."""
    address.bring_back(frozenset({"text"}))
    try:
        run, saved = _network(run_id)
    except CharloomError as error:
        alert(error.text(language.language()))
        return
    st.html(blocks.title_html(run.name, t("train.on.title")))
    st.caption(t("train.on.about"))
    belonging.before_training()
    left, right = st.columns(2, gap="large")
    with left:
        text = train_text.choose()
        prepared = _prepared(text, saved) if text else None
        if text and prepared:
            train_text.doctor(text, prepared)
    with right:
        st.html(blocks.title_html(t("train.on.network"), level=2))
        if text and prepared:
            _go_on(run, saved, text)
        else:
            st.session_state.pop(_WANTED, None)
            alert(t("train.on.waits"), "info")


def _network(run_id: str) -> tuple[Run, Saved]:
    """Return a run of the visitor's own, and its network.

    Raises:
        StoreError: There is no such run, or it has no network.
        CheckpointError: Its file is damaged.
    """
    run = own(run_id)
    return run, load(Choice(f"run:{run.id}", run).file()).saved


def _prepared(text: Text, saved: Saved) -> Prepared | None:
    """Return the text as a corpus of its own, or say beside it what is wrong with it."""
    try:
        return prepare(text, train_text.title(text), lowercase=saved.lowercase)
    except CorpusError as error:
        alert(error.text(language.language()))
        return None


def _go_on(run: Run, saved: Saved, text: Text) -> None:
    try:
        continuation = _grown(run, saved, text)
    except CorpusError as error:  # together they know more symbols than there may be
        alert(error.text(language.language()))
        return
    corpus = continuation.corpus
    own_text = _is_its_own(run, saved, continuation)
    _facts(saved, continuation, own_text=own_text)
    config = recipe(saved, corpus, _budget(corpus))
    if _too_much(saved, corpus, config):
        st.session_state.pop(_WANTED, None)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input(t("train.name"), run.name, max_chars=80, key=f"on-name-{run.id}")
        st.button(t("train.start"), type="primary", key="start-on", on_click=_want)
    if st.session_state.pop(_WANTED, False):
        if own_text:
            newest, _ = store().load_checkpoint(run.id)
            continuation = with_optimizer(continuation, newest)
        _start(called, text, continuation, config)


def _too_much(saved: Saved, corpus: Corpus, config: TrainConfig) -> bool:
    """Say what of the training is more than this server allows."""
    errors = Limits.now().violations(saved.model_config, config, corpus.vocabulary.size)
    for error in errors:
        alert(error.text(language.language()))
    return bool(errors)


def _grown(run: Run, saved: Saved, text: Text) -> Continuation:
    """Return the network with the text in its symbols; the last one is kept in the session."""
    asked = (run.id, run.checkpoint_step, text.digest, train_text.title(text))
    known: tuple[object, Continuation] | None = st.session_state.get(_GROWN)
    if known is None or known[0] != asked:
        known = (asked, go_on_with(saved, text.content, name=train_text.title(text)))
        st.session_state[_GROWN] = known
    return known[1]


def recipe(saved: Saved, corpus: Corpus, budget: PresetName) -> TrainConfig:
    """Return how to train a network on: a budget's settings, at its own learning rate if known."""
    base = preset(budget, corpus.characters, corpus.vocabulary.size)
    train = within(base, Limits.now()).train
    own = saved.train_config
    if own is None or own.recipe != train.recipe:
        return train
    return replace(train, learning_rate=own.learning_rate)


def _is_its_own(run: Run, saved: Saved, continuation: Continuation) -> bool:
    """Tell whether the network goes on as it was trained: then its optimizer need not begin anew.

    The article's recipe has another optimizer than those that are offered here.
    """
    trained = saved.train_config
    the_same = run.corpus_fingerprint == corpus_key(continuation.corpus)
    return the_same and trained is not None and trained.recipe != "classic"


def _facts(saved: Saved, continuation: Continuation, *, own_text: bool) -> None:
    shape, new = saved.model_config, continuation.stand_ins
    optimizer = t("train.on.optimizer_kept" if own_text else "train.on.optimizer_fresh")
    st.html(
        blocks.facts_html(
            [
                (t("runs.back.network"), t(f"write.cell.{shape.cell}", hidden=shape.hidden_size)),
                (t("runs.back.symbols"), words.count(continuation.corpus.vocabulary.size)),
                (t("train.on.new_symbols"), words.count(len(new))),
                (t("train.on.optimizer"), optimizer),
            ]
        )
    )
    if not new:
        alert(t("train.on.all_known"), "good")
        return
    alert(t("train.on.new", count=words.count(len(new))), "info")
    pairs = [
        t("train.on.pair", new=_sign(symbol), known=_sign(known))
        for symbol, known in list(new.items())[:_FEW]
    ]
    if len(new) > _FEW:
        pairs.append(t("train.on.more", count=len(new) - _FEW))
    st.html(blocks.list_html([*pairs, t("train.on.kept")]))


def _sign(symbol: str) -> str:
    """Return a symbol so that it can be seen."""
    if symbol == UNKNOWN:
        return t("train.on.unknown")
    if symbol == " ":
        return t("train.on.blank")
    return symbol if symbol.isprintable() else f"U+{ord(symbol):04X}"


def _budget(corpus: Corpus) -> PresetName:
    best = recommended(corpus.characters)
    # Streamlit knows options by their titles: in another language it is another control.
    return st.radio(
        t("train.network.preset"),
        BUDGETS,
        index=BUDGETS.index(best),
        format_func=lambda name: t(f"train.preset.{name}"),
        key=f"budget-{best}-{language.language()}",
    )


def _want() -> None:
    """Note that the training is to start, at the end of a drawing that nothing cuts short."""
    st.session_state[_WANTED] = True


def _start(called: str, text: Text, continuation: Continuation, config: TrainConfig) -> None:
    try:
        store().add_corpus(continuation.corpus, text.report)
        run = store().go_on(owner(), called, continuation, config)
    except StoreError as error:
        alert(error.text(language.language()))
        return
    st.session_state.pop(_GROWN, None)
    st.query_params.from_dict({**language.address(), "run": run.id})
    st.rerun()
