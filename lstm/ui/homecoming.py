"""The control that brings a model back: a file is read, shown, and kept as a run if wished.

What was read is kept for the session, the file's bytes are dropped. Knows nothing of trainings.
"""

import streamlit as st

from lstm.errors import CharloomError
from lstm.returning import ENDINGS, MOST_BITS, Returned, read_model
from lstm.runs import tidy_name
from lstm.ui import blocks
from lstm.ui.blocks import alert
from lstm.ui.language import language, t
from lstm.ui.services import owner, store

_FOUND = "_returned"
_UPLOADS = "_returned_uploads"


def bring_back() -> None:
    """Draw the control, and what was found in the file."""
    uploaded = st.session_state.get(_uploader()) is not None
    expanded = uploaded or _FOUND in st.session_state
    with st.expander(t("runs.back.title"), expanded=expanded, key="bring-back"):
        st.caption(t("runs.back.about"))
        # Above the control: that one changes its height once more when it is emptied, and what
        # stands below it would move away from under the pointer.
        place = st.empty()
        with place:
            _take()
        found: Returned | CharloomError | None = st.session_state.get(_FOUND)
        with place.container():
            if isinstance(found, Returned):
                _show(found)
            elif found is not None:
                alert(found.text(language()))
        st.file_uploader(
            t("runs.back.file", most=st.get_option("server.maxUploadSize")),
            type=[ending.removeprefix(".") for ending in ENDINGS],
            key=_uploader(),
        )


def _uploader() -> str:
    """Return the control's key: each upload gets an empty one, as the bytes are dropped."""
    return f"returned-{st.session_state.setdefault(_UPLOADS, 0)}"


def _take() -> None:
    """Read what was uploaded since the last drawing."""
    file = st.session_state.get(_uploader())
    if file is None:
        return
    try:
        with st.spinner(t("runs.back.reading")):
            st.session_state[_FOUND] = read_model(file.getvalue(), file.name)
    except CharloomError as error:
        st.session_state[_FOUND] = error
    st.session_state[_UPLOADS] += 1


def _show(found: Returned) -> None:
    st.html(blocks.title_html(tidy_name(found.title) or found.name, level=2))
    st.html(blocks.facts_html(_facts(found)))
    if found.damaged is not None:
        alert(t("runs.back.damaged", why=found.damaged.text(language())), "warning")
    with st.container(horizontal=True, gap="small"):
        st.button(t("runs.back.keep"), type="primary", key="keep-returned", on_click=_keep)
        st.button(t("runs.back.aside"), key="drop-returned", on_click=_drop)


def _facts(found: Returned) -> list[tuple[str, str]]:
    saved, unknown = found.saved, t("runs.back.unknown")
    shape, text = saved.model_config, saved.info.get("corpus")
    bits, epoch = found.fact("bits_per_char", MOST_BITS), found.fact("epoch")
    recipe = saved.train_config.recipe if saved.train_config else None
    return [
        (t("runs.back.network"), t(f"write.cell.{shape.cell}", hidden=shape.hidden_size)),
        (t("runs.back.layers"), str(shape.num_layers)),
        (t("runs.back.symbols"), str(saved.vocabulary.size)),
        (t("runs.back.bits"), unknown if bits is None else f"{bits:.3f}"),
        (t("runs.back.epochs"), unknown if epoch is None else f"{epoch:.1f}"),
        (t("runs.back.text"), (tidy_name(text) if isinstance(text, str) else "") or unknown),
        (t("runs.back.recipe"), t(f"settings.value.{recipe}") if recipe else unknown),
        (
            t("runs.back.training"),
            t("runs.back.training_here" if found.newest else "runs.back.training_absent"),
        ),
    ]


def _keep() -> None:
    found = st.session_state.get(_FOUND)
    if not isinstance(found, Returned):
        return  # clicked twice
    try:
        store().adopt(owner(), found)
    except CharloomError as error:
        st.session_state[_FOUND] = error
    else:
        _drop()


def _drop() -> None:
    st.session_state.pop(_FOUND, None)
