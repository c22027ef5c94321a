"""The networks of `brunel` in `simulate_network`."""

import numpy as np

from meanfield.neurons import (
    LIF,
    FixedInDegree,
    Network,
    Poisson,
    Population,
    Projection,
)
from spiking_reference import Record, simulate_networks

from . import brunel

NEURON = LIF(
    tau_m=brunel.TAU, t_ref=brunel.T_REF, V_th=brunel.THETA, V_reset=brunel.RESET
)


def network_of(case):
    """Network of a case."""
    return Network(
        populations={p: Population(n=n, neuron=NEURON) for p, n in case.sizes.items()},
        projections=[
            Projection(
                source=s, target=t, rule=FixedInDegree(case.degrees[s]),
                weight=case.weights[s], delay=brunel.DELAY,
            )
            for s in "EI" for t in "EI"
        ],
        inputs=[Poisson(target=p, rate=case.rate, weight=case.weights["E"]) for p in "EI"],
    )  # fmt: skip


def realizations(case, seed, dt=brunel.DT):
    """Statistics of independent networks: {name: (realizations, ...)}."""
    runs = simulate_networks(
        [network_of(case)] * case.realizations,
        duration=case.duration, warmup=case.warmup, dt=dt, rng=seed,
        initial={p: {"V": V} for p, V in brunel.start(case, seed).items()},
        record={p: Record(spikes=True) for p in "EI"},
    )  # fmt: skip
    found = [
        brunel.statistics(
            case,
            {p: run[p].spikes.times for p in "EI"},
            {p: run[p].spikes.neurons for p in "EI"},
        )
        for run in runs
    ]
    return {key: np.array([one[key] for one in found]) for key in found[0]}
