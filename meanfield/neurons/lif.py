"""The leaky integrate-and-fire neuron."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import require
from ._base import Parameters, is_tensor

__all__ = ["LIF"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LIF(Parameters):
    """Leaky integrate-and-fire neuron.

    Parameters
    ----------
    tau_m : float or array_like
        Membrane time constant [ms]; ``inf`` is the perfect integrator.
    t_ref : float or array_like
        Absolute refractory period [ms].
    V_th, V_reset : float or array_like
        Threshold and reset [mV].
    E_L : float or array_like
        Leak reversal potential [mV].

    Raises
    ------
    ValueError
        If a parameter is out of range, or the shapes do not broadcast.

    Notes
    -----
    dV = (-(V - E_L)/tau_m + mu) dt + sigma dW below threshold; when V reaches `V_th`
    the neuron spikes, is held for `t_ref` and restarts from `V_reset`. The defaults are
    those of the moment-activation literature [1]_. A torch tensor is kept as it is, with
    its gradients and unchecked, for the functions of `meanfield.nn`; the others reject it.

    References
    ----------
    .. [1] W. Lu, E. Rossoni, J. Feng, NeuroImage 52, 913 (2010),
       doi:10.1016/j.neuroimage.2009.12.001

    Examples
    --------
    >>> import dataclasses
    >>> from meanfield import LIF
    >>> dataclasses.replace(LIF(), t_ref=2.0)
    LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=0.0, E_L=0.0)
    """

    tau_m: Any = 20.0
    t_ref: Any = 5.0
    V_th: Any = 20.0
    V_reset: Any = 0.0
    E_L: Any = 0.0

    takes_conductances: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._freeze()
        tau_m, t_ref, V_th, V_reset, E_L = (
            None if is_tensor(v) else np.asarray(v)
            for v in (self.tau_m, self.t_ref, self.V_th, self.V_reset, self.E_L)
        )
        if tau_m is not None:
            require(tau_m > 0, "tau_m", "must be positive (ms)", tau_m)
        if t_ref is not None:
            finite = "must be finite and not negative (ms)"
            require((t_ref >= 0) & np.isfinite(t_ref), "t_ref", finite, t_ref)
        for name, value in (("V_th", V_th), ("V_reset", V_reset), ("E_L", E_L)):
            if value is not None:
                require(np.isfinite(value), name, "must be finite (mV)", value)
        if V_th is not None and V_reset is not None:
            _require_order(*np.broadcast_arrays(V_th, V_reset))
        _ = self.shape


def _require_order(V_th: np.ndarray, V_reset: np.ndarray) -> None:
    below = V_reset < V_th
    if not below.all():
        bad = tuple(int(i) for i in np.argwhere(~below)[0])
        raise ValueError(
            f"`V_reset` must be below `V_th`; got V_reset={V_reset[bad]}, "
            f"V_th={V_th[bad]} (mV)"
        )
