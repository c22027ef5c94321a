"""Networks that a grid can name: those of `meanfield.network`, and some of its own."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from meanfield import network
from meanfield.neurons import (
    EIF,
    Bernoulli,
    Exponential,
    InhibitoryPlasticity,
    Network,
    PoissonSource,
    Population,
    Projection,
)

__all__ = ["BALANCED", "PRESETS", "feedforward", "plastic", "rules"]

_NEURON = EIF(
    tau_m=10.0, t_ref=0.0, E_L=-72.0, V_T=-55.0, Delta_T=2.0, V_th=0.0, V_reset=-72.0
)


def feedforward(rate: float, *, inhibitory: float = 0.015, n: int = 400) -> Network:
    """EIF neurons that 1600 excitatory and 400 inhibitory Poisson sources project to.

    Parameters
    ----------
    rate, inhibitory : float
        Of the sources [kHz].
    n : int
        Number of neurons.

    Returns
    -------
    Network
        Weights of 20 and -40 mV ms over tau_m, connection probability 0.1.

    Examples
    --------
    >>> from meanfield.network import mean_field
    >>> net = mean_field(feedforward(0.009))
    >>> round(float(net.drive([0.0]).mu[0] * 10.0), 6)  # [mV]
    4.8
    """
    kinds = {
        "exc": (1600, rate, 20.0, Exponential(tau=6.0)),
        "inh": (400, inhibitory, -40.0, Exponential(tau=4.0)),
    }
    receptors = {name: synapse for name, (*_, synapse) in kinds.items()}
    return Network(
        populations={
            "A": Population(n=n, neuron=_NEURON, receptors=receptors),
            **{k: PoissonSource(n=m, rate=r) for k, (m, r, *_) in kinds.items()},
        },
        projections=[
            Projection(
                source=name, target="A", rule=Bernoulli(0.1), receptor=name, delay=0.1,
                weight=area / (synapse.tau * _NEURON.tau_m),
            )
            for name, (_, _, area, synapse) in kinds.items()
        ],
    )  # fmt: skip


def plastic(
    size: int,
    *,
    eta: Sequence[float] = (3.0, 2.0),
    target: Sequence[float] = (0.008, 0.010),
    tau: float = 200.0,
    **parameters: Any,
) -> Network:
    """`balanced_eif` of two populations with plastic inhibition (multiplicative).

    Parameters
    ----------
    size : int
        Number of neurons.
    eta, target : sequence of float
        Learning rate [ms] and target rate [kHz] of each population.
    tau : float
        Time constant of the traces [ms].
    **parameters
        Of `balanced_eif`.

    Returns
    -------
    Network

    Examples
    --------
    >>> [p.plasticity is not None for p in plastic(1000).projections]
    [False, True, False, True]
    """
    net = network.balanced_eif(size, **parameters)
    names = list(net.populations)
    learned = rules(eta, target, tau)
    return Network(
        populations=dict(net.populations),
        projections=[
            dataclasses.replace(
                p,
                plasticity=learned.get((names.index(p.target), names.index(p.source))),
            )
            for p in net.projections
        ],
    )


def rules(
    eta: Sequence[float] = (3.0, 2.0),
    target: Sequence[float] = (0.008, 0.010),
    tau: float = 200.0,
    **_: Any,
) -> dict[tuple[int, int], InhibitoryPlasticity]:
    """Return the rule of each plastic entry (row, column) of `plastic`."""
    return {
        (a, 1): InhibitoryPlasticity(
            eta=eta[a], target=target[a], tau=tau, multiplicative=True
        )
        for a in (0, 1)
    }


PRESETS: dict[str, Callable[..., Network]] = {
    "brunel": network.brunel,
    "balanced_eif": network.balanced_eif,
    "microcircuit": network.microcircuit,
    "feedforward": feedforward,
    "plastic": plastic,
}
BALANCED = ("balanced_eif", "plastic")
