"""How numerical kernels are compiled: the one place with numba's options.

Importing this module imports numba (about a second), so it is imported on first use.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.extending import register_jitable

# Contraction to fused multiply-adds is the only liberty: no reassociation, and NaN and
# signed zeros keep their meaning.
_OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}


def _digest() -> str:
    """Return a short hash of all sources that kernels are compiled from."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].glob("*/*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


_SOURCES = _digest()


def kernel(function: Callable) -> Any:
    """Compile on first call; cached on disk; runs without the GIL."""
    # numba's cache looks at a kernel's own file only, and would go on using machine
    # code into which an older version of some other file was compiled.
    function.__qualname__ = f"{function.__qualname__}_{_SOURCES}"
    return numba.njit(nogil=True, cache=True, **_OPTIONS)(function)


def jitable(function: Callable) -> Any:
    """Leave a plain Python function that kernels can call."""
    return register_jitable(**_OPTIONS)(function)


def inlined(function: Callable) -> Any:
    """As `jitable`, copied into its caller: loops over it become SIMD code."""
    return register_jitable(inline="always", **_OPTIONS)(function)
