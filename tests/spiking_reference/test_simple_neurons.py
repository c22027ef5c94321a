"""Simple neurons: regular input, rates by counting, reliability in frozen noise.

Spike times of the regular inputs are exact. Statistical tests stop at 4 standard errors
(6e-5 false alarms each).
"""

import numpy as np
import pytest

from meanfield.neurons import LIF, Network, OneToOne, Population, Projection
from spiking_reference import (
    OrnsteinUhlenbeck,
    Record,
    Step,
    simulate_network,
    trains,
)

DT = 0.1


def driven(neuron, source, weight, duration, dt=DT):
    """Neurons with an input train each, which arrives a step after it is sent."""
    network = Network(
        populations={"in": source, "cells": Population(n=source.n, neuron=neuron)},
        projections=[
            Projection(
                source="in", target="cells", rule=OneToOne(), weight=weight, delay=dt
            )
        ],
    )
    return simulate_network(
        network, duration=duration + dt, dt=dt, record={"cells": Record(spikes=True)},
        progress=False,
    )["cells"]  # fmt: skip


def integrator(tau_m=np.inf, **others):
    return LIF(tau_m=tau_m, t_ref=0.0, V_th=1.0, **others)


@pytest.mark.parametrize(
    ("tau_m", "weight", "duration", "known"),
    [
        (np.inf, 0.3, 50.0, [40.0]),
        (15.0, 0.6, 500.0, np.arange(30.0, 500.0, 30.0)),
    ],
)
def test_spikes_of_a_regular_input(tau_m, weight, duration, known):
    source = trains.regular(10.0, duration=duration - 1.0)
    found = driven(integrator(tau_m), source, weight, duration)
    np.testing.assert_allclose(found.spikes.times - DT, known, rtol=1e-12)


def test_integrator_counts_its_input():
    # Every fourth input of 0.3 gives a spike.
    source = trains.poisson(np.linspace(0.02, 0.2, 10), duration=2000.0, rng=1)
    found = driven(integrator(), source, 0.3, 2000.0, dt=0.005).counts
    sent = np.bincount(source.sources, minlength=10)
    # Inputs in one step count once where they overshoot: 400 inputs meet in
    # 400^2 0.005/4000 = 0.2 steps.
    lost = sent // 4 - found
    assert ((lost >= 0) & (lost <= 2)).all()
    assert lost.sum() <= 3


def test_leaky_neuron_counts_by_a_staircase():
    # A spike at input k if w (1 - q^k)/(1 - q) >= 1, q = exp(-interval/tau_m).
    tau, weight = 15.0, 0.3
    for interval in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0):
        q = np.exp(-interval / tau)
        reach = 1.0 - (1.0 - q) / weight
        k = np.ceil(np.log(reach) / np.log(q)) if reach > 0 else np.inf
        source = trains.regular(interval, duration=600.0)
        found = driven(integrator(tau), source, weight, 600.0)
        assert found.counts[0] == source.times.size // k


def test_rate_of_a_constant_current_by_counting():
    # tau_m ln(mu tau_m/(mu tau_m - V_th)) + t_ref, or V_th/mu for the integrator, up to
    # the next grid point.
    mu, duration, dt = np.array([0.99, 1.001, 1.05, 1.5, 3.0, 6.0]), 3000.0, 0.1
    for tau in (20.0, np.inf):
        neuron = LIF(tau_m=tau, t_ref=2.0, V_th=20.0)
        cells = Population(n=mu.size, neuron=neuron)
        found = simulate_network(
            Network(populations={"A": cells}), duration=duration, dt=dt, progress=False,
            currents={"A": Step(amplitude=mu)},
        )["A"]  # fmt: skip
        with np.errstate(invalid="ignore", divide="ignore"):
            time = -tau * np.log1p(-20.0 / (mu * tau)) if tau < np.inf else 20.0 / mu
        steps = np.ceil(time / dt - 1e-9)
        period = np.where(np.isnan(time), np.inf, steps * dt + 2.0)
        # The last refractory period need not have passed.
        exact = np.floor((duration + 2.0) / period + 1e-9)
        np.testing.assert_array_equal(found.counts, exact)


TRIALS, REPEATS = 25, 8


def smoothed(spikes, width=3.0):
    """Trains of all trials under a Gaussian window, from 500 to 940 ms."""
    t = np.arange(500.0, 940.0, 0.5)
    kernel = lambda s: np.exp(-0.5 * (s / width) ** 2)  # noqa: E731
    return np.array(
        [
            kernel(t[:, None] - spikes.of(i)[None]).sum(axis=1)
            for i in range(spikes.n_neurons)
        ]
    )


def reliability(tau_m, gain, fluctuating):
    """Mean correlation of trials, and spikes in a trial, by frozen noise."""
    cells = Population(n=TRIALS, neuron=integrator(tau_m), sigma=0.03 * np.sqrt(0.2))
    found = []
    for seed in range(REPEATS):
        current = Step(amplitude=1.5 * gain / 10.0, start=10.0, stop=950.0)
        if fluctuating:
            current = OrnsteinUhlenbeck(
                mean=1.5 * gain / 10.0, sigma=gain / 10.0, tau=3.0, correlation=1.0,
                rng=seed,
            )  # fmt: skip
        result = simulate_network(
            Network(populations={"A": cells}), duration=950.0, dt=DT, progress=False,
            currents={"A": current}, record={"A": Record(spikes=True)}, rng=100 + seed,
        )["A"]  # fmt: skip
        alike = np.corrcoef(smoothed(result.spikes))
        pairs = alike[np.triu_indices(TRIALS, 1)]
        found.append((pairs.mean(), result.counts.mean()))
    return np.array(found)


@pytest.mark.parametrize(
    ("tau_m", "gain", "fluctuating", "mean", "sd", "spikes"),
    [
        (10.0, 0.65, False, 0.001, 0.009, 15.4),
        (10.0, 0.65, True, 0.852, 0.061, 35.4),
        (np.inf, 0.15, False, 0.002, 0.014, 20.7),
        (np.inf, 0.15, True, 0.059, 0.024, 20.7),
    ],
)
def test_a_leak_makes_spike_times_reliable(tau_m, gain, fluctuating, mean, sd, spikes):
    # Means and standard deviations of ten realizations, from another code with Euler
    # steps, in which spikes are blocked for 5 ms while V goes on.
    found = reliability(tau_m, gain, fluctuating)
    error = sd * np.sqrt(1.0 / 10 + 1.0 / REPEATS)
    assert abs(found[:, 0].mean() - mean) < 4.0 * error
    # Its threshold, tested once a step, is higher by 0.58 sigma sqrt(dt).
    assert abs(found[:, 1].mean() / spikes - 1.0) < (0.15 if fluctuating else 0.08)
