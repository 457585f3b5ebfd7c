"""The first part of Train: choose a text, bring one, and see what was understood of it.

Knows nothing of networks.
"""

from collections.abc import Sequence

import streamlit as st

from lstm import library
from lstm.documents import ACCEPTED, Document, Note
from lstm.errors import DocumentError
from lstm.library import PublicText
from lstm.ui import address, blocks, words
from lstm.ui.blocks import alert, alert_html
from lstm.ui.language import language, t
from lstm.ui.texts import (
    PASTE,
    PREVIEW,
    UPLOAD,
    Download,
    Draft,
    Prepared,
    Text,
    draft,
    fetched,
    ready_made,
)

_DOWNLOAD = "_download"
_POLL = 0.3  # seconds between two looks at a download
_SHORT_LIST = 6  # files from which on the list scrolls
_LIST_HEIGHT = 420
_EXCERPT_HEIGHT = 190
_MOST_SENTENCES = 60  # about what was done to the files
_FEW = 24  # rare characters that are listed


def choose() -> Text | None:
    """Draw the choice and return the text, None while there is none."""
    st.html(blocks.title_html(t("train.text.title"), level=2))
    key = _source()
    if key == UPLOAD:
        return _upload(draft())
    if key == PASTE:
        return _paste(draft())
    public = next((text for text in library.public() if text.key == key), None)
    return ready_made(key) if public is None else _public(public)


def title(text: Text) -> str:
    """Return what people call a text; hostile if the visitor brought it."""
    return text.name if text.key in {UPLOAD, PASTE} else t(text.name)


def doctor(text: Text, prepared: Prepared) -> None:
    """Show what was understood, and whether it is enough."""
    found = prepared.diagnosis
    held_out = round(100 * (1 - found.train_characters / found.characters))
    st.html(
        blocks.facts_html(
            [
                (t("train.text.characters"), words.count(found.characters)),
                (t("train.text.symbols"), words.count(found.symbols)),
                (t("train.text.encoding"), _encodings(text.documents)),
                (t("train.text.held_out"), f"{held_out} %"),
            ]
        )
    )
    moods = {"tiny": "warning", "small": "info", "fine": "good", "large": "info"}
    alert(t(f"corpus.verdict_{found.verdict}"), moods[found.verdict])  # type: ignore[arg-type]
    with st.expander(t("train.text.understood"), expanded=True):
        st.html(blocks.list_html(_findings(text, prepared)))
        _lines(prepared.corpus.excerpt(0, PREVIEW))


def _source() -> str:
    options = [text.key for text in library.bundled()]
    options += [text.key for text in library.public()]
    options += [UPLOAD, PASTE]
    known = address.get("text")
    # Streamlit knows options by their titles: in another language it is another control.
    key = f"text-source-{language()}"
    standard = f"essays-{language()}"
    return st.selectbox(
        t("train.text.which"),
        options,
        index=options.index(known if known in options else standard),
        format_func=_source_title,
        key=key,
        on_change=lambda: address.put("text", st.session_state[key]),
    )


def _source_title(key: str) -> str:
    own = {UPLOAD: t("train.text.upload"), PASTE: t("train.text.paste")}
    if key in own:
        return own[key]
    titles = {text.key: text.title for text in library.bundled()}
    titles |= {text.key: text.title for text in library.public()}
    return t(titles[key])


def _upload(kept: Draft) -> Text | None:
    files = st.session_state.get(f"files-{kept.uploads}")
    if files:
        with st.spinner(t("train.text.reading")):
            kept.add((file.name, file.getvalue()) for file in files)
    st.file_uploader(
        t("train.text.files", endings=" ".join(ACCEPTED)),
        type=[ending.removeprefix(".") for ending in ACCEPTED],
        accept_multiple_files=True,
        key=f"files-{kept.uploads}",
    )
    for error in kept.errors:
        alert(error.text(language()))
    _files(kept)
    return kept.uploaded()


def _files(kept: Draft) -> None:
    if not kept.documents:
        return
    is_long = len(kept.documents) > _SHORT_LIST
    with st.container(height=_LIST_HEIGHT if is_long else "content"):
        for place, document in enumerate(kept.documents):
            _file(kept, place, document)


def _file(kept: Draft, place: int, document: Document) -> None:
    about = t(
        "train.text.file",
        encoding=document.encoding,
        characters=words.count(len(document.text)),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(blocks.title_html(document.name, about, level=3), width="stretch")
        st.button(
            t("train.text.remove"),
            key=f"remove-{place}",
            on_click=kept.remove,
            args=(place,),
        )
    if len(kept.columns(place)) > 1:
        _column(kept, place, document)
    if document.removed:
        with st.expander(t("train.text.removed", count=len(document.removed))):
            lines = "\n".join(f"{page}: {line}" for page, line in document.removed)
            _lines(lines)


def _lines(text: str) -> None:
    """Show a long text in little room, where the keyboard can scroll it, too.

    What scrolls is the container: unlike the code block, it holds something to focus on.
    """
    with st.container(height=_EXCERPT_HEIGHT, border=False):
        st.code(text, language=None, wrap_lines=True)


def _column(kept: Draft, place: int, document: Document) -> None:
    """Draw the choice of a table's column. Options are shown as they are, unlike labels."""
    key = f"column-{place}-{kept.uploads}"
    columns = kept.columns(place)
    st.selectbox(
        t("train.text.column"),
        columns,
        index=columns.index(document.column or columns[0]),
        key=key,
        on_change=lambda: kept.choose_column(place, st.session_state[key]),
    )


def _paste(kept: Draft) -> Text | None:
    st.session_state.setdefault("_pasted", "")
    pasted = st.text_area(
        t("train.text.paste_here"),
        st.session_state["_pasted"],
        height=200,
        key="pasted",
        placeholder=t("train.text.paste_example"),
    )
    st.session_state["_pasted"] = pasted
    if not pasted or not pasted.strip():
        return None
    try:
        return kept.pasted(pasted, t("train.text.pasted"))
    except DocumentError as error:
        alert(error.text(language()))
        return None


def _public(public: PublicText) -> Text | None:
    text = fetched(public)
    if text is not None:
        return text
    job: Download | None = st.session_state.get(_DOWNLOAD)
    if job is not None and job.text == public and job.is_running:
        st.fragment(_downloading, run_every=_POLL)(job)
        return None
    if job is not None and job.text == public and job.error is not None:
        alert(job.error.text(language()))
    alert(t("train.text.not_here", size=words.size(public.bytes)), "info")
    st.button(t("train.text.fetch"), key="fetch", on_click=_fetch, args=(public,))
    return None


def _fetch(public: PublicText) -> None:
    st.session_state[_DOWNLOAD] = Download(public)


def _downloading(job: Download) -> None:
    done, total = words.size(job.done), words.size(job.text.bytes)
    label = t("train.text.fetching", done=done, total=total)
    st.html(blocks.progress_html(job.share, label) + alert_html(label, "info"))
    st.button(t("train.text.cancel"), key="cancel-fetch", on_click=job.cancel)
    if not job.is_running:
        st.rerun()


def _encodings(documents: Sequence[Document]) -> str:
    return ", ".join(dict.fromkeys(document.encoding for document in documents))


def _said(note: Note, name: str) -> str:
    """Return a note as a sentence; that of an error names its file already."""
    sentence = t(note.key, **note.values)
    if not name or note.key.startswith("errors."):
        return sentence
    return t("train.text.of_file", name=name, sentence=sentence)


def _findings(text: Text, prepared: Prepared) -> list[str]:
    """Return in sentences what was done to the text and what is odd about it."""
    found = prepared.diagnosis
    several = len(text.documents) > 1
    sentences = []
    for document in text.documents:
        sentences += [_said(note, document.name if several else "") for note in document.notes]
    if len(sentences) > _MOST_SENTENCES:
        more = t("train.text.more_notes", count=len(sentences) - _MOST_SENTENCES)
        sentences = [*sentences[:_MOST_SENTENCES], more]
    if not sentences:
        sentences.append(t("train.text.clean"))
    if prepared.corpus.lowercase:
        sentences.append(t("train.text.lowercased"))
    if found.rare_characters:
        few = found.rare_characters[:_FEW]
        more = "" if len(few) == len(found.rare_characters) else " …"
        listed = " ".join(c for c in few if c.isprintable()) + more
        count = len(found.rare_characters)
        sentences.append(t("train.text.rare", count=count, characters=listed))
    if found.unknown_share > 0:
        sentences.append(t("train.text.unknown", percent=words.rough(100 * found.unknown_share)))
    return sentences
