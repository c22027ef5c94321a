"""Signals around spikes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import as_float, require

from ..arguments import number
from ..results import SpikeTrains
from .counts import Curve, check_batches, chosen, ratio, rows_of

__all__ = ["spike_triggered_average"]

_GRID = 1e-6  # of a sampling step


def spike_triggered_average(
    spikes: SpikeTrains,
    t: npt.ArrayLike,
    signal: npt.ArrayLike,
    *,
    before: float,
    after: float = 0.0,
    neurons: Any = None,
    batches: int = 20,
) -> Curve:
    """Average of a signal around spikes, less its mean.

    Parameters
    ----------
    spikes : SpikeTrains
        Recorded spikes.
    t : array_like
        Times (samples,) of the signal [ms], in equal steps.
    signal : array_like
        One signal (samples,) for all, or (samples, n) with one for each of `neurons`: a
        common input, currents, recorded traces (transposed).
    before, after : float
        How far lags reach before and behind the spike [ms].
    neurons : int or array_like of int, optional
        Neurons whose spikes trigger; by default all that were recorded.
    batches : int, optional
        Pieces of the time from whose scatter the error comes.

    Returns
    -------
    Curve
        Lags x from -before to after [ms], and the average less the mean of the signal.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, times are uneven, or no spike has all its lags in `t`.

    Notes
    -----
    STA(s) = <x(t_k + s)> - <x>, over all spikes t_k whose lags lie in `t`; x at the
    spike is the last sample until then. The mean <x> is over the samples, of each
    neuron's own signal in proportion to its spikes; its error is part of the error. For
    a Poisson process with the rate r + (f * x), small against r, and white noise x of
    <x x'> = D delta, STA(-s) = D f(s)/r [1]_.

    References
    ----------
    .. [1] P. Dayan, L. F. Abbott, Theoretical Neuroscience, MIT Press (2001), section 2.2

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, spike_triggered_average
    >>> t = np.arange(0.0, 1000.0)
    >>> trains = SpikeTrains(
    ...     times=np.arange(100.0, 1000.0, 100.0), neurons=np.zeros(9, dtype=int),
    ...     t_start=0.0, t_stop=1000.0, n_neurons=1,
    ... )
    >>> signal = (t % 100 == 97).astype(float)  # a pulse 3 ms before each spike
    >>> lag, average, _ = spike_triggered_average(trains, t, signal, before=5.0)
    >>> lag[average > 0.5]
    array([-3.])
    """
    neurons = chosen(spikes, neurons)
    t, signal, step = _checked(t, signal, neurons.size)
    batches = check_batches(batches, t.size, "samples")
    before, after = number("before", before), number("after", after)
    require(before >= 0, "before", "must not be negative (ms)", before)
    require(after >= 0, "after", "must not be negative (ms)", after)
    lags = np.arange(-round(before / step), round(after / step) + 1)
    times, row = rows_of(spikes, neurons)
    place = np.floor((times - t[0]) / step + _GRID).astype(np.int64)
    inside = (place + lags[0] >= 0) & (place + lags[-1] < t.size)
    require(inside.any(), "t", "must cover a spike with its lags; spikes there", 0)
    place, row = place[inside], row[inside]
    column = row if signal.shape[1] > 1 else np.zeros_like(row)
    piece = place * batches // t.size
    mean = signal.mean(axis=0)
    # What a piece's own mean of the signal does to the mean that is taken off.
    spikes_of = np.bincount(column, minlength=signal.shape[1])
    edges = -(-np.arange(batches + 1) * t.size // batches)
    drift = np.add.reduceat(signal - mean, edges[:-1], axis=0) @ spikes_of / t.size
    n_of = np.bincount(piece, minlength=batches).astype(np.float64)
    total = np.empty((lags.size, batches))
    for found, lag in zip(total, lags, strict=True):
        x = signal[place + lag, column] - mean[column]
        found[:] = np.bincount(piece, weights=x, minlength=batches)
    value, _ = ratio(total, n_of)
    _, stderr = ratio(total - drift, n_of)
    return Curve(lags * step, value, stderr)


def _checked(t: Any, signal: Any, n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return times, signals (samples, 1 or n) and the sampling step, if they fit."""
    t, signal = as_float("t", t).astype(np.float64), as_float("signal", signal)
    if t.ndim != 1 or t.size < 2:
        raise ValueError(f"`t` must be (samples,), two or more; got shape {t.shape}")
    if signal.shape not in ((t.size,), (t.size, n)):
        raise ValueError(
            f"`signal` must be (samples,) or (samples, neurons) = ({t.size}, {n}); got "
            f"shape {signal.shape}"
        )
    require(np.isfinite(signal), "signal", "must be finite", signal)
    step = (t[-1] - t[0]) / (t.size - 1)
    even = np.abs(np.diff(t) - step) < 1e-6 * abs(step)
    require(even & (step > 0), "t", "must rise in equal steps (ms)", t[1:])
    return t, signal.reshape(t.size, -1), step
