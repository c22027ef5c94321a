"""Hodgkin and Huxley's neuron."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["HodgkinHuxley"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HodgkinHuxley(Parameters):
    """Hodgkin and Huxley's model of the squid's axon.

    Parameters
    ----------
    C_m : float or array_like
        Capacitance [uF/cm^2].
    g_Na, g_K, g_L : float or array_like
        Conductances of sodium, potassium and leak [mS/cm^2].
    E_Na, E_K, E_L : float or array_like
        Reversal potentials [mV].
    V_th : float or array_like
        Voltage whose upward crossing counts as a spike [mV]; it changes nothing else.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    C_m dV/dt = -g_L (V - E_L) - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) + I, with I in
    uA/cm^2, synaptic conductances in mS/cm^2, and x' = alpha_x (1 - x) - beta_x x for the
    gates, where [1]_, [2]_

    - alpha_n = 0.01 (V + 55)/(1 - exp(-0.1 (V + 55))),
      beta_n = 0.125 exp(-0.0125 (V + 65));
    - alpha_m = 0.1 (V + 40)/(1 - exp(-0.1 (V + 40))),
      beta_m = 4 exp(-0.0556 (V + 65));
    - alpha_h = 0.07 exp(-0.05 (V + 65)),
      beta_h = 1/(1 + exp(-0.1 (V + 35))).

    References
    ----------
    .. [1] A. L. Hodgkin, A. F. Huxley, J. Physiol. 117, 500 (1952),
       doi:10.1113/jphysiol.1952.sp004764
    .. [2] P. Dayan, L. F. Abbott, Theoretical Neuroscience, MIT Press (2001),
       section 5.6, in whose voltages the rates are written

    Examples
    --------
    >>> from meanfield.neurons import HodgkinHuxley
    >>> HodgkinHuxley().g_Na
    120.0
    """

    C_m: Any = 1.0
    g_Na: Any = 120.0
    g_K: Any = 36.0
    g_L: Any = 0.3
    E_Na: Any = 50.0
    E_K: Any = -77.0
    E_L: Any = -54.387
    V_th: Any = 0.0

    def __post_init__(self) -> None:
        check(
            self,
            positive=("C_m", "g_L"),
            not_negative=("g_Na", "g_K"),
            below=[("E_K", "E_L"), ("E_L", "E_Na")],
        )
