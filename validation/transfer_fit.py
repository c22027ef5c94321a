"""Transfer functions fitted to simulated rates: simulate, then fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from meanfield.conductance import (
    Afferents,
    TransferFunction,
    fit_transfer,
    transfer_design,
)
from meanfield.neurons import AdEx, Network, Poisson, Population
from spiking_reference import simulate_networks


def simulated_rates(
    rates: Sequence[Any],
    neuron: Any,
    afferents: Sequence[Afferents],
    *,
    n: int = 100,
    duration: float = 2000.0,
    dt: float = 0.1,
    current: float = 0.0,
    rng: Any = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Rates of single neurons under Poisson input to their conductances.

    Parameters
    ----------
    rates : sequence of array_like
        Rates [kHz] of a train of each of the afferents; they broadcast.
    neuron, afferents, current
        As for `meanfield.conductance.voltage_statistics`.
    n : int
        Independent neurons for each point.
    duration, dt : float
        Observed time and step [ms]. The warm-up is 200 ms, or five tau_w.
    rng, threads, progress
        As for `spiking_reference.simulate_networks`.

    Returns
    -------
    rate, error : numpy.ndarray
        [kHz], of the broadcast shape. The error is that of independent neurons, at least
        that of a single spike in all.
    """
    arrays = np.broadcast_arrays(*(np.asarray(rate, float) for rate in rates))
    receptors = {f"g{k}": A.synapse for k, A in enumerate(afferents)}
    cells = Population(n=n, neuron=neuron, receptors=receptors, current=current)
    points = zip(*(a.ravel() for a in arrays), strict=True)
    networks = [
        Network(
            populations={"cells": cells},
            inputs=[
                Poisson(
                    target="cells", rate=A.number * rate, weight=A.weight, receptor=name
                )
                for A, rate, name in zip(afferents, point, receptors, strict=True)
            ],
        )
        for point in points
    ]
    warmup = max(200.0, 5 * neuron.tau_w if isinstance(neuron, AdEx) else 0.0)
    results = simulate_networks(
        networks, duration=duration, warmup=warmup, dt=dt, rng=rng, threads=threads,
        progress=progress,
    )  # fmt: skip
    each = np.array([result["cells"].rates for result in results])
    error = np.maximum(each.std(axis=1, ddof=1) / np.sqrt(n), 1 / (n * duration))
    return each.mean(axis=1).reshape(arrays[0].shape), error.reshape(arrays[0].shape)


def fitted_transfer(
    neuron: Any,
    afferents: Sequence[Afferents],
    *,
    design: Sequence[Any] | None = None,
    model_error: float = 0.05,
    **options: Any,
) -> TransferFunction:
    """Simulate a neuron over a design of input rates, and fit its transfer function.

    Parameters
    ----------
    neuron, afferents
        As for `meanfield.conductance.fit_transfer`.
    design : sequence of array_like, optional
        Input rates [kHz]; by default those of `meanfield.conductance.transfer_design`.
    model_error : float
        As for `meanfield.conductance.fit_transfer`.
    **options
        As for `simulated_rates`.

    Returns
    -------
    TransferFunction
        The fit, with its deviations.
    """
    current = options.get("current", 0.0)
    if design is None:
        design = transfer_design(neuron, afferents, current=current)
    rate, error = simulated_rates(design, neuron, afferents, **options)
    return fit_transfer(
        design, rate, error, neuron, afferents, current=current, model_error=model_error
    )
