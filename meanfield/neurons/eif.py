"""The exponential integrate-and-fire neuron."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["EIF"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EIF(Parameters):
    """Exponential integrate-and-fire neuron.

    Parameters
    ----------
    tau_m : float or array_like
        Membrane time constant [ms].
    t_ref : float or array_like
        Absolute refractory period [ms].
    V_th, V_reset : float or array_like
        Voltage at which a spike counts as fired, and reset [mV].
    E_L : float or array_like
        Leak reversal potential [mV].
    V_T, Delta_T : float or array_like
        Soft threshold, and sharpness of the spike's onset [mV].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    dV = ((-(V - E_L) + Delta_T exp((V - V_T)/Delta_T))/tau_m + mu) dt + sigma dW; at
    V = V_th the neuron spikes, is held at V_reset for t_ref and goes on [1]_. It fires
    without noise for mu tau_m > V_T - Delta_T - E_L. For Delta_T -> 0 it is the leaky
    neuron with threshold V_T. Conductances are those per capacitance [1/ms].

    References
    ----------
    .. [1] N. Fourcaud-Trocme, D. Hansel, C. van Vreeswijk, N. Brunel, J. Neurosci. 23,
       11628 (2003), doi:10.1523/JNEUROSCI.23-37-11628.2003

    Examples
    --------
    >>> from meanfield.neurons import EIF
    >>> EIF(Delta_T=2.0).Delta_T
    2.0
    """

    tau_m: Any = 15.0
    t_ref: Any = 0.0
    V_th: Any = 10.0
    V_reset: Any = -75.0
    E_L: Any = -72.0
    V_T: Any = -55.0
    Delta_T: Any = 4.0

    def __post_init__(self) -> None:
        check(
            self,
            positive=("tau_m", "Delta_T"),
            not_negative=("t_ref",),
            below=[("V_reset", "V_th"), ("V_T", "V_th")],
        )
