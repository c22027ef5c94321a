"""Balanced networks of EIF neurons: weights j/sqrt(N), inputs X sqrt(N).

j [mV ms] is the area of a postsynaptic current in tau_m dV/dt = ... + I.
"""

import numpy as np

from meanfield.neurons import (
    EIF,
    Bernoulli,
    Exponential,
    Network,
    Population,
    Projection,
)

TAU_M = 15.0
CELL = EIF(tau_m=TAU_M, E_L=-72.0, V_T=-55.0, Delta_T=2.0, V_th=0.0, V_reset=-75.0)
TAU_SYN = {"E": 6.0, "I": 4.0}
# Probability, j by target and source, X.
P1 = 0.05, {"E": (750.0, -4500.0), "I": (3375.0, -7500.0)}, {"E": 0.4, "I": 0.3}
P2 = 0.1, {"E": (500.0, -3500.0), "I": (2250.0, -5000.0)}, {"E": 0.6, "I": 0.4}


def eif_network(n, parameters, dt, plasticity=None):
    """0.8 n excitatory and 0.2 n inhibitory neurons, connected by chance."""
    p, j, X = parameters
    root = np.sqrt(n)
    plasticity = plasticity or {}
    return Network(
        populations={
            name: Population(
                n=round(share * n), neuron=CELL, current=X[name] * root / TAU_M,
                receptors={s: Exponential(tau=tau) for s, tau in TAU_SYN.items()},
            )
            for name, share in (("E", 0.8), ("I", 0.2))
        },
        projections=[
            Projection(
                source=s, target=t, rule=Bernoulli(p), receptor=s, delay=dt,
                weight=j[t]["EI".index(s)] / root / TAU_SYN[s] / TAU_M,
                plasticity=plasticity.get((s, t)),
            )
            for t in "EI"
            for s in "EI"
        ],
    )  # fmt: skip


def start(network, seed):
    """Voltages anywhere between rest and the soft threshold."""
    rng = np.random.default_rng(seed)
    return {
        name: {"V": rng.uniform(-72.0, -55.0, population.n)}
        for name, population in network.populations.items()
    }
