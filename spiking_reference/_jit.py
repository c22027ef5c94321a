"""The compiler options of every kernel, in one place."""

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["inlined", "inner", "kernel"]

# error_model="numpy": a division by zero gives inf, instead of a branch and an
# exception in every loop. _nrt=False: kernels allocate nothing, so they need no
# reference counts; counting them atomically for every array of every tuple passed cost
# more than all that is done about a spike.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "_nrt": False,
    "no_cfunc_wrapper": True,
}
_INNER = _OPTIONS | {"no_cpython_wrapper": True}


def kernel(function: Callable) -> Any:
    """Compile lazily, cached on disk and without the GIL; callable from Python."""
    return numba.njit(**_OPTIONS)(function)


def inner(function: Callable) -> Any:
    """Compile for other kernels only, which spares the time for Python's way in."""
    return numba.njit(**_INNER)(function)


def inlined(function: Callable) -> Any:
    """Compile into the kernels that call: tuples of arrays are dear to pass."""
    return numba.njit(**(_INNER | {"forceinline": True}))(function)
