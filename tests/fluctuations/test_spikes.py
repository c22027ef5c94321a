"""Spectra and correlations against simulated networks.

30 s of 2000 neurons. Bounds are 4.5 standard errors of a band (about 60 bands: false alarms
in one of 2000 seeds) and a theory error that each test states. The seed is fixed.
"""

import itertools

import numpy as np
import pytest

from meanfield.fluctuations import (
    count_statistics,
    cross_spectra,
    neuron_spectra,
)
from meanfield.network import mean_field
from spiking_reference import (
    Record,
    activity_spectrum,
    cross_spectrum,
    mean_count_correlation,
    simulate_network,
    spectrum,
)

from .networks import loop

pytestmark = pytest.mark.slow

NAMES = ("E", "I")
STEP = 0.05
BANDS = np.array([10, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500]) * 1e-3
SIGMA = 1.15  # mV/sqrt(ms), of both populations within 2 %
RAISED = 20.0 + 0.5826 * SIGMA * np.sqrt(STEP)  # the threshold of a clocked neuron


@pytest.fixture(scope="module")
def spikes():
    return simulate_network(
        loop(), duration=3e4, dt=STEP, warmup=300.0, bin=0.5, rng=1,
        record={name: Record(spikes=True) for name in NAMES}, progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def theory():
    net = mean_field(loop(V_th=RAISED))
    rate = np.array([0.023, 0.031])
    for _ in range(20):
        slope = np.eye(2) - net.jacobian(rate)
        rate = rate + np.linalg.solve(slope, net.firing_rates(rate) - rate)
    return net, rate


def banded(f, values, stderr=None):
    """Means in bands, or errors of means; neighbours share Hann's window."""
    inside = [(f > a) & (f <= b) for a, b in itertools.pairwise(BANDS)]
    if stderr is None:
        return np.array([values[m].mean() for m in inside])
    return np.array([1.2 * np.sqrt((stderr[m] ** 2).sum()) / m.sum() for m in inside])


def test_rates(spikes, theory):
    for name, rate in zip(NAMES, theory[1], strict=True):
        assert spikes[name].rate.value == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("a", [0, 1])
def test_power_spectra_of_populations(spikes, theory, a):
    f, power, stderr = activity_spectrum(spikes[NAMES[a]], segment=250.0)
    expected = banded(f, np.real(cross_spectra(f, *theory)[:, a, a]))
    off = banded(f, power) / expected - 1.0
    # theory error 4 %: recurrent input that is not white
    assert np.all(np.abs(off) < 0.04 + 4.5 * banded(f, power, stderr) / expected)
    assert abs(np.mean(off)) < 0.05


def test_cross_spectra_in_both_parts(spikes, theory):
    f, cross, stderr = cross_spectrum(spikes["E"], spikes["I"], segment=250.0)
    expected = banded(f, cross_spectra(f, *theory)[:, 0, 1])
    off = banded(f, cross) - expected
    allowed = 0.06 * np.abs(expected)
    real, imag = (banded(f, cross, part) for part in (np.real(stderr), np.imag(stderr)))
    assert np.all(np.abs(np.real(off)) < allowed + 4.5 * real)
    assert np.all(np.abs(np.imag(off)) < allowed + 4.5 * imag)


@pytest.mark.parametrize("a", [0, 1])
def test_spectra_of_neurons(spikes, theory, a):
    neurons = np.arange(300)
    f, power, _ = spectrum(spikes[NAMES[a]].spikes, segment=250.0, neurons=neurons)
    expected = banded(f, neuron_spectra(f, *theory)[:, a])
    assert banded(f, power) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("window", [5.0, 20.0, 100.0])
def test_correlations_of_counts(spikes, theory, window):
    expected = count_statistics(window, *theory).correlation
    for a, name in enumerate(NAMES):
        found, stderr = mean_count_correlation(spikes[name].spikes, window)
        # theory error 10 %, and the spread of covariances over variances that it ignores
        allowed = 0.1 * abs(expected[a, a]) + 4.5 * stderr
        assert abs(found - expected[a, a]) < allowed
