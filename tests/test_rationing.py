"""Characters by the second: generous for one visitor, equal shares for many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm.errors import RationError
from lstm.messages import LANGUAGES
from lstm.rationing import BURST_SECONDS, Ration

EACH, TOGETHER = 100.0, 1_000.0


class Clock:
    """Time that the test lets pass."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ration(clock: Clock) -> Ration:
    return Ration(clock)


def take(ration: Ration, visitor: str, characters: int) -> bool:
    try:
        ration.take(visitor, characters, each=EACH, together=TOGETHER)
    except RationError:
        return False
    return True


def test_a_burst_is_served_and_then_the_steady_rate(ration: Ration, clock: Clock) -> None:
    burst = int(EACH * BURST_SECONDS)
    assert take(ration, "anna", burst)
    assert not take(ration, "anna", 1)
    clock.now += 1.0
    assert take(ration, "anna", int(EACH))
    assert not take(ration, "anna", 1)
    assert take(ration, "ben", burst), "one visitor's debt is not another's"


def test_no_request_is_too_large_for_ever(ration: Ration, clock: Clock) -> None:
    assert take(ration, "anna", 10_000)
    clock.now += 60.0
    assert not take(ration, "anna", 1)
    clock.now += 60.0
    assert take(ration, "anna", 1)


def test_who_is_refused_is_told_in_both_languages(ration: Ration) -> None:
    take(ration, "anna", 10_000)
    with pytest.raises(RationError) as refusal:
        ration.take("anna", 1, each=EACH, together=TOGETHER)
    assert len({refusal.value.text(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_fifty_visitors_get_equal_shares_of_what_there_is(ration: Ration, clock: Clock) -> None:
    visitors = [f"visitor {number}" for number in range(50)]
    for visitor in visitors:  # the first bursts
        while take(ration, visitor, 10):
            pass
    served = dict.fromkeys(visitors, 0)
    seconds = 30
    for _ in range(seconds * 10):
        clock.now += 0.1
        for visitor in visitors:
            served[visitor] += 10 * take(ration, visitor, 10)
    share = TOGETHER * seconds / len(visitors)
    assert min(served.values()) >= 0.9 * share
    assert sum(served.values()) <= 1.1 * TOGETHER * seconds


def test_who_has_left_is_not_counted(ration: Ration, clock: Clock) -> None:
    for number in range(50):
        take(ration, f"visitor {number}", 1)
    clock.now += 60.0
    take(ration, "anna", 10_000)
    clock.now += 100.0
    assert take(ration, "anna", int(EACH * 4))


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 400)), max_size=60))
def test_no_visitor_ever_gets_more_than_their_rate(asked: list[tuple[float, int]]) -> None:
    clock = Clock()
    ration, began, served = Ration(clock), clock.now, 0
    for pause, characters in asked:
        clock.now += pause
        served += characters * take(ration, "anna", characters)
        assert served <= EACH * (BURST_SECONDS + clock.now - began) + 400
