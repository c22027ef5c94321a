"""Intervals against parabolic cylinder functions, quadrature and each other."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate

import meanfield as mf
from meanfield.integrate_and_fire import (
    hazard,
    interval_density,
    interval_distribution,
    interval_moments,
    stationary_density,
    survivor,
)
from meanfield.neurons import EIF, LIF, QIF

from . import oracle

NEURON = LIF(t_ref=2.0)


@pytest.mark.parametrize(("mu", "sigma"), [(1.05, 1.0), (0.0, 5.0)])
def test_moments_of_the_leaky_neuron(mu, sigma):
    """Cumulants as derivatives of ln E exp(-s T) at 0, by mpmath."""
    found = interval_moments(mu, sigma, NEURON)
    scale = 1 / float(found.mean)
    points = [scale * mp.expjpi(2 * mp.mpf(k) / 16) / 8 for k in range(16)]
    logs = [mp.log(oracle.transform(NEURON, s, mu, sigma)) for s in points]
    cumulants = []
    for n in range(1, 5):
        terms = [
            logs[k] * (scale * mp.expjpi(mp.mpf(k) / 8) / 8) ** -n for k in range(16)
        ]
        cumulants.append(
            float(math.factorial(n) * (-1) ** n * mp.fsum(terms).real / 16)
        )
    mean, variance, third, fourth = cumulants
    expected = (mean, variance**0.5, third / variance**1.5, fourth / variance**2)
    assert np.array(found) == pytest.approx(np.array(expected), rel=1e-6)


def test_moments_of_drift_without_leak():
    """A perfect integrator has inverse Gaussian intervals."""
    mu, sigma, gap = 0.7, 1.3, 20.0
    found = interval_moments(mu, sigma, LIF(tau_m=math.inf, t_ref=0.0))
    mean, shape = gap / mu, (gap / sigma) ** 2
    expected = (
        mean, math.sqrt(mean**3 / shape), 3 * math.sqrt(mean / shape), 15 * mean / shape
    )  # fmt: skip
    assert np.array(found) == pytest.approx(np.array(expected), rel=1e-8)


def test_moments_in_the_limits():
    rare = interval_moments([-2.0, -100.0], 1.0, LIF())
    assert np.array(rare.skewness) == pytest.approx(2.0, rel=1e-6)
    assert np.array(rare.kurtosis) == pytest.approx(6.0, rel=1e-6)
    assert rare.mean[1] == rare.std[1] == math.inf
    clock = interval_moments(2.0, 0.0, EIF(t_ref=3.0))
    assert clock.std == clock.skewness == clock.kurtosis == 0
    assert 1 / clock.mean == pytest.approx(mf.firing_rate(2.0, 0.0, EIF(t_ref=3.0)))


@pytest.mark.parametrize(("mu", "sigma"), [(1.05, 1.0), (1.5, 0.3)])
def test_density_of_drift_without_leak(mu, sigma):
    neuron, gap = LIF(tau_m=math.inf, t_ref=2.0), 20.0
    t = np.linspace(0.5, 3.0, 12) * gap / mu
    late = t - 2.0
    exact = gap / (sigma * np.sqrt(2 * math.pi * late**3)) * np.exp(
        -((gap - mu * late) ** 2) / (2 * sigma**2 * late)
    )  # fmt: skip
    found = interval_density(t, mu, sigma, neuron)
    assert abs(found - exact).max() <= 1e-7 * exact.max()


def test_density_at_rheobase():
    """There the leaky neuron has an elementary density."""
    neuron, sigma = LIF(t_ref=2.0), 1.5
    t = np.array([5.0, 12.0, 30.0, 80.0])
    late = (t - 2.0) / 20.0
    decay = np.exp(-late)
    spread = sigma**2 * 20.0 * (1 - decay**2) / 2
    exact = 2 * 20.0 * decay / np.sqrt(2 * math.pi * spread) / (1 - decay**2)
    exact *= np.exp(-((20.0 * decay) ** 2) / (2 * spread)) / 20.0
    found = interval_density(t, 1.0, sigma, neuron)
    assert found == pytest.approx(exact, rel=1e-6, abs=1e-9)


def test_density_survivor_and_hazard_belong_together():
    t = np.linspace(1.0, 150.0, 1201)
    density, left = (
        g(t, 1.0, 2.0, EIF(t_ref=3.0)) for g in (interval_density, survivor)
    )
    assert (density[t <= 3] == 0).all()
    assert (left[t <= 3] == 1).all()
    lost = integrate.cumulative_simpson(density, x=t, initial=0.0)
    assert left == pytest.approx(1 - lost, abs=2e-6)
    few = t[::200]
    rate = hazard(few, 1.0, 2.0, EIF(t_ref=3.0))
    assert rate == pytest.approx(density[::200] / left[::200], rel=1e-6)


@pytest.mark.parametrize("neuron", [EIF(t_ref=2.0), QIF()])
def test_table(neuron):
    intervals = interval_distribution(0.6, 1.5, neuron)
    assert 1 / intervals.mean == pytest.approx(
        mf.firing_rate(0.6, 1.5, neuron), rel=1e-6
    )
    assert intervals.cv == pytest.approx(mf.cv(0.6, 1.5, neuron), rel=1e-6)


@pytest.mark.parametrize(
    ("neuron", "mu", "sigma"), [(LIF(), 1.0, 1.0), (EIF(t_ref=4.0), 1.0, 2.0)]
)
def test_density_of_the_voltage(neuron, mu, sigma):
    low, reset, top = neuron.V_reset - 60.0, neuron.V_reset, neuron.V_th
    rate = mf.firing_rate(mu, sigma, neuron)
    total = 0.0
    for a, b in ((low, reset), (reset, top)):
        V = np.linspace(a, b, 4001)
        total += integrate.simpson(stationary_density(V, mu, sigma, neuron), x=V)
    assert total == pytest.approx(1 - rate * neuron.t_ref, abs=1e-6)
    near = stationary_density(top - 1e-4, mu, sigma, LIF()) if neuron == LIF() else None
    if near is not None:  # the flux through the threshold is the rate
        assert near * sigma**2 / 2 / 1e-4 == pytest.approx(rate, rel=1e-3)


def test_density_below_reset_is_that_without_flux():
    """P ~ exp of the potential there."""
    V = np.array([-8.0, -4.0, -1.0])
    P = stationary_density(V, 0.9, 1.5, LIF())
    potential = (V**2 / 40 - 0.9 * V) * 2 / 1.5**2
    assert P / P[-1] == pytest.approx(np.exp(potential[-1] - potential), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: interval_density(10.0, 1.0, 0.0, EIF()), "`sigma` must be positive"),
        (
            lambda: interval_density(10.0, 1.0, 1e-9, EIF()),
            "`sigma` must make intervals",
        ),
        (lambda: interval_density(math.inf, 1.0, 1.0, EIF()), "`t` must be finite"),
        (lambda: hazard(1e5, 1.0, 1.0, EIF()), "`t` must not be where"),
        (
            lambda: interval_distribution(-100.0, 1.0, EIF()),
            "must make the neuron fire",
        ),
        (
            lambda: interval_distribution(1.0, 1.0, EIF(V_T=[-50.0, -55.0])),
            "must be plain numbers",
        ),
        (
            lambda: stationary_density(0.0, -100.0, 1.0, EIF()),
            "must make the neuron fire",
        ),
    ],
)
def test_bad_input(call, text):
    with pytest.raises(ValueError, match=text):
        call()
