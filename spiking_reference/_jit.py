"""The compiler options of every kernel, in one place."""

import hashlib
from collections.abc import Callable
from pathlib import Path
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
_INNER: dict[str, Any] = _OPTIONS | {"no_cpython_wrapper": True}
_INLINED: dict[str, Any] = _INNER | {"forceinline": True}


def _digest() -> str:
    """Return a short hash of all sources of the package."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


_SOURCES = _digest()


def _compile(function: Callable, options: dict[str, Any]) -> Any:
    # numba's cache looks at a kernel's own file only, and would go on using machine
    # code into which an older version of some other file was compiled.
    function.__qualname__ = f"{function.__qualname__}_{_SOURCES}"
    return numba.njit(**options)(function)


def kernel(function: Callable) -> Any:
    """Compile lazily, cached on disk and without the GIL; callable from Python."""
    return _compile(function, _OPTIONS)


def inner(function: Callable) -> Any:
    """Compile for other kernels only, which spares the time for Python's way in."""
    return _compile(function, _INNER)


def inlined(function: Callable) -> Any:
    """Compile into the kernels that call: tuples of arrays are dear to pass."""
    return _compile(function, _INLINED)
