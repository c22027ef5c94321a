"""Mean, spread and memory of the subthreshold voltage under conductance synapses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..neurons import EIF, AdEx, ConductanceLIF, Exponential

Neuron = ConductanceLIF | AdEx | EIF


@dataclass(frozen=True, slots=True, kw_only=True)
class Afferents:
    """Poisson spike trains of one kind onto a neuron.

    Parameters
    ----------
    synapse : Exponential
        Waveform of the conductance; it has a reversal potential.
    weight : float
        Jump of the conductance at a spike [nS], or per capacitance [1/ms] for `EIF`.
    number : float
        How many trains of the same rate there are.

    Raises
    ------
    TypeError
        If `synapse` is not an `Exponential` with a reversal potential.
    ValueError
        If `weight` or `number` is negative or not finite.

    Examples
    --------
    >>> from meanfield.conductance import Afferents
    >>> from meanfield.neurons import Exponential
    >>> Afferents(synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400).number
    400.0
    """

    synapse: Exponential
    weight: float
    number: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.synapse, Exponential) or self.synapse.E_rev is None:
            raise TypeError(
                "`synapse` must be an Exponential with a reversal potential E_rev; got "
                f"{self.synapse!r}"
            )
        for name, unit in (("weight", " (nS)"), ("number", "")):
            value = float(as_float(name, getattr(self, name)))
            ok = 0 <= value < np.inf
            require(ok, name, f"must be finite and not negative{unit}", value)
            object.__setattr__(self, name, value)


class VoltageStatistics(NamedTuple):
    """Gaussian approximation of the voltage without spikes; see `voltage_statistics`."""

    mean: Any
    std: Any
    tau: Any
    tau_eff: Any
    conductance: Any
    sigma: Any
    tau_syn: Any


def voltage_statistics(
    rates: Sequence[npt.ArrayLike],
    neuron: Neuron,
    afferents: Sequence[Afferents],
    *,
    current: npt.ArrayLike = 0.0,
    output_rate: npt.ArrayLike = 0.0,
) -> VoltageStatistics:
    """Gaussian approximation of the voltage below threshold.

    Parameters
    ----------
    rates : sequence of array_like
        Rate [kHz] of each train, one entry for each of `afferents`; they broadcast.
    neuron : ConductanceLIF, AdEx or EIF
        Neuron parameters, plain numbers.
    afferents : sequence of Afferents
        What the rates are those of.
    current : array_like
        Constant current [pA]; for `EIF` per capacitance [mV/ms].
    output_rate : array_like
        Rate of the neuron itself [kHz], for the adaptation of `AdEx`.

    Returns
    -------
    VoltageStatistics
        ``mean``, ``std`` [mV] and autocorrelation time ``tau`` [ms] of the voltage;
        effective time constant ``tau_eff`` [ms]; total ``conductance`` [nS]; and the
        equivalent noise: intensity ``sigma`` [mV/sqrt(ms)], whose time constant is
        ``tau_syn`` [ms].

    Raises
    ------
    ValueError, TypeError
        If there is not one rate for each of `afferents`, or a rate is negative.

    Notes
    -----
    Sums run over afferents of total rate R, weight w, time constant tau and reversal
    potential E; G = g_L + sum w tau R, tau_eff = C/G, and

    mean = (g_L E_L + sum w tau R E + I)/G,
    std^2 = sum R (U tau)^2/(2 (tau_eff + tau)), U = w (E - mean)/G,
    tau = sum R (U tau)^2/(2 std^2), half the integral of the autocorrelation [1]_ [2]_.

    The mean current of an `AdEx` is a (mean - E_L) + b tau_w output_rate, and not in
    tau_eff. Conductance fluctuations multiply the voltage only to first order, and the
    exponential current of `AdEx` and `EIF` is left out: docs/theory states the errors.
    Reference [2]_ has the formulas right, its published code the inhibitory variance
    wrong, with a weight in place of the time constant.

    References
    ----------
    .. [1] A. Kuhn, A. Aertsen, S. Rotter, J. Neurosci. 24, 2345 (2004),
       doi:10.1523/JNEUROSCI.3349-03.2004
    .. [2] Y. Zerlaut, S. Chemla, F. Chavane, A. Destexhe, J. Comput. Neurosci. 44, 45
       (2018), doi:10.1007/s10827-017-0668-2

    Examples
    --------
    >>> from meanfield.conductance import Afferents, voltage_statistics
    >>> from meanfield.neurons import ConductanceLIF, Exponential
    >>> exc = Afferents(synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400)
    >>> inh = Afferents(synapse=Exponential(tau=5.0, E_rev=-80.0), weight=5.0, number=100)
    >>> found = voltage_statistics([0.004, 0.01], ConductanceLIF(), [exc, inh])
    >>> [round(float(x), 3) for x in found[:4]]
    [-62.791, 3.099, 9.651, 4.651]
    """
    C, g_L, a, adaptation = _membrane(neuron)
    totals = _totals(rates, afferents)
    G = g_L + sum(A.weight * A.synapse.tau * R for A, R in totals)
    drive = sum(A.weight * A.synapse.tau * R * A.synapse.E_rev for A, R in totals)
    rest = neuron.E_L
    outside = as_float("current", current) - adaptation * as_float(
        "output_rate", output_rate
    )
    mean = ((g_L + a) * rest + drive + outside) / (G + a)
    tau_eff = C / G
    variance, area, memory = 0.0, 0.0, 0.0
    for A, R in totals:
        tau = A.synapse.tau
        power = R * (A.weight * (A.synapse.E_rev - mean) / G * tau) ** 2
        variance = variance + power / (2 * (tau_eff + tau))
        area, memory = area + power, memory + power * tau
    some = area > 0
    safe = np.where(some, area, 1.0)
    tau_V = np.where(some, safe / np.where(some, 2 * variance, 1.0), tau_eff)
    found = (
        mean, np.sqrt(variance), tau_V, tau_eff, G, np.sqrt(area) / tau_eff,
        np.where(some, memory / safe, 0.0),
    )  # fmt: skip
    return VoltageStatistics(*(x[()] for x in np.broadcast_arrays(*found)))


def _membrane(neuron: Neuron) -> tuple[float, float, float, float]:
    """Capacitance, leak, slow leak, and mean adaptation current per rate."""
    if isinstance(neuron, EIF):  # in units of its capacitance
        return 1.0, 1.0 / neuron.tau_m, 0.0, 0.0
    if isinstance(neuron, AdEx):
        return neuron.C_m, neuron.g_L, neuron.a, neuron.b * neuron.tau_w
    if isinstance(neuron, ConductanceLIF):
        return neuron.C_m, neuron.g_L, 0.0, 0.0
    raise TypeError(
        f"`neuron` must be a ConductanceLIF, AdEx or EIF; got {type(neuron).__name__}"
    )


def _totals(rates: Sequence, afferents: Sequence) -> list[tuple[Afferents, np.ndarray]]:
    if not hasattr(rates, "__len__"):
        raise TypeError(
            f"`rates` must be a sequence, one entry for each of `afferents`; got {rates!r}"
        )
    if isinstance(afferents, Afferents):
        raise TypeError(
            "`afferents` must be a sequence of Afferents; got one: write [it]"
        )
    if len(rates) != len(afferents):
        raise ValueError(
            "`rates` must have one entry for each of `afferents`; got "
            f"{len(rates)} for {len(afferents)}"
        )
    pairs = []
    for A, rate in zip(afferents, rates, strict=True):
        array = as_float("rates", rate).astype(np.float64)
        ok = (array >= 0) & np.isfinite(array)
        require(ok, "rates", "must be finite and not negative (kHz)", array)
        pairs.append((A, A.number * array))
    try:
        np.broadcast_shapes(*(total.shape for _, total in pairs))
    except ValueError:
        raise ValueError(
            "`rates` must have shapes that broadcast; got "
            + ", ".join(str(total.shape) for _, total in pairs)
        ) from None
    return pairs
