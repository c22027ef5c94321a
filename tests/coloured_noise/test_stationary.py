"""Coloured noise: simulations, exact limits of time scales and noise, errors."""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad

from meanfield import LIF, ValidityWarning, lif
from meanfield import coloured_noise as cn
from meanfield.coloured_noise._cycle import Cycle
from meanfield.coloured_noise._mesh import spread
from meanfield.coloured_noise._phase_space import PhaseSpace
from meanfield.coloured_noise._rare import RareCycle

# Simulated elsewhere with exact Ornstein-Uhlenbeck steps of 0.002 to 0.01 ms, 3200 s or
# more: mu_V, sigma_V, V_reset, V_th, tau_m, tau_syn, t_ref; rate, its error [Hz], CV.
SIMULATED = np.array([
    [16.42, 4.0, 15, 20, 20, 0.5, 0, 10.3058, 0.0390, 0.973],
    [18.94, 1.5, 15, 20, 20, 0.5, 0, 10.1175, 0.0395, 0.703],
    [6.90, 5.5, 0, 15, 10, 0.5, 2, 4.1430, 0.0233, 0.9153],
    [2.58, 6.2, 0, 15, 10, 0.5, 2, 0.7487, 0.0148, 0.9659],
    [15.0, 5.0, 10, 20, 20, 5.0, 2, 3.6331, 0.0208, 0.9245],
    [15.0, 5.0, 10, 20, 20, 19.9, 2, 1.0496, 0.0128, 1.0647],
    [19.66, 4.0, 15, 20, 20, 0.5, 0, 30.4547, 0.0806, 0.8262],
    [20.96, 1.5, 15, 20, 20, 0.5, 0, 30.2666, 0.0418, 0.4297],
    [9.05, 5.09, 0, 15, 10, 0.5, 2, 8.4766, 0.0306, 0.8419],
    [15.0, 5.0, 10, 20, 20, 2.0, 2, 5.2598, 0.0239, 0.8832],
    [15.0, 5.0, 10, 20, 20, 10.0, 2, 2.2499, 0.0177, 1.0010],
    [22.0, 5.0, 10, 20, 20, 5.0, 2, 27.0411, 0.0371, 0.6049],
]).T  # fmt: skip


def test_published_simulations():
    mu_V, sigma_V, V_reset, V_th, tau_m, tau_syn, t_ref, rate, error, cv = SIMULATED
    neuron = LIF(tau_m=tau_m, t_ref=t_ref, V_th=V_th, V_reset=V_reset)
    point = mu_V / tau_m, sigma_V / np.sqrt(tau_m), tau_syn, neuron
    # 4 standard errors, 8e-4 false alarms in all, and the step's bias of 0.3 %.
    found = 1e3 * cn.firing_rate(*point)
    assert np.all(np.abs(found - rate) < 4 * error + 0.003 * rate)
    # Of n spikes the CV has a standard error below 1/sqrt(n), n = 2,400 to 90,000.
    spikes = (rate / error) ** 2
    assert np.all(np.abs(cn.cv(*point) - cv) < 4 * 1.5 / np.sqrt(spikes) + 0.003)


NEURONS = LIF(V_th=[20.0, 20.0, 10.0, 20.0], V_reset=[0.0, 10.0, 9.0, 15.0], t_ref=2.0)
MU = np.array([1.5, 1.0, 0.4, 0.8])


def test_white_limit_is_exact():
    for name in ("firing_rate", "cv", "fano_factor"):
        white = getattr(lif, name)(MU, 1.3, NEURONS)
        np.testing.assert_array_equal(getattr(cn, name)(MU, 1.3, 0.0, NEURONS), white)
    for white, found in zip(
        lif.moment_activation(MU, 1.3, NEURONS),
        cn.moment_activation(MU, 1.3, 0.0, NEURONS),
        strict=True,
    ):
        np.testing.assert_array_equal(found, white)


@pytest.mark.parametrize("t_ref", [0.0, 0.02, 2.0])
def test_fast_synapses_shift_threshold_and_reset(t_ref):
    # The effective threshold, an independent closed form, is exact to first order in
    # sqrt(tau_syn/tau_m): the difference is of second order, at 1e-4 below 1e-4.
    neuron = LIF(t_ref=t_ref, V_reset=5.0)
    mu = np.array([1.5, 1.0, 0.8])
    for name in ("firing_rate", "cv", "fano_factor"):
        function = getattr(cn, name)
        for ratio in (1e-4, 1e-3):
            exact = function(mu, 1.5, ratio * neuron.tau_m, neuron)
            shifted = function(
                mu, 1.5, ratio * neuron.tau_m, neuron, method="effective_threshold"
            )
            np.testing.assert_allclose(shifted, exact, rtol=2 * ratio + 5e-5)


def test_methods_agree_where_auto_changes_over():
    for name in ("firing_rate", "cv", "fano_factor"):
        below, above = getattr(cn, name)(MU[:2], 1.0, [[1.999e-5], [2.001e-5]])
        np.testing.assert_allclose(above, below, rtol=2e-4)


def test_slow_synapses_average_noiseless_neurons():
    # For tau_syn >> the intervals, the rate is that of a constant current, averaged.
    neuron, mu, tau_syn, sd = LIF(t_ref=2.0), 2.0, 20_000.0, 0.1
    sigma = sd * math.sqrt(2 * tau_syn)
    x, w = np.polynomial.hermite_e.hermegauss(40)
    rates = lif.firing_rate(mu + sd * x, 0.0, neuron)
    expected = w @ rates / w.sum()
    assert cn.firing_rate(mu, sigma, tau_syn, neuron) == pytest.approx(expected, 1e-6)
    variance = w @ rates**2 / w.sum() - expected**2
    # Counts vary like those of a rate with this variance, correlated over tau_syn.
    fano = cn.fano_factor(mu, sigma, tau_syn, neuron)
    assert fano == pytest.approx(2 * tau_syn * variance / expected, 1e-3)


@pytest.mark.parametrize("tau_syn", [1.0, 10.0, 40.0])
def test_weak_noise_is_linear(tau_syn):
    # The interval changes by -int s(t) exp(-(T - t)/tau_m) dt/V'(T), to first order.
    neuron, mu, sigma = LIF(t_ref=1.0), 1.5, 1e-4
    tau = neuron.tau_m
    T = tau * math.log(mu * tau / (mu * tau - 20.0))
    speed = mu - 20.0 / tau

    def integrand(u, t):
        return math.exp(-(2 * T - t - u) / tau - (t - u) / tau_syn)

    half, _ = dblquad(integrand, 0, T, 0, lambda t: t, epsabs=0, epsrel=1e-8)
    sd = sigma * math.sqrt(2 * half / (2 * tau_syn)) / speed
    assert cn.cv(mu, sigma, tau_syn, neuron) == pytest.approx(sd / (T + 1.0), 1e-4)


def test_frequency_zero_passes_weak_noise_unchanged():
    # tau_syn >> interval: the count follows the input, F rate = (sigma d rate/d mu)^2.
    _, std, chi = cn.moment_activation(1.5, 1e-4, 2000.0)
    slope = (lif.firing_rate(1.5001, 0.0) - lif.firing_rate(1.4999, 0.0)) / 2e-4
    assert std / 1e-4 == pytest.approx(slope, 1e-3)
    assert chi == pytest.approx(1.0, 1e-3)
    limit = cn.moment_activation(1.5, 0.0, 2000.0)
    assert limit.std == 0.0
    assert limit.rate == lif.firing_rate(1.5, 0.0)
    assert limit.chi == pytest.approx(chi, 1e-5)


def test_long_refractory_period_makes_intervals_independent():
    neuron = LIF(t_ref=60.0)
    point = 1.2, 1.5, 2.0, neuron
    assert cn.fano_factor(*point) == pytest.approx(cn.cv(*point) ** 2, 1e-10)


@pytest.mark.parametrize("tau_syn", [0.2, 5.0, 40.0])
def test_chi_is_the_derivative_of_the_rate(tau_syn):
    for mu in (0.5, 0.9, 1.6):
        _, std, chi = cn.moment_activation(mu, 1.2, tau_syn)
        rates = cn.firing_rate(mu + 0.01 * np.array([-2, -1, 1, 2]), 1.2, tau_syn)
        slope = rates @ [1, -8, 8, -1] / 0.12
        assert chi * std / 1.2 == pytest.approx(slope, 1e-3)


@pytest.mark.parametrize("k", [1e-3, 0.1, 1.0, 5.0])
@pytest.mark.parametrize("width", [0.5, 10.0])
def test_rare_firing_joins_the_rest(k, width):
    y_th, y_reset = 4.8 * spread(k), (4.8 - width) * spread(k)
    rare, full = (
        RareCycle(y_th, y_reset, k, 0.1), Cycle(PhaseSpace(y_th, y_reset, k), 0.1)
    )  # fmt: skip
    assert math.exp(rare.log_rate) * full.mean == pytest.approx(1, abs=2e-3)
    assert rare.squared_cv == pytest.approx(full.squared_cv, 2e-3)
    assert rare.fano_factor == pytest.approx(full.fano_factor, 2e-3)
    assert rare.gain / full.gain == pytest.approx(1, abs=3e-3)


def test_rare_firing_tends_to_upcrossings():
    # Rice: exp(-y^2/(2 v))/(2 pi) times the spread of the velocity over that of y.
    for k in (0.1, 1.0):
        y_th = 8 * math.sqrt(1 + k)
        rice = math.exp(-((y_th / spread(k)) ** 2) / 2) / (2 * math.pi * math.sqrt(k))
        found = math.exp(RareCycle(y_th, 0.0, k, 0.1).log_rate)
        assert found / rice == pytest.approx(1, abs=5e-3)


def test_extremes_are_finite():
    tau_syn = np.array([1e-5, 0.1, 200.0, 2e4])[:, None, None]
    sigma = np.array([1e-8, 1e-3, 1.0, 1e3])[:, None]
    mu = np.array([-1e6, 0.0, 0.9, 1.0, 1.0001, 3.0, 1e6])
    rate, std, chi = cn.moment_activation(mu, sigma, tau_syn)
    for values in (rate, std, chi):
        assert np.all(np.isfinite(values))
        assert np.all(values >= 0)
    assert np.all(rate <= 0.2 * (1 + 1e-12))
    assert np.all(chi < 1.001)
    assert np.all(np.diff(rate, axis=-1) >= -1e-4 * rate[..., 1:])


def test_arrays_scalars_and_dtypes():
    assert isinstance(cn.firing_rate(1.0, 1.0, 5.0), float)
    single = cn.firing_rate(
        np.array([0.5, 1.0], np.float32), np.float32(1.0), np.float32(5.0)
    )
    assert single.dtype == np.float32
    table = cn.cv([[0.8], [1.2]], 1.0, [1.0, 2.0, 5.0], LIF(t_ref=[1.0, 2.0, 3.0]))
    assert table.shape == (2, 3)
    assert table[1, 2] == cn.cv(1.2, 1.0, 5.0, LIF(t_ref=3.0))
    found = cn.firing_rate([np.nan, 1.0, np.inf], 1.0, [1.0, np.nan, 1.0])
    np.testing.assert_array_equal(found, [np.nan, np.nan, 0.2])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1.0, -1.0, 1.0), "`sigma` must be finite and not negative"),
        ((1.0, np.inf, 1.0), "`sigma` must be finite"),
        ((1.0, 1.0, -1.0), "`tau_syn` must be finite and not negative"),
        ((1.0, 1.0, 1e5), "`tau_syn` must be at most 1000 tau_m"),
        ((1.0, 1.0, 1.0, LIF(tau_m=np.inf)), "`tau_m` must be finite"),
        (([1.0, 2.0], [1.0, 2.0, 3.0], 1.0), "do not broadcast"),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(ValueError, match=words):
        cn.firing_rate(*arguments)


def test_unknown_method_and_wrong_neuron():
    with pytest.raises(ValueError, match="`method` must be one of"):
        cn.cv(1.0, 1.0, 1.0, method="shift")
    with pytest.raises(TypeError, match="`neuron` must be an LIF"):
        cn.cv(1.0, 1.0, 1.0, 5.0)  # pyright: ignore


def test_effective_threshold_warns_of_slow_synapses():
    with pytest.warns(ValidityWarning, match="tau_syn/tau_m up to 0.25"):
        cn.firing_rate(1.0, 1.0, 5.0, method="effective_threshold")


def test_published_effective_thresholds():
    # Schuecker, Diesmann, Helias (2015), four working points: rates with t_ref = 0.
    neuron = LIF(t_ref=0.0, V_reset=15.0)
    mu, sigma = np.array([[18.94, 20.96, 16.42, 19.66], [1.5, 1.5, 4.0, 4.0]])
    found = cn.firing_rate(
        mu / 20, sigma / math.sqrt(20), 0.5, neuron, method="effective_threshold"
    )
    expected = [10.097686, 29.979602, 10.209423, 30.107146]
    np.testing.assert_allclose(1e3 * found, expected, rtol=1e-6)


def test_effective_neuron_shifts_by_the_milne_length():
    # zeta(1/2) is the limit of the sum of n^-1/2 less its integral (Euler-Maclaurin).
    n = np.arange(1, 1_000_001)
    milne = 2 * math.sqrt(n[-1]) + 1 / (2 * math.sqrt(n[-1])) - np.sum(1 / np.sqrt(n))
    d = milne * 1.3 * math.sqrt(0.5 / 2)
    moved = cn.effective_neuron(1.3, 0.5, LIF(t_ref=0.25))
    assert moved.V_th - 20.0 == pytest.approx(d, 1e-9)
    assert moved.V_reset == pytest.approx(d * math.exp(-0.5), 1e-9)
    assert cn.effective_neuron(1.3, 0.0, LIF()) == LIF()
