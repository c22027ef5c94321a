"""The balanced state: existence, stability, finite networks, stimuli that break it."""

import math

import numpy as np
import pytest

from meanfield.balanced import (
    balanced_state,
    breaking_stimulus,
    critical_ratio,
    finite_size,
    semi_balanced_states,
)

from .test_states import CASES, numbers

CORE = np.array([[2.0, -3.0], [9.0, -5.0]])
ALIKE = np.array([[15.0, 15.0, -45.0], [15.0, 15.0, -45.0], [67.5, 67.5, -75.0]])


@pytest.mark.parametrize("name", CASES)
def test_known_cases(name):
    case = CASES[name]
    W, X, tau, gain = (numbers(case[key]) for key in ("W", "X", "tau", "gain"))
    state = balanced_state(W, X, tau=tau, gain=gain)
    if case["balanced_r"] is None:
        assert state.rate is None
        assert state.exists == bool(case["continuum_supports"])
        return
    known = numbers(case["balanced_r"])
    np.testing.assert_allclose(state.rate, known, rtol=1e-12, atol=1e-15)
    assert state.exists == case["balanced_admissible"]
    assert state.negative == tuple(np.flatnonzero(known < 0))
    assert state.boundary == tuple(np.flatnonzero(known == 0))
    if state.exists:
        same = [s for s in semi_balanced_states(W, X, tau=tau, gain=gain).states
                if np.allclose(s.rate, state.rate)]  # fmt: skip
        assert same[0].stability == state.stability


def test_singular_weights_give_a_face_or_nothing():
    state = balanced_state(ALIKE, [0.4, 0.4, 0.3])
    assert state.rate is None
    assert state.condition == math.inf
    np.testing.assert_allclose(
        np.abs(state.null_space), [[0.5**0.5], [0.5**0.5], [0]], atol=1e-15
    )
    np.testing.assert_allclose(
        ALIKE @ state.face.vertices.T, -np.array([[0.4, 0.4, 0.3]] * 2).T
    )
    assert state.face.dimension == 1
    assert balanced_state(ALIKE, [0.5, 0.3, 0.3]).face is None
    broken = balanced_state(ALIKE, [0.3, 0.3, 0.6])
    assert not broken.exists
    assert "positive" in broken.message


def test_critical_ratio_of_two_populations():
    assert critical_ratio(CORE) == 2.5
    assert critical_ratio(CORE, tau=[1.0, 2.0]) == 1.25
    assert critical_ratio(CORE, gain=[3.0, 1.0]) == pytest.approx(2.5 / 3)
    assert critical_ratio(CORE[::-1, ::-1], tau=[2.0, 1.0]) == 1.25
    assert critical_ratio([[0.0, -1.0], [1.0, -1.0]]) == math.inf
    assert critical_ratio([[3.0, -1.0], [1.0, -1.0]]) is None


@pytest.mark.parametrize("seed", range(12))
def test_critical_ratio_against_a_scan(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 7))
    n_exc = int(rng.integers(1, n))
    W = 0.6 * rng.random((n, n))
    W[:, n_exc:] *= -2.0
    W -= np.diag(np.where(np.arange(n) < n_exc, 0.7 * np.diag(W), 1.5))
    excitatory = np.arange(n) < n_exc

    def growth(k):
        return np.linalg.eigvals((k**excitatory)[:, None] * W).real.max()

    ratio = critical_ratio(W)
    grid = np.geomspace(1e-5, 1e5, 401)
    stable = np.array([growth(k) < 0 for k in grid])
    if ratio is None:
        assert not stable[grid <= 1].any()
        return
    assert growth(ratio * (1 - 1e-6)) < 0 < growth(ratio * (1 + 1e-6))
    if growth(1.0) < 0:
        assert stable[(grid >= 1) & (grid < 0.999 * ratio)].all()
    else:
        assert not stable[(grid <= 1) & (grid > 1.001 * ratio)].any()


def test_critical_ratio_needs_both_kinds():
    with pytest.raises(ValueError, match="Dale"):
        critical_ratio([[1.0, -1.0], [-1.0, -1.0]])
    with pytest.raises(ValueError, match="inhibitory"):
        critical_ratio([[1.0, 1.0], [1.0, 1.0]])


def test_threshold_linear_correction_is_the_first_order_of_the_exact_state():
    X, gain, threshold = (
        np.array([1.0, 0.5]),
        np.array([0.4, 0.8]),
        np.array([0.3, 0.2]),
    )
    errors = []
    for size in (1e6, 1e8):
        exact = semi_balanced_states(CORE, X, gain=gain, threshold=threshold, size=size)
        first = finite_size(CORE, X, size, lambda r: r / gain + threshold)
        errors.append(np.abs(first - exact.states[0].rate).max())
    assert errors[1] / errors[0] == pytest.approx(0.01, rel=0.01)


def test_power_law_correction_against_the_solved_network():
    """r = 0.04 [c (W r/c + X/c)]^2 at c = 1e8, solved to 1e-12 by Newton's method."""
    X, k, c = np.array([0.036, 0.027]), 0.04, 1e8
    limit = balanced_state(CORE, X).rate
    r = c * limit
    for _ in range(60):  # of I - W f(I) - c X, in the input
        net = np.sqrt(r / k)
        step = np.linalg.solve(
            CORE - np.diag(1 / (2 * k * net)), CORE @ r + c * X - net
        )
        r = r - step
    np.testing.assert_allclose(k * (CORE @ r + c * X) ** 2, r, rtol=1e-7)
    corrected = finite_size(CORE, X, c, lambda r: np.sqrt(r / k))
    np.testing.assert_allclose(
        (r / c - limit) * np.sqrt(c),
        (corrected - limit) * np.sqrt(c),
        rtol=2e-2,
        atol=5e-5,
    )
    np.testing.assert_allclose(
        (corrected - limit) * 1e4, [-0.001025, -0.127870], rtol=1e-3
    )


def test_silent_populations_stay_silent_in_finite_networks():
    X = np.array([0.5, 1.0])
    (state,) = semi_balanced_states(CORE, X).states
    corrected = finite_size(CORE, X, 1e4, lambda r: 2 * r, rate=state.rate)
    np.testing.assert_allclose(corrected, [0.0, 0.2 - 0.4 / 5 / 100])


def test_finite_size_says_what_is_missing():
    with pytest.raises(ValueError, match="negative rates"):
        finite_size(CORE, [0.5, 1.0], 1e4, lambda r: r)
    with pytest.raises(ValueError, match="singular"):
        finite_size(ALIKE, [0.4, 0.4, 0.3], 1e4, lambda r: r, rate=[0.1, 0.1, 0.1])
    with pytest.raises(ValueError, match="inverse"):
        finite_size(CORE, [1.0, 0.5], 1e4, lambda r: r * np.nan)


def test_spiking_networks_deviate_as_the_identity_says():
    """Rates and mean inputs of EIF networks with a silent population, another simulator's."""
    W = np.array([[12.0, -45.0], [67.5, -75.0]])
    X, limit = np.array([0.5, 0.3]), np.array([16 / 1425, 67 / 4750])
    measured = {
        3e4: ([9.6358, 12.6694], [8.095, 0.605]),
        1e5: ([10.3562, 13.3440], [7.375, -0.429]),
    }
    for size, (rate, net) in measured.items():
        predicted = finite_size(W, X, size, lambda r, net=net: net, rate=limit)
        np.testing.assert_allclose(predicted * 1e3, rate, atol=0.05)


@pytest.mark.parametrize("seed", range(40))
def test_every_dale_network_has_a_breaking_stimulus(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    W = rng.random((n, n)) * (rng.random((n, n)) < 0.8) + 0.01 * np.eye(n)
    W[:, int(rng.integers(1, n + 1)) :] *= -rng.uniform(0.5, 5)
    X = breaking_stimulus(W)
    r = -np.linalg.solve(W, X)
    assert np.all(X > 0)
    assert r.min() < -1e-6 * np.abs(r).max()
    assert balanced_state(W, X).negative


def test_inhibition_can_be_broken_unless_everyone_inhibits_one():
    X = breaking_stimulus([[-1.0, -0.5], [-0.5, -1.0]])
    assert balanced_state([[-1.0, -0.5], [-0.5, -1.0]], X).negative
    with pytest.raises(ValueError, match="every X"):
        breaking_stimulus([[0.0, -2.0], [-1.0, 0.0]])
    with pytest.raises(ValueError, match="invertible"):
        breaking_stimulus(ALIKE)
