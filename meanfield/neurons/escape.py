"""The leaky integrate-and-fire neuron with escape noise."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ._base import Parameters, check

__all__ = ["EscapeLIF"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EscapeLIF(Parameters):
    """Leaky integrate-and-fire neuron that fires with a hazard set by its voltage.

    Parameters
    ----------
    tau_m : float or array_like
        Membrane time constant [ms].
    t_ref : float or array_like
        Absolute refractory period [ms].
    V_th, V_reset : float or array_like
        Voltage at which the hazard is `rho_0`, and reset [mV].
    E_L : float or array_like
        Leak reversal potential [mV]; may lie above V_th.
    rho_0 : float or array_like
        Hazard at V_th [1/ms].
    Delta_u : float or array_like
        Range of voltage in which the hazard grows e-fold [mV].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    dV = (-(V - E_L)/tau_m + mu) dt + sigma dW, and a spike in (t, t + dt) has
    probability rho(V) dt, rho(V) = rho_0 exp((V - V_th)/Delta_u); after it V is held at
    V_reset for t_ref [1]_.

    References
    ----------
    .. [1] W. Gerstner, W. M. Kistler, R. Naud, L. Paninski, Neuronal Dynamics, Cambridge
       University Press (2014), section 9.1, doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> from meanfield.neurons import EscapeLIF
    >>> EscapeLIF(rho_0=0.1).rho_0
    0.1
    """

    tau_m: Any = 20.0
    t_ref: Any = 5.0
    V_th: Any = 20.0
    V_reset: Any = 0.0
    E_L: Any = 0.0
    rho_0: Any = 1.0
    Delta_u: Any = 2.0

    takes_conductances: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check(
            self,
            positive=("tau_m", "Delta_u"),
            not_negative=("t_ref", "rho_0"),
        )
