"""The path: true principal components, and a picture that does not flip."""

import numpy as np
import pytest

from lstm.errors import InsightError
from lstm.insight.trajectory import cell_axes, principal_axes, states, trajectory
from lstm.model import CharModel
from tests.insight.insight_tools import some_ids, some_network


def cloud(rows: int = 400, seed: int = 0) -> np.ndarray:
    """Points in 6 dimensions that spread unequally, not along the coordinates."""
    drawn = np.random.default_rng(seed)
    turn = np.linalg.qr(np.random.default_rng(9).standard_normal((6, 6)))[0]
    spread = np.array([5.0, 3.0, 1.0, 0.5, 0.2, 0.1])
    points: np.ndarray = (drawn.standard_normal((rows, 6)) * spread) @ turn.T + 2
    return points.astype(np.float32)


def test_axes_are_the_covariances_eigenvectors() -> None:
    values = cloud()
    found = trajectory(values)
    lengths, vectors = np.linalg.eigh(np.cov(values.T.astype(np.float64)))
    for axis in range(2):
        product = abs(found.axes.directions[axis] @ vectors[:, -1 - axis])
        assert product == pytest.approx(1, abs=1e-4)
    shares = lengths[::-1] / lengths.sum()
    np.testing.assert_allclose(found.variance, shares[:2], rtol=1e-3)
    np.testing.assert_allclose(found.spectrum, shares, rtol=1e-3)
    np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-4)


def test_signs_are_stable() -> None:
    first, again, other = (principal_axes(cloud(seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.directions, again.directions)
    assert ((first.directions * other.directions).sum(axis=1) > 0.9).all()
    largest = np.abs(first.directions).argmax(axis=1)
    assert (first.directions[[0, 1], largest] > 0).all()


def test_signs_follow_an_earlier_epoch() -> None:
    earlier = principal_axes(cloud())
    flipped = type(earlier)(earlier.centre, -earlier.directions)
    later = principal_axes(cloud(seed=1), like=flipped)
    assert ((later.directions * flipped.directions).sum(axis=1) > 0.9).all()


def test_an_epoch_seen_along_anothers_axes() -> None:
    axes = principal_axes(cloud())
    found = trajectory(cloud(seed=2), axes)
    assert found.axes is axes
    wanted = (cloud(seed=2) - axes.centre) @ axes.directions.T
    np.testing.assert_allclose(found.points, wanted, atol=1e-5)
    assert (found.variance <= np.cumsum(found.spectrum)[1] + 1e-6).all()
    assert found.variance.sum() == pytest.approx(found.spectrum[:2].sum(), abs=0.05)


def test_two_cells_as_axes(model: CharModel) -> None:
    values = states(model, some_ids(30), model.config.num_layers - 1)
    found = trajectory(values, cell_axes(8, 6, 2))
    np.testing.assert_array_equal(found.points, values[:, [6, 2]])
    assert found.axes.names == (6, 2)
    wanted = values[:, [6, 2]].var(axis=0) / values.var(axis=0).sum()
    np.testing.assert_allclose(found.variance, wanted, rtol=1e-4)


def test_degenerate_paths() -> None:
    still = trajectory(np.ones((5, 4), np.float32))
    assert not still.points.any()
    assert not still.variance.any()
    assert np.isfinite(still.spectrum).all()
    line = trajectory(np.linspace(0, 1, 9, dtype=np.float32)[:, None])  # one cell
    assert line.variance.tolist() == pytest.approx([1, 0])


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(InsightError, match="at least 3"):
        trajectory(cloud(2))
    with pytest.raises(InsightError, match="at least 3"):
        principal_axes(cloud(1))
    with pytest.raises(InsightError, match="no cell 8"):
        cell_axes(8, 0, 8)
    with pytest.raises(InsightError, match="no layer"):
        states(some_network({}), some_ids(5), 3)
