"""A network that was taken home comes back as it was, and can go on with another text."""

import io
import stat
import zipfile
import zlib
from dataclasses import replace
from typing import Any, get_args

import pytest
import torch

from lstm.checkpoint import Saved, dumps
from lstm.config import Cell, ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import CharloomError, CheckpointError, CorpusError, DocumentError
from lstm.events import Checkpoint, EpochEnd, Finished, TrainingState
from lstm.export.bundle import archive
from lstm.export.story import Story
from lstm.model import evaluating
from lstm.returning import NEW_SHARE, Returned, go_on_with, read_model, with_optimizer
from lstm.training import train
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.engine_tools import bare_state, network, words
from tests.readers.makers import repacked, zipped

TEXT = words(3000)
SHAPE = ModelConfig(hidden_size=8, embedding_size=5)
CONFIG = TrainConfig(epochs=1, seconds=None, batch_size=4, seq_len=16, threads=1)
CHINESE = "奶奶说，今天下雨，明天也下雨。Then the cat sat on a mat.\n" * 60


@pytest.fixture(scope="module")
def trained() -> Saved:
    corpus = Corpus.from_text(TEXT)
    states = [e.state for e in train(corpus, SHAPE, CONFIG) if isinstance(e, Checkpoint)]
    return Saved(SHAPE, corpus.vocabulary, states[-1], CONFIG, info={"name": "words"})


def bare(symbols: str = TEXT, shape: ModelConfig = SHAPE) -> Saved:
    vocabulary = Vocabulary.of(symbols)
    model = network(vocabulary.size, **shape.to_json())
    return Saved(model.config, vocabulary, bare_state(model))


def weights_are_equal(one: Saved, other: Saved) -> bool:
    mine, theirs = (
        {name: value for name, value in saved.state.tensors.items() if name.startswith("model.")}
        for saved in (one, other)
    )
    return mine.keys() == theirs.keys() and all(mine[n].equal(theirs[n]) for n in mine)


def log_probabilities(saved: Saved, text: str) -> torch.Tensor:
    """Of every next symbol after every character, (T, V)."""
    model = saved.model()
    ids = torch.from_numpy(saved.vocabulary.encode(text).astype("int64"))[None]
    with evaluating(model):
        logits: torch.Tensor = model(ids)[0][0]
    return logits.log_softmax(-1)


# -- reading ---------------------------------------------------------------------------------------


def test_a_model_file_comes_back(trained: Saved) -> None:
    found = read_model(dumps(trained, with_training=False), "my words.safetensors")
    assert found.name == "my words"
    assert weights_are_equal(found.saved, trained)
    assert found.newest is None
    assert found.saved.info == {"name": "words"}


def test_a_training_comes_back_with_its_optimizer(trained: Saved) -> None:
    found = read_model(dumps(trained), "words.safetensors")
    assert found.newest is found.saved
    assert found.newest.state.tensors.keys() == trained.state.tensors.keys()


def test_an_archive_comes_back(trained: Saved) -> None:
    found = read_model(archive(Story.of_model(trained)), "words.zip")
    assert weights_are_equal(found.saved, trained)
    assert found.newest is not None
    assert found.newest.state.numbers == trained.state.numbers
    assert found.damaged is None


def test_an_archive_that_was_packed_again_in_a_folder_comes_back(trained: Saved) -> None:
    with zipfile.ZipFile(io.BytesIO(archive(Story.of_model(trained)))) as packed:
        files = {f"my words/{name}": packed.read(name) for name in packed.namelist()}
    assert read_model(zipped(files), "a.ZIP").newest is not None
    renamed = zipped({"net.safetensors": files["my words/training.safetensors"]})
    assert read_model(renamed, "a.zip").newest is not None


def test_a_damaged_training_does_not_cost_the_network(trained: Saved) -> None:
    whole = archive(Story.of_model(trained))
    for part in (b"damaged", dumps(bare(shape=ModelConfig(hidden_size=6, embedding_size=5)))):
        found = read_model(repacked(whole, {"training.safetensors": part}), "a.zip")
        assert weights_are_equal(found.saved, trained)
        assert found.newest is None
        assert isinstance(found.damaged, CheckpointError)


def packed_oddly(entry: zipfile.ZipInfo, data: bytes) -> bytes:
    """An archive with one entry."""
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(entry, data)
    return page.getvalue()


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("model.safetensors")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize("kind", ["bomb", "checksum"])
def test_a_training_that_can_not_be_unpacked_does_not_cost_the_network(
    trained: Saved, kind: str
) -> None:
    network = dumps(trained, with_training=False)
    rest = bytes(50_000_000) if kind == "bomb" else b"words " * 100
    whole = zipped({"model.safetensors": network, "training.safetensors": rest})
    if kind == "checksum":
        sum_of_it = zlib.crc32(rest).to_bytes(4, "little")
        whole = whole.replace(sum_of_it, bytes(4))
    found = read_model(whole, "a.zip")
    assert weights_are_equal(found.saved, trained)
    assert isinstance(found.damaged, DocumentError)


def test_an_archive_in_an_archive_is_not_looked_into(trained: Saved) -> None:
    inner = zipped({"model.safetensors": dumps(trained)})
    with pytest.raises(CheckpointError, match="There is no network"):
        read_model(zipped({"inner.zip": inner}), "a.zip")


def test_of_two_networks_the_outermost_is_taken(trained: Saved) -> None:
    data = dumps(trained, with_training=False)
    files = {"a/b/model.safetensors": b"x", "a/z.safetensors": data, "a/zz.safetensors": b"x"}
    assert weights_are_equal(read_model(zipped(files), "a.zip").saved, trained)


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (packed_oddly(link(), b"/etc/passwd"), "a.zip", "There is no network"),
        (zipped({"C:/model.safetensors": b"x"}), "a.zip", "There is no network"),
        (zipped({"/model.safetensors": b"x"}), "a.zip", "There is no network"),
        (zipped({f"{n}.safetensors": b"" for n in range(2_001)}), "a.zip", "2000"),
        (zipped({"a.safetensors/": b""}), "a.zip", "There is no network"),
        (b"", "a.safetensors", "damaged"),
        (b"x" * 100, "a.safetensors", "damaged"),
        (b"x" * 100, "a.zip", r"“a\.zip” is damaged"),
        (zipped({"a.txt": "no network"}), "a.zip", r"There is no network in “a\.zip”"),
        (zipped({"../model.safetensors": b"x"}), "a.zip", "There is no network"),
        (zipped({"model.safetensors": b"x"}), "a.zip", "damaged"),
        (zipped({"model.safetensors": bytes(50_000_000)}), "a.zip", "hundreds of times"),
    ],
)
def test_what_is_no_network_is_told(data: bytes, name: str, sentence: str) -> None:
    with pytest.raises(CharloomError, match=sentence) as caught:
        read_model(data, name)
    assert isinstance(caught.value, CheckpointError | DocumentError)


# -- going on --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [{"embedding_size": 0}, {}, {"tied": True}], ids=str)
@pytest.mark.parametrize("cell", get_args(Cell))
def test_a_network_that_grew_reads_and_writes_as_before(cell: Cell, ends: dict[str, Any]) -> None:
    saved = bare(shape=replace(SHAPE, cell=cell, **ends))
    grown = go_on_with(saved, CHINESE).saved
    assert grown.vocabulary.size > saved.vocabulary.size
    before, after = (log_probabilities(s, CHINESE[:200]).exp() for s in (saved, grown))
    places = [grown.vocabulary.characters.index(symbol) for symbol in saved.vocabulary.characters]
    added = sorted({*range(grown.vocabulary.size)} - {*places})
    new = after[:, added].sum(-1)
    assert (new <= NEW_SHARE).all()
    assert (new > 0).all()
    torch.testing.assert_close(after[:, places] / (1 - new)[:, None], before)


def test_every_new_symbol_is_told_with_what_it_begins_as() -> None:
    saved = bare()
    continuation = go_on_with(saved, CHINESE.replace("cat", "Cät"))
    told = continuation.stand_ins
    assert set(told) == set(continuation.corpus.vocabulary.characters) - set(
        saved.vocabulary.characters
    )
    assert (told["T"], told["ä"], told["，"], told["雨"]) == ("t", "a", " ", " ")
    assert continuation.corpus.excerpt(0, 40) == CHINESE.replace("cat", "Cät")[:40]


def test_a_network_with_an_unknown_symbol_grows_from_it() -> None:
    saved = bare(TEXT + UNKNOWN)
    continuation = go_on_with(saved, CHINESE)
    assert set(continuation.stand_ins.values()) == {UNKNOWN}
    assert continuation.saved.vocabulary.characters[-1] == UNKNOWN


def test_a_known_text_changes_nothing(trained: Saved) -> None:
    continuation = go_on_with(trained, words(2000, seed=5))
    assert continuation.stand_ins == {}
    assert continuation.saved.vocabulary == trained.vocabulary
    assert weights_are_equal(continuation.saved, trained)
    assert all(name.startswith("model.") for name in continuation.saved.state.tensors)


def test_the_text_is_lowered_if_the_networks_was() -> None:
    saved = Saved(SHAPE, Vocabulary.of(TEXT), bare_state(network(len(set(TEXT)))), lowercase=True)
    continuation = go_on_with(saved, TEXT.upper())
    assert continuation.stand_ins == {}
    assert continuation.corpus.lowercase
    assert continuation.corpus.excerpt(0, 20) == TEXT[:20]


def test_only_so_many_new_symbols_are_taken() -> None:
    continuation = go_on_with(bare(), CHINESE, cap=5)
    assert continuation.saved.vocabulary.characters[-1] == UNKNOWN
    assert len(set(continuation.stand_ins) - {UNKNOWN}) <= 5


def test_too_little_text_is_told() -> None:
    with pytest.raises(CorpusError):
        go_on_with(bare(), "short")


def test_it_learns_the_new_text(trained: Saved) -> None:
    continuation = go_on_with(trained, CHINESE)
    start = TrainingState(continuation.saved.state.tensors)
    events = list(train(continuation.corpus, SHAPE, CONFIG, start))
    losses = [event.validation_loss for event in events if isinstance(event, EpochEnd)]
    ids = continuation.corpus.held_out.astype("int64")
    known = log_probabilities(continuation.saved, CHINESE[continuation.corpus.split :])
    first = -known[range(len(ids) - 1), ids[1:]].mean()
    assert losses[-1] < float(first) - 0.5
    saved = [event.state for event in events if isinstance(event, Checkpoint)][-1]
    again = Saved(SHAPE, continuation.corpus.vocabulary, saved)
    assert isinstance(read_model(dumps(again), "a.safetensors"), Returned)


def test_with_its_own_text_it_may_keep_its_optimizer(trained: Saved) -> None:
    continuation = go_on_with(trained, TEXT)
    kept = with_optimizer(continuation, trained)
    assert weights_are_equal(kept.saved, trained)
    gathered = {n: v for n, v in kept.saved.state.tensors.items() if n.startswith("optimizer.")}
    assert gathered
    assert all(value.equal(trained.state.tensors[name]) for name, value in gathered.items())
    assert not kept.saved.state.numbers
    *_, last = train(continuation.corpus, SHAPE, CONFIG, kept.saved.state)
    assert isinstance(last, Finished)
    assert last.epoch == 1


def test_without_a_state_that_fits_the_optimizer_begins_afresh(trained: Saved) -> None:
    continuation = go_on_with(trained, CHINESE)
    for newest in (None, trained):
        assert with_optimizer(continuation, newest) is continuation
