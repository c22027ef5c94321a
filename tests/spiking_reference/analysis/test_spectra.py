"""Spectra against renewal theory and shared spikes.

Of about 100 frequencies or more; see test_correlations for the false-alarm rate.
"""

import numpy as np
import pytest

from spiking_reference import (
    PopulationResult,
    activity_spectrum,
    cross_spectrum,
    spectrum,
)
from tests.spike_trains import calibrated, gamma, thinned, trains


def renewal_spectrum(f, shape, rate):
    """r (1 - |phi|^2)/|1 - phi|^2 with the characteristic function of the intervals."""
    phi = (1 + 2j * np.pi * f / (shape * rate)) ** -shape
    return rate * (1 - abs(phi) ** 2) / abs(1 - phi) ** 2


@pytest.mark.parametrize(("shape", "bin"), [(1.0, 1.0), (4.0, 1.0), (4.0, 4.0)])
def test_renewal_process(shape, bin):
    found = gamma(np.random.default_rng(1), shape, 0.03, 40000.0, n=5)
    f, power, stderr = spectrum(found, segment=500.0, bin=bin)
    assert f[0] == 1 / 500
    assert f[-1] == pytest.approx(0.5 / bin, rel=0.01)
    calibrated((power - renewal_spectrum(f, shape, 0.03)) / stderr)


def test_segments_give_the_error_also_of_correlated_neurons():
    """Trains with common spikes: their mean spectrum is as uncertain as a single one."""
    rng = np.random.default_rng(2)
    z = []
    for _ in range(4):
        found = thinned(rng, 0.9, 0.03, 20000.0, 10)
        _, power, stderr = spectrum(found, segment=400.0, bin=2.0)
        # What is common to all frequencies is the number of spikes.
        scale = 20000.0 * 0.03 / (found.times.size / 10)
        z.append((power * scale - 0.03) / stderr)
    calibrated(z)


def test_activity_of_independent_and_of_thinned_trains():
    """S = r/n + (1 - 1/n) p r exp(-(2 pi f s)^2) with a jitter of SD s."""
    rng, n, r, p, s = np.random.default_rng(3), 20, 0.02, 0.05, 2.0
    for jitter, share in ((s, p), (None, 0.0)):
        if jitter is None:
            found = gamma(rng, 1.0, r, 40000.0, n=n)
        else:
            found = thinned(rng, p, r, 40000.0, n, jitter=s)
        f, power, stderr = activity_spectrum(found, segment=250.0, bin=1.0)
        shared = share * r * np.exp(-((2 * np.pi * f * s) ** 2))
        calibrated((power - r / n - (1 - 1 / n) * shared) / stderr)


def test_activity_in_bins_is_that_of_the_spikes():
    found = thinned(np.random.default_rng(4), 0.1, 0.02, 4000.0, 8)
    activity = np.histogram(found.times, np.arange(0.0, 4000.5, 0.5))[0]
    result = PopulationResult(
        counts=np.bincount(found.neurons), intervals=np.zeros((8, 3)),
        activity=activity, bin=0.5, duration=4000.0, spikes=found, t=None, traces={},
    )  # fmt: skip
    a = activity_spectrum(result, segment=200.0, bin=2.0)
    b = activity_spectrum(found, segment=200.0, bin=2.0)
    assert np.array_equal(a.value, b.value)
    assert activity_spectrum(result, segment=200.0).x[-1] == 1.0
    with pytest.raises(ValueError, match=r"multiple of 0\.5"):
        activity_spectrum(result, segment=200.0, bin=0.7)


def test_cross_spectrum_of_shared_spikes():
    """p r exp(-(2 pi f s)^2 - 2 pi i f d): thinned, jittered and delayed."""
    rng, r, p, s, d = np.random.default_rng(5), 0.03, 0.5, 1.0, 6.0
    both = thinned(rng, p, r, 40000.0, 2, jitter=s, delay=[0.0, d])
    one, two = (
        trains(both.of(i), np.zeros(both.of(i).size, dtype=int), 40000.0, 1)
        for i in range(2)
    )
    f, power, stderr = cross_spectrum(one, two, segment=250.0)
    rest = power - p * r * np.exp(-((2 * np.pi * f * s) ** 2) - 2j * np.pi * f * d)
    calibrated(rest.real / stderr.real)
    calibrated(rest.imag[:-1] / stderr.imag[:-1])  # real at the last


@pytest.mark.parametrize("segment", [3.0, 500.0])
def test_segments_must_fit(segment):
    found = gamma(np.random.default_rng(1), 1.0, 0.03, 1000.0)
    with pytest.raises(ValueError, match="`segment` must hold 4 bins"):
        spectrum(found, segment=segment)
