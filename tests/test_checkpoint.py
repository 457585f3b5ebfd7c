"""Model files: what goes in comes out, and whatever a stranger made of one does no harm."""

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lstm import checkpoint
from lstm.checkpoint import Saved, dumps, load, loads, save
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import CheckpointError
from lstm.events import Checkpoint
from lstm.model import CharModel
from lstm.training import train
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.engine_tools import CELLS, bare_state, network, words

CORPUS = Corpus.from_text(words(400))
TRAINING = TrainConfig(epochs=1, seq_len=16, batch_size=4, precision="float32")


def trained() -> Saved:
    network = ModelConfig(hidden_size=8, embedding_size=4)
    events = train(CORPUS, network, TRAINING)
    states = [event.state for event in events if isinstance(event, Checkpoint)]
    info = {"name": "Wörter 词", "epoch": 1.0, "bits_per_char": 3.25}
    return Saved(network, CORPUS.vocabulary, states[-1], TRAINING, lowercase=True, info=info)


SAVED = trained()
DATA = dumps(SAVED)


def header_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Split a file into its header and its tensors."""
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_header(header: object, body: bytes) -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + body


def with_facts(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The good file with something changed in its metadata."""
    header, body = header_of(DATA)
    facts = json.loads(header["__metadata__"]["charloom"])
    change(facts)
    header["__metadata__"]["charloom"] = json.dumps(facts)
    return with_header(header, body)


def with_tensors(tensors: dict[str, Tensor]) -> bytes:
    header, _ = header_of(DATA)
    return safetensors.torch.save(tensors, header["__metadata__"])


def refused(data: bytes) -> str:
    """Return the key of the message with which a file is refused."""
    with pytest.raises(CheckpointError) as caught:
        loads(data)
    assert caught.value.text("zh")
    assert str(caught.value)
    return caught.value.key


# -- round trips --------------------------------------------------------------------------------


def same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(value, other[name]) and value.dtype == other[name].dtype
        for name, value in one.items()
    )


def test_everything_comes_back() -> None:
    back = loads(DATA)
    assert back.model_config == SAVED.model_config
    assert back.train_config == SAVED.train_config
    assert back.vocabulary == SAVED.vocabulary
    assert (back.lowercase, back.info) == (True, SAVED.info)
    assert back.state.numbers == SAVED.state.numbers
    assert same_tensors(back.state.tensors, SAVED.state.tensors)
    assert {name.split(".")[0] for name in back.state.tensors} == {
        "model", "optimizer", "carried", "rng",
    }  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding", [0, 4])
def test_the_network_that_comes_back_predicts_the_same(cell: str, embedding: int) -> None:
    model = network(5, cell=cell, num_layers=2, embedding_size=embedding)
    saved = Saved(model.config, Vocabulary(tuple("abcde")), bare_state(model))
    back = loads(dumps(saved)).model()
    ids = torch.tensor([[0, 1, 2, 3, 4, 0]])
    assert torch.equal(back(ids)[0], model(ids)[0])
    assert not back.training


def test_without_the_training_only_the_network_is_kept() -> None:
    light = dumps(SAVED, with_training=False)
    back = loads(light)
    assert len(light) < len(DATA) / 2
    assert {name.split(".")[0] for name in back.state.tensors} == {"model"}
    assert back.state.numbers == {}
    assert (back.info, back.train_config) == (SAVED.info, SAVED.train_config)


@pytest.mark.parametrize(
    "characters",
    [
        ("\n", '"', "\\", "{", "\u2028"),
        ("a", "é", "词", "😀", UNKNOWN),
        ("\x00", "a", "\ud800"),  # a lone surrogate can be pasted
    ],
)
def test_any_vocabulary_comes_back(characters: tuple[str, ...]) -> None:
    model = network(len(characters))
    saved = Saved(model.config, Vocabulary(characters), bare_state(model))
    assert loads(dumps(saved)).vocabulary.characters == characters


def test_a_file_without_known_settings_comes_back() -> None:
    saved = Saved(SAVED.model_config, SAVED.vocabulary, SAVED.state)
    assert loads(dumps(saved)).train_config is None


def test_reading_leaves_the_random_numbers_alone() -> None:
    """A training in the same process must not be disturbed by a model that is looked at."""
    before = torch.get_rng_state()
    loads(DATA).model()
    assert torch.equal(torch.get_rng_state(), before)


def test_half_precision_is_read() -> None:
    halves = {
        name: value.half() if name.startswith("model.") else value
        for name, value in SAVED.state.tensors.items()
    }
    weights = loads(with_tensors(halves)).model().state_dict().values()
    assert {value.dtype for value in weights} == {torch.float32}


# -- files --------------------------------------------------------------------------------------


def test_a_file_is_saved_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save(path, SAVED, with_training=False)
    save(path, SAVED)
    assert path.read_bytes() == DATA
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]
    assert same_tensors(load(path).state.tensors, SAVED.state.tensors)


@pytest.mark.parametrize("failing", ["os.fsync", "pathlib.Path.replace"])
def test_a_save_that_fails_leaves_the_old_file_alone(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    save(path, SAVED)

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(failing, no_room)
    with pytest.raises(OSError, match="No space"):
        save(path, SAVED, with_training=False)
    assert path.read_bytes() == DATA
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing\.safetensors") as caught:
        load(tmp_path / "nothing.safetensors")
    assert caught.value.key == "checkpoint_missing"


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(600 * 1024 * 1024)  # a hole: it takes no room
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(CheckpointError, match="512 MB") as caught:
        load(path)
    assert caught.value.key == "checkpoint_too_large"


def test_bytes_that_are_too_large_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_MOST_BYTES", len(DATA) - 1)
    assert refused(DATA) == "checkpoint_too_large"


# -- damage -------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    refused(data)


@given(st.integers(0, len(DATA) - 1))
def test_a_file_cut_short_is_refused(length: int) -> None:
    assert refused(DATA[:length]) == "checkpoint_damaged"


@given(st.integers(0, len(header_of(DATA)[0].__repr__()) + 1_000), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(place: int, flip: int) -> None:
    """In the header or just behind it; a weight or a name may well change unnoticed."""
    data = bytearray(DATA)
    data[place] ^= flip
    try:
        saved = loads(bytes(data))
    except CheckpointError:
        return
    logits, _ = saved.model()(torch.tensor([[0, 1]]))
    assert logits.shape == (1, 2, saved.vocabulary.size)


@pytest.mark.parametrize(
    "length",
    [2**64 - 1, 2**63, len(DATA), len(DATA) - 7, 5 * 2**20],
    # The file's own length differs from process to process, since it tells seconds.
    ids=["64 bits", "63 bits", "the file", "its rest and one", "5 MiB"],
)
def test_a_huge_header_is_refused(length: int) -> None:
    padded = DATA + b" " * (6 * 2**20 if length == 5 * 2**20 else 0)
    assert refused(struct.pack("<Q", length) + padded[8:]) == "checkpoint_damaged"


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000, b'"x"', b"NaN"]
)
def test_a_header_that_is_no_header_is_refused(raw: bytes) -> None:
    assert refused(struct.pack("<Q", len(raw)) + raw) in {
        "checkpoint_damaged",
        "checkpoint_foreign",
    }


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}, "charloom", {"charloom": 5}])
def test_other_programs_files_are_refused(metadata: object) -> None:
    header, body = header_of(DATA)
    header["__metadata__"] = metadata
    assert refused(with_header(header, body)) == "checkpoint_foreign"


@pytest.mark.parametrize("facts", ["", "[]", "null", "1", "{}", '{"format": 2}', "[" * 50_000])
def test_metadata_that_is_no_metadata_is_refused(facts: str) -> None:
    header, body = header_of(DATA)
    header["__metadata__"]["charloom"] = facts
    assert refused(with_header(header, body)) in {"checkpoint_damaged", "checkpoint_foreign"}


FACTS = ("format", "model", "training", "vocabulary", "lowercase", "numbers", "info")


@pytest.mark.parametrize("missing", FACTS)
def test_a_missing_fact_is_refused(missing: str) -> None:
    assert refused(with_facts(lambda facts: facts.pop(missing))) == "checkpoint_foreign"


@pytest.mark.parametrize("name", sorted(set(FACTS) - {"lowercase"}))
@pytest.mark.parametrize("value", [5, "x", [1], [[]], {"x": "y"}, [{}]])
def test_a_fact_of_another_kind_is_refused(name: str, value: object) -> None:
    if (name, value) == ("info", {"x": "y"}):
        return  # info holds anything that people may read
    assert refused(with_facts(lambda facts: facts.update({name: value}))) == "checkpoint_foreign"


@pytest.mark.parametrize(
    "vocabulary",
    [
        [],
        list(SAVED.vocabulary.characters)[:-1],
        [*SAVED.vocabulary.characters, "€"],
        [SAVED.vocabulary.characters[0]] * SAVED.vocabulary.size,
        list(SAVED.vocabulary.characters)[::-1],
        [c * 2 for c in SAVED.vocabulary.characters],
        [""] * SAVED.vocabulary.size,
        [UNKNOWN, *SAVED.vocabulary.characters[1:]],
        list(range(SAVED.vocabulary.size)),
        [None] * SAVED.vocabulary.size,
        [chr(0x4E00 + number % 50_000) for number in range(70_000)],
    ],
    ids=[
        "none", "one short", "one more", "repeated", "out of order", "pairs", "empty", "unknown",
        "numbers", "null", "too many",
    ],
)  # fmt: skip
def test_a_bad_vocabulary_is_refused(vocabulary: list[object]) -> None:
    data = with_facts(lambda facts: facts.update(vocabulary=vocabulary))
    assert refused(data) == "checkpoint_foreign"


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": 9},
        {"hidden_size": 2048},
        {"hidden_size": 10**9},
        {"hidden_size": -8},
        {"hidden_size": 8.0},
        {"num_layers": 2},
        {"embedding_size": 0},
        {"cell": "gru"},
        {"cell": "__import__"},
        {"dropout": math.nan},
        {"unheard_of": 1},
    ],
    ids=str,
)
def test_settings_that_do_not_fit_the_weights_are_refused(change: dict[str, object]) -> None:
    data = with_facts(lambda facts: facts["model"].update(change))
    assert refused(data) == "checkpoint_foreign"


@pytest.mark.parametrize(
    "change", [{"epochs": None}, {"seq_len": 10**9}, {"threads": 10**6}, {"recipe": "x"}], ids=str
)
def test_a_recipe_out_of_range_is_refused(change: dict[str, object]) -> None:
    data = with_facts(lambda facts: facts["training"].update(change))
    assert refused(data) == "checkpoint_foreign"


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 1e300, "x", [], {}])
@pytest.mark.parametrize("name", ["step", "seconds", "smooth"])
def test_numbers_that_are_none_are_refused(name: str, value: object) -> None:
    data = with_facts(lambda facts: facts["numbers"].update({name: value}))
    assert refused(data) == "checkpoint_foreign"


def test_a_missing_or_additional_weight_is_refused() -> None:
    tensors = dict(SAVED.state.tensors)
    bias = tensors.pop("model.head.bias")
    assert refused(with_tensors(tensors)) == "checkpoint_foreign"
    tensors |= {"model.head.bias": bias, "model.head.more": bias.clone()}
    assert refused(with_tensors(tensors)) == "checkpoint_foreign"
    assert refused(with_tensors({})) == "checkpoint_foreign"


@pytest.mark.parametrize(
    "change",
    [
        lambda bias: bias[:-1].clone(),
        lambda bias: bias[None],
        lambda bias: bias.new_zeros(0),
        lambda bias: bias.double() * 1e300,  # finite there, infinite as a float32
        lambda bias: bias.to(torch.int8),
        lambda bias: bias.to(torch.bool),
        lambda bias: bias.to(torch.complex64),
        lambda bias: bias.to(torch.float8_e4m3fn),
    ],
    ids=["short", "shape", "empty", "float64", "int8", "bool", "complex", "float8"],
)
def test_a_weight_of_another_shape_or_type_is_refused(change: Callable[[Tensor], Tensor]) -> None:
    tensors = dict(SAVED.state.tensors)
    tensors["model.head.bias"] = change(tensors["model.head.bias"])
    assert refused(with_tensors(tensors)) == "checkpoint_foreign"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_no_number_is_refused(value: float) -> None:
    tensors = {name: tensor.clone() for name, tensor in SAVED.state.tensors.items()}
    tensors["model.layers.0.weight_hh_l0"][3, 2] = value
    assert refused(with_tensors(tensors)) == "checkpoint_not_finite"


def test_a_header_that_lies_about_its_tensors_is_refused() -> None:
    for offsets in ([0, 2**62], [-4, 0], [8, 4], [0, 3]):
        header, body = header_of(DATA)
        header["model.head.bias"]["data_offsets"] = offsets
        assert refused(with_header(header, body)) == "checkpoint_damaged"
    for shape in ([2**40, 2**40], [-1], ["x"]):
        header, body = header_of(DATA)
        header["model.head.bias"]["shape"] = shape
        assert refused(with_header(header, body)) == "checkpoint_damaged"
    header, body = header_of(DATA)
    header["model.head.bias"]["dtype"] = "F3"
    assert refused(with_header(header, body)) == "checkpoint_damaged"


def said_twice(text: str, name: str, value: object) -> str:
    """A JSON object with one more entry, whose name is there already."""
    return f"{text[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}"


def test_what_is_said_twice_is_refused() -> None:
    """Even if it is the same: the first and the last must never be told apart."""
    header, body = header_of(DATA)
    whole = json.dumps(header)
    facts = header["__metadata__"]["charloom"]
    header["__metadata__"]["charloom"] = said_twice(facts, "vocabulary", ["a"])
    bias = header["model.head.bias"]
    for raw in (
        said_twice(whole, "model.head.bias", bias),
        said_twice(whole, "model.head.bias", {**bias, "shape": [2**40]}),
        said_twice(whole, "__metadata__", {"charloom": "{}"}),
        json.dumps(header),
    ):
        data = struct.pack("<Q", len(raw)) + raw.encode() + body
        assert refused(data) == "checkpoint_damaged"


def test_two_weights_may_not_share_their_bytes() -> None:
    header, body = header_of(DATA)
    header["model.twin"] = header["model.head.bias"]
    assert refused(with_header(header, body)) == "checkpoint_damaged"


@pytest.mark.parametrize("many", [{"shape": [0] * 100_000}, {"shape": [2**63]}, {"shape": [2**70]}])
def test_a_tensor_of_absurd_shape_costs_nothing(many: dict[str, object]) -> None:
    """One without a byte is harmless, whatever its shape; one that claims some is refused."""
    header, body = header_of(DATA)
    header["more"] = {"dtype": "F32", "data_offsets": [len(body), len(body)], **many}
    if many["shape"] == [0] * 100_000:
        assert loads(with_header(header, body)).vocabulary == SAVED.vocabulary
    else:
        assert refused(with_header(header, body)) == "checkpoint_damaged"


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    """A pickle, as other programs' model files are, is not even opened."""
    path = tmp_path / "model.pt"
    torch.save(CharModel(3, ModelConfig(hidden_size=2)).state_dict(), path)
    assert refused(path.read_bytes()) == "checkpoint_damaged"
