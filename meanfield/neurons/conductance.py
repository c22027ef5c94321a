"""Leaky integrate-and-fire neuron with a capacitance, for conductance synapses."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["ConductanceLIF"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConductanceLIF(Parameters):
    """Leaky integrate-and-fire neuron in units of current and conductance.

    Parameters
    ----------
    C_m : float or array_like
        Capacitance [pF].
    g_L : float or array_like
        Leak conductance [nS]; the membrane time constant is C_m/g_L.
    t_ref : float or array_like
        Absolute refractory period [ms].
    V_th, V_reset, E_L : float or array_like
        Threshold, reset and leak reversal potential [mV].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    C_m dV/dt = -g_L (V - E_L) - sum_r g_r(t) (V - E_r) + I; the defaults are those of the
    excitatory cells of Zerlaut et al. [1]_.

    References
    ----------
    .. [1] Y. Zerlaut, S. Chemla, F. Chavane, A. Destexhe, J. Comput. Neurosci. 44, 45
       (2018), doi:10.1007/s10827-017-0668-2

    Examples
    --------
    >>> from meanfield.neurons import ConductanceLIF
    >>> ConductanceLIF(V_th=-53.0).V_th
    -53.0
    """

    C_m: Any = 200.0
    g_L: Any = 10.0
    t_ref: Any = 5.0
    V_th: Any = -50.0
    V_reset: Any = -70.0
    E_L: Any = -70.0

    def __post_init__(self) -> None:
        check(
            self,
            positive=("C_m", "g_L"),
            not_negative=("t_ref",),
            below=[("V_reset", "V_th")],
        )
