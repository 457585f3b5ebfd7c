"""The yardsticks measure what they say; how fast anything is, no test asks."""

import math
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lstm.bench import page, peers, race, recipe, scale, serving, size, train
from lstm.bench.peers.gpt import SmallGPT, time_to_goal
from lstm.bench.rows import Row, machine, table
from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.model import CharModel
from lstm.presets import Preset, preset
from tests.engine_tools import words

CORPUS = Corpus.from_text(words(6_000))


def test_the_small_gpt_is_of_the_size_that_its_setting_gives() -> None:
    weights = sum(value.numel() for value in SmallGPT(65).parameters())
    assert weights == 65 * 128 + 64 * 128 + 4 * (12 * 128**2 + 13 * 128) + 2 * 128


def test_the_small_gpt_learns_and_tells_when_it_was_good_enough() -> None:
    knows_nothing = math.log(CORPUS.vocabulary.size)
    seconds, best = time_to_goal(CORPUS, steps=40, goal=knows_nothing)
    assert best < 0.95 * knows_nothing
    later, _ = time_to_goal(CORPUS, steps=40, goal=0.0)
    assert seconds > 0
    assert later > 0


def test_the_time_to_a_loss_is_that_of_the_first_look_that_finds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(name: str, characters: int, symbols: int) -> Preset:
        assert name == "quick"
        chosen = preset("quick", characters, symbols)
        model = replace(chosen.model, hidden_size=16)
        return replace(chosen, model=model, train=replace(chosen.train, seconds=None, epochs=3))

    monkeypatch.setattr(peers, "preset", short)
    blind = math.log2(CORPUS.vocabulary.size)
    assert peers.seconds_to(CORPUS, blind) > 0
    with pytest.raises(BenchError) as missed:
        peers.seconds_to(CORPUS, 0.01)
    assert missed.value.key == "bench_goal_missed"


def test_what_many_symbols_cost_is_measured_with_and_without_tying(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def once(action: Callable[[], object], seconds: float) -> float:
        action()
        asked.append("measured")
        return 0.25 * len(asked)

    monkeypatch.setattr(train, "MANY_SYMBOLS", 50)
    monkeypatch.setattr(train, "best_time", once)
    monkeypatch.setattr(train, "probe", lambda *_, seconds: 2048 / 2.0)
    rows = list(train._many_symbols())
    assert [row.value for row in rows] == [2000, 250, 500, 500, 2000, 750, 750]
    assert [row.ratio for row in rows] == [None, None, 2.0, 0.25, None, 3.0, 0.375]


@pytest.mark.parametrize("tied", [False, True])
def test_every_matrix_counts_as_often_as_it_is_multiplied(tied: bool) -> None:
    """Twice a weight forwards, four times backwards; an embedding is only looked up in."""
    shape = ModelConfig(hidden_size=6, num_layers=2, embedding_size=4, tied=tied)
    model = CharModel(9, shape)
    matrices = sum(value.numel() for value in model.parameters() if value.ndim == 2)
    looked_up = 0 if tied else 9 * 4
    assert train.operations(shape, 9) == 6 * (matrices - looked_up)


def test_a_table_has_a_line_for_each_figure() -> None:
    rows = [Row("write", "this", 1234.5, "/s"), Row("write", "that", 2.5, "/s", "this", 0.002)]
    assert table(rows).splitlines()[2:] == [
        "| write | this | 1,234 /s |  |  |",
        "| write | that | 2.500 /s | 0.00 | this |",
    ]


@pytest.mark.parametrize(
    ("amx", "avx", "said"),
    [
        (True, True, ", AMX, native bfloat16"),
        (False, True, ", native bfloat16"),
        (False, False, ", no native bfloat16"),
    ],
)
def test_a_machine_is_told_by_what_it_multiplies(
    amx: bool, avx: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert machine() == f"2 cores, AVX512{said}"


def test_a_large_text_is_read_trained_on_and_judged() -> None:
    found = {row.what: row.value for row in scale.rows(size=300_000, seconds=0.5)}
    assert found["training speed"] > 0
    assert found["worker, most memory"] > 10
    assert found["reference lines, most memory"] > 10


def test_what_the_server_stands_on_is_counted_to_the_last_package() -> None:
    needed = size.needed(size.REQUIREMENTS)
    assert {"torch", "streamlit", "starlette", "click"} <= set(needed)  # click: of streamlit's
    assert "pytest" not in needed
    everything, *parts = size.rows()
    assert everything.value == pytest.approx(sum(row.value for row in parts))
    assert max(parts, key=lambda row: row.value).what == "torch"
    assert sum(row.ratio or 0.0 for row in parts) == pytest.approx(1.0)


def test_without_a_browser_the_page_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(BenchError) as missing:
        next(page.rows())
    assert missing.value.key == "bench_no_browser"


def test_a_server_that_ends_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "ROOT", tmp_path)  # no app.py there
    with pytest.raises(BenchError) as ended, serving.serving(tmp_path, {}):
        pass
    assert ended.value.key == "bench_no_server"


def test_a_race_is_drawn_with_every_name() -> None:
    points = race.preset_points(CORPUS, "quick", 0.2)
    assert points[-1][0] >= 0.2
    assert 0 < points[-1][1] < 10
    drawn = race.plot({"Quick": [(1.0, 4.0), (2.0, 3.0), (60.0, 2.0)], "Keras": [(30.0, 2.5)]})
    element = ElementTree.fromstring(drawn)
    said = [one.text for one in element.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Quick", "Keras", "2", "10", "50"} <= set(said)
    dots = [one.attrib["class"] for one in element.iter("{http://www.w3.org/2000/svg}circle")]
    assert dots == ["quick", "quick", "keras"]  # what lies above the plot is left out


def test_a_curves_name_makes_way_for_those_beside_it_alone() -> None:
    points = {"Quick": (20.0, 2.0), "Deep": (100.0, 2.0), "Standard": (101.0, 2.0)}
    drawn = race.plot({name: [(1.0, 3.0), end] for name, end in points.items()})
    element = ElementTree.fromstring(drawn)
    places = {one.text: one for one in element.iter("{http://www.w3.org/2000/svg}text")}
    quick, deep, standard = (float(places[name].attrib["y"]) for name in points)
    assert quick == deep
    assert abs(standard - deep) >= 12.0


def test_a_recipe_is_compared_with_every_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = [{"hidden_size": 8}, {"recipe": "continuous", "batch_size": 4}]
    variants = [(str(index), change) for index, change in enumerate(tiny)]
    monkeypatch.setattr(recipe, "VARIANTS", variants)
    usual, *others = recipe.compared(CORPUS, epochs=1)
    assert [row.against for row in others] == [usual.what] * 2
    assert all(row.ratio == row.value / usual.value for row in others)


@pytest.mark.parametrize("changes", [changes for _, changes in recipe.VARIANTS])
def test_every_variant_is_a_possible_one(changes: dict[str, object]) -> None:
    usual = preset("quick", 500_000, 60)
    model, config = recipe._changed(usual.model, usual.train, changes)
    assert (model, config) != (usual.model, usual.train)
    assert {**model.to_json(), **config.to_json()}.items() >= changes.items()
