"""Coloured noise against simulated neurons: rate, CV, Fano factor, linear response."""

from typing import Any

import numpy as np
import pytest

from meanfield import coloured_noise as cn
from meanfield.neurons import LIF, Network, Population
from spiking_reference import OrnsteinUhlenbeck, Record, Sinusoid, simulate_network

NEURON = LIF(t_ref=2.0, V_reset=10.0)
N, DURATION, DT = 200, 20_000.0, 0.05
WINDOW = 1000.0
# Standard errors at which a difference counts: of 10 rates, 10 CVs, 10 Fano factors and 8
# parts of responses one fails by chance in 1000 runs of all.
SIGNIFICANT = 4.2


def simulated(mu, sigma, tau_syn, modulation=()):
    """Counts, moments of intervals and spikes of N neurons in the stationary state."""
    current = OrnsteinUhlenbeck(
        mean=mu, sigma=sigma / np.sqrt(2 * tau_syn), tau=tau_syn
    )
    for wave in modulation:
        current = current + wave
    network = Network(populations={"A": Population(n=N, neuron=NEURON)})
    return simulate_network(
        network, duration=DURATION, dt=DT, warmup=1000.0, rng=17,
        currents={"A": current}, record={"A": Record(spikes=True)}, threads=1,
        progress=False,
    )["A"]  # fmt: skip


def error_of_mean(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.05, 0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("mu", [0.85, 1.1])
def test_rate_and_variability(mu, ratio):
    point = mu, 1.0, ratio * NEURON.tau_m, NEURON
    run = simulated(*point[:3])
    spikes: Any = run.spikes
    rates = run.counts / DURATION
    expected = cn.firing_rate(*point)
    # A spike is found at the end of a step, half a step late on average.
    found = 1 / (1 / np.mean(rates) - DT / 2)
    # 0.1 %: excursions above threshold within a step.
    tolerance = SIGNIFICANT * error_of_mean(rates) + 1e-3 * expected
    assert abs(found - expected) < tolerance

    n, first, second = run.intervals.T / np.sum(run.intervals[:, 0]) * N
    mean = np.mean(first)
    variances = second - 2 * mean * first + mean**2 * n
    cv = np.sqrt(np.mean(variances)) / mean
    tolerance = SIGNIFICANT * error_of_mean(variances) / (2 * cv * mean**2)
    assert abs(cv - cn.cv(*point)) < tolerance + 2e-3 * cv

    edges = spikes.t_start + np.arange(0, DURATION + 1, WINDOW)
    counts = np.histogram2d(
        spikes.neurons, spikes.times, [np.arange(N + 1) - 0.5, edges]
    )[0]
    squares = np.mean((counts - counts.mean()) ** 2, axis=1)
    fano = np.mean(squares) / counts.mean()
    tolerance = SIGNIFICANT * error_of_mean(squares) / counts.mean()
    # Windows of 1 s are 50 tau_m; what they miss at their ends is of that order.
    assert abs(fano - cn.fano_factor(*point)) < tolerance + 0.02 * fano


@pytest.mark.slow
def test_linear_response():
    # The warm-up is a whole number of periods.
    frequencies, amplitude, point = [0.02, 0.1], 0.1, (1.0, 1.0, 5.0, NEURON)
    waves = [Sinusoid(amplitude=amplitude, frequency=f) for f in frequencies]
    run = simulated(*point[:3], waves)
    spikes: Any = run.spikes
    times = spikes.times - spikes.t_start - DT / 2
    expected = cn.linear_response(frequencies, *point)
    for f, response in zip(frequencies, expected, strict=True):
        scale = 2 / (N * DURATION * amplitude)
        found = 1j * scale * np.sum(np.exp(-2j * np.pi * f * times))
        error = scale * np.sqrt(times.size / 2)
        difference = found - response
        assert abs(difference.real) < SIGNIFICANT * error
        assert abs(difference.imag) < SIGNIFICANT * error
        assert error < 0.03 * abs(response)
