"""Runs of neurons without a network, and the order of a scheme from three of them."""

import numpy as np

from meanfield.neurons import Network, Population
from spiking_reference.record import Record
from spiking_reference.simulate_network import simulate_network

WAVE = 2.0 * np.pi / 7.0  # [1/ms]


def run(neuron, duration, dt, *, n=1, drive=None, initial=None, rng=1, **options):
    """One population; everything is recorded."""
    cells = Population(n=n, neuron=neuron, **options)
    return simulate_network(
        Network(populations={"cells": cells}),
        duration=duration,
        dt=dt,
        currents=None if drive is None else {"cells": drive},
        initial=None if initial is None else {"cells": initial},
        record={"cells": Record(spikes=True, voltage=True)},
        rng=rng,
        progress=False,
    )["cells"]


def order_in_dt(neuron, variable, *, drive, duration, dt, **options):
    """Order of convergence of the end state, from dt, dt/2 and dt/4."""
    ends = [
        run(neuron, duration, dt / k, drive=drive, **options).traces[variable][0, -1]
        for k in (1, 2, 4)
    ]
    return np.log2(abs((ends[0] - ends[1]) / (ends[1] - ends[2])))
