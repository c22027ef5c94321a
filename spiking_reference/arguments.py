"""Checks that the entry points share."""

from typing import Any

import numpy as np

from meanfield.neurons import as_float, require

__all__ = ["check_threads", "new_key", "number"]


def number(name: str, value: Any) -> float:
    """Return one finite number [ms] as a float, or say why not."""
    array = as_float(name, value)
    if array.ndim:
        raise ValueError(f"`{name}` must be one number; got shape {array.shape}")
    require(np.isfinite(array), name, "must be finite (ms)", array)
    return float(array)


def check_threads(threads: int | None) -> int | None:
    """Return a number of threads, or None for all cores."""
    if threads is not None:
        require(int(threads) >= 1, "threads", "must be at least 1, or None", threads)
        return int(threads)
    return None


def new_key(rng: Any) -> tuple[int, ...]:
    """Draw the four 64-bit words that all random streams derive from."""
    key = np.random.default_rng(rng).integers(0, 2**64, size=4, dtype=np.uint64)
    return tuple(int(word) for word in key)
