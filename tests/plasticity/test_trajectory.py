"""The way of weights and rates: published points, closed forms, silence, stimuli."""

import numpy as np
import pytest

from meanfield.plasticity import trajectory
from tests.plasticity.sets import RULES1, RULES2, UNIT2, W1, W2, X1, X2, N, rule


def test_published_points():
    """P1: (9.13, 10.42), (7.85, 9.44), (7.76, 9.76) Hz at 3, 5, 7.5 s; peak 11.7 Hz."""
    times = [*np.arange(0.0, 2500.0, 10.0), 3000.0, 5000.0, 7500.0]
    way = trajectory(W1, X1, RULES1, times, traces=False)
    rate = 1e3 * way.rate
    known = [[9.13, 10.42], [7.85, 9.44], [7.76, 9.76]]
    np.testing.assert_allclose(rate[-3:], known, atol=0.011)
    peak = np.argmax(rate[:, 0])
    assert abs(rate[peak, 0] - 11.7) < 0.05
    assert abs(times[peak] - 1460.0) <= 10.0
    np.testing.assert_allclose(rate[0], [11e3 / 2550, 1e3 / 85], rtol=1e-12)
    assert "3.0 time constants" in way.message
    assert not way.settled


def test_additive_rule_needs_longer_than_thirty_seconds():
    """P2: (4.25, 8.38) Hz after 30 s, which is 1.6 time constants (golden data)."""
    way = trajectory(W2, X2, RULES2, [0.0, 30e3, 300e3], unit=UNIT2, traces=False)
    np.testing.assert_allclose(1e3 * way.rate[1], [4.25, 8.38], atol=0.006)
    np.testing.assert_allclose((way.W[2] / W2)[:, 1], [19 / 14, 7 / 5], rtol=1e-5)
    assert way.settled
    brief = trajectory(W2, X2, RULES2, [30e3], unit=UNIT2, traces=False)
    assert not brief.settled
    assert "1.6 time constants of 18.7 s; give at least 5" in brief.message


def test_spikes_of_another_program():
    """P1 at N = 2e4, in halves of seconds (golden data); empty traces at time 0.

    Finite size delays the overshoot by half a second. At rest, rates are above their
    targets by less than 4 %, as target neurons fire less right after inhibition, and
    weights are off by as much as that takes.
    """
    E = [4.71, 5.49, 9.21, 14.21, 12.97, 10.57, 9.30, 8.56, 8.16, 7.84, 7.73, 7.61]
    way = trajectory(W1, X1, RULES1, np.arange(25.0, 30e3, 50.0), empty=True)
    rate = 1e3 * way.rate.reshape(60, 10, 2).mean(axis=1)
    np.testing.assert_allclose(rate[:, 0].max(), max(E), rtol=0.07)
    assert 0 <= np.argmax(E) - np.argmax(rate[:, 0]) <= 1
    np.testing.assert_allclose(rate[6:12, 0], E[6:], rtol=0.15)
    early = (way.W[9] / W1)[:, 1]  # at 0.5 s
    np.testing.assert_allclose(early, [0.8229, 0.9537], rtol=0.03)
    bias = np.array([8.219, 10.237]) / (1e3 * way.rate[-1]) - 1.0
    assert (bias > 0.0).all()
    assert (bias < 0.04).all()


def test_bias_against_spikes_falls_with_size():
    """Last 5 s at N = 5e3 and 2e4 (golden data): about 1/sqrt(N), a factor of 2."""
    target = [8.0, 10.0]
    small, large = (
        np.divide(found, target) - 1.0 for found in ([8.37, 10.465], [8.219, 10.237])
    )
    assert (small < 0.07).all()
    assert (small / large > 1.4).all()
    assert (small / large < 2.6).all()


def test_rate_rule_of_several_stimuli():
    """dW = -eta (r - r0) r^T in small steps, clipped at 0."""
    X = np.array([[0.4, 0.3], [0.5, 0.3], [0.4, 0.35], [0.6, 0.2]])
    r0, eta = np.array([0.008, 0.010]), np.array([60.0, 40.0])
    rules = {(a, 1): rule(0.5 * eta[a], r0[a], multiplicative=False) for a in (0, 1)}
    W, dt = W1.copy(), 1.0
    for _ in range(4000):
        r = -np.linalg.solve(W, X.T).T
        W[:, 1] = np.minimum(W[:, 1] - dt * eta * ((r - r0) * r[:, 1:]).mean(axis=0), 0)
    way = trajectory(W1, X, rules, [4000.0], unit=1.0)
    np.testing.assert_allclose(way.W[0], W, rtol=2e-5)


def test_stimuli_cannot_all_be_met_but_on_average():
    """Rest is where deviations weighted by the rate of inhibition cancel."""
    X = np.array([[0.4, 0.3], [0.6, 0.2]])
    way = trajectory(W1, X, RULES1, [0.0, 200e3])
    assert way.settled
    rate = way.rate[-1]
    weighted = ((rate - [0.008, 0.010]) * rate[:, 1:]).mean(axis=0)
    np.testing.assert_allclose(weighted, 0.0, atol=1e-12)
    assert (np.abs(rate[:, 0] / 0.008 - 1.0) > 0.1).all()
    one = trajectory(W1, X[:1], RULES1, [5000.0])
    same = trajectory(W1, X[0], RULES1, [5000.0], traces=False)
    np.testing.assert_allclose(one.W, same.W, rtol=1e-12)


def test_additive_weights_end_at_zero():
    """A target far above what input allows: inhibition vanishes and stays away."""
    rules = {(0, 1): rule(30.0, 0.5, multiplicative=False)}
    W, X = np.array([[-1.0, -2.0], [0.0, -10.0]]), np.array([0.1, 0.1])
    # r_i = 0.01, r_e = 0.1 + 0.01 W_ei: linear, without traces.
    times = np.array([0.0, 2.0, 4.0, 1000.0])
    way = trajectory(W, X, rules, times, unit=1.0, traces=False)
    rise = 2.0 * 30.0 * 0.01
    decay = np.exp(-rise * 0.01 * times)
    known = np.minimum(40.0 - 42.0 * decay, 0.0)
    np.testing.assert_allclose(way.W[:, 0, 1], known, atol=1e-9)
    np.testing.assert_allclose(way.rate[-1], [0.1, 0.01])
    assert "would have to excite" in way.message


def test_given_rates_are_used():
    """Saturating rates: the weight at which they reach the target, whatever the law."""
    rules = {(0, 0): rule(5.0, 0.01)}
    law = lambda W, X: 0.02 / (1.0 + np.exp(-(X + 10.0 * W[0]) / 5.0))  # noqa: E731
    way = trajectory([[-0.1]], [2.0], rules, [0.0, 1e5], rates=law)
    np.testing.assert_allclose(way.W[-1], [[-0.2]], rtol=1e-6)
    assert way.settled
    with pytest.raises(ValueError, match=r"`rates` must return shape \(1,\)"):
        trajectory([[-0.1]], [2.0], rules, [1e4], rates=lambda W, X: 0.01)


def test_units_of_rate_and_weight():
    """Rates scale with X; doubled unit is doubled rate of learning."""
    two = {
        k: rule(2.0 * r.eta, r.target, multiplicative=False) for k, r in RULES2.items()
    }
    once = trajectory(W2, X2, two, [5000.0], unit=UNIT2)
    again = trajectory(W2, X2, RULES2, [5000.0], unit=2.0 * UNIT2)
    np.testing.assert_allclose(once.W, again.W, rtol=1e-9)
    large = np.sqrt(N) * W2  # the same network in units without 1/sqrt(N)
    same = trajectory(large, np.sqrt(N) * X2, two, [5000.0], unit=np.sqrt(N) * UNIT2)
    np.testing.assert_allclose(same.W, np.sqrt(N) * once.W, rtol=1e-9)


@pytest.mark.parametrize("times", [[], [[1.0]], [2.0, 1.0], [-1.0], [np.inf]])
def test_mistaken_times(times):
    with pytest.raises(ValueError, match="`times` must"):
        trajectory(W1, X1, RULES1, times)


def test_time_zero():
    way = trajectory(W1, X1, RULES1, [0.0])
    np.testing.assert_array_equal(way.W[0], W1)
    assert not way.settled


@pytest.mark.parametrize("gain", [np.inf, 0.5])
def test_population_that_is_silent_awakes(gain):
    """Small steps, rates by the two cases that two populations can be in."""
    X, r0, eta = np.array([0.25, 0.5]), np.array([0.008, 0.010]), np.array([3.0, 2.0])
    leak = np.diag(np.full(2, 1.0 / gain))
    W, dt, woken = W1.copy(), 0.5, 0
    for _ in range(10_000):
        r = np.linalg.solve(leak - W, X)
        if r[0] < 0.0:
            r = np.array([0.0, X[1] / (leak[1, 1] - W[1, 1])])
        woken += r[0] > 0.0
        W[:, 1] *= np.exp(2.0 * dt * eta * r[1] * (r - r0))
    assert 1000 < woken < 9000
    options = {} if np.isinf(gain) else {"gain": gain, "size": 1.0}
    times = [1.0, 2500.0, 5000.0]
    way = trajectory(W1, X, RULES1, times, traces=False, **options)
    assert way.rate[0, 0] == 0.0
    assert way.rate[2, 0] > 0.0
    np.testing.assert_allclose(way.W[2], W, rtol=1e-3)


def test_state_that_vanishes_and_none_is_left():
    """Inhibition of silent E falls until it meets a saddle: excitation runs away."""
    W = np.array([[4.0, 3.0, -6.0], [3.0, 4.0, -6.0], [5.0, 5.0, -7.0]])
    rules = {(a, 2): rule(3.0 - (a > 0), 0.01) for a in range(3)}
    way = trajectory(W, [0.05, 0.01, 0.04], rules, [0.0, 500.0, 60e3])
    assert way.t[-1] == 500.0
    assert len(way.W) == len(way.rate) == 2
    assert not way.settled
    assert "excitation runs away" in way.message
    assert way.rate[0, 1] == 0.0


def test_no_state_at_the_beginning():
    with pytest.raises(ValueError, match="runaway excitation"):
        trajectory([[30.0, -45.0], [40.0, -75.0]], [0.4, 0.3], RULES1, [1.0])
