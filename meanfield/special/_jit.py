"""How numerical kernels are compiled: the one place with numba's options.

Importing this module imports numba (about a second), so it is imported on first use.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.extending import register_jitable

# Contraction to fused multiply-adds is the only liberty: no reassociation, and NaN and
# signed zeros keep their meaning.
_OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}


def kernel(function: Callable) -> Any:
    """Compile on first call; cached on disk; runs without the GIL."""
    return numba.njit(nogil=True, cache=True, **_OPTIONS)(function)


def jitable(function: Callable) -> Any:
    """Leave a plain Python function that kernels can call."""
    return register_jitable(**_OPTIONS)(function)


def inlined(function: Callable) -> Any:
    """As `jitable`, copied into its caller: loops over it become SIMD code."""
    return register_jitable(inline="always", **_OPTIONS)(function)
