"""Where plasticity rests: published numbers, exact algebra, and what is refused."""

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from meanfield import ValidityWarning
from meanfield.plasticity import fixed_point, trajectory
from tests.plasticity.sets import RULES1, RULES2, UNIT2, W1, W2, X1, X2, rule


def test_multiplicative_rule():
    """P1, W/W0 = (64/45, 46/25); -0.4048 +- 0.5542i per second, 2.47 s (golden data)."""
    found = fixed_point(W1, X1, RULES1, traces=False)
    np.testing.assert_allclose((found.W / W1)[:, 1], [64 / 45, 46 / 25], rtol=1e-13)
    np.testing.assert_array_equal(found.W[:, 0], W1[:, 0])
    np.testing.assert_allclose(found.rate, [0.008, 0.010], rtol=0)
    np.testing.assert_allclose(1e3 * np.real(found.eigenvalues), -0.4048, atol=5e-5)
    np.testing.assert_allclose(1e3 * abs(np.imag(found.eigenvalues)), 0.5542, atol=5e-5)
    assert abs(found.tau - 2470.0) < 5.0
    assert found.stable
    assert found.free == 0


def test_eigenvalues_are_those_of_the_rate_matrix():
    """K = -2 r_i^2 diag(eta) W*^-1 diag(W_ei*, W_ii*), in 30 digits."""
    found = fixed_point(W1, X1, RULES1, traces=False)
    with mp.workdps(30):
        end = mp.matrix([[30, -64], [135, -138]])
        eta, r_i = mp.diag([3, 2]), mp.mpf("0.01")
        K = -2 * r_i**2 * eta * end**-1 * mp.diag([-64, -138])
        known = [complex(v) for v in mp.eig(K, left=False, right=False)]
    np.testing.assert_allclose(np.sort(found.eigenvalues), np.sort(known), rtol=1e-12)


def test_additive_rule():
    """P2, W/W0 = (19/14, 7/5); -0.05343 +- 0.04129i per second, 18.7 s (golden data)."""
    found = fixed_point(W2, X2, RULES2, unit=UNIT2, traces=False)
    np.testing.assert_allclose((found.W / W2)[:, 1], [19 / 14, 7 / 5], rtol=1e-13)
    np.testing.assert_allclose(1e3 * np.real(found.eigenvalues), -0.05343, atol=5e-6)
    np.testing.assert_allclose(
        1e3 * abs(np.imag(found.eigenvalues)), 0.04129, atol=5e-6
    )
    assert abs(found.tau - 18_717.0) < 5.0


@pytest.mark.parametrize("traces", [False, True])
def test_linearization_describes_the_way_home(traces):
    """A small deviation is a sum of modes; the slowest one is left after a while."""
    found = fixed_point(W1, X1, RULES1, traces=traces)
    near = found.W * [[1.0, 1.0 + 1e-5], [1.0, 1.0 - 2e-5]]
    times = np.linspace(4000.0, 12_000.0, 161)
    rate = trajectory(near, X1, RULES1, times, traces=traces).rate[:, 0] - 0.008
    mode = np.exp(found.eigenvalues[0] * (times - times[0]))
    basis = np.stack([mode.real, mode.imag], axis=1)
    size, *_ = np.linalg.lstsq(basis, rate, rcond=None)
    np.testing.assert_allclose(basis @ size, rate, atol=2e-3 * np.abs(rate).max())


def test_traces_lag_and_vanish_where_they_are_fast():
    fast = fixed_point(W1, X1, RULES1, traces=False)
    found = fixed_point(W1, X1, RULES1)
    assert found.eigenvalues.size == 6
    assert found.tau > fast.tau  # the lag overshoots
    brief = {k: type(r)(eta=r.eta, target=r.target, tau=1e-2, multiplicative=True)
             for k, r in RULES1.items()}  # fmt: skip
    with pytest.warns(ValidityWarning, match="a single spike changes"):
        limit = fixed_point(W1, X1, brief)
    np.testing.assert_allclose(limit.eigenvalues[:2], fast.eigenvalues, rtol=1e-4)


def test_population_without_target_adapts_its_rate():
    """Only inhibition of E learns: r_i from the balance of I, W_ei from that of E."""
    found = fixed_point(W1, X1, {(0, 1): RULES1[0, 1]}, gain=[0.5, 0.2], size=1.0)
    r_i = (0.3 + 135.0 * 0.008) / 80.0
    np.testing.assert_allclose(found.rate, [0.008, r_i], rtol=1e-13)
    np.testing.assert_allclose(found.W[0, 1], -(0.4 + 28.0 * 0.008) / r_i, rtol=1e-13)
    way = trajectory(
        W1, X1, {(0, 1): RULES1[0, 1]}, [0.0, 60_000.0], gain=[0.5, 0.2], size=1.0
    )
    np.testing.assert_allclose(way.W[-1], found.W, rtol=1e-6)
    assert way.settled


def test_finite_size():
    """r = G (sqrt(N) (W r + X) - theta) at the targets."""
    gain, threshold, n = np.array([0.02, 0.01]), np.array([5.0, 3.0]), 5000
    found = fixed_point(W1, X1, RULES1, gain=gain, threshold=threshold, size=n)
    rate = gain * (np.sqrt(n) * (found.W @ [0.008, 0.010] + X1) - threshold)
    np.testing.assert_allclose(rate, [0.008, 0.010], rtol=1e-11)


def test_several_inhibitory_populations():
    """Two inputs of one population: a line of states, with one zero eigenvalue."""
    W = np.array([[4.0, -5.0, -3.0], [6.0, -7.0, -2.0], [5.0, -1.0, -6.0]])
    X = np.array([0.05, 0.04, 0.03])
    rules = {(0, 1): rule(3.0, 0.006), (0, 2): rule(2.0, 0.006),
             (1, 1): rule(2.0, 0.005), (2, 2): rule(2.0, 0.007)}  # fmt: skip
    found = fixed_point(W, X, rules, traces=False)
    assert found.stable
    assert found.free == 1
    assert found.eigenvalues[0] == 0.0
    np.testing.assert_allclose(found.W @ [0.006, 0.005, 0.007], -X, atol=1e-15)
    np.testing.assert_allclose(found.W[0, 1] / W[0, 1], found.W[0, 2] / W[0, 2])
    way = trajectory(W, X, rules, [0.0, 20 * found.tau])
    np.testing.assert_allclose(way.rate[-1], [0.006, 0.005, 0.007], rtol=1e-5)


def test_impossible_targets_are_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"W\[0, 1\] would have to excite"):
        fixed_point(W1, [0.4, 0.3], RULES1, gain=[1.0, 1e300], size=90.0**-2)
    with pytest.raises(ValueError, match="unstable, whatever the gains"):
        fixed_point(W1, [0.05, 0.3], RULES1)
    with pytest.raises(ValueError, match="not isolated"):
        fixed_point([[30.0, -45.0], [120.0, -75.0]], [0.1, 0.4], RULES1)
    with pytest.raises(ValueError, match=r"population 1, which has none, .* -1"):
        fixed_point(W1, [0.4, -2.0], {(0, 1): RULES1[0, 1]})
    with pytest.raises(ValueError, match="inputs of populations"):
        fixed_point([[30.0, -45.0], [135.0, 0.0]], X1, {(0, 1): RULES1[0, 1]})


@pytest.mark.parametrize(
    ("rules", "error", "match"),
    [
        ({}, TypeError, "`rules` must map"),
        ({(0, 1): 3.0}, TypeError, "InhibitoryPlasticity"),
        ({(0, 2): RULES1[0, 1]}, ValueError, "from 0 to 1"),
        ({(0, 0): RULES1[0, 1]}, ValueError, "must be negative"),
        ({(0, 1): rule(1.0, 0.0)}, ValueError, "a silent population learns nothing"),
        ({(0, 1): rule(1.0, 0.01, multiplicative=False)}, ValueError, "`unit`"),
    ],
)
def test_mistaken_rules(rules, error, match):
    with pytest.raises(error, match=match):
        fixed_point(W1, X1, rules)


def test_mistaken_arguments():
    W = [[1.0, -2.0, -1.0], [3.0, -4.0, -1.0], [3.0, -1.0, -4.0]]
    two = {(0, 1): rule(1.0, 0.01), (0, 2): rule(1.0, 0.02)}
    with pytest.raises(ValueError, match="one target for population 0"):
        fixed_point(W, [1.0, 1.0, 1.0], two)
    with pytest.raises(ValueError, match=r"`W` must have shape \(n, n\)"):
        fixed_point([1.0, 2.0], X1, RULES1)
    with pytest.raises(ValueError, match="`X` must have shape"):
        fixed_point(W1, [X1, X1], RULES1)
    with pytest.raises(ValueError, match="`gain` must be positive"):
        fixed_point(W1, X1, RULES1, gain=-1.0)
    with pytest.raises(ValueError, match="`size` must be positive"):
        fixed_point(W1, X1, RULES1, size=0)
    with pytest.raises(ValueError, match="`threshold` must be a number"):
        fixed_point(W1, X1, RULES1, threshold=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="`unit` must be positive"):
        fixed_point(W2, X2, RULES2, unit=0.0)
    with pytest.raises(ValueError, match="`X` must be finite"):
        fixed_point(W1, [np.nan, 1.0], RULES1)


def test_equations_integrated_by_hand():
    """The same way from equations written out for two populations."""
    eta, target = np.array([3.0, 2.0]), np.array([0.008, 0.010])

    def slope(t, y):
        (a, b), x = np.exp(y[:2]), y[2:]
        W = W1 * [[1.0, a], [1.0, b]]
        r = -np.linalg.solve(W, X1)
        return np.r_[eta * (r[1] * (x - 2 * target) + r * x[1]), (r - x) / 200.0]

    start = np.r_[0.0, 0.0, 0.011 / 2.55, 1 / 85]
    known = solve_ivp(slope, (0.0, 6000.0), start, "LSODA", rtol=1e-11, atol=1e-13)
    way = trajectory(W1, X1, RULES1, [6000.0])
    np.testing.assert_allclose(
        way.W[0, :, 1] / W1[:, 1], np.exp(known.y[:2, -1]), rtol=1e-8
    )
