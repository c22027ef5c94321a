"""Stimulus sweeps, pieces, folds, exclusive or."""

import numpy as np
import pytest

from meanfield.balanced import (
    exclusive_or,
    semi_balanced_rates,
    semi_balanced_states,
    stimulus_manifold,
)

COMPETING = [[18.0, 12.0, -45.0], [12.0, 18.0, -45.0], [67.5, 67.5, -75.0]]
BITS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])


def test_sweep_keeps_the_shape_and_lists_all_states():
    rng = np.random.default_rng(1)
    X = rng.random((7, 11, 3))
    sweep = semi_balanced_rates(COMPETING, X)
    assert sweep.count.shape == sweep.stable_count.shape == (7, 11)
    for k in range(0, 77, 5):
        states = semi_balanced_states(COMPETING, X.reshape(-1, 3)[k]).states
        chosen = sweep.stimulus == k
        listed = zip(
            sweep.rate[chosen],
            sweep.index[chosen],
            sweep.stability[chosen],
            strict=True,
        )
        own = sorted((tuple(r.round(10)), i, s) for r, i, s in listed)
        assert own == sorted(
            (tuple(s.rate.round(10)), s.index, s.stability) for s in states
        )


def test_finite_networks_are_swept_too():
    options = {"size": 50.0, "gain": [0.5, 0.4, 0.3], "threshold": [0.1, 0.2, 0.3]}
    X = [0.4, 0.35, 0.3]
    sweep = semi_balanced_rates(COMPETING, [X], **options)
    states = semi_balanced_states(COMPETING, X, **options).states
    np.testing.assert_allclose(
        sorted(map(tuple, sweep.rate)),
        sorted(tuple(s.rate) for s in states),
        rtol=1e-12,
    )


def test_boundary_is_listed_once():
    sweep = semi_balanced_rates([[2, -3], [9, -5]], [3.0, 5.0])
    assert sweep.shape == ()
    assert sweep.count == 1
    assert sweep.stability.tolist() == ["boundary"]
    assert semi_balanced_rates([[2, -3], [9, -5]], np.empty((0, 2))).rate.shape == (
        0,
        2,
    )


def test_only_refuses_to_choose():
    with pytest.raises(ValueError, match="must be 1"):
        semi_balanced_rates(COMPETING, [[0.4, 0.4, 0.3]]).only()


def test_too_many_populations_and_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="at most 12"):
        semi_balanced_rates(-np.eye(13), np.ones((2, 13)))
    with pytest.raises(ValueError, match="square"):
        semi_balanced_rates(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        semi_balanced_rates(-np.eye(2), [[1.0, np.nan]])
    with pytest.raises(ValueError, match="inputs"):
        stimulus_manifold(-np.eye(2), np.ones(3))
    with pytest.raises(ValueError, match="on its last axis"):
        stimulus_manifold(-np.eye(2)).states(1.0)


@pytest.mark.parametrize("seed", range(8))
def test_pieces_and_folds_are_what_a_dense_sample_shows(seed):
    rng = np.random.default_rng(seed)
    n = 3
    W = rng.random((n, n))
    W[:, rng.integers(1, n) :] *= -2
    manifold = stimulus_manifold(W)
    sample = rng.dirichlet(np.ones(n), 40_000)
    sweep = manifold.states(sample)
    seen = {
        tuple(np.flatnonzero(row).tolist()) for row in np.unique(sweep.support, axis=0)
    }
    shown = {piece.support for piece in manifold.pieces}
    assert seen <= shown
    assert len(shown - seen) <= 1  # a sliver
    # Without folds the number of states is the same everywhere.
    assert manifold.folds or sweep.count.min() == sweep.count.max()
    assert not manifold.always_unique or np.all(sweep.count == 1)
    for piece in manifold.pieces:
        inside = np.all(sample @ piece.cone.T > 1e-9, axis=1)
        for s in sample[inside][:3]:
            r = piece.map @ s + piece.offset
            np.testing.assert_allclose(r, np.maximum(W @ r + s + r, 0), atol=1e-9)


def test_two_states_meet_at_a_fold():
    manifold = stimulus_manifold(COMPETING)
    assert not manifold.always_unique
    assert manifold.folds
    rng = np.random.default_rng(2)
    crossed = 0
    for fold in manifold.folds:
        piece = next(p for p in manifold.pieces if p.support == fold.supports[0])
        other = [a for a in range(3) if a != fold.population]
        for s in rng.dirichlet(np.ones(3), 4000):
            s = s - fold.normal * (fold.normal @ s + fold.edge) / (
                fold.normal @ fold.normal
            )
            if np.all(s > 1e-3) and np.all(piece.cone[other] @ s > 1e-3):
                step = 1e-6 * fold.normal / np.linalg.norm(fold.normal)
                inside, outside = manifold.states(np.stack([s + step, s - step])).count
                assert inside == outside + 2
                crossed += 1
                break
    assert crossed == len(manifold.folds)


def test_unique_where_minus_w_is_a_p_matrix():
    manifold = stimulus_manifold([[-1.0, -0.5], [0.5, -1.0]])
    assert manifold.always_unique
    assert manifold.folds == ()
    assert not stimulus_manifold([[2.0, -3.0], [9.0, -5.0]]).always_unique


def test_exclusive_or_by_silencing():
    """The four states are known in rational numbers."""
    W, inputs, base, readout = exclusive_or()
    manifold = stimulus_manifold(W, inputs, base)
    states = manifold.states(BITS)
    assert np.all(states.count == 1)
    expected = [[0, 0, 2 / 7], [5.5, 0, 4.5], [0, 5.5, 4.5], [0, 0, 6 / 7]]
    np.testing.assert_allclose(states.only(), expected, rtol=1e-13)
    np.testing.assert_allclose(states.only() @ readout, [0, 1, 1, 0], rtol=1e-13)
    balanced = -np.linalg.solve(W, manifold.stimuli(BITS).T).T
    np.testing.assert_allclose(balanced[0] + balanced[3], balanced[1] + balanced[2])
