"""The firing rate in the effective-time-constant approximation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import coloured_noise, integrate_and_fire
from ..errors import require
from ..neurons import EIF, LIF, AdEx, ConductanceLIF
from ._statistics import Afferents, Neuron, VoltageStatistics, voltage_statistics


def effective_neuron(neuron: Neuron, statistics: VoltageStatistics) -> LIF | EIF:
    """Neuron with current synapses and the effective time constant.

    Parameters
    ----------
    neuron : ConductanceLIF, AdEx or EIF
        Neuron with conductance synapses.
    statistics : VoltageStatistics
        What `voltage_statistics` found for it.

    Returns
    -------
    LIF or EIF
        With tau_m = tau_eff and E_L the mean voltage. Its drive is mu = 0 and sigma, with
        the time constant tau_syn, of `statistics`.

    Notes
    -----
    The exponential current keeps its size: with a leak G in place of g_L, V_T moves to
    V_T + Delta_T ln(G tau_m/C).

    Examples
    --------
    >>> from meanfield.conductance import Afferents, effective_neuron, voltage_statistics
    >>> from meanfield.neurons import ConductanceLIF, Exponential
    >>> exc = Afferents(synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400)
    >>> cell = ConductanceLIF()
    >>> effective_neuron(cell, voltage_statistics([0.005], cell, [exc])).tau_m
    10.0
    """
    common = {
        "tau_m": statistics.tau_eff,
        "E_L": statistics.mean,
        "t_ref": neuron.t_ref,
        "V_th": neuron.V_th,
        "V_reset": neuron.V_reset,
    }
    if isinstance(neuron, ConductanceLIF):
        return LIF(**common)
    tau_m = neuron.C_m / neuron.g_L if isinstance(neuron, AdEx) else neuron.tau_m
    V_T = neuron.V_T + neuron.Delta_T * np.log(tau_m / statistics.tau_eff)
    return EIF(V_T=V_T, Delta_T=neuron.Delta_T, **common)


def firing_rate(
    rates: Sequence[npt.ArrayLike],
    neuron: Neuron,
    afferents: Sequence[Afferents],
    *,
    current: npt.ArrayLike = 0.0,
) -> Any:
    """Stationary rate in the effective-time-constant approximation.

    Parameters
    ----------
    rates, neuron, afferents, current
        As for `voltage_statistics`.

    Returns
    -------
    numpy.ndarray or float
        Rate [kHz] of the broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `voltage_statistics`.

    Notes
    -----
    The conductance is replaced by its mean and the rest by Gaussian noise. A
    `ConductanceLIF` becomes an LIF with exponential synapses
    (`meanfield.coloured_noise`). `AdEx` and `EIF` become an EIF in white noise of such an
    intensity that the voltage has the same spread; the rate of `AdEx` is consistent with
    its mean adaptation. docs/theory has measured errors: several ten per cent too low at
    low rates, and for EIF too high at high ones. `fit_transfer` does better where
    simulations are at hand.

    Examples
    --------
    >>> from meanfield.conductance import Afferents, firing_rate
    >>> from meanfield.neurons import ConductanceLIF, Exponential
    >>> exc = Afferents(synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400)
    >>> inh = Afferents(synapse=Exponential(tau=5.0, E_rev=-80.0), weight=5.0, number=100)
    >>> rate = firing_rate([0.006, 0.01], ConductanceLIF(), [exc, inh])
    >>> bool(0.001 < rate < 0.05)
    True
    """

    def of(output):
        found = voltage_statistics(
            rates, neuron, afferents, current=current, output_rate=output
        )
        cell = effective_neuron(neuron, found)
        if isinstance(cell, LIF):
            return coloured_noise.firing_rate(0.0, found.sigma, found.tau_syn, cell)
        white = found.std * np.sqrt(2 / found.tau_eff)
        return integrate_and_fire.firing_rate(0.0, white, cell)

    return self_consistent(of, neuron)


def self_consistent(of: Any, neuron: Neuron) -> Any:
    """Solve rate = of(rate), where `of` falls with the rate, by bisection."""
    b = np.asarray(neuron.b if isinstance(neuron, AdEx) else 0.0)
    remedy = "spikes that excite their neuron are not covered"
    require(b >= 0, "b", "must not be negative (pA)", b, remedy)
    high = of(0.0)
    if not b.any():
        return high
    low = np.zeros_like(high)
    for _ in range(40):
        middle = 0.5 * (low + high)
        above = of(middle) > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (0.5 * (low + high))[()]
