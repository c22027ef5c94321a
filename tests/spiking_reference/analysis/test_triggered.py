"""Spike-triggered averages of spikes that filtered noise makes; see test_correlations."""

import numpy as np
import pytest
from scipy.signal import lfilter

from spiking_reference import spike_triggered_average
from tests.spike_trains import calibrated, gamma, trains

FILTER = np.array([0.0, 0.1, 0.3, 0.15, 0.05, 0.0, 0.0, 0.0])


def filtered(rng, n, steps):
    """Spikes of probability (1 + f * x)/50 in a step, with x = -1 or 1."""
    x = rng.choice([-1.0, 1.0], (n, steps))
    drive = np.array([np.convolve(row, FILTER)[:steps] for row in x])
    row, step = np.nonzero(rng.random((n, steps)) < 0.02 * (1 + drive))
    return x, trains(step.astype(float), row, steps, n)


def test_average_is_the_filter():
    rng, z = np.random.default_rng(1), []
    for _ in range(30):
        x, found = filtered(rng, 3, 5000)
        t = np.arange(5000.0)
        lag, sta, stderr = spike_triggered_average(found, t, x.T, before=7.0)
        assert lag.tolist() == list(range(-7, 1))
        z.append((sta - FILTER[::-1]) / stderr)
    calibrated(z)


def test_no_relation_to_a_slow_signal():
    """The errors know of the correlation of the signal in time, and of its mean's."""
    rng, t, z = np.random.default_rng(2), np.arange(20000.0), []
    for _ in range(120):
        slow = lfilter([1.0], [1.0, -np.exp(-1 / 50)], rng.standard_normal(t.size)) + 7
        found = gamma(rng, 1.0, 0.03, 20000.0, n=2)
        at = spike_triggered_average(found, t, slow, before=10.0, batches=40)
        z.append(at.value[0] / at.stderr[0])
    calibrated(z)


def test_plain_average_by_hand():
    rng = np.random.default_rng(3)
    t, x = 10.0 + 0.5 * np.arange(400), rng.standard_normal(400)
    found = trains([3.0, 50.0, 80.2, 209.0], [0, 0, 1, 1], 300.0, 2)
    sta = spike_triggered_average(found, t, x, before=1.0, after=2.0, batches=2)
    near = [x[80 + k] + x[140 + k] for k in range(-2, 5)]
    assert sta.value == pytest.approx(np.array(near) / 2 - x.mean())
    one = spike_triggered_average(
        found, t, x[:, None], before=1.0, neurons=1, batches=2
    )
    assert one.value[-1] == pytest.approx((x[140] + x[398]) / 2 - x.mean())


@pytest.mark.parametrize(
    ("t", "signal", "words"),
    [
        (np.arange(9.0), np.zeros(8), "`signal` must be"),
        (np.arange(9.0) ** 2, np.zeros(9), "equal steps"),
        (np.arange(9.0) + 500, np.zeros(9), "`t` must cover a spike"),
        (np.arange(9.0), np.full(9, np.nan), "finite"),
    ],
)
def test_bad_input(t, signal, words):
    found = trains([3.0, 50.0], [0, 1], 300.0, 2)
    with pytest.raises(ValueError, match=words):
        spike_triggered_average(found, t, signal, before=1.0, batches=2)
