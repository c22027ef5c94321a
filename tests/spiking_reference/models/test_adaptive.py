"""LIF with an adaptive threshold: exact spikes, self-consistent rate, noise, order in dt."""

import numpy as np
import pytest

from meanfield.neurons import (
    LIF,
    AdaptiveLIF,
    Network,
    OneToOne,
    Population,
    Projection,
    SpikeSource,
)
from spiking_reference.record import Record
from spiking_reference.simulate_network import simulate_network
from tests.single_cells import WAVE, order_in_dt, run


@pytest.mark.parametrize(
    ("jump", "known"),
    [
        (0.0, np.arange(10, 150, 10)),
        (0.4, [10, 22, 38, 56, 76, 96, 116, 138]),
    ],
)
@pytest.mark.parametrize("dt", [0.25, 1.0])
def test_spikes_of_a_regular_input(jump, known, dt):
    # Jumps of 0.3 every 2 ms; the smallest distance from the threshold is 0.0066. They
    # arrive at 2, 4, ... ms, a step after their sources fire.
    arrivals = np.arange(2.0, 151.0, 2.0)
    fired = arrivals[arrivals > dt] - dt
    neuron = AdaptiveLIF(
        tau_m=15.0, V_th=1.0, tau_theta=50.0, Delta_theta=jump, V_reset=0.0
    )
    source = SpikeSource(n=1, times=fired, sources=np.zeros(fired.size, dtype=int))
    network = Network(
        populations={"in": source, "cell": Population(n=1, neuron=neuron)},
        projections=[
            Projection(
                source="in", target="cell", rule=OneToOne(), weight=0.3, delay=dt
            )
        ],
    )
    found = simulate_network(
        network, duration=148.0, dt=dt, record={"cell": Record(spikes=True)}
    )
    np.testing.assert_allclose(found["cell"].spikes.times, known, rtol=1e-12)


def test_stationary_interval_is_self_consistent():
    # V(T) = theta(T) with theta(0+) = V_th + Delta/(1 - exp(-T/tau_theta)).
    neuron = AdaptiveLIF(t_ref=2.0)
    mu, dt = 2.0, 0.005
    cells = run(neuron, 1000.0, dt, current=mu)
    found = np.diff(cells.spikes.times)
    assert (np.diff(found)[:5] > 0.0).all()
    T = found[-1]
    V = mu * 20.0 * (1.0 - np.exp(-(T - 2.0) / 20.0))
    theta = 20.0 + 2.0 / np.expm1(T / 100.0)
    slope = mu * np.exp(-(T - 2.0) / 20.0) + (theta - 20.0) / 100.0
    assert abs(V - theta) < 2.0 * dt * slope


def test_threshold_decays_exactly():
    start = {"theta": 30.0}
    trace = run(AdaptiveLIF(), 50.0, 1.0, initial=start).traces["theta"][0]
    np.testing.assert_allclose(trace, 20.0 + 10.0 * np.exp(-np.arange(1, 51) / 100.0))


def test_noise_needs_no_fine_grid():
    # First passage times hardly depend on dt, thanks to the bridge.
    neuron = AdaptiveLIF(Delta_theta=4.0)
    rates, errors = [], []
    for dt in (0.5, 0.1):
        cells = run(neuron, 1000.0, dt, n=1000, current=0.9, sigma=2.0, rng=4)
        found = cells.counts / 1000.0
        rates.append(found.mean())
        errors.append(found.std(ddof=1) / np.sqrt(found.size))
    late = 0.2 * rates[0] ** 2  # spikes are half a step late on average
    assert abs(rates[1] - rates[0] - late) < 3.0 * np.hypot(*errors) + 0.5 * late


def test_second_order_below_threshold():
    wave = lambda t: 0.5 + 0.2 * np.sin(WAVE * t)  # noqa: E731
    found = order_in_dt(AdaptiveLIF(), "V", drive=wave, duration=22.0, dt=0.5)
    assert 1.8 < found < 2.2


@pytest.mark.parametrize("neuron", [AdaptiveLIF(t_ref=2.0), LIF(t_ref=2.0)])
def test_neurons_without_noise_among_noisy_ones(neuron):
    # Wherever they are, they do what they do alone, and the others have their noise.
    alone = run(neuron, 300.0, 0.5, current=1.3)
    sigma = np.zeros(300)
    sigma[[100, 290]] = 0.5
    mixed = run(neuron, 300.0, 0.5, n=300, current=1.3, sigma=sigma)
    quiet = sigma == 0.0
    for name, trace in alone.traces.items():
        np.testing.assert_array_equal(
            mixed.traces[name][quiet], trace.repeat(298, axis=0)
        )
        for other in mixed.traces[name][~quiet]:
            assert not np.array_equal(other, trace[0])
    np.testing.assert_array_equal(mixed.counts[quiet], alone.counts[0])
    assert alone.counts[0] >= 5
