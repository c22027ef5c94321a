"""The theory of inhibitory plasticity against spikes, and by how much it is off."""

import numpy as np
import pytest

from meanfield.network import mean_field
from meanfield.plasticity import network_trajectory, trajectory
from spiking_reference import simulate_network
from tests.plasticity.sets import RULES1, W1, X1
from tests.spiking_reference.network.eif_networks import P1, eif_network, start


@pytest.mark.slow
def test_rates_and_weights_of_a_network_of_5000_neurons():
    """P1, multiplicative, targets 8 and 10 Hz, for 30 s.

    Another program: E peaks at 12 to 14 Hz near 2 s; from 25 s on 8.37 and 10.47 Hz;
    W/W0 = 1.236, 2.338. Pre-post anticorrelation leaves rates a little above the
    targets. Weights are those of the mean field of the network, within 7 % all along;
    balanced theory is off by 27 % in the end, and overshoots a second early.
    """
    learning = {("I", "EI"[a]): rule for (a, _), rule in RULES1.items()}
    network = eif_network(5000, P1, 0.1, learning)
    run = simulate_network(
        network, duration=30_000.0, initial=start(network, 1), rng=1, bin=500.0
    )
    rate = np.array([run[n].activity / (run[n].n * 500.0) for n in "EI"]).T
    times = np.arange(25.0, 30e3, 50.0)
    way = network_trajectory(network, times)
    theory = way.rate.reshape(60, 10, 2).mean(axis=1)
    peak = np.argmax(rate[:, 0])
    assert 0 <= peak - np.argmax(theory[:, 0]) <= 1
    np.testing.assert_allclose(rate[peak], theory[:, :].max(axis=0), rtol=0.1)
    bias = rate[50:].mean(axis=0) / theory[-1] - 1.0
    assert (bias > 0.0).all()
    assert (bias < 0.07).all()
    grown = np.array([run.weights[j].mean / run.weights[j].mean[0] for j in (1, 3)]).T
    np.testing.assert_allclose(grown[-1], [1.236, 2.338], rtol=0.05)
    known = (way.W / mean_field(network).weight)[
        9::10, :, 1
    ]  # 25 ms before half seconds
    np.testing.assert_allclose(grown[5::5][:60], known, rtol=0.07)

    balanced = trajectory(W1, X1, RULES1, times, empty=True)
    early = balanced.rate.reshape(60, 10, 2).mean(axis=1)
    assert 1 <= peak - np.argmax(early[:, 0]) <= 3
    np.testing.assert_allclose(grown[-1], (balanced.W[-1] / W1)[:, 1], rtol=0.3)
