"""An integrate-and-fire neuron with any drift."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ._base import Parameters, check

__all__ = ["IntegrateAndFire"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegrateAndFire(Parameters):
    """Integrate-and-fire neuron with a given drift.

    Parameters
    ----------
    f : callable
        f(V) [mV/ms] for one number V [mV], in what numba can compile; a function that
        numba has compiled, too.
    V_th, V_reset : float or array_like
        Threshold and reset [mV].
    t_ref : float or array_like
        Absolute refractory period [ms].

    Raises
    ------
    TypeError
        If `f` is not callable.
    ValueError
        If a parameter is out of range.

    Notes
    -----
    dV = (f(V) + mu) dt + sigma dW; when V reaches V_th the neuron spikes, is held for
    t_ref and restarts from V_reset. Below V_reset, f + mu must lead back up somewhere;
    otherwise the neuron falls silent. Theory only: the simulator has neurons of its own.

    Examples
    --------
    >>> from meanfield.neurons import IntegrateAndFire
    >>> cubic = IntegrateAndFire(f=lambda V: -0.001 * V**3, V_th=10.0, V_reset=-5.0)
    >>> cubic.t_ref
    0.0
    """

    f: Callable[[float], float]
    V_th: Any
    V_reset: Any
    t_ref: Any = 0.0

    takes_conductances: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not callable(self.f):
            raise TypeError(f"`f` must be a function of V; got {self.f!r:.60}")
        check(self, not_negative=("t_ref",), below=[("V_reset", "V_th")])
