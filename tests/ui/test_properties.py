"""Whatever an address or a file holds: a page, a text or a sentence, and never a traceback."""

import io
import math
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm import checkpoint
from lstm.checkpoint import Saved
from lstm.config import SampleConfig
from lstm.documents import ACCEPTED
from lstm.errors import CharloomError, CorpusError
from lstm.messages import LANGUAGES
from lstm.returning import read_model
from lstm.runs import RunStore
from lstm.ui.components.typewriter.protocol import read_request
from lstm.ui.learn.chapters import CHAPTERS
from lstm.ui.look.views import VIEWS
from lstm.ui.look.wishes import as_number, as_whole
from lstm.ui.networks import address_of, wished
from lstm.ui.settings import SETTINGS, parse
from lstm.ui.texts import Draft, Text, prepare
from lstm.vocabulary import Vocabulary
from tests.engine_tools import bare_state, network
from tests.ui.page_tools import learn_room, look_room, open_room, runs_room, train_room, write_room

ODD = ("", "-1", "nan", "9" * 30, "9" * 5000, "\0", "٣", "run:")
NAMES = (
    "run", "from", "shared", "model", "text", "view", "compare", "rng", "temperature", "opening",
    "lang", "unit", "axis", "span", "preset", "layer", "hidden_size", "learning_rate", "seconds",
)  # fmt: skip
many = settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def understood(error: CharloomError) -> None:
    """A refusal is a sentence in both languages."""
    assert all(error.text(language) for language in LANGUAGES)


@pytest.mark.parametrize("room", [train_room, write_room, look_room, runs_room])
def test_any_address_gives_a_page(store: RunStore, room: object) -> None:
    for turn, value in enumerate(ODD):
        chosen = {name: value for place, name in enumerate(NAMES) if (place + turn) % 3 == 0}
        page = open_room(room, **chosen)  # type: ignore[arg-type]
        assert not page.exception, (value, page.exception)


ROOM_SETTINGS = (
    "cell", "dice", "least", "place", "bias", "gain", "held", "temperature", "delay", "layer",
    "across", "upwards", "axes", "chapter", "hide", "task", "source", "other", "shown", "written",
)  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_any_setting_of_a_view_gives_a_page(store: RunStore, view: str) -> None:
    asked = dict.fromkeys(ROOM_SETTINGS, "9" * 5000) | {"place": "٣", "held": "nan", "cell": "-1"}
    page = open_room(look_room, view=view, text="a text", **asked)
    assert not page.exception, page.exception


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_any_setting_of_a_chapter_gives_a_page(store: RunStore, chapter: str) -> None:
    for hide in ("", "cell,bias,temperature,dice,throw,delay,task,model,text"):
        asked = dict.fromkeys(ROOM_SETTINGS, "9" * 5000) | {"chapter": chapter, "hide": hide}
        page = open_room(learn_room, **asked)
        assert not page.exception, (hide, page.exception)


@many
@given(st.text())
def test_any_number_in_an_address_is_one_or_none(said: str) -> None:
    whole, number = as_whole(said), as_number(said)
    assert whole is None or 0 <= whole < 10**9
    assert number is None or math.isfinite(number)


@many
@given(st.text(), st.sampled_from(SETTINGS))
def test_any_setting_in_an_address_is_read_or_refused(written: str, setting: object) -> None:
    try:
        parse(setting, written)  # type: ignore[arg-type]
    except ValueError:
        return


@given(st.dictionaries(st.sampled_from(("run", "shared", "model")), st.text(min_size=1)))
def test_what_an_address_asks_for_can_be_asked_for_again(query: dict[str, str]) -> None:
    wish = wished(query.get)
    if wish is not None:
        assert wished(address_of(wish).get) == wish


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400)
json_values = plain | st.lists(plain, max_size=4) | st.dictionaries(st.text(), plain, max_size=4)
asks = st.dictionaries(
    st.sampled_from(
        ("lane", "position", "before", "count", "put", "temperature", "top_k", "top_p", "min_p")
    ),
    json_values,
)
requests = st.dictionaries(
    st.sampled_from(("seq", "stream", "opening", "rng", "asks")),
    json_values | st.lists(asks, min_size=1, max_size=3),
)


@many
@given(json_values | requests)
def test_any_message_of_the_typewriter_is_read_or_refused(value: object) -> None:
    try:
        read_request(value)
    except CharloomError as error:
        understood(error)


@many
@given(st.tuples(json_values, json_values, json_values, json_values))
def test_any_sampling_is_set_or_refused(values: tuple[object, ...]) -> None:
    try:
        SampleConfig(*values)  # type: ignore[arg-type]
    except CharloomError as error:
        understood(error)


# ---- uploads ------------------------------------------------------------------------------------


def taken(name: str, data: bytes) -> None:
    """What the page does with an upload: a corpus, or a sentence in both languages."""
    draft = Draft()
    draft.add([(name, data)])
    for error in draft.errors:
        understood(error)
    text = draft.uploaded()
    assert (text is None) == bool(draft.errors)
    if text is not None:
        corpus_or_sentence(text)


def corpus_or_sentence(text: Text) -> None:
    try:
        assert prepare(text, text.name, lowercase=False).corpus.characters
    except CorpusError as error:
        understood(error)


@settings(many, max_examples=2000)
@given(
    st.text(max_size=40),
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-16", "surrogatepass"))
    | st.text(max_size=300).map(lambda text: text.encode("gb18030", "replace")),
    st.integers(1, 9),
)
def test_two_thousand_bad_texts(name: str, data: bytes, times: int) -> None:
    taken(f"{name}.txt", data * times)


@pytest.mark.parametrize("ending", ACCEPTED)
def test_bad_files_of_every_kind(ending: str) -> None:
    for head in (b"PK\x03\x04", b"%PDF-1.7\n", b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///'>]>&a;"):
        taken(f"x{ending}", head + b"\xff\0" * 40)


def test_a_pasted_text_is_kept_as_one(store: RunStore) -> None:
    corpus_or_sentence(Draft().pasted("words and \0 more " * 40, "pasted"))


def model_file() -> bytes:
    vocabulary = Vocabulary.of("abcdef gh" * 20)
    model = network(vocabulary.size)
    return checkpoint.dumps(Saved(model.config, vocabulary, bare_state(model), info={"epoch": 1.0}))


MODEL = model_file()
(HEADER,) = struct.unpack("<Q", MODEL[:8])


@many
@given(st.integers(0, HEADER + 40), st.binary(min_size=1, max_size=6), st.booleans())
def test_a_damaged_model_is_read_or_refused(place: int, junk: bytes, cut: bool) -> None:
    data = MODEL[:place] + junk + MODEL[place + (0 if cut else len(junk)) :]
    try:
        read_model(data, "model.safetensors")
    except CharloomError as error:
        understood(error)


def archive_file() -> bytes:
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w") as packed:
        packed.writestr("words/model.safetensors", MODEL)
        packed.writestr("words/training.safetensors", MODEL)
    return page.getvalue()


ARCHIVE = archive_file()


@many
@given(st.integers(0, len(ARCHIVE)), st.binary(min_size=1, max_size=6), st.booleans())
def test_a_damaged_archive_is_read_or_refused(place: int, junk: bytes, cut: bool) -> None:
    data = ARCHIVE[:place] + junk + ARCHIVE[place + (0 if cut else len(junk)) :]
    try:
        read_model(data, "model.zip")
    except CharloomError as error:
        understood(error)


@many
@given(st.text(max_size=60), st.sampled_from(("", ".zip", ".safetensors", ".ZIP")), st.binary())
def test_any_file_brought_back_is_read_or_refused(name: str, ending: str, data: bytes) -> None:
    try:
        read_model(data, name + ending)
    except CharloomError as error:
        understood(error)
