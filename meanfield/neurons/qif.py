"""The quadratic integrate-and-fire neuron."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["QIF"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QIF(Parameters):
    """Quadratic integrate-and-fire neuron; the theta neuron for remote ends.

    Parameters
    ----------
    tau_m : float or array_like
        Membrane time constant at rest [ms].
    t_ref : float or array_like
        Absolute refractory period [ms].
    V_th, V_reset : float or array_like
        Voltage at which a spike counts as fired, and reset [mV]. For the theta neuron
        take numbers like 1e9 and -1e9: steps are exact from and to anywhere.
    E_L : float or array_like
        Resting potential [mV].
    V_T : float or array_like
        Unstable fixed point without input [mV], from where V rises to a spike.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    dV = ((V - E_L)(V - V_T)/(tau_m (V_T - E_L)) + mu) dt + sigma dW; at V = V_th the
    neuron spikes, is held at V_reset for t_ref and goes on [1]_. The leak at rest is that
    of the leaky neuron with tau_m. Without noise it fires for
    mu > mu_c = (V_T - E_L)/(4 tau_m), and with remote ends at the rate
    sqrt((mu - mu_c)/(tau_m (V_T - E_L)))/pi, if t_ref = 0. Conductances are those per
    capacitance [1/ms].

    References
    ----------
    .. [1] P. E. Latham, B. J. Richmond, P. G. Nelson, S. Nirenberg, J. Neurophysiol. 83,
       808 (2000), doi:10.1152/jn.2000.83.2.808

    Examples
    --------
    >>> from meanfield.neurons import QIF
    >>> QIF(V_th=1e9, V_reset=-1e9).V_T
    -50.0
    """

    tau_m: Any = 10.0
    t_ref: Any = 0.0
    V_th: Any = 0.0
    V_reset: Any = -70.0
    E_L: Any = -65.0
    V_T: Any = -50.0

    def __post_init__(self) -> None:
        check(
            self,
            positive=("tau_m",),
            not_negative=("t_ref",),
            below=[("V_reset", "V_th"), ("E_L", "V_T"), ("V_T", "V_th")],
        )
