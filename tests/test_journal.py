"""What a training tells is kept: its curve, its evaluations, and what going back forgets."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from lstm.baselines import Baseline
from lstm.events import Diverged, Sample
from lstm.journal import CURVE_POINTS
from lstm.runs import RunStore
from tests.store_tools import begun, epoch_end, make_run, step


def test_what_a_training_tells_is_read_back(store: RunStore) -> None:
    run = begun(store)
    sample = Sample(1, 0.2, 0.5, "the ", "cat <b>\u202e sat", 0.1)
    store.append(run.id, [step(10), step(20), epoch_end(1, 20, math.log(4)), sample])
    now = store.run(run.id)
    assert (now.step, now.seconds, now.epoch) == (20, 2.0, 0.2)
    assert now.best_bits == now.last_bits == pytest.approx(2.0)
    assert now.best_epoch == 0.2
    (row,) = store.epochs(run.id)
    assert (row.index, row.step, row.best) == (1, 20, True)
    assert row.validation_bits == pytest.approx(2.0)
    assert store.sample_indices(run.id) == [1]
    (read,) = store.samples(run.id, 1)
    assert (read.opening, read.text, read.temperature) == ("the ", "cat <b>\u202e sat", 0.5)
    assert store.samples(run.id, 2) == []


def test_a_worse_evaluation_leaves_the_best(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [epoch_end(1, 10, 1.0), epoch_end(2, 20, 2.0, best=False)])
    now = store.run(run.id)
    assert now.best_bits == pytest.approx(1.0 / math.log(2))
    assert now.last_bits == pytest.approx(2.0 / math.log(2))
    assert now.best_epoch == 0.1


def test_a_loss_that_is_no_number_is_a_gap(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(10, loss=math.nan), step(20, grad_norm=math.inf)])
    curve = store.steps(run.id)
    assert math.isnan(curve.loss[0])
    assert math.isnan(curve.grad_norm[1])
    assert curve.loss[1] == 2.0


def test_an_empty_curve(store: RunStore) -> None:
    curve = store.steps(make_run(store).id)
    assert all(len(column) == 0 for column in vars(curve).values())


@pytest.mark.parametrize("count", [1, 2, 3, 499, 500, 501, 1000, 3601])
@pytest.mark.parametrize("most", [3, 50, CURVE_POINTS])
def test_a_thinned_curve_keeps_its_ends_and_its_spikes(
    store: RunStore, count: int, most: int
) -> None:
    run = begun(store)
    spike = count // 2
    store.append(run.id, [step(i + 1, grad_norm=99.0 if i == spike else 1.0) for i in range(count)])
    curve = store.steps(run.id, most)
    assert len(curve.step) <= most
    assert (curve.step[0], curve.step[-1]) == (1, count)
    assert curve.grad_norm.max() == 99.0
    assert np.all(np.diff(curve.step) > 0)
    assert np.all(np.diff(curve.seconds) > 0)
    if count <= most:
        assert len(curve.step) == count


def test_a_growing_curve_leaves_its_older_points_alone(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(i + 1) for i in range(600)])
    before = store.steps(run.id, 100)
    store.append(run.id, [step(i + 1) for i in range(600, 640)])
    after = store.steps(run.id, 100)
    shared = len(before.step) - 2  # the last group may still grow, the last point moves
    assert np.array_equal(before.step[:shared], after.step[:shared])
    assert np.array_equal(before.loss[:shared], after.loss[:shared])


def test_going_back_forgets_what_came_after(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(10), epoch_end(1, 10, 1.0), Sample(1, 0.1, 0.5, "a", "b", 0.1)])
    store.append(run.id, [step(20), epoch_end(2, 20, 0.5), Sample(2, 0.2, 0.5, "a", "b", 0.1)])
    store.set_learning_rate(run.id, 0.001)
    (command,) = store.commands(run.id)
    store.command_done(run.id, command.id, 15)
    store.rewind(run.id, 10)
    now = store.run(run.id)
    assert (now.step, now.seconds, now.epoch) == (10, 1.0, 0.1)
    assert now.best_bits == now.last_bits == pytest.approx(1.0 / math.log(2))
    assert store.sample_indices(run.id) == [1]
    assert [row.index for row in store.epochs(run.id)] == [1]
    assert store.commands(run.id) == [command], "a wish that was forgotten is given again"
    store.append(run.id, [step(11), epoch_end(2, 20, 0.4)])
    assert store.steps(run.id).step.tolist() == [10, 11]
    store.rewind(run.id, 0)
    empty = store.run(run.id)
    assert (empty.step, empty.seconds, empty.best_bits, empty.last_bits) == (0, 0.0, None, None)


def test_a_rollback_is_a_notice_and_the_curve_has_one_branch(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(10), step(20), Diverged(25, "collapse", 10, 0.5), step(12)])
    assert store.steps(run.id).step.tolist() == [10, 12]
    (notice,) = store.notices(run.id)
    assert "25" in notice.text()
    assert "25" in notice.text("zh")


def test_the_version_tells_a_change_from_a_sign_of_life(store: RunStore) -> None:
    run = begun(store)
    before = store.version(run.id)
    store.beat(run.id)
    store.touch(run.owner)
    assert store.version(run.id) == before
    changes: list[Callable[[], object]] = [
        lambda: store.append(run.id, [step(1)]),
        lambda: store.notice(run.id, "notices.resumed", step=1),
        lambda: store.rename(run.id, "other"),
        lambda: store.add_baseline(run.corpus_fingerprint, Baseline("uniform", None, 4.0, False)),
        lambda: store.pause(run.id),
    ]
    for change in changes:
        change()
        assert store.version(run.id) > before
        before = store.version(run.id)


def test_baselines_are_claimed_once(store: RunStore) -> None:
    run = make_run(store)
    assert store.claim_baselines() == run.corpus_fingerprint
    assert store.claim_baselines() is None
    line = Baseline("ngram2", 2, 3.0, True)
    store.add_baseline(run.corpus_fingerprint, line)
    store.add_baseline(run.corpus_fingerprint, dataclasses.replace(line, bits=2.5))
    store.add_baseline(run.corpus_fingerprint, Baseline("uniform", None, 4.0, False))
    assert [b.bits for b in store.baselines(run.corpus_fingerprint)] == [4.0, 2.5]
    assert store.baselines(run.corpus_fingerprint)[1] == dataclasses.replace(line, bits=2.5)
