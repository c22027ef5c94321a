"""Irregularity of single spike trains, from their interspike intervals."""

from typing import Any

import numpy as np

from .. import statistics
from ..results import SpikeTrains
from ..statistics import Estimate
from .counts import chosen, rows_of

__all__ = ["interval_cv", "interval_cv2", "local_variation"]

_FEW = 3  # pairs of intervals below which nothing is known of their scatter


def interval_cv(spikes: SpikeTrains, *, neurons: Any = None) -> Estimate:
    """Coefficient of variation of the interspike intervals of each neuron.

    Parameters
    ----------
    spikes : SpikeTrains
        Recorded spikes.
    neurons : int or array_like of int, optional
        Neurons to look at; by default all that were recorded.

    Returns
    -------
    Estimate
        Arrays (k,) in the order of sorted `neurons`; NaN with less than two intervals.

    Raises
    ------
    TypeError, ValueError
        If there are no spikes recorded, or no such neurons.

    Notes
    -----
    SD over mean, with the errors of independent intervals (delta method). A record of
    few intervals lacks long ones and shows too small a CV.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, interval_cv
    >>> trains = SpikeTrains(
    ...     times=np.arange(5.0, 100.0, 10.0), neurons=np.zeros(10, dtype=int),
    ...     t_start=0.0, t_stop=100.0, n_neurons=2,
    ... )
    >>> interval_cv(trains).value
    array([ 0., nan])
    """
    neurons = chosen(spikes, neurons)
    interval, row = _intervals(spikes, neurons)
    first_of = np.full(neurons.size, np.nan)
    first_of[row[::-1]] = interval[::-1]
    rest = interval - first_of[row]
    powers = [np.bincount(row, rest**p, neurons.size) for p in range(7)]
    moments = np.stack([powers[0], first_of, *powers[1:]], axis=1)
    return statistics.interval_cv(moments)


def interval_cv2(spikes: SpikeTrains, *, neurons: Any = None) -> Estimate:
    r"""CV2 of each neuron: variation from one interval to the next.

    Parameters
    ----------
    spikes, neurons
        As for `interval_cv`.

    Returns
    -------
    Estimate
        Arrays (k,); NaN with less than three pairs of intervals.

    Raises
    ------
    TypeError, ValueError
        As `interval_cv`.

    Notes
    -----
    The mean of 2 \|I' - I\|/(I' + I) over neighbouring intervals [1]_; 1 for a Poisson
    process, also one whose rate changes slowly. The error takes pairs as correlated with
    the next one, which shares an interval, and with no other.

    References
    ----------
    .. [1] G. R. Holt, W. R. Softky, C. Koch, R. J. Douglas, J. Neurophysiol. 75, 1806
       (1996), doi:10.1152/jn.1996.75.5.1806

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, interval_cv2
    >>> trains = SpikeTrains(
    ...     times=np.cumsum([1.0, 3.0, 1.0, 3.0, 1.0]), neurons=np.zeros(5, dtype=int),
    ...     t_start=0.0, t_stop=10.0, n_neurons=1,
    ... )
    >>> interval_cv2(trains)
    Estimate(value=array([1.]), stderr=array([0.]))
    """
    return _of_pairs(spikes, neurons, lambda x: 2.0 * np.abs(x))


def local_variation(spikes: SpikeTrains, *, neurons: Any = None) -> Estimate:
    """Local variation Lv of each neuron.

    Parameters
    ----------
    spikes, neurons
        As for `interval_cv`.

    Returns
    -------
    Estimate
        Arrays (k,); NaN with less than three pairs of intervals.

    Raises
    ------
    TypeError, ValueError
        As `interval_cv`.

    Notes
    -----
    The mean of 3 ((I' - I)/(I' + I))^2 over neighbouring intervals [1]_: 1 for a Poisson
    process, 3/(2 k + 1) for gamma intervals of shape k. Error as for `interval_cv2`.

    References
    ----------
    .. [1] S. Shinomoto, K. Shima, J. Tanji, Neural Comput. 15, 2823 (2003),
       doi:10.1162/089976603322518759

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, local_variation
    >>> trains = SpikeTrains(
    ...     times=np.cumsum([1.0, 3.0, 1.0, 3.0, 1.0]), neurons=np.zeros(5, dtype=int),
    ...     t_start=0.0, t_stop=10.0, n_neurons=1,
    ... )
    >>> local_variation(trains).value
    array([0.75])
    """
    return _of_pairs(spikes, neurons, lambda x: 3.0 * x * x)


def _intervals(spikes: SpikeTrains, neurons: np.ndarray) -> tuple:
    """All intervals, and the place of their neuron in `neurons`."""
    times, row = rows_of(spikes, neurons)
    same = row[1:] == row[:-1]
    return np.diff(times)[same], row[1:][same]


def _of_pairs(spikes: SpikeTrains, neurons: Any, function: Any) -> Estimate:
    """Mean of a function of (I' - I)/(I' + I) for each neuron."""
    neurons = chosen(spikes, neurons)
    interval, row = _intervals(spikes, neurons)
    same = row[1:] == row[:-1]
    late, early, row = interval[1:][same], interval[:-1][same], row[1:][same]
    x = function((late - early) / (late + early))
    size = neurons.size
    k = np.bincount(row, minlength=size).astype(np.float64)
    with np.errstate(all="ignore"):
        mean = np.bincount(row, x, size) / k
        rest = x - mean[row]
        near = row[1:] == row[:-1]
        own = np.bincount(row, rest**2, size) / (k - 1)
        shared = np.bincount(row[1:][near], (rest[1:] * rest[:-1])[near], size) / k
        # Few pairs can look as if neighbours cancelled each other.
        variance = np.maximum(own + 2.0 * shared, 0.5 * own)
        known = k >= _FEW
        stderr = np.where(known, np.sqrt(variance / k), np.nan)
        return Estimate(np.where(known, mean, np.nan), stderr)
