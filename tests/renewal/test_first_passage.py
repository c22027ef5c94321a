"""The Volterra solution against Laplace transforms, closed forms and the moments."""

import math

import mpmath as mp
import numpy as np
import pytest

import meanfield as mf
from meanfield import LIF, ConvergenceError
from meanfield.renewal import IntervalDistribution, first_passage

# Quantiles [ms] of the default neuron by another integral equation (first kind, averaged
# kernel, step 0.05 ms), to the digits given.
QUANTILES = {
    (0.5, 1.5): (30.956, 48.206, 110.691, 211.375, 383.357, 782.688, 1182.019),
    (0.8, 1.0): (31.92, 41.115, 64.294, 94.23, 143.242, 256.691, 370.136),
    (0.0, 5.0): (7.667, 9.858, 20.671, 45.423, 93.651, 207.079, 320.523),
    (1.0, 1.0): (24.5, 29.347, 39.413, 49.878, 64.788, 97.276, 129.476),
    (1.5, 1.0): (16.905, 18.879, 22.4, 25.47, 29.188, 35.994, 42.06),
    (3.0, 2.0): (9.056, 9.867, 11.354, 12.669, 14.264, 17.137, 19.63),
    (0.5, 1.0): (83.033, 195.63, 826.496, 1908.578, 3758.409, 8053.584, 12348.758),
}
PROBABILITIES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


def exact_density(t, mu, sigma, neuron):
    """Inverse Laplace transform of the ratio of parabolic cylinder functions."""
    with mp.workdps(40):
        tau, unit = neuron.tau_m, mp.mpf(sigma) * mp.sqrt(neuron.tau_m)
        rest = mp.mpf(mu) * tau + neuron.E_L
        b, a = (neuron.V_th - rest) / unit, (neuron.V_reset - rest) / unit

        def transform(s):
            ratio = mp.pcfd(-s, -mp.sqrt(2) * a) / mp.pcfd(-s, -mp.sqrt(2) * b)
            return mp.exp((a * a - b * b) / 2) * ratio

        x = mp.mpf(t - neuron.t_ref) / tau
        return float(mp.invertlaplace(transform, x, method="talbot", degree=40) / tau)


BRUNEL = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=10.0)


@pytest.mark.parametrize(
    ("mu", "sigma", "neuron", "times"),
    [
        (0.5, 1.5, LIF(), (25.0, 105.0, 405.0)),
        (0.0, 5.0, LIF(), (7.0, 10.0, 25.0, 105.0)),
        (1.5, 1.0, LIF(), (13.0, 25.0, 45.0)),
        (0.5, 1.0, LIF(), (55.0, 305.0)),
        (3.0, 2.0, LIF(), (10.0, 13.0, 19.0)),
        (0.0, 15.0, LIF(), (5.2, 5.5, 7.0, 25.0)),
        (0.9, 1.2, BRUNEL, (5.0, 12.0, 60.0)),
        (1.0, 2.0, LIF(E_L=-65.0, V_th=-50.0, V_reset=-60.0, t_ref=0.0), (2.0, 9.0)),
    ],
)
def test_density_against_inverse_laplace_transform(mu, sigma, neuron, times):
    intervals = first_passage(mu, sigma, neuron)
    expected = [exact_density(t, mu, sigma, neuron) for t in times]
    largest = intervals.values.max()
    assert intervals.density(times) == pytest.approx(expected, abs=1e-6 * largest)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 4.0])
def test_closed_form_with_the_threshold_at_rest(sigma):
    """Reflection: f = 2|a| e^-t exp(-a^2 e^-2t/(1-e^-2t)) / sqrt(pi (1-e^-2t)^3)."""
    intervals, a = first_passage(1.0, sigma), 20.0 / (sigma * math.sqrt(20.0))
    t = np.array([0.02, 0.1, 0.5, 1.0, 3.0, 10.0, 20.0, 40.0])
    v = -np.expm1(-2 * t)
    log = -t - a * a * np.exp(-2 * t) / v - 1.5 * np.log(v)
    expected = 2 * a / math.sqrt(math.pi) * np.exp(log) / 20.0
    assert intervals.density(5.0 + 20.0 * t) == pytest.approx(
        expected, rel=1e-5, abs=1e-7 * expected.max()
    )
    survivor = np.vectorize(math.erf)(a * np.exp(-t) / np.sqrt(v))
    assert intervals.survivor(5.0 + 20.0 * t) == pytest.approx(survivor, rel=1e-6)
    assert intervals.tail_rate == pytest.approx(1 / 20.0, rel=1e-6)


@pytest.mark.parametrize(("mu", "sigma"), QUANTILES)
def test_quantiles_of_another_solver(mu, sigma):
    got = first_passage(mu, sigma).quantile(PROBABILITIES)
    assert got == pytest.approx(QUANTILES[mu, sigma], rel=3e-5, abs=1e-3)


@pytest.mark.parametrize(
    ("mu", "sigma", "neuron"),
    [
        *((mu, sigma, LIF()) for mu, sigma in QUANTILES),
        (0.3, 1.0, LIF()),  # 5e-3 Hz
        (-2.0, 1.0, LIF()),  # 1e-76 kHz
        (3.0, 0.01, LIF()),
        (1.2, 1e-5, LIF()),  # intervals vary by 4e-6
        (1.0, 1e-4, LIF()),  # noise needed at the threshold only
        (1.05, 0.02, LIF()),
        (0.2, 2.0, LIF(V_reset=15.0)),  # CV above 1
        (0.5, 1.5, LIF(V_reset=-200.0)),
        (1.0, 1.0, LIF(tau_m=1e6)),
        (1.0, 3.0, LIF(tau_m=math.inf)),
        (0.9, 1.2, BRUNEL),
    ],
)
def test_mean_and_cv_are_those_of_siegert(mu, sigma, neuron):
    intervals = first_passage(mu, sigma, neuron)
    rate, cv = mf.firing_rate(mu, sigma, neuron), mf.cv(mu, sigma, neuron)
    assert intervals.mean * rate == pytest.approx(1.0, rel=1e-8)
    assert intervals.cv == pytest.approx(cv, rel=1e-8)


def test_refractory_time_shifts():
    t = np.linspace(0.0, 60.0, 50)
    late, early = first_passage(1.0, 1.0), first_passage(1.0, 1.0, LIF(t_ref=0.0))
    assert late.density(t + 5.0) == pytest.approx(early.density(t), rel=1e-12)
    assert late.survivor(4.999) == 1.0


def test_finer_grids_agree():
    t = np.linspace(5.5, 200.0, 300)
    for mu, sigma in [(0.5, 1.5), (1.5, 1.0), (0.0, 5.0)]:
        coarse = first_passage(mu, sigma)
        fine = first_passage(mu, sigma, refinement=2.0)
        error = np.abs(coarse.density(t) - fine.density(t)).max()
        assert error < 1e-6 * fine.values.max()


@pytest.mark.parametrize(
    ("mu", "sigma", "neuron", "error", "words"),
    [
        (1.0, 0.0, LIF(), ValueError, "without noise"),
        (1.0, -1.0, LIF(), ValueError, "`sigma` must be positive"),
        (math.nan, 1.0, LIF(), ValueError, "`mu` must be finite"),
        ([1.0, 2.0], 1.0, LIF(), ValueError, "call once for each"),
        (1.0, 1.0, LIF(t_ref=[1.0, 2.0]), ValueError, "call once for each"),
        (1.0, 1.0, "LIF", TypeError, "must be an LIF"),
        (-5.0, 1.0, LIF(), ValueError, "rate is negligible"),
        (1.5, 1e-12, LIF(), ValueError, "constant to 9 digits"),
        (0.0, 1.0, LIF(tau_m=math.inf), ValueError, "mean interval is infinite"),
        (0.0, 300.0, LIF(), ConvergenceError, "time scales differ too much"),
    ],
)
def test_first_passage_rejects(mu, sigma, neuron, error, words):
    with pytest.raises(error, match=words):
        first_passage(mu, sigma, neuron)


def test_returns_a_distribution():
    assert isinstance(first_passage(1.0, 1.0), IntervalDistribution)
