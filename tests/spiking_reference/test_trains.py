"""Spike trains: rates, counts, correlations, time rescaling.

Tests stop at 4 standard errors (6e-5 false alarms each), those of Kolmogorov and Smirnov
at p = 1e-4.
"""

import numpy as np
import pytest
from scipy import stats

from meanfield.neurons import LIF, Network, OneToOne, Population, Projection
from spiking_reference import simulate_network, trains


def counts_of(source, duration, window):
    """Counts (windows, n)."""
    rows = (source.times / window).astype(int)
    counts = np.zeros((round(duration / window), source.n))
    np.add.at(counts, (rows, source.sources), 1)
    return counts


def has_poisson_counts(counts, mean):
    """Mean and variance of independent counts."""
    error = np.sqrt(mean / counts.size)
    assert abs(counts.mean() - mean) < 4.0 * error
    spread = np.sqrt((mean + 2.0 * mean**2) / counts.size)
    assert abs(np.mean((counts - mean) ** 2) - mean) < 4.0 * spread


def test_poisson():
    source = trains.poisson([0.01, 0.05], duration=100_000.0, rng=1)
    counts = counts_of(source, 100_000.0, 100.0)
    has_poisson_counts(counts[:, 0], 1.0)
    has_poisson_counts(counts[:, 1], 5.0)
    assert stats.kstest(source.times, "uniform", (0.0, 100_000.0)).pvalue > 1e-4
    mine = np.sort(source.times[source.sources == 1])
    assert stats.kstest(np.diff(mine), "expon", (0.0, 20.0)).pvalue > 1e-4
    assert (np.diff(source.times) >= 0.0).all()


def rescaled(source, integral):
    """Intervals of the trains in units of the integrated rate, the first of each too."""
    found = []
    for i in range(source.n):
        mine = np.sort(source.times[source.sources == i])
        found.append(np.diff(np.r_[0.0, integral(mine, i)]))
    return np.concatenate(found)


@pytest.mark.parametrize("by_train", [False, True])
def test_time_rescaling_of_inhomogeneous_poisson_trains(by_train):
    # Trains end after 10^4 times the mean interval: the cut at the end does not show.
    phases = np.linspace(0.0, np.pi, 3) if by_train else np.zeros(3)
    slow = 2.0 * np.pi / 200.0

    def rate(t):
        if by_train:
            return 0.05 * (1.0 + np.sin(slow * t[:, None] + phases))
        return 0.05 * (1.0 + np.sin(slow * t))

    def integral(t, i):
        return 0.05 * (t - (np.cos(slow * t + phases[i]) - np.cos(phases[i])) / slow)

    source = trains.inhomogeneous_poisson(rate, 0.1, duration=2e5, n=3, rng=2)
    found = rescaled(source, integral)
    assert stats.kstest(found, "expon").pvalue > 1e-4
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 4.0 / np.sqrt(found.size)
    has_poisson_counts(counts_of(source, 2e5, 200.0), 10.0)


def test_thinning_in_many_stretches(monkeypatch):
    monkeypatch.setattr(trains, "_VALUES", 500)
    ramp = lambda t: 0.2 * t / 20_000.0  # noqa: E731
    source = trains.inhomogeneous_poisson(ramp, 0.2, duration=20_000.0, n=2, rng=3)
    found = rescaled(source, lambda t, i: 0.1 * t**2 / 20_000.0)
    assert stats.kstest(found, "expon").pvalue > 1e-4
    inputs = trains.correlated_poisson(0.02, 0.3, duration=50_000.0, n=3, rng=5)
    has_poisson_counts(counts_of(inputs, 50_000.0, 100.0).ravel(), 2.0)


@pytest.mark.parametrize("correlation", [0.05, 0.5])
@pytest.mark.parametrize("window", [2.0, 100.0])
def test_correlated_poisson_trains(correlation, window):
    n, rate, duration = 20, 0.02, 100_000.0
    source = trains.correlated_poisson(rate, correlation, duration=duration, n=n, rng=4)
    counts, mean = counts_of(source, duration, window), rate * window
    for i in (0, n - 1):
        has_poisson_counts(counts[:, i], mean)
    # Mean over pairs of the products, in independent windows.
    off = counts - mean
    pairs = (off.sum(axis=1) ** 2 - (off**2).sum(axis=1)) / (n * (n - 1) * mean)
    error = pairs.std(ddof=1) / np.sqrt(pairs.size)
    assert abs(pairs.mean() - correlation) < 4.0 * error
    assert error < 0.2 * correlation


def test_copies():
    source = trains.correlated_poisson(0.02, 1.0, duration=1000.0, n=3, rng=1)
    first = source.times[source.sources == 0]
    assert first.size > 5
    for i in (1, 2):
        np.testing.assert_array_equal(source.times[source.sources == i], first)


def test_regular():
    source = trains.regular(10.0, duration=40.0, n=2, start=0.0)
    np.testing.assert_array_equal(
        source.times, np.repeat(np.arange(0.0, 41.0, 10.0), 2)
    )
    assert trains.regular(10.0, duration=5.0).times.size == 0
    late = trains.regular(10.0, duration=10_000.0, n=10, jitter=1.5, rng=1)
    shift = (late.times + 5.0) % 10.0 - 5.0
    # The last spike of each train is left out where it comes too late.
    assert abs(shift.mean()) < 4.0 * 1.5 / np.sqrt(shift.size)
    assert abs(shift.std() - 1.5) < 4.0 * 1.5 / np.sqrt(2.0 * shift.size)


def test_trains_drive_a_network():
    source = trains.poisson(0.5, duration=300.0, n=3, rng=1)
    network = Network(
        populations={"in": source, "cells": Population(n=3, neuron=LIF(t_ref=0.0))},
        projections=[
            Projection(
                source="in", target="cells", rule=OneToOne(), weight=30.0, delay=0.1
            )
        ],
    )
    found = simulate_network(network, duration=300.0, dt=0.1, progress=False)
    sent = np.bincount(source.sources, minlength=3)
    np.testing.assert_array_equal(found["in"].counts, sent)
    assert np.all(found["cells"].counts > 0.9 * sent)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trains.poisson(-1.0, duration=1.0), "`rate` must be finite and not"),
        (lambda: trains.poisson([1.0, 2.0], duration=1.0, n=3), "`rate` must be a num"),
        (lambda: trains.poisson(1.0, duration=0.0), "`duration` must be positive"),
        (lambda: trains.poisson(1.0, duration=1.0, n=0), "`n` must be positive"),
        (
            lambda: trains.inhomogeneous_poisson(lambda t: t, 1.0, duration=50.0),
            "`rate` must be from 0 to `maximum`=1.0",
        ),
        (
            lambda: trains.inhomogeneous_poisson(lambda t: -t, 1.0, duration=50.0),
            "`rate` must be from 0 to `maximum`=1.0",
        ),
        (
            lambda: trains.inhomogeneous_poisson(lambda t: 0.5, 1.0, duration=50.0),
            "`rate` must return shape",
        ),
        (
            lambda: trains.correlated_poisson(1.0, 0.0, duration=1.0, n=2),
            "`correlation` must be above 0 and at most 1; .*use `poisson`",
        ),
        (lambda: trains.regular(0.0, duration=1.0), "`interval` must be positive"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_number_of_trains_is_an_integer():
    with pytest.raises(TypeError, match="`n` must be an integer"):
        trains.poisson(1.0, duration=1.0, n=1.5)  # type: ignore[arg-type]
