"""Spike counts: processes with known counts, limits, and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from meanfield import LIF
from meanfield import integrate_and_fire as iaf
from meanfield.neurons import EIF
from meanfield.renewal import IntervalDistribution, first_passage
from spiking_reference import WhiteNoise, simulate

from .test_distribution import dead_time, gamma


def exact_counts(n_max, window, mean, integral):
    """P(N = 0 ... n_max) of the stationary process.

    P(N >= n) is 1/mean times the integral over [0, window] of
    P(S_(n-1) <= u) - P(S_n <= u), S_n the sum of n intervals; `integral(n)` is that of
    P(S_n <= u).
    """
    below = np.array([window, *(integral(n) for n in range(1, n_max + 2))])
    exceed = np.append(1.0, (below[:-1] - below[1:]) / mean)
    return exceed[:-1] - exceed[1:]


def integrated_gamma(x, shape, scale):
    if x <= 0:
        return 0.0
    first, second = (stats.gamma.cdf(x, shape + k, scale=scale) for k in (0, 1))
    return x * first - shape * scale * second


def fano_of(p):
    n = np.arange(p.size)
    mean = np.sum(n * p)
    return np.sum((n - mean) ** 2 * p) / mean


@pytest.mark.parametrize("window", [0.1, 3.0, 20.0, 3000.0])
def test_poisson_process_with_dead_time(window):
    """Sums of intervals are n dead times plus a gamma time. The density jumps."""
    p = dead_time(0.1, 2.0).count_distribution(window)
    exact = exact_counts(
        p.size - 1, window, 12.0, lambda n: integrated_gamma(window - 2.0 * n, n, 10.0)
    )
    assert p == pytest.approx(exact, abs=1e-9)
    fano = dead_time(0.1, 2.0).fano_factor(window)
    assert fano == pytest.approx(fano_of(exact), abs=1e-8)


@pytest.mark.parametrize("shape", [3.0, 100.0])
@pytest.mark.parametrize("window", [1.0, 10.0, 40.0, 1000.0])
def test_gamma_process(shape, window):
    d = gamma(shape, 10.0 / shape)
    p = d.count_distribution(window)
    exact = exact_counts(
        p.size - 1,
        window,
        10.0,
        lambda n: integrated_gamma(window, n * shape, 10.0 / shape),
    )
    assert p == pytest.approx(exact, abs=1e-8)
    assert d.fano_factor(window) == pytest.approx(fano_of(exact), abs=1e-8)


def test_poisson_process():
    d = IntervalDistribution(step=1.0, values=[0.02], tail_rate=0.02)
    windows = np.array([1e-3, 1.0, 100.0, 1e5])
    assert d.fano_factor(windows) == pytest.approx(1.0, abs=1e-8)
    p = d.count_distribution(windows)
    n = np.arange(p.shape[1])
    assert p == pytest.approx(stats.poisson.pmf(n, 0.02 * windows[:, None]), abs=1e-9)


@pytest.mark.parametrize(
    ("mu", "sigma", "neuron"),
    [
        (0.5, 1.5, LIF()),
        (0.0, 5.0, LIF()),
        (3.0, 2.0, LIF()),
        (0.3, 1.0, LIF()),  # 5e-3 Hz
        (1.5, 0.3, LIF()),  # CV 0.07
        (0.2, 2.0, LIF(V_reset=15.0)),  # CV 1.2
    ],
)
def test_counts_and_fano_factor_agree(mu, sigma, neuron):
    """The two go different ways from window to result; both have known limits."""
    d = first_passage(mu, sigma, neuron)
    windows = np.array([0.1, 5.0, 100.0, 3000.0, 1e5])
    p, fano = d.count_distribution(windows), d.fano_factor(windows)
    n = np.arange(p.shape[1])
    mean = windows / d.mean
    assert p.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
    assert (p >= 0).all()
    assert p @ n == pytest.approx(mean, rel=1e-7, abs=1e-9)
    variance = p @ n**2 - mean**2
    assert variance == pytest.approx(fano * mean, rel=1e-5, abs=1e-8)
    assert fano[0] == pytest.approx(1 - mean[0], abs=1e-8)  # within the dead time
    assert fano[-1] == pytest.approx(d.cv**2, abs=2 * max(1.0, d.cv**4) / mean[-1])


@pytest.mark.parametrize(
    "neuron", [LIF(), EIF(E_L=0.0, V_T=18.0, Delta_T=1.0, V_th=30.0, V_reset=0.0)]
)
def test_fano_factor_is_an_integral_of_the_power_spectrum(neuron):
    """F = 1 + 1/(rate W) int (S - rate) (sin(pi f W)/(pi f))^2 df, by threshold integration.

    The density of the EIF is a Fourier series of the characteristic function.
    """
    mu, sigma, window, period = 0.9, 1.5, 60.0, 1024.0
    f = np.arange(2048) / period
    phi = iaf.characteristic_function(f, mu, sigma, neuron)
    step = period / (2 * f.size)
    density = np.fft.irfft(np.append(phi, 0.0)) / step
    assert density.min() > -1e-7
    onset = int(neuron.t_ref / step)
    end = np.flatnonzero(density > 1e-5 * density.max())[-1]
    values = np.maximum(density[onset : end + 1], 0.0)
    rate = math.log(values[-50] / values[-1]) / (49 * step)
    d = IntervalDistribution(
        step=step, values=values, tail_rate=rate, onset=onset * step
    )
    # The tail begins at 1e-5 of the maximum, near the error of the series.
    assert 1 / d.mean == pytest.approx(iaf.firing_rate(mu, sigma, neuron), rel=3e-5)
    assert d.cv == pytest.approx(iaf.cv(mu, sigma, neuron), rel=3e-4)
    if isinstance(neuron, LIF):
        t = np.linspace(6.0, 300.0, 50)
        exact = first_passage(mu, sigma, neuron).density(t)
        assert d.density(t) == pytest.approx(exact, abs=1e-6 * exact.max())
    f = np.arange(1, 4000) / 2000.0
    spectrum = iaf.power_spectrum(f, mu, sigma, neuron) * d.mean
    kernel = (np.sin(math.pi * f * window) / (math.pi * f)) ** 2
    zero = (d.cv**2 - 1) * window**2
    integral = (2 * np.sum((spectrum - 1) * kernel) + zero) / 2000.0
    assert d.fano_factor(window) == pytest.approx(1 + integral / window, abs=2e-5)


def test_shapes_of_counts():
    d = gamma()
    one, many = d.count_distribution(10.0), d.count_distribution([[10.0], [20.0]])
    assert one.ndim == 1
    assert many.shape[:2] == (2, 1)
    assert (many[0, 0, : one.size] == one).all()
    assert (many[0, 0, one.size :] == 0).all()
    assert isinstance(d.fano_factor(10.0), float)
    assert d.fano_factor([[10.0], [20.0]]).shape == (2, 1)
    for method in (d.count_distribution, d.fano_factor):
        for window in (0.0, math.inf, math.nan):
            with pytest.raises(
                ValueError, match="`window` must be finite and positive"
            ):
                method(window)


def test_counts_of_sampled_trains():
    """Pearson's test of the counts in stationary trains, false-alarm rate 1e-6."""
    d, window, n = first_passage(0.8, 1.0), 300.0, 200_000
    trains = d.spike_trains(n, window, rng=1)
    found = np.bincount(np.bincount(trains.sources, minlength=n), minlength=20)
    p = d.count_distribution(window)
    often = n * p > 20
    expected = np.append(n * p[often], n * (1 - p[often].sum()))
    found = np.append(found[: p.size][often], n - found[: p.size][often].sum())
    found[-1], expected[-1] = found[-1] + found[-2], expected[-1] + expected[-2]
    found, expected = np.delete(found, -2), np.delete(expected, -2)
    assert stats.chisquare(found, expected, sum_check=False).pvalue > 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mu", "sigma", "seed"), [(0.5, 1.5, 1), (0.0, 5.0, 2), (1.5, 1.0, 3)]
)
def test_fano_factor_of_simulations(mu, sigma, seed):
    """Five standard errors in six windows: false alarms 1e-5 in all."""
    windows = np.array([2.0, 10.0, 50.0, 100.0, 500.0, 2000.0])
    run = simulate(
        LIF(), WhiteNoise(mu=np.full(64, mu), sigma=sigma), duration=4e5, dt=0.5,
        warmup=1000.0, rng=seed, count_windows=windows,
    )  # fmt: skip
    expected = first_passage(mu, sigma).fano_factor(windows)
    for window, exact in zip(windows, expected, strict=True):
        found = run.fano_factor(window)
        error = np.sqrt(np.sum(found.stderr**2)) / found.value.size
        assert abs(found.value.mean() - exact) < 5 * error + 1e-4 * exact
