"""The compiler options of every kernel, in one place."""

from typing import Any

import numba

__all__ = ["kernel"]


def kernel(function: Any = None, **extra: Any) -> Any:
    """Compile `function` lazily, cached on disk and without the GIL.

    ``error_model="numpy"`` lets a division by zero give inf, as in NumPy, instead of a
    branch and an exception in every loop. Without the run-time for references
    (``_nrt``), which kernels that allocate nothing have no use for, passing a tuple of
    arrays does not count references atomically: that cost more than a spike's work.
    Extra keywords go to `numba.njit`.
    """
    options = {
        "nogil": True,
        "cache": True,
        "error_model": "numpy",
        "_nrt": False,
    } | extra
    if function is None:
        return numba.njit(**options)
    return numba.njit(**options)(function)
