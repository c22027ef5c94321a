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
        """Turn every field into a float or a read-only float64 array; tensors stay."""
        for name in _names(self):
            if _is_tensor(getattr(self, name)):
                continue
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
        return all(_equal(mine, theirs) for mine, theirs in pairs)

    def __hash__(self) -> int:
        return hash((type(self), *(_key(getattr(self, n)) for n in _names(self))))


def _names(parameters: Any) -> list[str]:
    return [field.name for field in fields(parameters)]


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "requires_grad")


def _equal(mine: Any, theirs: Any) -> bool:
    if _is_tensor(mine) or _is_tensor(theirs):
        return mine is theirs
    return np.array_equal(mine, theirs)


def _key(value: Any) -> Any:
    if _is_tensor(value):
        return id(value)
    array = np.asarray(value) + 0.0
    return array.shape, array.tobytes()


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

    def __post_init__(self) -> None:
        self._freeze()
        tau_m, t_ref, V_th, V_reset, E_L = (
            None if _is_tensor(v) else np.asarray(v)
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
