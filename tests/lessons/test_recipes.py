"""The race of the recipes, on a tiny text and a wound clock: nothing here depends on speed."""

import pytest

from lstm import training
from lstm.corpus import Corpus
from lstm.lessons.recipes import JUDGEMENTS, RECIPES, Lap, race, recipe_of
from tests.engine_tools import Clock, words

SECONDS = 2.0
CORPUS = Corpus.from_text(words(2_400))


@pytest.fixture(scope="module")
def laps() -> list[Lap]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "time", Clock(0.1))
        return list(race(CORPUS, SECONDS, 1))


def test_both_are_trained_equally_long_and_ended_by_time(laps: list[Lap]) -> None:
    classic, quick = laps[-1].courses
    assert classic.seconds[-1] >= SECONDS
    assert quick.seconds[-1] >= SECONDS
    assert abs(classic.seconds[-1] - quick.seconds[-1]) < 1.0
    assert laps[-1].share == 1.0
    assert all(lap.share < 1.0 for lap in laps[:-1])


def test_they_go_in_lock_step(laps: list[Lap]) -> None:
    for lap in laps[1:]:
        first, second = (course.seconds[-1] for course in lap.courses)
        assert abs(first - second) <= 2 * max(SECONDS / JUDGEMENTS, training.REPORT_SECONDS) + 0.2


def test_each_is_judged_on_its_way_and_writes_at_the_end(laps: list[Lap]) -> None:
    for course in laps[-1].courses:
        assert len(course.seconds) == len(course.bits) >= 3
        assert list(course.seconds) == sorted(set(course.seconds))
        assert course.sample
        assert course.characters > 0


def test_the_continuous_recipe_has_learned_more(laps: list[Lap]) -> None:
    # Each step takes a tick of the clock here, so this does not depend on the machine's speed.
    classic, quick = laps[-1].courses
    assert quick.bits[-1] < classic.bits[-1]
    assert quick.bits[-1] < quick.bits[0]


def test_the_settings_are_those_of_the_presets_but_for_the_end() -> None:
    for recipe in RECIPES:
        settings = recipe_of(recipe, CORPUS, 4.0, 7)
        assert settings.train.seconds == 4.0
        assert settings.train.epochs is None
        assert settings.train.patience is None
        assert settings.train.rng == 7
    assert recipe_of("classic", CORPUS, 4.0, 7).train.recipe == "classic"
