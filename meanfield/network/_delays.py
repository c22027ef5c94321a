"""Distributions of delays, in the frequency domain."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_TAIL = 1e-13  # probability beyond the first and the last node
_PANELS, _NODES = 16, 16


@dataclass(frozen=True, slots=True, eq=False)
class Delay:
    """Delays [ms] and their probabilities, the nodes of a quadrature."""

    values: np.ndarray
    weights: np.ndarray

    @property
    def mean(self) -> float:
        """Mean delay [ms]."""
        return float(self.values @ self.weights)

    def transform(self, omega: npt.ArrayLike) -> np.ndarray:
        """Return E exp(-i omega delay), omega in rad/ms, complex ones too."""
        phase = np.multiply.outer(np.asarray(omega), self.values)
        return np.exp(-1j * phase) @ self.weights


def delay_of(given: Any) -> Delay:
    """Return a number or a scipy.stats distribution as its nodes."""
    if not hasattr(given, "rvs"):
        return Delay(np.array([float(given)]), np.ones(1))
    if not hasattr(given, "ppf"):
        raise TypeError(
            "`delay` must be a number or a distribution with ppf() and pdf() or pmf(), as "
            f"those of scipy.stats; got {type(given).__name__}"
        )
    low, high = (float(given.ppf(p)) for p in (_TAIL, 1.0 - _TAIL))
    if _is_discrete(given):
        values = np.arange(low, high + 1.0)
        density = given.pmf(values)
        return Delay(values, density / density.sum())
    edges = _edges(given, low, high)
    x, w = np.polynomial.legendre.leggauss(_NODES)
    half = 0.5 * np.diff(edges)[:, None]
    values = (edges[:-1, None] + half * (1.0 + x)).reshape(-1)
    weights = (half * w).reshape(-1) * given.pdf(values)
    return Delay(values, weights / weights.sum())


def _is_discrete(given: Any) -> bool:
    return not hasattr(getattr(given, "dist", given), "pdf")


def _edges(given: Any, low: float, high: float) -> np.ndarray:
    """Panels that follow the distribution: at its quantiles, and evenly."""
    quantiles = given.ppf(np.linspace(0.0, 1.0, _PANELS + 1)[1:-1])
    return np.unique([low, *quantiles, *np.linspace(low, high, _PANELS + 1)[1:]])
