"""Streaming statistics: interval moments and windowed counts, one spike at a time."""

from typing import NamedTuple

import numpy as np

from ._jit import inlined
from .tape import Probe, Tape, write

__all__ = ["N_MOMENTS", "N_SUMS", "Sink", "Tally", "Windows", "finish", "spike"]

N_MOMENTS = 8  # number, first interval, sums of powers 1..6 of the distance from it
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
    edge: np.ndarray
    counted: np.ndarray
    batch: np.ndarray


class Sink(NamedTuple):
    """Where the time loops deliver spikes and voltages."""

    tally: Tally
    windows: Windows
    tape: Tape
    probe: Probe


@inlined
def add_interval(m, value):
    """Add an interval to the power sums of its distance from the first one.

    The first interval is within some SDs of the mean, so that the powers do not cancel:
    at 30 SDs the sixth central moment would keep seven digits, the variance all.
    """
    if m[0] == 0.0:
        m[1] = value
    m[0] += 1.0
    d = value - m[1]
    d2 = d * d
    d3 = d2 * d
    m[2] += d
    m[3] += d2
    m[4] += d3
    m[5] += d2 * d2
    m[6] += d2 * d3
    m[7] += d3 * d3


@inlined
def _close_window(tally, j, w):
    n = tally.counted[j, w]
    tally.batch[j, w, 0] += n
    tally.batch[j, w, 1] += n * n
    tally.counted[j, w] = 0.0


@inlined
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


@inlined
def _next_window(tally, windows, j, w, t):
    """Close the running window and open the one that t lies in, if it is a whole one."""
    length, per_batch = windows.length[w], windows.per_batch[w]
    old = tally.window[j, w]
    new = min(np.int64(t / length), windows.batches[w] * per_batch)
    _close_window(tally, j, w)
    if new // per_batch != old // per_batch:
        _close_batch(tally, j, w)
    tally.window[j, w] = new
    last = new == windows.batches[w] * per_batch
    # Behind the last whole window spikes go uncounted.
    tally.edge[j, w] = np.inf if last else (new + 1) * length
    tally.counted[j, w] = -np.inf if last else 0.0


@inlined
def _count(tally, windows, j, t):
    for w in range(windows.length.size):
        if t >= tally.edge[j, w]:
            _next_window(tally, windows, j, w, t)
        tally.counted[j, w] += 1.0


@inlined
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


@inlined
def finish(sink, j):
    """Close the windows that neuron j left open."""
    tally = sink.tally
    for w in range(sink.windows.length.size):
        if tally.counted[j, w] >= 0.0:
            _close_window(tally, j, w)
        _close_batch(tally, j, w)
