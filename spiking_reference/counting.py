"""Streaming statistics: interval moments and windowed counts, one spike at a time."""

from typing import NamedTuple

import numpy as np

from ._jit import kernel
from .tape import Probe, Tape, write

__all__ = ["N_MOMENTS", "N_SUMS", "Sink", "Tally", "Windows", "finish", "spike"]

N_MOMENTS = 7  # number, mean, and the sums of powers 2..6 of the deviations
N_SUMS = 5  # sums over batches: a, q, a^2, a q, q^2 (a counts, q squared counts)


class Windows(NamedTuple):
    """Window lengths [ms], whole batches in the run, and windows in each batch."""

    length: np.ndarray
    batches: np.ndarray
    per_batch: np.ndarray


class Tally(NamedTuple):
    """Accumulators of some neurons; all arrays start with the neuron axis.

    n_spikes (n,); moments (n, N_MOMENTS) of the intervals; sums (n, windows, N_SUMS);
    last (n,) the spike that opened the current interval, NaN for none; and the running
    window: number, count, and the batch's a and q (n, windows).
    """

    n_spikes: np.ndarray
    moments: np.ndarray
    sums: np.ndarray
    last: np.ndarray
    window: np.ndarray
    counted: np.ndarray
    batch: np.ndarray


class Sink(NamedTuple):
    """Where the time loops deliver spikes and voltages."""

    tally: Tally
    windows: Windows
    tape: Tape
    probe: Probe


@kernel
def add_interval(m, value):
    """Update the central moment sums to order 6 with one value.

    The one-value case of eq. 2.9 in P. Pebay, Sandia report SAND2008-6212 (2008),
    doi:10.2172/1028931: no cancellation, whatever the mean.
    """
    m[0] += 1.0
    n = m[0]
    delta = value - m[1]
    step = delta / n
    m[1] += step
    if n == 1.0:
        return
    for p in range(6, 1, -1):
        total = m[p]
        binomial, power = 1.0, 1.0
        for k in range(1, p - 1):
            binomial *= (p - k + 1.0) / k
            power *= -step
            total += binomial * m[p - k] * power
        rest = (n - 1.0) * step
        total += rest**p * (1.0 - (-1.0 / (n - 1.0)) ** (p - 1))
        m[p] = total


@kernel
def _close_window(tally, j, w):
    n = tally.counted[j, w]
    tally.batch[j, w, 0] += n
    tally.batch[j, w, 1] += n * n
    tally.counted[j, w] = 0.0


@kernel
def _close_batch(tally, j, w):
    a, q = tally.batch[j, w, 0], tally.batch[j, w, 1]
    sums = tally.sums[j, w]
    sums[0] += a
    sums[1] += q
    sums[2] += a * a
    sums[3] += a * q
    sums[4] += q * q
    tally.batch[j, w, 0] = 0.0
    tally.batch[j, w, 1] = 0.0


@kernel
def _count(tally, windows, j, t):
    for w in range(windows.length.size):
        i = np.int64(t / windows.length[w])
        per_batch = windows.per_batch[w]
        if i >= windows.batches[w] * per_batch:
            continue
        old = tally.window[j, w]
        if i != old:
            _close_window(tally, j, w)
            if i // per_batch != old // per_batch:
                _close_batch(tally, j, w)
            tally.window[j, w] = i
        tally.counted[j, w] += 1.0


@kernel
def spike(sink, j, t, interval, duration):
    """Take a spike of neuron j at t after the warm-up; false once nothing is open.

    An interval belongs to the run when the spike that opens it does; the run of a
    neuron goes on behind `duration` until its last interval is closed.
    """
    tally = sink.tally
    write(sink.tape, j, t)
    if t < 0.0:
        return True
    if not np.isnan(tally.last[j]):
        add_interval(tally.moments[j], interval)
    if t >= duration:
        return False
    tally.n_spikes[j] += 1
    tally.last[j] = t
    _count(tally, sink.windows, j, t)
    return True


@kernel
def finish(sink, j):
    """Close the windows that neuron j left open."""
    tally, windows = sink.tally, sink.windows
    for w in range(windows.length.size):
        _close_window(tally, j, w)
        _close_batch(tally, j, w)
