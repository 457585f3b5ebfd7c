"""What the rooms Train and Runs are made of, without drawing anything."""

import threading
from concurrent.futures import Future
from dataclasses import replace

import pytest

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.documents import read_document
from lstm.errors import CorpusError
from lstm.messages import LANGUAGES, Language
from lstm.presets import PRESETS, PresetName, preset
from lstm.records import Message, RunState
from lstm.runs import RunStore
from lstm.ui import blocks, course, settings, texts, words
from lstm.ui.components.timemachine import chosen
from lstm.ui.curves import Look
from lstm.ui.estimate import Probes, estimate
from lstm.ui.settings import SETTINGS, choose, defaults, parse, written
from lstm.ui.texts import Draft, Text, prepare
from tests.readers.makers import zipped
from tests.store_tools import tiny_corpus
from tests.ui.page_tools import run_with_a_past

HOSTILE = "<script>alert(1)</script>\"'&"
TINY = ModelConfig(hidden_size=8, embedding_size=4)
QUICK = TrainConfig(seconds=60.0)


# ---- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_s_values_survive_the_address(name: PresetName) -> None:
    standard = defaults(preset(name, 100_000, 80))
    again = {s.name: parse(s, written(standard[s.name])) for s in SETTINGS}
    assert again == standard
    assert choose(preset(name, 100_000, 80), again).errors == {}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
@pytest.mark.parametrize("nonsense", ["", "<b>", "nan", "inf", "one", "1e999", "0x10"])
def test_nonsense_in_an_address_is_refused(setting: settings.Setting, nonsense: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        parse(setting, nonsense)


def test_every_config_field_has_a_control_but_the_server_s_own() -> None:
    fields = set(TINY.to_json()) | set(QUICK.to_json())
    assert fields - settings.NAMES == {"threads"}
    assert settings.NAMES - fields == {"lowercase", "validation"}


def test_all_errors_are_found_at_once_and_the_rest_stays_usable() -> None:
    changes: dict[str, settings.Value] = {
        "hidden_size": 0,
        "dropout": 2.0,
        "learning_rate": -1.0,
        "batch_size": 64,
        "validation": 0.9,
    }
    base = preset("quick", 100_000, 80)
    chosen = choose(base, changes)
    assert set(chosen.errors) == {"hidden_size", "dropout", "learning_rate", "validation"}
    assert chosen.model.hidden_size == base.model.hidden_size
    assert chosen.train.batch_size == 64


def test_a_training_without_an_end_is_an_error_of_its_time() -> None:
    chosen = choose(preset("quick", 100_000, 80), {"seconds": None})
    assert chosen.errors["seconds"].key == "no_end"
    assert choose(preset("quick", 100_000, 80), {"seconds": None, "epochs": 3}).errors == {}


@pytest.mark.parametrize(
    ("name", "symbols", "changes"),
    [("quick", 4447, {"embedding_size": 0}), ("classic", 80, {"tied": True})],
)
def test_an_output_layer_with_nothing_to_share_is_an_error_of_its_switch(
    name: PresetName, symbols: int, changes: dict[str, settings.Value]
) -> None:
    base = preset(name, 100_000, symbols)
    chosen = choose(base, changes)
    assert {field: error.key for field, error in chosen.errors.items()} == {
        "tied": "nothing_to_tie"
    }
    assert chosen.model == base.model
    both = choose(base, {"tied": True, "embedding_size": 32})
    assert (both.model.tied, both.model.embedding_size, both.errors) == (True, 32, {})


# ---- estimates ----------------------------------------------------------------------------------


class SlowProbe:
    """A probe that measures only when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[ModelConfig, TrainConfig]] = []
        self.go = threading.Event()

    def __call__(self, corpus: Corpus, model: ModelConfig, train: TrainConfig) -> float:
        self.asked.append((model, train))
        assert self.go.wait(60)
        return 1000.0


def model_of(hidden: int) -> ModelConfig:
    return ModelConfig(hidden_size=hidden, embedding_size=4)


def test_the_same_question_is_measured_once() -> None:
    probe = SlowProbe()
    probes, corpus = Probes(probe), tiny_corpus()
    probe.go.set()
    first = probes.ask("anna", corpus, TINY, QUICK)
    assert first.result(60) == 1000.0
    assert probes.ask("bert", corpus, TINY, QUICK) is first
    # How long it trains and at what rate does not change how fast.
    assert probes.ask("bert", corpus, TINY, TrainConfig(epochs=5, learning_rate=0.1)) is first
    assert len(probe.asked) == 1


def test_a_question_that_was_given_up_is_not_measured() -> None:
    probe = SlowProbe()
    probes, corpus = Probes(probe), tiny_corpus()
    probes.ask("anna", corpus, model_of(8), QUICK)  # being measured
    waiting = probes.ask("bert", corpus, model_of(9), QUICK)
    shared = probes.ask("carl", corpus, model_of(10), QUICK)
    assert probes.ask("dora", corpus, model_of(10), QUICK) is shared
    last = probes.ask("bert", corpus, model_of(11), QUICK)
    probes.ask("carl", corpus, model_of(11), QUICK)
    probe.go.set()
    assert last.result(60) == 1000.0
    assert waiting.cancelled()
    assert shared.done()
    assert not shared.cancelled()
    assert [model.hidden_size for model, _ in probe.asked] == [8, 10, 11]


def test_a_huge_network_is_tried_in_small_pieces_on_one_thread() -> None:
    probe = SlowProbe()
    probe.go.set()
    huge = TrainConfig(batch_size=4096, seq_len=1024, threads=8, seconds=60.0)
    shape = ModelConfig(hidden_size=2048, num_layers=4)
    result: Future[float] = Probes(probe).ask("anna", tiny_corpus(), shape, huge)
    assert result.result(60)
    assert probe.asked[0][1].batch_size == 1
    assert probe.asked[0][1].threads == 1


def test_the_first_limit_ends_the_training() -> None:
    corpus = tiny_corpus(20_000)  # 18,000 to train on
    both = estimate(corpus, TrainConfig(seconds=60.0, epochs=10), 18_000.0)
    assert both.epochs == pytest.approx(10)
    assert 10 < both.seconds < 12
    assert estimate(corpus, QUICK, 18_000.0).epochs == pytest.approx(60)


# ---- texts --------------------------------------------------------------------------------------


def test_a_draft_keeps_the_order_and_replaces_by_name() -> None:
    draft = Draft()
    draft.add([("b.txt", b"second " * 50), ("a.txt", b"first " * 50)])
    draft.add([("b.txt", b"better " * 50), ("bad.exe", b"x")])
    text = draft.uploaded()
    assert text is not None
    assert [document.name for document in text.documents] == ["b.txt", "a.txt"]
    assert text.content.startswith("better")
    assert text.name == "b.txt + 1"
    assert [error.key for error in draft.errors] == ["unknown_type"]
    assert draft.uploaded() is text
    draft.remove(5)
    draft.remove(0)
    draft.remove(0)
    assert draft.uploaded() is None


def test_a_draft_keeps_so_many_texts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_FILES", 2)
    draft = Draft()
    draft.add([("a.zip", zipped({f"{n}.txt": "words " * 50 for n in range(4)})), ("b.txt", b"x")])
    assert [document.name for document in draft.documents] == ["a.zip/0.txt", "a.zip/1.txt"]
    assert [error.key for error in draft.errors] == ["too_many_files"] * 2
    draft.add([("a.zip", zipped({"1.txt": "better " * 50}))])
    assert draft.documents[1].text.startswith("better")
    assert not draft.errors


def test_a_table_can_be_read_again_and_is_forgotten_with_its_text() -> None:
    draft = Draft()
    rows = "".join(f"name {n},a longer text number {n}\n" for n in range(9))
    draft.add([("a.csv", f"who,what\n{rows}".encode()), ("b.txt", b"words")])
    assert draft.columns(0) == ("who", "what")
    assert draft.columns(1) == ()
    draft.choose_column(0, "who")
    assert draft.documents[0].text.startswith("name 0\nname 1")
    draft.choose_column(0, "whom")
    assert [error.key for error in draft.errors] == ["csv_no_such_column"]
    draft.remove(0)
    assert not draft._tables


def test_pasted_words_are_cleaned_once() -> None:
    draft = Draft()
    text = draft.pasted("one\r\ntwo", "Pasted")
    assert text.content == "one\ntwo"
    assert draft.pasted("one\r\ntwo", "Pasted") is text
    assert draft.pasted("other", "Pasted") is not text


def test_a_shared_text_is_prepared_once_for_everybody() -> None:
    text = Text.of("shared", "x", [read_document(b"some words " * 100, "x.txt")])
    first = prepare(text, "x", lowercase=False)
    assert prepare(text, "x", lowercase=False) is first
    assert prepare(text, "x", lowercase=True) is not first
    empty = Text.of("empty", "x", [read_document(b"short", "x.txt")])
    with pytest.raises(CorpusError):
        prepare(empty, "x", lowercase=False)


# ---- the course of a run ------------------------------------------------------------------------


def test_what_did_not_change_is_not_read_again(store: RunStore) -> None:
    run = run_with_a_past(store)
    first = course.course(run.id)
    assert course.course(run.id) is first
    look = Look()
    assert course.plots(first, look) is course.plots(first, look)
    assert course.samples(first, 2) is course.samples(first, 2)
    assert course.stops(first, "bits", "en") is course.stops(first, "bits", "en")
    store.rename(run.id, "other")
    second = course.course(run.id)
    assert second is not first
    assert course.plots(second, look) is not course.plots(first, look)


def test_the_time_left_and_the_axis_follow_the_budget(store: RunStore) -> None:
    run = run_with_a_past(store)  # 6 s of 3600
    left = course.seconds_left(run)
    assert left is not None
    assert left > 3594
    assert course.horizon(run, Look(axis="seconds")) == 3600
    assert course.horizon(run, Look(axis="epoch")) is None  # too early to tell
    store.halt(run.id)
    assert store.run(run.id).state == RunState.PAUSED
    assert course.horizon(store.run(run.id), Look(axis="seconds")) is None


def test_the_time_machine_believes_no_evaluation_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stops = {1, 4}
    for sent, believed in [(4, 4), (2, None), ("4", None), (None, None), ({"x": 1}, None)]:
        state: dict[str, object] = {"key": {"index": sent}}
        monkeypatch.setattr("lstm.ui.components.timemachine.st.session_state", state)
        assert chosen("key", stops) == believed
    monkeypatch.setattr("lstm.ui.components.timemachine.st.session_state", {})
    assert chosen("key", stops) is None


def test_the_speed_of_a_run_is_its_last_stretch_s_until_it_is_over(store: RunStore) -> None:
    run = run_with_a_past(store)
    assert course.speed(run) == run.chars_per_second == 1000.0
    store.end(run.id, RunState.FINISHED, Message("notices.finished_plateau"))
    over = store.run(run.id)
    # Three epochs of the text without its held-out tenth, in six seconds.
    assert course.speed(over) == pytest.approx(3 * 18_000 / 6)
    assert course.speed(replace(over, seconds=0.0, chars_per_second=None)) is None


# ---- words and blocks ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_durations_are_as_exact_as_it_matters(language: Language) -> None:
    said = [words.duration(s, language) for s in (0, 45, 119, 300, 5000, 90_000, 400_000)]
    assert len(set(said)) == len(said)
    assert all("{" not in part for part in said)
    assert words.duration(45, "en") == "45 s"
    assert words.duration(300, "en") == "5 min"
    assert words.duration(3600 * 3 + 60, "en") == "3 h 1 min"
    assert words.ago(5, "en") == "just now"


def test_sizes_and_counts() -> None:
    assert [words.size(n) for n in (0, 999, 1500, 2_500_000, 3e9, 5e12)] == [
        "0 B", "999 B", "1.5 kB", "2.5 MB", "3 GB", "5e+03 GB",
    ]  # fmt: skip
    assert words.count(1234567.4) == "1,234,567"


def test_blocks_escape_everything() -> None:
    drawn = [
        blocks.alert_html(HOSTILE),
        blocks.facts_html([(HOSTILE, HOSTILE)]),
        blocks.table_html(HOSTILE, [[HOSTILE, HOSTILE], [HOSTILE, HOSTILE]]),
        blocks.list_html([HOSTILE]),
        blocks.title_html(HOSTILE, HOSTILE),
        blocks.progress_html(0.5, HOSTILE),
    ]
    for markup in drawn:
        assert "<script>" not in markup
        assert "&lt;script&gt;" in markup
        assert "&quot;&#x27;&amp;" in markup


def test_a_bar_stays_within_its_ends() -> None:
    assert 'aria-valuenow="0.0"' in blocks.progress_html(-1, "x")
    assert 'aria-valuenow="100.0"' in blocks.progress_html(7, "x")
