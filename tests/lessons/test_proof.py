"""The proof of the fourth chapter, with the lesson's own settings."""

from lstm.insight.race import run_race
from lstm.ui.learn.vanishing import BIAS, DELAYS
from lstm.ui.look.race import race_of


def test_the_lesson_s_lstm_remembers_forty_letters_where_the_rnn_does_not() -> None:
    assert DELAYS[0] == "40"
    *_, last = run_race(race_of(40, BIAS, 1))
    rnn, lstm = last.solved.tolist()
    assert lstm >= 3
    assert rnn <= 1
