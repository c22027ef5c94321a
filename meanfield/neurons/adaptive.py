"""The leaky integrate-and-fire neuron with an adaptive threshold."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ._base import Parameters, check

__all__ = ["AdaptiveLIF"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdaptiveLIF(Parameters):
    """Leaky integrate-and-fire neuron whose threshold jumps at spikes and decays.

    Parameters
    ----------
    tau_m : float or array_like
        Membrane time constant [ms].
    t_ref : float or array_like
        Absolute refractory period [ms].
    V_th, V_reset : float or array_like
        Threshold at rest, and reset [mV].
    E_L : float or array_like
        Leak reversal potential [mV].
    tau_theta : float or array_like
        Time constant of the threshold [ms].
    Delta_theta : float or array_like
        Jump of the threshold at a spike [mV].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    dV = (-(V - E_L)/tau_m + mu) dt + sigma dW and
    dtheta/dt = -(theta - V_th)/tau_theta; when V reaches theta the neuron spikes,
    theta -> theta + Delta_theta, and V is held at V_reset for t_ref while theta goes
    on [1]_. With Delta_theta = 0 it is `LIF`.

    References
    ----------
    .. [1] W. Gerstner, W. M. Kistler, R. Naud, L. Paninski, Neuronal Dynamics, Cambridge
       University Press (2014), section 6.1, doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> from meanfield.neurons import AdaptiveLIF
    >>> AdaptiveLIF(Delta_theta=5.0).tau_theta
    100.0
    """

    tau_m: Any = 20.0
    t_ref: Any = 0.0
    V_th: Any = 20.0
    V_reset: Any = 0.0
    E_L: Any = 0.0
    tau_theta: Any = 100.0
    Delta_theta: Any = 2.0

    takes_conductances: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check(
            self,
            positive=("tau_m", "tau_theta"),
            not_negative=("t_ref", "Delta_theta"),
            below=[("V_reset", "V_th")],
        )
