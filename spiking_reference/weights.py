"""Plastic weights: what is recorded of them, and what a simulation returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from meanfield.neurons import require

from .arguments import number

__all__ = ["RecordWeights", "WeightResult"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordWeights:
    """How plastic weights are recorded.

    Parameters
    ----------
    every : float, optional
        Distance of the samples [ms].
    synapses : int, optional
        Number of synapses of each plastic projection, evenly spaced in it, of which each
        sample is kept; mean and standard deviation are those of all synapses.

    Raises
    ------
    ValueError
        If `every` is not positive or `synapses` is negative.

    Examples
    --------
    >>> from spiking_reference import RecordWeights
    >>> RecordWeights(every=50.0, synapses=10).every
    50.0
    """

    every: float = 100.0
    synapses: int = 0

    def __post_init__(self) -> None:
        every = number("every", self.every)
        require(every > 0, "every", "must be positive (ms)", every)
        whole = isinstance(self.synapses, int | np.integer) and self.synapses >= 0
        require(whole, "synapses", "must be an integer, not negative", self.synapses)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightResult:
    """Weights of one plastic projection.

    Parameters
    ----------
    t : numpy.ndarray
        Times (samples,) [ms] from the end of the warm-up; the first is its beginning.
    mean, std : numpy.ndarray
        Mean and standard deviation (samples,) of all weights; NaN without synapses.
    matrix : scipy.sparse.csc_array
        Weights (n_target, n_source) at the end; multapses are added up.
    sources, targets : numpy.ndarray
        Neurons (synapses,) on both sides of the recorded synapses.
    traces : numpy.ndarray
        Their weights (synapses, samples).
    """

    t: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    matrix: Any
    sources: np.ndarray
    targets: np.ndarray
    traces: np.ndarray
