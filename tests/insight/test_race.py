"""The memory race: a fair task, the same for all, and it tells RNN from LSTM."""

import numpy as np
import pytest

from lstm.errors import ConfigError
from lstm.insight.race import LETTERS, SOLVED, Race, Runner, run_race, texts


def test_the_task() -> None:
    inputs, targets = texts(Race(delay=7), 3, 500)
    assert inputs.shape == (500, 8)
    assert set(targets.tolist()) == set(range(LETTERS))
    assert (inputs[:, 0] == targets).all()
    assert set(inputs[:, 1:].flatten().tolist()) == set(range(LETTERS, 2 * LETTERS))


def test_batches_repeat_and_judged_ones_are_never_learned() -> None:
    race = Race(delay=7)
    drawn = [texts(race, number, 9)[0].tolist() for number in (4, 4, -4, 5)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert drawn[0] != drawn[3]
    assert drawn[0] != texts(Race(delay=7, rng=2), 4, 9)[0].tolist()


def test_an_lstm_that_remembers_wins() -> None:
    race = Race(30, (Runner("rnn"), Runner("lstm", 4.0)), seeds=(1, 2), steps=80)
    laps = list(run_race(race))
    last = laps[-1]
    assert last.solved.tolist() == [0, 2]
    assert last.accuracy.shape == (2, 2, len(laps))
    assert last.steps.tolist() == [10 * number for number in range(len(laps))]
    for seed in range(2):
        step = last.solved_at[1, seed]
        accuracy = last.accuracy[1, seed, last.steps == step]
        assert accuracy >= SOLVED
        assert (last.accuracy[1, seed, last.steps >= step] == accuracy).all()
    assert laps[0].accuracy.max() < 0.5  # guessing
    shares = [lap.share for lap in laps]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_race_ends_when_all_have_solved_it_and_runs_the_same_again() -> None:
    race = Race(1, (Runner("lstm", 2.0), Runner("gru")), seeds=(1, 2))
    first, again = list(run_race(race)), list(run_race(race))
    assert first[-1].solved.tolist() == [2, 2]
    assert first[-1].steps[-1] < race.steps
    np.testing.assert_array_equal(first[-1].accuracy, again[-1].accuracy)


@pytest.mark.parametrize(
    "settings", [{"delay": 0}, {"delay": 201}, {"seeds": ()}, {"steps": 5001}], ids=str
)
def test_a_course_has_bounds(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must lie between"):
        Race(**settings)  # type: ignore[arg-type]
