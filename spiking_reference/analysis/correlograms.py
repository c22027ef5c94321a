"""How often neurons fire at a lag from a spike."""

from itertools import pairwise
from typing import Any

import numpy as np

from meanfield.neurons import require

from ..arguments import number
from ..results import SpikeTrains
from .counts import (
    Curve,
    bin_of,
    check_batches,
    chosen,
    counts_of,
    n_bins,
    ratio,
    rows_of,
)

__all__ = ["autocorrelogram", "cross_correlogram"]


def autocorrelogram(
    spikes: SpikeTrains,
    *,
    max_lag: float,
    bin: float = 1.0,
    neurons: Any = None,
    batches: int = 20,
) -> Curve:
    """Rate of a neuron at a lag from one of its own spikes.

    Parameters
    ----------
    spikes : SpikeTrains
        Recorded spikes.
    max_lag : float
        Largest lag [ms].
    bin : float, optional
        Width of the bins [ms].
    neurons : int or array_like of int, optional
        Neurons to look at; by default all that were recorded. A single one gives the
        correlogram of a train, several the average over all their spikes.
    batches : int, optional
        Pieces of the time from whose scatter the error comes.

    Returns
    -------
    Curve
        Lags x from -max_lag to max_lag [ms], and rates [kHz].

    Raises
    ------
    TypeError, ValueError
        If there are no spikes recorded, or the lags do not fit.

    Notes
    -----
    The conditional intensity h(s) = lim P[spike in (t + s, t + s + ds) | spike at t]/ds,
    without the spike at s = 0 itself; it tends to the rate. For a renewal process h is
    the sum of the densities of the times to the next, the second next, ... spike [1]_.
    Lags are those of bins: h is averaged over a triangle of half-width `bin`. Spikes
    near the ends trigger only where the lag lies in the record. A lag without a pair
    has the error that one pair would give.

    References
    ----------
    .. [1] D. R. Cox, P. A. W. Lewis, The Statistical Analysis of Series of Events,
       Methuen (1966), chapter 4

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, autocorrelogram
    >>> trains = SpikeTrains(
    ...     times=np.arange(5.0, 1000.0, 10.0), neurons=np.zeros(100, dtype=int),
    ...     t_start=0.0, t_stop=1000.0, n_neurons=1,
    ... )
    >>> lag, rate, stderr = autocorrelogram(trains, max_lag=20.0)
    >>> lag[rate > 0], rate[rate > 0]
    (array([-20., -10.,  10.,  20.]), array([1., 1., 1., 1.]))
    """
    neurons = chosen(spikes, neurons)
    lags = _lags(spikes, max_lag, bin)
    batches = check_batches(batches, n_bins(spikes, bin), "bins")
    activity = counts_of(spikes, neurons, bin).sum(axis=0)
    pairs = _own_pairs(spikes, neurons, lags, bin, activity.size, batches)
    triggers = _triggers(activity, lags, batches)
    return Curve(lags * bin, *_rate(pairs, triggers * bin))


def cross_correlogram(
    spikes: SpikeTrains,
    others: SpikeTrains | None = None,
    *,
    max_lag: float,
    bin: float = 1.0,
    neurons: Any = None,
    other_neurons: Any = None,
    batches: int = 20,
) -> Curve:
    """Rate of other neurons at a lag from a spike.

    Parameters
    ----------
    spikes : SpikeTrains
        Spikes that trigger.
    others : SpikeTrains, optional
        Spikes that are counted, over the same span; by default those of `spikes`.
    max_lag, bin, batches
        As for `autocorrelogram`.
    neurons, other_neurons : int or array_like of int, optional
        Neurons that trigger, and that are counted; by default all that were recorded.

    Returns
    -------
    Curve
        Lags x from -max_lag to max_lag [ms], positive where the others follow, and the
        rate of one of the others [kHz].

    Raises
    ------
    TypeError, ValueError
        If there are no spikes recorded, spans differ, or the lags do not fit.

    Notes
    -----
    As `autocorrelogram`, averaged over all pairs of a neuron and another. Within one
    population no neuron is paired with itself. All pairs together cost as much as the
    two activities: their number does not matter.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, cross_correlogram
    >>> times = np.arange(5.0, 1000.0, 10.0)
    >>> trains = SpikeTrains(
    ...     times=np.r_[times, times + 3.0], neurons=np.repeat([0, 1], 100),
    ...     t_start=0.0, t_stop=1000.0, n_neurons=2,
    ... )
    >>> lag, rate, _ = cross_correlogram(
    ...     trains, max_lag=4.0, neurons=0, other_neurons=1
    ... )
    >>> lag[rate > 0], rate[rate > 0]
    (array([3.]), array([1.]))
    """
    same = others is None or others is spikes
    others = spikes if others is None else others
    mine, theirs = chosen(spikes, neurons), chosen(others, other_neurons)
    spans = [(s.t_start, s.t_stop) for s in (spikes, others)]
    require(spans[0] == spans[1], "others", f"must be of the span {spans[0]}", spans[1])
    both = np.intersect1d(mine, theirs) if same else np.empty(0, dtype=np.int64)
    number_of_pairs = mine.size * theirs.size - both.size
    require(number_of_pairs > 0, "others", "must have another neuron", number_of_pairs)
    lags = _lags(spikes, max_lag, bin)
    batches = check_batches(batches, n_bins(spikes, bin), "bins")
    activity = counts_of(spikes, mine, bin).sum(axis=0)
    answer = counts_of(others, theirs, bin).sum(axis=0)
    pairs = _all_pairs(activity, answer, lags, batches)
    chances = _triggers(activity, lags, batches) * theirs.size
    if both.size:
        own = _triggers(counts_of(spikes, both, bin).sum(axis=0), lags, batches)
        pairs -= _own_pairs(spikes, both, lags, bin, activity.size, batches)
        pairs[lags == 0] -= own[lags == 0]
        chances -= own
    return Curve(lags * bin, *_rate(pairs, chances * bin))


def _lags(spikes: SpikeTrains, max_lag: Any, bin: Any) -> np.ndarray:
    bins = n_bins(spikes, bin)
    longest = round(number("max_lag", max_lag) / bin)
    words = f"must be at least the bin and below {bins * bin} (ms)"
    require(1 <= longest < bins, "max_lag", words, max_lag)
    return np.arange(-longest, longest + 1)


def _rate(pairs: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs over the time in which they could be; without a pair, as if one were."""
    value, stderr = ratio(pairs, time)
    with np.errstate(all="ignore"):
        return value, np.where(value > 0, stderr, 1.0 / time.sum(axis=-1))


def _piece(bins: int, batches: int) -> np.ndarray:
    """Return the piece of the time that each bin belongs to."""
    return np.arange(bins) * batches // bins


def _triggers(activity: np.ndarray, lags: np.ndarray, batches: int) -> np.ndarray:
    """Spikes (lags, batches) for which the lag lies in the record."""
    piece = _piece(activity.size, batches)
    place = np.arange(activity.size)
    found = np.empty((lags.size, batches))
    for row, lag in zip(found, lags, strict=True):
        inside = (place + lag >= 0) & (place + lag < activity.size)
        row[:] = np.bincount(piece, weights=activity * inside, minlength=batches)
    return found


def _all_pairs(
    activity: np.ndarray, answer: np.ndarray, lags: np.ndarray, batches: int
) -> np.ndarray:
    """Pairs of spikes (lags, batches) of two activities."""
    from scipy.signal import correlate

    piece, longest = _piece(activity.size, batches), int(lags[-1])
    padded = np.pad(answer.astype(np.float64), longest)
    edges = np.searchsorted(piece, np.arange(batches + 1))
    found = np.empty((lags.size, batches))
    for b, (first, stop) in enumerate(pairwise(edges)):
        near = padded[first : stop + 2 * longest]
        part = activity[first:stop].astype(np.float64)
        # Counts are whole numbers, which the Fourier transform does not know.
        found[:, b] = np.round(correlate(near, part, mode="valid"))
    return found


def _own_pairs(
    spikes: SpikeTrains,
    neurons: np.ndarray,
    lags: np.ndarray,
    bin: float,
    bins: int,
    batches: int,
) -> np.ndarray:
    """Pairs (lags, batches) of different spikes of the same neuron.

    Every spike is compared with the next one, the second next, ... of its neuron: as
    many passes as there are spikes within the largest lag.
    """
    times, row = rows_of(spikes, neurons)
    place = bin_of(spikes, times, bin)
    row, place = row[place < bins], place[place < bins]
    piece, longest = _piece(bins, batches), int(lags[-1])
    found = np.zeros((lags.size, batches))
    apart = 1
    while apart < place.size:
        lag = place[apart:] - place[:-apart]
        close = (row[apart:] == row[:-apart]) & (lag <= longest)
        if not close.any():
            break
        early, late = place[:-apart][close], place[apart:][close]
        for trigger, shift in ((early, lag[close]), (late, -lag[close])):
            flat = (shift + longest) * batches + piece[trigger]
            found += np.bincount(flat, minlength=found.size).reshape(found.shape)
        apart += 1
    return found
