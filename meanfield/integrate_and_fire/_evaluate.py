"""From a neuron and arrays to the kernels, and back."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from .._elementwise import elementwise
from ..errors import as_float, require
from ..neurons import EIF, LIF, QIF, IntegrateAndFire

Neuron = LIF | EIF | QIF | IntegrateAndFire

NAMES = ("tau_m", "t_ref", "V_th", "V_reset", "E_L", "V_T", "Delta_T")
KINDS = {LIF: 0, EIF: 1, QIF: 2, IntegrateAndFire: 3}
_CHUNK = 64  # points in a call of a kernel; each takes tens of microseconds


def check(neuron: Any, mu: npt.ArrayLike, sigma: npt.ArrayLike) -> None:
    """Raise an error for what is not a neuron of this kind, or a noise out of range."""
    if type(neuron) not in KINDS:
        raise TypeError(
            "`neuron` must be an LIF, EIF, QIF or IntegrateAndFire; got "
            f"{type(neuron).__name__}"
        )
    values = (getattr(neuron, name, 0.0) for name in NAMES)
    if any(hasattr(value, "requires_grad") for value in values):
        raise TypeError(
            "`neuron` holds tensors; use meanfield.nn.functional, or plain numbers"
        )
    as_float("mu", mu)
    noise = as_float("sigma", sigma)
    remedy = "pass the intensity, the square root of the variance per ms"
    require(~(noise < 0), "sigma", "must not be negative", noise, remedy)
    require(~np.isinf(noise), "sigma", "must be finite (mV/sqrt(ms))", noise)


def evaluate(
    kernel: Callable[..., None],
    n_out: int,
    inputs: dict[str, npt.ArrayLike],
    neuron: Neuron,
    tolerance: float,
    threads: int | None,
    free: Iterable[str] = (),
) -> list[Any]:
    """Call a kernel elementwise on named inputs and the parameters of the neuron.

    Elements that differ in the `free` inputs only come one after the other: they can
    share what the kernel finds out about the others.
    """
    tolerance = float(as_float("tolerance", tolerance))
    require(tolerance > 0, "tolerance", "must be positive", tolerance)
    kind, f = KINDS[type(neuron)], compiled(getattr(neuron, "f", None))
    given = inputs | {name: getattr(neuron, name, 0.0) for name in NAMES}

    def bound(*arrays: np.ndarray) -> None:
        kernel(kind, f, tolerance, *arrays)

    order = _order(given, set(free))
    if order is not None:
        given = {name: _transposed(value, order) for name, value in given.items()}
    found = elementwise(bound, given, n_out, threads=threads, chunk=_CHUNK)
    if order is not None:
        found = [value.transpose(np.argsort(order)) for value in found]
    if kind == KINDS[IntegrateAndFire]:
        _check_finite(found[0], inputs)
    return found


def _order(given: dict[str, npt.ArrayLike], free: set[str]) -> list[int] | None:
    """Order of the axes with those last along which free inputs alone vary."""
    shapes = [np.shape(value) for name, value in given.items() if name not in free]
    try:
        n = len(np.broadcast_shapes(*map(np.shape, given.values())))
        fixed = np.broadcast_shapes(*shapes)
    except ValueError:  # `elementwise` has the message
        return None
    fixed = (1,) * (n - len(fixed)) + fixed
    order = sorted(range(n), key=lambda axis: fixed[axis] == 1)
    return None if order == list(range(n)) else order


def _transposed(value: npt.ArrayLike, order: list[int]) -> Any:
    if isinstance(value, int | float):
        return value
    array = np.asarray(value)
    return array.reshape((1,) * (len(order) - array.ndim) + array.shape).transpose(
        order
    )


def _check_finite(value: npt.ArrayLike, inputs: dict[str, npt.ArrayLike]) -> None:
    given = np.broadcast_arrays(value, *(np.asarray(v) for v in inputs.values()))
    numbers = np.all([np.isfinite(v) for v in given[1:]], axis=0)
    if np.any(np.isnan(given[0]) & numbers):
        raise ValueError(
            "`f` must be finite from far below `V_reset` to `V_th`; it is not a number "
            "somewhere there"
        )


@functools.lru_cache(maxsize=64)
def compiled(f: Callable[[float], float] | None) -> Any:
    """Return `f` as a compiled function of one number; one that is 0 for None."""
    import numba
    from numba.core.errors import NumbaError

    source = getattr(f, "py_func", f) or _nothing
    try:
        return numba.cfunc("float64(float64)")(source)
    except (NumbaError, TypeError) as error:
        raise TypeError(
            f"`f` must be a function of one number that numba can compile: {error}"
        ) from None


def _nothing(V):
    return 0.0
