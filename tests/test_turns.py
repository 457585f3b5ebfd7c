"""The queue: visitors take turns, the absent let others pass, and what is foretold comes true."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import StoreError
from lstm.messages import LANGUAGES
from lstm.records import Message, Run, RunState
from lstm.runs import RunStore
from lstm.training import OVERHEAD
from lstm.turns import Expected, Training, Waiting, forecast, next_up
from tests.store_tools import make_run, tiny_corpus

CORPUS = tiny_corpus(2_000)
NETWORK = ModelConfig(hidden_size=4, embedding_size=0)
NEVER = float("inf")
DONE = Message("notices.finished_seconds")


def queue(store: RunStore, owner: str, seconds: float = 60.0, corpus: Corpus = CORPUS) -> Run:
    return store.create(owner, "run", corpus, NETWORK, TrainConfig(seconds=seconds), "quick")


def claim(store: RunStore, slots: int = 1) -> Run:
    run = store.claim(slots)
    assert run is not None
    return store.begin(run.id, os.getpid(), None)


def end(store: RunStore, run: Run) -> None:
    store.end(run.id, RunState.FINISHED, DONE)


# ---- the order --------------------------------------------------------------------------------


def test_thirty_waiting_runs_do_not_hold_up_another_visitors_first(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_WAITING", "30")
    for _ in range(30):
        queue(store, "anna")
    first = claim(store)
    late = queue(store, "ben")
    assert store.queue_place(late.id) == 1
    end(store, first)
    assert claim(store).id == late.id
    end(store, late)
    assert claim(store).owner == "anna"


def test_one_training_each_however_many_slots(store: RunStore) -> None:
    queue(store, "anna")
    queue(store, "anna")
    claim(store, 4)
    assert store.claim(4) is None
    queue(store, "ben")
    assert claim(store, 4).owner == "ben"


def test_turns_go_round_and_each_visitors_runs_keep_their_order(store: RunStore) -> None:
    runs = {owner: [queue(store, owner).id for _ in range(2)] for owner in ("anna", "ben")}
    order = []
    for _ in range(4):
        run = claim(store)
        order.append(run.id)
        end(store, run)
    assert order == [runs["anna"][0], runs["ben"][0], runs["anna"][1], runs["ben"][1]]


def test_a_training_that_was_interrupted_is_first_again(store: RunStore) -> None:
    run = queue(store, "anna")
    claim(store)
    queue(store, "ben")
    store.lost(run.id, os.getpid())
    assert store.run(run.id).state == RunState.QUEUED
    assert store.queue_place(run.id) == 1
    claim(store)
    store.shut_down(run.id)
    store.resume_shut_down()
    assert store.queue_place(run.id) == 1


def test_who_pauses_lets_others_first(store: RunStore) -> None:
    run = queue(store, "anna")
    other = queue(store, "ben")
    claim(store)
    store.halt(run.id)
    store.resume(run.id)
    assert (store.queue_place(other.id), store.queue_place(run.id)) == (1, 2)


def test_no_more_than_a_few_runs_of_a_visitor_wait(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_WAITING", "2")
    first = queue(store, "anna")
    store.pause(first.id)
    queue(store, "anna")
    queue(store, "anna")
    refusals: list[Callable[[], Run]] = [
        lambda: queue(store, "anna"),
        lambda: store.resume(first.id),
    ]
    for refused in refusals:
        with pytest.raises(StoreError) as refusal:
            refused()
        assert refusal.value.key == "too_many_waiting"
        assert all("2" in refusal.value.text(language) for language in LANGUAGES)
    assert store.run(first.id).state == RunState.PAUSED
    queue(store, "ben")


# ---- stepping aside ---------------------------------------------------------------------------


def test_the_absent_let_others_pass_and_come_back_to_their_place(store: RunStore) -> None:
    first, second, third = (queue(store, owner) for owner in ("anna", "ben", "carl"))
    store.touch("ben")
    store.touch("carl")
    assert store.step_aside(store.run(second.id).seen) == [first.id]
    assert store.step_aside(store.run(second.id).seen) == []
    assert store.run(first.id).aside is not None
    assert store.queue_place(first.id) is None
    assert claim(store).id == second.id
    version = store.version(first.id)
    store.touch("anna")
    back = store.run(first.id)
    assert (back.aside, back.state) == (None, RunState.QUEUED)
    assert store.version(first.id) > version
    assert (store.queue_place(first.id), store.queue_place(third.id)) == (1, 2)
    store.step_aside(NEVER)
    store.touch("anna")
    keys = [notice.message.key for notice in store.notices(first.id)]
    assert keys == ["notices.came_back"], "said once, not at every absence"


@pytest.mark.parametrize("move", ["pause", "stop"])
def test_who_leaves_the_queue_is_not_aside_any_longer(store: RunStore, move: str) -> None:
    run = queue(store, "anna")
    store.step_aside(NEVER)
    getattr(store, move)(run.id)
    assert store.run(run.id).aside is None


def test_nobody_is_called_while_all_are_away(store: RunStore) -> None:
    queue(store, "anna")
    store.step_aside(NEVER)
    assert store.claim(9) is None
    assert store.forecast() == {}
    fresh = queue(store, "ben")
    assert store.queue_place(fresh.id) == 1


# ---- fairness, whatever happens -----------------------------------------------------------------

VISITORS = ("anna", "ben", "carl", "dora")
MOVES = ("create", "create", "claim", "claim", "claim", "end", "end", "touch", "aside", "pause")
steps = st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from(VISITORS)), max_size=40)


@dataclass
class Watch:
    """Counts how often somebody who stands in the line is overtaken by each other visitor."""

    store: RunStore
    passed: dict[str, Counter[str]] = field(default_factory=dict)

    def runs(self, owner: str, *states: RunState) -> list[Run]:
        return [r for r in self.store.runs(owner) if r.state in states and r.aside is None]

    def stands(self, owner: str) -> bool:
        trains = self.runs(owner, RunState.STARTING, RunState.RUNNING)
        return bool(self.runs(owner, RunState.QUEUED)) and not trains

    def look(self) -> None:
        standing = {owner for owner in VISITORS if self.stands(owner)}
        self.passed = {owner: self.passed.get(owner, Counter()) for owner in standing}

    def called(self, owner: str) -> None:
        for other, by in self.passed.items():
            if other != owner:
                by[owner] += 1
                assert by[owner] <= 1, f"{owner} has overtaken {other} again"


def move(watch: Watch, kind: str, owner: str, slots: int) -> None:
    store = watch.store
    training = watch.runs(owner, RunState.STARTING, RunState.RUNNING)
    paused = watch.runs(owner, RunState.PAUSED)
    match kind:
        case "create" if len(watch.runs(owner, RunState.QUEUED)) < 3:
            store.touch(owner)
            queue(store, owner)
        case "claim":
            run = store.claim(slots)
            if run is None:
                assert not any(watch.stands(who) for who in VISITORS) or _busy(watch) >= slots
            else:
                watch.called(run.owner)
        case "end" if training:
            end(store, training[0])
        case "touch":
            store.touch(owner)
        case "aside":
            store.step_aside(NEVER)
        case "pause" if training:
            store.begin(training[0].id, os.getpid(), None)
            store.halt(training[0].id)
        case "pause" if paused:
            store.resume(paused[0].id)


def _busy(watch: Watch) -> int:
    return sum(len(watch.runs(owner, RunState.STARTING, RunState.RUNNING)) for owner in VISITORS)


@settings(max_examples=40)
@given(steps, st.integers(1, 3))
def test_nobody_is_overtaken_twice(moves: list[tuple[str, str]], slots: int) -> None:
    with TemporaryDirectory() as folder, RunStore(Path(folder)) as store:
        watch = Watch(store)
        for kind, owner in moves:
            move(watch, kind, owner, slots)
            watch.look()


# ---- what is foretold ---------------------------------------------------------------------------

waiting = st.lists(
    st.builds(
        Waiting,
        run=st.uuids().map(str),
        owner=st.sampled_from(VISITORS),
        seconds=st.integers(1, 50).map(float),
    ),
    max_size=12,
)
training = st.lists(
    st.builds(Training, owner=st.sampled_from(VISITORS), seconds=st.integers(1, 50).map(float)),
    max_size=3,
    unique_by=lambda one: one.owner,
)


def played(under_way: list[Training], line: list[Waiting], slots: int) -> dict[str, Expected]:
    """Play the queue second by second, by the rule of the order alone."""
    ends = [(one.seconds, one.owner) for one in under_way]
    line, found, now = list(line), dict[str, Expected](), 0.0
    while line:
        for _, owner in [one for one in ends if one[0] <= now]:
            line.sort(key=lambda one, last=owner: one.owner == last)  # type: ignore[misc]
        ends = [one for one in ends if one[0] > now]
        busy = frozenset(owner for _, owner in ends)
        one = next_up(line, busy) if len(ends) < slots else None
        if one is None:
            now = min(end for end, _ in ends)
            continue
        line.remove(one)
        found[one.run] = Expected(len(found) + 1, now)
        ends.append((now + one.seconds, one.owner))
    return found


@given(training, waiting, st.integers(1, 3))
def test_the_forecast_is_what_happens(
    under_way: list[Training], line: list[Waiting], slots: int
) -> None:
    first_of: dict[str, int] = {}
    for place, one in enumerate(line):
        first_of.setdefault(one.owner, place)
    line.sort(key=lambda one: first_of[one.owner])  # as ``turns.line`` gives it
    told = forecast(under_way, line, slots)
    assert {run: one.seconds for run, one in told.items()} == {
        run: one.seconds for run, one in played(under_way, line, slots).items()
    }
    assert sorted(one.place for one in told.values()) == list(range(1, len(line) + 1))


def test_a_start_is_counted_from_what_is_left_of_others(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_SLOTS", "1")
    monkeypatch.setenv("CHARLOOM_MAX_SECONDS", "500")
    queue(store, "anna", 100.0)
    claim(store)
    second, third, fourth = (
        queue(store, owner, seconds)
        for owner, seconds in (("ben", 60), ("carl", 9000), ("dora", 9))
    )
    starts = [store.forecast()[run.id] for run in (second, third, fourth)]
    assert [start.place for start in starts] == [1, 2, 3]
    # The longest one ahead ends at the cap of the server.
    seconds = [start.seconds * (1 - OVERHEAD) for start in starts]
    assert seconds == pytest.approx([100, 160, 660])


def test_epochs_are_turned_into_time_by_what_was_measured(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_SLOTS", "1")
    measured = queue(store, "anna")
    claim(store)
    with store._database.write() as db:
        db.execute("UPDATE runs SET chars_per_second = 1000.0 WHERE id = ?", (measured.id,))
    end(store, store.run(measured.id))
    epochs = store.create("ben", "run", CORPUS, NETWORK, TrainConfig(epochs=3), "classic")
    last = make_run(store, "carl")
    expected = store.forecast()[last.id].seconds
    assert expected == pytest.approx(3 * epochs.characters / 1000.0 / (1 - OVERHEAD))
