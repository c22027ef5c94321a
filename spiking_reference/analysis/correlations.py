"""Correlations of spike counts of pairs of neurons."""

from typing import Any

import numpy as np

from ..results import SpikeTrains
from ..statistics import Estimate
from .counts import check_batches, chosen, counts_of, leave_out

__all__ = ["count_correlation", "mean_count_correlation"]


def count_correlation(
    spikes: SpikeTrains, window: float, *, neurons: Any = None, batches: int = 20
) -> Estimate:
    """Correlation coefficients of spike counts, of all pairs.

    Parameters
    ----------
    spikes : SpikeTrains
        Recorded spikes.
    window : float
        Length of the windows in which spikes are counted [ms].
    neurons : array_like of int, optional
        Neurons to look at, e.g. a random sample; by default all that were recorded.
    batches : int, optional
        Batches of windows that the jackknife leaves out in turn.

    Returns
    -------
    Estimate
        Matrices (k, k), in the order of sorted `neurons`; NaN for a neuron whose count
        does not vary.

    Raises
    ------
    TypeError, ValueError
        If there are no spikes recorded, or too few windows.

    Notes
    -----
    r_ij = Cov(n_i, n_j)/sqrt(Var n_i Var n_j) [1]_. With W windows, independent neurons
    show coefficients of SD 1/sqrt(W - 1). Memory is that of the windows times the
    neurons, and of a few matrices.

    References
    ----------
    .. [1] M. R. Cohen, A. Kohn, Nat. Neurosci. 14, 811 (2011), doi:10.1038/nn.2842

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, count_correlation
    >>> trains = SpikeTrains(
    ...     times=np.tile([5.0, 8.0, 31.0, 57.0, 76.0], 2),
    ...     neurons=np.repeat([0, 1], 5), t_start=0.0, t_stop=80.0, n_neurons=2,
    ... )
    >>> count_correlation(trains, 10.0, batches=2).value.round(6)
    array([[1., 1.],
           [1., 1.]])
    """
    counts = counts_of(spikes, chosen(spikes, neurons), window, least=4)
    batches = check_batches(batches, counts.shape[1] // 2, "pairs of windows")
    counts = counts.astype(np.float64)

    def correlation(keep: np.ndarray) -> np.ndarray:
        z = _standardised(counts[:, keep])
        return z @ z.T / z.shape[1]

    return Estimate(*leave_out(correlation, counts.shape[1], batches))


def mean_count_correlation(
    spikes: SpikeTrains, window: float, *, neurons: Any = None, batches: int = 20
) -> Estimate:
    """Mean correlation coefficient of spike counts over all pairs of neurons.

    Parameters
    ----------
    spikes, window, neurons, batches
        As for `count_correlation`.

    Returns
    -------
    Estimate
        Two floats. Neurons whose count does not vary are left out.

    Raises
    ------
    TypeError, ValueError
        As `count_correlation`, and with less than two neurons whose counts vary.

    Notes
    -----
    The sum over pairs is (sum_i z_i)^2 less the diagonal, with standardised counts z: no
    matrix is made, and all pairs of thousands of neurons can be taken. The error is that
    of a finite time, for these neurons.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, mean_count_correlation
    >>> trains = SpikeTrains(
    ...     times=np.tile([5.0, 8.0, 31.0, 57.0, 76.0], 2),
    ...     neurons=np.repeat([0, 1], 5), t_start=0.0, t_stop=80.0, n_neurons=2,
    ... )
    >>> round(mean_count_correlation(trains, 10.0, batches=2).value, 6)
    1.0
    """
    counts = counts_of(spikes, chosen(spikes, neurons), window, least=4)
    batches = check_batches(batches, counts.shape[1] // 2, "pairs of windows")
    counts = counts[counts.min(axis=1) < counts.max(axis=1)].astype(np.float64)
    n = counts.shape[0]
    if n < 2:
        raise ValueError(
            f"`spikes` must have two neurons whose counts vary; got {n}; record for "
            "longer or count in other windows"
        )

    def mean(keep: np.ndarray) -> np.float64:
        z = _standardised(counts[:, keep])
        silent = np.isnan(z[:, 0])  # in what is left
        total = z[~silent].sum(axis=0)
        k = n - silent.sum()
        if k < 2:
            return np.float64(np.nan)
        return (total @ total / total.size - k) / (k * (k - 1))

    value, stderr = leave_out(mean, counts.shape[1], batches)
    return Estimate(float(value), float(stderr))


def _standardised(counts: np.ndarray) -> np.ndarray:
    """Take off the mean and divide by the SD; NaN for those that do not vary."""
    z = counts - counts.mean(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        z /= np.sqrt(np.mean(z * z, axis=1, keepdims=True))
    return z
