"""Correlations of spike counts: linear response, the expansion in rho, simulation."""

import numpy as np
import pytest
from scipy.linalg import schur, solve_continuous_lyapunov
from scipy.stats import chi2

import meanfield as mf
from meanfield import LIF, ValidityWarning
from meanfield.correlation_transfer import expand, linear_counts
from meanfield.correlation_transfer._sylvester import lyapunov
from meanfield.neurons import EIF, QIF
from spiking_reference import WhiteNoise, simulate

WINDOWS = np.array([20.0, 100.0, 500.0, np.inf])


@pytest.fixture(scope="module")
def expansion():
    return expand(0.8, 1.0, LIF(), window=WINDOWS, order=30, cells=150)


def test_blocks_solve_the_lyapunov_equation():
    rng = np.random.default_rng(0)
    L = rng.normal(size=(131, 131)) - 20.0 * np.eye(131)
    R = rng.normal(size=L.shape)
    R += R.T
    T, Q = schur(L)
    found = Q @ lyapunov(T, Q.T @ R @ Q) @ Q.T
    np.testing.assert_allclose(found, solve_continuous_lyapunov(L, R), atol=1e-12)


@pytest.mark.parametrize("mu", [0.3, 0.8, 1.2])
def test_long_windows_are_those_of_the_moment_activation(mu):
    rate, std, chi = mf.moment_activation(mu, 1.0, LIF())
    linear = linear_counts(0.5, np.inf, mu, 1.0)
    assert linear.variance == pytest.approx(std**2, rel=1e-5)
    assert linear.correlation == pytest.approx(0.5 * chi**2, rel=1e-5)
    expanded = expand(mu, 1.0, LIF(), order=1, cells=150)
    assert expanded.rate == pytest.approx(rate, rel=1e-4)
    assert expanded.variance == pytest.approx(std**2, rel=2e-4)
    assert expanded.coefficients[0] == pytest.approx(chi**2, rel=2e-4)


@pytest.mark.parametrize("neuron", [LIF(t_ref=0.0), LIF(), EIF(t_ref=2.0), QIF()])
def test_spectra_and_time_domain_agree(neuron):
    windows = np.array([5.0, 20.0, 100.0, 500.0])
    linear = linear_counts(1.0, windows, 0.8, 1.5, neuron)
    expanded = expand(0.8, 1.5, neuron, window=windows, order=1)
    np.testing.assert_allclose(expanded.variance, linear.variance, rtol=1e-3)
    np.testing.assert_allclose(
        expanded.coefficients[:, 0], linear.correlation, rtol=3e-3
    )


def test_short_windows_count_one_spike_or_none():
    rate = mf.firing_rate(0.8, 1.0)
    found = linear_counts(0.5, 0.01, 0.8, 1.0)
    assert found.variance == pytest.approx(rate, rel=1e-3)
    assert 0.0 < found.correlation < 1e-3


def test_arrays_broadcast():
    found = linear_counts([[0.1], [0.2]], [20.0, 100.0], 0.8, 1.0)
    assert found.covariance.shape == (2, 2)
    np.testing.assert_allclose(found.covariance[1], 2.0 * found.covariance[0])
    several = linear_counts(0.1, 50.0, [0.5, 0.8], 1.0, LIF(t_ref=[[0.0], [5.0]]))
    one = linear_counts(0.1, 50.0, 0.8, 1.0, LIF(t_ref=5.0))
    assert several.variance.shape == (2, 2)
    assert several.variance[1, 1] == pytest.approx(one.variance, rel=1e-5)


def test_silent_neurons_are_not_correlated():
    assert linear_counts(0.5, [10.0, np.inf], -100.0, 1.0).correlation.tolist() == [
        0,
        0,
    ]


def test_coefficients_are_those_of_a_variance(expansion):
    v = expansion.coefficients
    assert v.min() > 0.0
    assert (v.sum(axis=-1) < 1.0).all()
    # The same noise gives the same count: the coefficients add up to 1. Those left out
    # continue like a power of the order.
    k = np.arange(1, 31)
    power = np.polyfit(np.log(k[-10:]), np.log(v[-1, -10:]), 1)
    tail = np.exp(power[1]) * 30.5 ** (power[0] + 1.0) / -(power[0] + 1.0)
    assert v[-1].sum() + tail == pytest.approx(1.0, abs=0.03)


def test_the_sum_and_its_remainder(expansion):
    assert expansion.correlation(0.3).shape == (4,)
    assert expansion.correlation([0.0, 0.1, 0.2]).shape == (3, 4)
    np.testing.assert_array_equal(expansion.correlation(0.0), 0.0)
    short = expand(0.8, 1.0, LIF(), window=WINDOWS, order=8, cells=150)
    missing = expansion.correlation(0.9) - short.correlation(0.9)
    assert (missing > 0).all()
    assert (missing < short.remainder(0.9)).all()
    assert expand(0.8, 1.0, LIF(), order=1, cells=60).correlation(0.5).shape == ()


def simulated(mu, rho, pairs, duration):
    """Count correlation of pairs, its mean and standard error over pairs, by window."""
    drive = WhiteNoise(mu=np.full((pairs, 2), mu), sigma=1.0, correlation=rho)
    run = simulate(
        LIF(), drive, duration=duration, dt=0.1, warmup=300.0, rng=1, threads=1,
        count_windows=WINDOWS[:3],
    )  # fmt: skip
    found = [np.asarray(run.correlation(w).value)[:, 0, 1] for w in WINDOWS[:3]]
    return np.mean(found, axis=1), np.std(found, axis=1, ddof=1) / np.sqrt(pairs)


def test_strongly_correlated_pairs_as_simulated(expansion):
    mean, error = simulated(0.8, 0.6, pairs=20, duration=5e4)
    theory = expansion.correlation(0.6)[:3]
    assert np.sum(((mean - theory) / error) ** 2) < chi2.isf(1e-3, 3)
    assert mean[1] - 0.6 * expansion.coefficients[1, 0] > 5.0 * error[1]  # not linear


@pytest.mark.slow
@pytest.mark.parametrize("mu", [0.5, 1.5])
@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_pairs_as_simulated(mu, rho):
    mean, error = simulated(mu, rho, pairs=60, duration=2e5)
    theory = expand(mu, 1.0, LIF(), window=WINDOWS[:3]).correlation(rho)
    assert np.sum(((mean - theory) / error) ** 2) < chi2.isf(1e-4, 3)


def test_little_noise_needs_more_cells():
    with pytest.warns(ValidityWarning, match="more `cells`"):
        expand(1.5, 0.3, LIF(), order=1, cells=60)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sigma": 0.0}, "positive"),
        ({"window": 0.0}, "positive"),
        ({"order": 0}, "at least 1"),
        ({"mu": [1.0, 2.0]}, "one number"),
        ({"mu": -1.0}, "linear_counts"),
        ({"neuron": LIF(t_ref=[1.0, 2.0])}, "plain numbers"),
    ],
)
def test_errors_of_the_expansion(options, words):
    with pytest.raises(ValueError, match=words):
        expand(**({"mu": 1.0, "sigma": 1.0, "neuron": LIF(), "cells": 60} | options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rho": 1.5}, "from -1 to 1"),
        ({"window": -1.0}, "positive"),
        ({"sigma": 0.0}, "positive"),
        ({"mu": np.inf}, "finite"),
    ],
)
def test_errors_of_linear_counts(options, words):
    given = {"rho": 0.1, "window": 10.0, "mu": 1.0, "sigma": 1.0}
    with pytest.raises(ValueError, match=words):
        linear_counts(**(given | options))


def test_rho_is_checked(expansion):
    with pytest.raises(ValueError, match="from -1 to 1"):
        expansion.correlation(1.1)
