"""The adaptive exponential integrate-and-fire neuron."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["AdEx"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdEx(Parameters):
    """Adaptive exponential integrate-and-fire neuron.

    Parameters
    ----------
    C_m : float or array_like
        Capacitance [pF].
    g_L : float or array_like
        Leak conductance [nS].
    E_L : float or array_like
        Leak reversal potential [mV].
    V_T, Delta_T : float or array_like
        Soft threshold, and sharpness of the spike's onset [mV].
    a : float or array_like
        Subthreshold adaptation [nS].
    tau_w : float or array_like
        Time constant of the adaptation [ms].
    b : float or array_like
        Adaptation at a spike [pA].
    V_reset, V_th : float or array_like
        Reset, and voltage at which a spike counts as fired [mV].
    t_ref : float or array_like
        Time for which V is held at reset after a spike [ms]; w goes on.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_T)/Delta_T) - w + I and
    tau_w dw/dt = a (V - E_L) - w; at V = V_th, V -> V_reset and w -> w + b [1]_.

    References
    ----------
    .. [1] R. Brette, W. Gerstner, J. Neurophysiol. 94, 3637 (2005),
       doi:10.1152/jn.00686.2005

    Examples
    --------
    >>> from meanfield.neurons import AdEx
    >>> AdEx(b=0.0).b
    0.0
    """

    C_m: Any = 281.0
    g_L: Any = 30.0
    E_L: Any = -70.6
    V_T: Any = -50.4
    Delta_T: Any = 2.0
    a: Any = 4.0
    tau_w: Any = 144.0
    b: Any = 80.5
    V_reset: Any = -70.6
    V_th: Any = 0.0
    t_ref: Any = 0.0

    def __post_init__(self) -> None:
        check(
            self,
            positive=("C_m", "g_L", "Delta_T", "tau_w"),
            not_negative=("t_ref",),
            below=[("V_reset", "V_th"), ("V_T", "V_th")],
        )
