"""Neuron models as data: frozen, validated parameters and nothing else.

Theory and simulator both read these classes; neither adds state to them. A parameter
is a number or an array that broadcasts against the input of the function it goes to.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .errors import as_float, require

__all__ = ["LIF"]

# Fields are annotated `Any`: array_like going in, a float or a read-only float64 array
# once constructed.


class _Parameters:
    """Equality by value (arrays included), and the common shape of all parameters."""

    __slots__ = ()

    def _freeze(self) -> None:
        """Turn every field into a float or a read-only float64 array."""
        for name in _names(self):
            array = as_float(name, getattr(self, name)).astype(np.float64)
            require(~np.isnan(array), name, "must be a number", array)
            array.flags.writeable = False
            value = array.item() if array.ndim == 0 else array
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that all parameters broadcast to; ``()`` for plain numbers."""
        return np.broadcast_shapes(*(np.shape(getattr(self, n)) for n in _names(self)))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        pairs = ((getattr(self, n), getattr(other, n)) for n in _names(self))
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    def __hash__(self) -> int:
        values = (np.asarray(getattr(self, n)) + 0.0 for n in _names(self))
        return hash((type(self), *((v.shape, v.tobytes()) for v in values)))


def _names(parameters: Any) -> list[str]:
    return [field.name for field in fields(parameters)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LIF(_Parameters):
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
    those of the moment-activation literature [1]_.

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

    def __post_init__(self) -> None:
        self._freeze()
        tau_m, t_ref = np.asarray(self.tau_m), np.asarray(self.t_ref)
        require(tau_m > 0, "tau_m", "must be positive (ms)", tau_m)
        finite = "must be finite and not negative (ms)"
        require((t_ref >= 0) & np.isfinite(t_ref), "t_ref", finite, t_ref)
        for name in ("V_th", "V_reset", "E_L"):
            value = np.asarray(getattr(self, name))
            require(np.isfinite(value), name, "must be finite (mV)", value)
        V_th, V_reset = np.broadcast_arrays(self.V_th, self.V_reset)
        below = V_reset < V_th
        if not below.all():
            bad = tuple(int(i) for i in np.argwhere(~below)[0])
            raise ValueError(
                f"`V_reset` must be below `V_th`; got V_reset={V_reset[bad]}, "
                f"V_th={V_th[bad]} (mV)"
            )
        _ = self.shape
