"""Izhikevich's two-variable neuron."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["Izhikevich"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Izhikevich(Parameters):
    """Izhikevich's simple model of spiking neurons.

    Parameters
    ----------
    a : float or array_like
        Rate of the recovery variable u [1/ms].
    b : float or array_like
        Its sensitivity to the voltage [1/ms].
    c : float or array_like
        Reset of the voltage [mV].
    d : float or array_like
        Jump of u at a spike [mV/ms].
    V_th : float or array_like
        Peak of spikes [mV].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    dV/dt = 0.04 V^2 + 5 V + 140 - u + I, du/dt = a (b V - u), with V in mV and time in
    ms; at V = V_th, V -> c and u -> u + d [1]_. The defaults fire regularly. The original
    scripts take Euler steps of 0.5 or 1 ms, which moves spikes by milliseconds.
    Conductances are those per capacitance [1/ms].

    References
    ----------
    .. [1] E. M. Izhikevich, IEEE Trans. Neural Networks 14, 1569 (2003),
       doi:10.1109/TNN.2003.820440

    Examples
    --------
    >>> from meanfield.neurons import Izhikevich
    >>> chattering = Izhikevich(c=-50.0, d=2.0)
    >>> chattering.a
    0.02
    """

    a: Any = 0.02
    b: Any = 0.2
    c: Any = -65.0
    d: Any = 8.0
    V_th: Any = 30.0

    def __post_init__(self) -> None:
        check(self, positive=("a",), below=[("c", "V_th")])
