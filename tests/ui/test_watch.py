"""The watch over a written text: copies and circles, named by their place in the stream."""

from concurrent.futures import Future

import pytest

from lstm.corpus import Corpus
from lstm.errors import CorpusError
from lstm.memorisation import CorpusIndex
from lstm.ui import watch as module
from lstm.ui.networks import Choice
from lstm.ui.watch import still, watch
from tests.engine_tools import words

TRAINING = words(5_000)
CHOICE = Choice("bundled:test")


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    index = CorpusIndex.of(Corpus.from_text(TRAINING))
    monkeypatch.setattr(module, "_ready", lambda _: index)


@pytest.mark.usefixtures("indexed")
def test_a_copied_passage_is_found_in_its_place() -> None:
    text = "zzzz " + TRAINING[1_000:1_080] + " zzzz"
    found = watch(CHOICE, text, end=2_000)
    start = 2_000 - len(text) + 5
    assert found["copied"][0][0] <= start < found["copied"][0][0] + 3
    assert found["overlap"][1] >= 80
    assert found["loop"] is None


@pytest.mark.usefixtures("indexed")
def test_a_circle_is_found_in_its_place() -> None:
    text = "begin " + "round and round " * 12
    loop = watch(CHOICE, text, end=5_000)["loop"]
    assert loop[1] == 16
    assert loop[0] == pytest.approx(5_000 - 12 * 16, abs=1)


@pytest.mark.usefixtures("indexed")
def test_an_empty_text_says_nothing() -> None:
    found = watch(CHOICE, "", end=0)
    assert (found["loop"], found["overlap"], found["copied"]) == (None, None, [])


def test_before_the_index_is_ready_only_circles_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: Future[CorpusIndex | None] = Future()
    monkeypatch.setattr(module, "_index", lambda *_: waiting)
    found = watch(CHOICE, TRAINING[:500] + "round and round " * 12, end=900)
    assert found["loop"] is not None
    assert found["overlap"] is None


def test_a_damaged_text_is_no_reason_to_stop_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: Choice) -> Corpus:
        raise CorpusError("damaged_corpus")

    monkeypatch.setattr(Choice, "corpus", damaged)
    assert module._make(CHOICE) is None


def test_what_was_replaced_is_seen_no_more() -> None:
    seen = {"loop": [100, 10, 4], "overlap": [20, 60], "copied": [[5, 30], [40, 50]], "least": 40}
    assert still(seen, 140) == seen
    assert still(seen, 85) == {**seen, "loop": None, "copied": [[5, 30]]}
    assert still(seen, 0) == {"loop": None, "overlap": None, "copied": [], "least": 40}
