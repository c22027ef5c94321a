"""Synchrony of voltages and counts with known correlation; see test_correlations."""

import numpy as np
import pytest

from spiking_reference import (
    activity_cv,
    activity_variance,
    count_synchrony,
    voltage_synchrony,
)
from tests.spike_trains import calibrated, gamma, thinned


def test_identical_and_partly_common_voltages():
    rng, n, c = np.random.default_rng(1), 10, 0.3
    common = rng.standard_normal(2000)
    assert voltage_synchrony(np.tile(common, (5, 1))) == pytest.approx((1.0, 0.0))
    z = []
    for share in (0.0, c):
        for _ in range(100):
            V = np.sqrt(share) * rng.standard_normal(4000)
            V = V + np.sqrt(1 - share) * rng.standard_normal((n, 4000)) - 60.0
            found = voltage_synchrony(V)
            z.append((found.value - np.sqrt(share + (1 - share) / n)) / found.stderr)
    calibrated(z)


def test_thinned_counts():
    """1 + (n - 1) p for any window, as counts have equal variances."""
    rng, n, p, r, bin = np.random.default_rng(2), 20, 0.1, 0.02, 20.0
    z = []
    for _ in range(100):
        found = thinned(rng, p, r, 6000.0, n)
        sync, cv = count_synchrony(found, bin), activity_cv(found, bin=bin)
        variance = (1 + (n - 1) * p) / (n * r * bin)
        z.append((sync.value - (1 + (n - 1) * p)) / sync.stderr)
        z.append((cv.value - np.sqrt(variance)) / cv.stderr)
    calibrated(z, lean=0.3)


def test_variance_falls_with_the_number_of_independent_neurons():
    rng, sizes = np.random.default_rng(3), np.array([1, 5, 40])
    found = gamma(rng, 1.0, 0.02, 20000.0, n=40)
    m, variance, stderr = activity_variance(found, 10.0, sizes)
    assert np.all(np.abs(variance - 0.02 / (m * 10.0)) < 4.5 * stderr)
    common = thinned(rng, 0.2, 0.02, 20000.0, 40)
    m, variance, stderr = activity_variance(common, 10.0, sizes)
    truth = 0.02 / 10.0 * (1 / m + (1 - 1 / m) * 0.2)
    assert np.all(np.abs(variance - truth) < 4.5 * stderr)
    # All of them, by themselves:
    counts = np.histogram(common.times, np.arange(0, 20001, 10))[0]
    assert variance[-1] == pytest.approx(np.var(counts / 400.0, ddof=1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: voltage_synchrony(np.zeros(5)), r"\(neurons, samples\)"),
        (lambda s: voltage_synchrony(np.ones((2, 50))), "`traces` must vary"),
        (lambda s: activity_variance(s, 10.0, [0, 1]), "`sizes` must be at least 1"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call(gamma(np.random.default_rng(1), 1.0, 0.03, 1000.0, n=2))
