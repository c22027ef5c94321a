"""Time loop of correlated neurons: groups in step on the grid n dt.

The neurons of a group share correlated noise, drawn once per step; which bridges cross
within the step is decided for each neuron alone, given that noise. Rates and interval
statistics are as exact as for single neurons. Pairs lose what their crossings have in
common beyond the end points of a step, at lags below dt.

What a neuron that restarts within a step takes of the shared noise is in `passages`.
"""

from typing import NamedTuple

import numpy as np

from ._jit import inlined, inner, kernel
from .counting import spike
from .loops import PATIENCE, TINY_ROOM, advance_one, fill_levels
from .models.lif import (
    DECAY,
    DRIFT,
    NOISE,
    deterministic_interval,
)
from .passages import enter, passage, restart
from .streams import normal
from .tape import has_room, sample

__all__ = ["Groups", "Pairs", "advance_groups"]


class Groups(NamedTuple):
    """Groups of `size` neurons each; arrays over groups unless said otherwise.

    factor (groups, size, size): turns normals into correlated ones; rng (groups, 2):
    streams of the shared noise; step: steps made; open: 1 while to be advanced; rows
    (neurons + 1, columns): coefficients of a whole step, exact or Euler's, and a row to
    write on; n_ref (neurons,): refractory steps, -1 in the bridge scheme.
    """

    factor: np.ndarray
    rng: np.ndarray
    step: np.ndarray
    open: np.ndarray
    rows: np.ndarray
    n_ref: np.ndarray
    normals: np.ndarray


class Pairs(NamedTuple):
    """Counts of all neurons of a group in common windows, and their products.

    length, batches, per_batch: as in `Windows`; window (groups, windows): number of the
    running one; counted, ahead (neurons, windows): spikes in it and in the next; a
    (groups, windows, batches, size), p (groups, windows, batches, size, size): sums of
    counts and of products of counts, batch by batch.
    """

    length: np.ndarray
    batches: np.ndarray
    per_batch: np.ndarray
    window: np.ndarray
    counted: np.ndarray
    ahead: np.ndarray
    a: np.ndarray
    p: np.ndarray


@inlined
def _count(pairs, g, j, t):
    if t < 0.0:
        return
    for w in range(pairs.length.size):
        if np.int64(t / pairs.length[w]) <= pairs.window[g, w]:
            pairs.counted[j, w] += 1.0
        else:
            pairs.ahead[j, w] += 1.0


@inlined
def _close_windows(pairs, g, size, t):
    for w in range(pairs.length.size):
        k = pairs.window[g, w]
        # The grid may meet an edge up to rounding.
        if t * (1.0 + 1e-12) < (k + 1) * pairs.length[w]:
            continue
        b = k // pairs.per_batch[w]
        if b < pairs.batches[w]:
            for i in range(size):
                n = pairs.counted[g * size + i, w]
                pairs.a[g, w, b, i] += n
                if n > 0.0:
                    for l in range(size):
                        pairs.p[g, w, b, i, l] += n * pairs.counted[g * size + l, w]
        pairs.window[g, w] = k + 1
        for j in range(g * size, (g + 1) * size):
            pairs.counted[j, w] = pairs.ahead[j, w]
            pairs.ahead[j, w] = 0.0


@inlined
def _emit(sink, pairs, g, j, t, duration):
    """Take a spike of neuron j at t from the end of the warm-up."""
    if spike(sink, j, t, t - sink.tally.last[j], duration):
        _count(pairs, g, j, t)
    else:
        sink.tally.last[j] = np.nan  # closed


@inlined
def _bridge_step(neurons, g, j, clock, state, groups, sink, pairs, noise):
    """Take neuron j through the step of its group with the shared noise."""
    n = groups.step[g]
    rng, table = state.rng[j], groups.rows
    room = TINY_ROOM * clock.dt
    end = (n + 1) * clock.dt
    x, release = state.x[j], state.release[j]
    i, start, noise = enter(
        neurons, j, table, n * clock.dt, end, release, room, noise, rng
    )
    if i < 0:
        return
    while True:
        x1 = table[i, DECAY] * x + table[i, DRIFT] + noise
        passed = passage(neurons, j, x, x1, table, i, rng)
        if passed < 0.0:
            state.x[j], state.release[j] = x1, np.nan
            return
        t = start + passed
        _emit(sink, pairs, g, j, t - clock.warmup, clock.duration)
        release, x = t + neurons.t_ref[j], neurons.reset[j]
        state.release[j], state.x[j] = release, x
        if release >= end - room:
            return
        noise = restart(neurons, j, table, x1, t, release, end, rng)
        i, start = table.shape[0] - 1, release


@inlined
def _clocked_step(neurons, g, j, clock, state, groups, sink, pairs, noise):
    """Do the same with the threshold tested at the end of the step only."""
    n = groups.step[g]
    if not np.isnan(state.release[j]) and n < state.release[j]:
        return
    state.release[j] = np.nan
    rows = groups.rows
    x1 = rows[j, DECAY] * state.x[j] + rows[j, DRIFT] + noise
    state.x[j] = x1
    if x1 >= 0.0:
        t = (n + 0.5) * clock.dt - clock.warmup
        _emit(sink, pairs, g, j, t, clock.duration)
        state.x[j] = neurons.reset[j]
        state.release[j] = n + 1 + groups.n_ref[j]


@inlined
def _step(neurons, g, j, clock, state, groups, sink, pairs, noise):
    if groups.n_ref[j] >= 0:
        _clocked_step(neurons, g, j, clock, state, groups, sink, pairs, noise)
    else:
        _bridge_step(neurons, g, j, clock, state, groups, sink, pairs, noise)


@inner
def _close_clocked(neurons, j, clock, state, groups, sink, budget):
    """Go on alone, behind the end, until the open interval of neuron j is closed."""
    end = (clock.warmup + (1.0 + PATIENCE) * clock.duration) / clock.dt
    rows = groups.rows
    n, x, release = state.step[j], state.x[j], state.release[j]
    while budget > 0:
        if np.isnan(sink.tally.last[j]) or n >= end:
            state.open[j] = 0
            break
        budget -= 1
        n += 1
        if n <= release:
            continue
        x = rows[j, DECAY] * x + rows[j, DRIFT] + rows[j, NOISE] * normal(state.rng[j])
        if x >= 0.0:
            t = (n - 0.5) * clock.dt - clock.warmup
            spike(sink, j, t, t - sink.tally.last[j], clock.duration)
            sink.tally.last[j] = np.nan
    state.step[j], state.x[j] = n, x
    return budget


@inner
def _close(neurons, j, clock, state, groups, sink, budget):
    if groups.n_ref[j] >= 0:
        return _close_clocked(neurons, j, clock, state, groups, sink, budget)
    tau, leak = neurons.tau[j], neurons.leak[j]
    mu, sigma = neurons.mu[j], neurons.sigma[j]
    if sigma == 0.0:
        if not np.isnan(sink.tally.last[j]):
            interval = neurons.t_ref[j] + deterministic_interval(
                tau, leak, neurons.reset[j], mu
            )
            late = clock.duration + interval
            spike(sink, j, late, interval, clock.duration)
        state.open[j] = 0
        return budget
    fill_levels(state.table, state.limits, tau, leak, mu, sigma, clock.dt)
    return advance_one(neurons, j, clock, state, sink, budget)


@inlined
def _correlate(groups, g):
    """Draw the correlated normals of one step."""
    shared, noise = groups.normals[0], groups.normals[1]
    size = shared.size
    for i in range(size):
        shared[i] = normal(groups.rng[g])
    for i in range(size):
        total = 0.0
        for l in range(size):
            total += groups.factor[g, i, l] * shared[l]
        noise[i] = total


@inlined
def _advance_shared(neurons, g, clock, state, groups, sink, pairs, budget):
    """Advance one group to the end of the run, within the budget."""
    size = groups.factor.shape[1]
    end = (clock.warmup + clock.duration) / clock.dt
    while groups.step[g] < end and budget > 0 and has_room(sink.tape):
        budget -= size
        _correlate(groups, g)
        n = groups.step[g] + 1
        for i in range(size):
            j = g * size + i
            xi = groups.rows[j, NOISE] * groups.normals[1, i]
            _step(neurons, g, j, clock, state, groups, sink, pairs, xi)
            sample(sink.probe, j, n, state.x[j])
        _close_windows(pairs, g, size, n * clock.dt - clock.warmup)
        groups.step[g] = n
    return budget


@kernel
def advance_groups(neurons, clock, state, groups, sink, pairs, budget):
    """Advance all open groups, within a budget of steps; return what is left of it."""
    size = groups.factor.shape[1]
    end = (clock.warmup + clock.duration) / clock.dt
    for g in range(groups.step.size):
        if not groups.open[g]:
            continue
        budget = _advance_shared(neurons, g, clock, state, groups, sink, pairs, budget)
        if groups.step[g] < end:
            return budget
        for j in range(g * size, (g + 1) * size):
            if state.open[j]:
                state.step[j] = max(state.step[j], groups.step[g])
                budget = _close(neurons, j, clock, state, groups, sink, budget)
                if state.open[j]:
                    return budget
        groups.open[g] = 0
    return budget
