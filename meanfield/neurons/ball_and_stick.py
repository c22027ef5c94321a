"""A neuron of two compartments: an adaptive exponential soma and a passive dendrite."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ._base import Parameters, check

__all__ = ["BallAndStick"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BallAndStick(Parameters):
    """Adaptive exponential soma with a passive dendrite, and an adaptive threshold.

    Receptors on the dendrite are wrapped in `OnDendrite`; currents, noise and all other
    receptors act on the soma.

    Parameters
    ----------
    C_m, g_L : float or array_like
        Capacitance [pF] and leak conductance [nS] of the soma.
    E_L : float or array_like
        Leak reversal potential of both compartments [mV].
    V_T, Delta_T : float or array_like
        Soft threshold at rest, and sharpness of the spike's onset [mV].
    a : float or array_like
        Subthreshold adaptation [nS].
    tau_w : float or array_like
        Time constant of the adaptation [ms].
    b : float or array_like
        Adaptation at a spike [pA].
    tau_theta, Delta_theta : float or array_like
        Time constant of the soft threshold [ms], and its jump at a spike [mV].
    V_reset, V_th : float or array_like
        Reset, and voltage at which a spike counts as fired [mV].
    t_ref : float or array_like
        Time for which V is held at reset after a spike [ms]; all else goes on.
    C_d, g_d : float or array_like
        Capacitance [pF] and leak conductance [nS] of the dendrite.
    g_ax : float or array_like
        Conductance between the compartments [nS].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    With the voltages V of the soma and V_d of the dendrite [1]_, [2]_,

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - theta)/Delta_T) + g_ax (V_d - V)
    - w + I, C_d dV_d/dt = -g_d (V_d - E_L) + g_ax (V - V_d) + I_d,
    tau_w dw/dt = a (V - E_L) - w and tau_theta dtheta/dt = V_T - theta; at V = V_th,
    V -> V_reset, w -> w + b and theta -> theta + Delta_theta.

    A cylinder of diameter d and length l has C_d = pi d l c_m, g_d = pi d l/r_m and
    g_ax = pi d^2/(4 r_i l). The defaults are those of a human dendrite of 4 and 160 um,
    with c_m = 0.5 uF/cm^2, r_m = 38907 Ohm cm^2 and r_i = 200 Ohm cm [3]_.

    References
    ----------
    .. [1] R. Brette, W. Gerstner, J. Neurophysiol. 94, 3637 (2005),
       doi:10.1152/jn.00686.2005
    .. [2] A. Quaresima, H. Fitz, R. Duarte, D. van den Broek, P. Hagoort, K. M.
       Petersson, J. Physiol. 601, 3265 (2023), doi:10.1113/JP283399
    .. [3] G. Eyal et al., eLife 5, e16553 (2016), doi:10.7554/eLife.16553

    Examples
    --------
    >>> from meanfield.neurons import NMDA, BallAndStick, OnDendrite, Population
    >>> cells = Population(
    ...     n=10, neuron=BallAndStick(), receptors={"exc": OnDendrite(NMDA())}
    ... )
    >>> cells.neuron.C_d
    10.053
    """

    C_m: Any = 281.0
    g_L: Any = 40.0
    E_L: Any = -70.6
    V_T: Any = -50.4
    Delta_T: Any = 2.0
    a: Any = 4.0
    tau_w: Any = 144.0
    b: Any = 80.5
    tau_theta: Any = 30.0
    Delta_theta: Any = 10.0
    V_reset: Any = -55.6
    V_th: Any = 0.0
    t_ref: Any = 0.1
    C_d: Any = 10.053
    g_d: Any = 0.51678
    g_ax: Any = 39.27

    has_dendrite: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check(
            self,
            positive=("C_m", "g_L", "Delta_T", "tau_w", "tau_theta", "C_d", "g_ax"),
            not_negative=("Delta_theta", "t_ref", "g_d"),
            below=[("V_reset", "V_th"), ("V_T", "V_th")],
        )
