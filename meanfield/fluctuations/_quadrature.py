"""Integrals over frequency of matrices that many frequencies give in one call."""

from collections.abc import Callable

import numpy as np

_X, _W = np.polynomial.legendre.leggauss(8)
_ROUNDS = 30  # of halving panels


def integral(
    f: Callable[[np.ndarray], np.ndarray], edges: np.ndarray, tolerance: float
) -> np.ndarray:
    """Integrate f: (k,) -> (k, ...) over panels, halving those that err by more."""
    low, high = edges[:-1], edges[1:]
    whole = _panels(f, low, high)
    total = np.zeros(whole.shape[1:])
    span = edges[-1] - edges[0]
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        halves = _panels(f, np.r_[low, middle], np.r_[middle, high])
        left, right = np.split(halves, 2)
        axes = tuple(range(1, whole.ndim))
        error = np.max(np.abs(left + right - whole), axis=axes)
        good = error <= tolerance * np.maximum((high - low) / span, 1e-3)
        total += (left + right)[good].sum(axis=0)
        if good.all():
            return total
        low, high = np.r_[low[~good], middle[~good]], np.r_[middle[~good], high[~good]]
        whole = np.concatenate([left[~good], right[~good]])
    return total + whole.sum(axis=0)


def _panels(
    f: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    half = 0.5 * (high - low)
    nodes = (low + half)[:, None] + half[:, None] * _X
    values = f(nodes.reshape(-1))
    values = values.reshape(*nodes.shape, *values.shape[1:])
    return np.einsum("p,q,pq...->p...", half, _W, values)
