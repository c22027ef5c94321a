"""Correlated Gaussian noise for currents: checks, mixtures, and numbers in blocks."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import require

__all__ = [
    "Blocks",
    "check_correlation",
    "check_semidefinite",
    "correlation_matrices",
    "mixture",
    "seeds",
]

# Eigenvalues of a correlation matrix above -n * _ROUNDING count as zero.
_ROUNDING = 1e-12
_VALUES = 1 << 16  # numbers in a block, where a step has fewer
_STEPS = 1 << 12  # of a block, at most


class Blocks:
    """Values of consecutive steps, made in blocks and cut to what is asked for.

    They do not depend on how much is asked for at once. What lies between is made and
    left out; to go back it begins anew.

    Parameters
    ----------
    begin : callable
        Takes the number of steps in a block and returns an iterator of blocks
        (steps, n) or (steps, 1).
    width : int
        Numbers in a step, for the size of blocks.
    dt : float
        Step [ms].
    """

    def __init__(
        self, begin: Callable[[int], Iterator[np.ndarray]], width: int, dt: float
    ):
        self._begin, self._dt = begin, dt
        self._size = max(1, min(_STEPS, _VALUES // width))
        self._restart()

    def _restart(self) -> None:
        self._rest, self._number = self._begin(self._size), -1
        self._block: np.ndarray = np.empty(0)

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Return values (steps,) or (steps, n) for consecutive steps with middles t."""
        k = round(float(t[0]) / self._dt - 0.5)
        stop, parts = k + t.size, []
        while k < stop:
            number, place = divmod(k, self._size)
            if number < self._number:
                self._restart()
            while self._number < number:
                self._block = next(self._rest)
                self._number += 1
            part = self._block[place : place + stop - k]
            parts.append(part)
            k += len(part)
        values = np.concatenate(parts)
        return values[:, 0] if values.shape[1] == 1 else values


def seeds(seed: Any) -> np.random.SeedSequence:
    """Return what the generators of one run begin from, again and again."""
    if isinstance(seed, np.random.SeedSequence):
        return seed
    return np.random.SeedSequence(seed)


def mixture(correlation: Any, n: int) -> tuple[int, Callable]:
    """Return how many independent columns `n` correlated ones need, and how to mix them.

    The mixed ones have shape (steps, n), or (steps, 1) where all are the same.
    """
    from .correlations import factor_of

    given = None if correlation is None else np.asarray(correlation)
    if given is None or (given.ndim == 0 and n == 1):
        return n, lambda z: z
    if given.ndim == 0 and given == 1.0:
        return 1, lambda z: z
    if given.ndim == 0 and given >= 0.0:
        own, common = math.sqrt(1.0 - given), math.sqrt(given)
        return n + 1, lambda z: own * z[:, 1:] + common * z[:, :1]
    matrix = correlation_matrices(given, (n,))
    if matrix.ndim != 2:
        raise ValueError(
            f"`correlation` must be a number or have shape ({n}, {n}); got shape "
            f"{given.shape}"
        )
    factor = factor_of(matrix)
    return len(factor), lambda z: z @ factor


def correlation_matrices(
    correlation: npt.ArrayLike | None, shape: tuple[int, ...]
) -> np.ndarray:
    """Return a correlation as matrices (..., n, n) for neurons of `shape`."""
    n = shape[-1]
    given = np.asarray(correlation)
    if given.ndim == 0:
        lowest = -1.0 / (n - 1) if n > 1 else -1.0
        require(
            given >= lowest - _ROUNDING,
            "correlation",
            f"must be at least {lowest:.6g} for {n} neurons to be semidefinite",
            given,
        )
        given = np.where(np.eye(n, dtype=bool), 1.0, given)
    try:
        return np.broadcast_to(given, (*shape, n))
    except ValueError:
        raise ValueError(
            f"`correlation` must be a number or have shape (..., {n}, {n}) for "
            f"neurons of shape {shape}; got shape {given.shape}"
        ) from None


def check_correlation(given: np.ndarray) -> None:
    """Check a coefficient or matrices (..., n, n)."""
    inside = (given >= -1) & (given <= 1)
    require(inside, "correlation", "must be between -1 and 1", given)
    if given.ndim == 0:
        return
    if given.ndim == 1 or given.shape[-1] != given.shape[-2]:
        raise ValueError(
            "`correlation` must be a number or square matrices (..., n, n); got shape "
            f"{given.shape}"
        )
    diagonal = np.diagonal(given, axis1=-2, axis2=-1)
    require(
        np.abs(diagonal - 1.0) <= _ROUNDING,
        "correlation",
        "must have ones on the diagonal",
        diagonal,
        "give variances through `sigma`",
    )
    check_semidefinite("correlation", given)


def check_semidefinite(name: str, given: np.ndarray) -> None:
    """Check matrices (..., n, n), up to rounding of their largest entry."""
    scale = _ROUNDING * np.max(np.abs(given), axis=(-2, -1), initial=0.0)
    off = np.abs(given - np.swapaxes(given, -1, -2))
    require(off <= scale[..., None, None], name, "must be symmetric", given)
    lowest = np.linalg.eigvalsh(given).min(axis=-1, initial=0.0)
    require(
        lowest >= -scale * given.shape[-1],
        name,
        "must be positive semidefinite (its lowest eigenvalue not negative)",
        lowest,
    )
