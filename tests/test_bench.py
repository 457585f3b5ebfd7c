"""The yardsticks measure what they say; how fast anything is, no test asks."""

import math
from dataclasses import replace

import pytest

from lstm.bench import peers
from lstm.bench.peers.gpt import SmallGPT, time_to_goal
from lstm.bench.rows import Row, table
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.presets import Preset, preset
from tests.engine_tools import words

CORPUS = Corpus.from_text(words(6_000))


def test_the_small_gpt_is_of_the_size_that_its_setting_gives() -> None:
    weights = sum(value.numel() for value in SmallGPT(65).parameters())
    assert weights == 65 * 128 + 64 * 128 + 4 * (12 * 128**2 + 13 * 128) + 2 * 128


def test_the_small_gpt_learns_and_tells_when_it_was_good_enough() -> None:
    knows_nothing = math.log(CORPUS.vocabulary.size)
    seconds, best = time_to_goal(CORPUS, steps=120, goal=knows_nothing)
    assert best < 0.8 * knows_nothing
    later, _ = time_to_goal(CORPUS, steps=120, goal=0.0)
    assert seconds > 0
    assert later > 0


def test_the_time_to_a_loss_is_that_of_the_first_evaluation_below_it(
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


def test_a_table_has_a_line_for_each_figure() -> None:
    rows = [Row("write", "this", 1234.5, "/s"), Row("write", "that", 2.5, "/s", "this", 0.002)]
    assert table(rows).splitlines()[2:] == [
        "| write | this | 1,234 /s |  |  |",
        "| write | that | 2.50 /s | 0.00 | this |",
    ]
