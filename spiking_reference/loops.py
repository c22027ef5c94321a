"""Time loops of the bridge scheme: neurons one by one, or groups in step.

Every loop can stop when its budget of steps is spent and be called again, so that a
long run can be interrupted, report progress and empty its record in between; where it
stops has no influence on what it computes.
"""

import math
from typing import NamedTuple

import numpy as np

from ._jit import inlined, inner, kernel
from .counting import finish, spike
from .models.lif import (
    DECAY,
    DRIFT,
    N_COEFFICIENTS,
    NOISE,
    crossing_time,
    deterministic_interval,
    fill_step,
    step_limit,
)
from .normals import Normals, begin, new_normals, pop
from .streams import normal, seed_all
from .tape import has_room, sample

__all__ = [
    "PATIENCE",
    "TINY_ROOM",
    "Clock",
    "State",
    "advance",
    "advance_one",
    "fill_levels",
    "new_state",
]

# A step longer than dt is taken when its mean path ends at least so many standard
# deviations below threshold; the crossing test is made all the same, so this bounds
# not a loss but how often the longer step's own (second-order) error can matter.
_MARGIN = 3.5
_LONGEST = 0.4  # in units of tau: where that second-order error is still small
MAX_LEVELS = 16  # a fixed number, so that the choice is SIMD
_PART, _NEAR, _FAR = MAX_LEVELS, MAX_LEVELS + 1, MAX_LEVELS + 2  # rows to write on
# An interval still open after so many durations is given up: a neuron with two spikes
# or more in the run meets that with probability below exp(-2 * 20).
PATIENCE = 20.0
TINY_ROOM = 1e-9  # of dt: how far apart a restart and a grid point must be


class Clock(NamedTuple):
    """Base step, warm-up and duration [ms]."""

    dt: float
    warmup: float
    duration: float


class State(NamedTuple):
    """Where each neuron stands; arrays over neurons.

    step: number of the next grid point's step; x: V - V_th there [mV]; release: end of
    the refractory period [ms from the start], NaN outside one; rng: stream of uniforms
    (n, 2); open: 1 while the neuron is to be advanced; begun: 1 once it has been;
    normals: those of the neuron being advanced, seeded by key and first + j; table,
    limits: its step coefficients, level by level, and rows for steps of other lengths.
    """

    step: np.ndarray
    x: np.ndarray
    release: np.ndarray
    rng: np.ndarray
    open: np.ndarray
    begun: np.ndarray
    normals: Normals
    key: np.ndarray
    first: int
    table: np.ndarray
    limits: np.ndarray


@inner
def fill_levels(table, limits, tau, leak, mu, sigma, dt):
    """Fill in steps dt, 2 dt, 4 dt, ..., and the x up to which each may be made.

    No x is below the limit of a level that is not there.
    """
    limits[:] = -np.inf
    levels = 0
    h = dt
    while levels == 0 or (levels < MAX_LEVELS and h <= _LONGEST * tau):
        fill_step(table, levels, tau, leak, mu, sigma, h)
        limit = step_limit(table, levels, _MARGIN)
        # Limits fall with h wherever longer steps can be of use at all.
        if levels > 0 and not limit < limits[levels - 1]:
            break
        limits[levels] = limit
        levels += 1
        h *= 2.0


@inner
def _trace(neurons, j, probe, table, dt, first):
    """Sample the voltage of a noiseless neuron."""
    t_ref = neurons.t_ref[j]
    for i in range(probe.V.shape[1] if probe.row[j] >= 0 else 0):
        n = probe.first + i * probe.every
        age = n * dt
        if age >= first:
            age = (age - first) % (first + t_ref) - t_ref
        tau, leak = neurons.tau[j], neurons.leak[j]
        fill_step(table, _NEAR, tau, leak, neurons.mu[j], 0.0, max(age, 0.0))
        decay, drift = table[_NEAR, DECAY], table[_NEAR, DRIFT]
        sample(probe, j, n, decay * neurons.reset[j] + drift)


@inner
def _deterministic(neurons, j, clock, state, sink, budget):
    """Spikes of a noiseless neuron: first + k interval, by multiplication."""
    first = deterministic_interval(
        neurons.tau[j], neurons.leak[j], neurons.reset[j], neurons.mu[j]
    )
    if first == np.inf:
        _trace(neurons, j, sink.probe, state.table, clock.dt, first)
        state.open[j] = 0
        return budget
    interval = neurons.t_ref[j] + first
    if state.step[j] == 0:
        _trace(neurons, j, sink.probe, state.table, clock.dt, first)
        begin = clock.warmup + min(0.0, sink.tape.span[0])
        state.step[j] = max(0, math.ceil((begin - first) / interval))
    while budget > 0 and has_room(sink.tape):
        budget -= 1
        t = first + state.step[j] * interval - clock.warmup
        state.step[j] += 1
        if not spike(sink, j, t, interval, clock.duration):
            state.open[j] = 0
            break
    return budget


@inner
def _reveal(neurons, j, probe, table, dt, start, x0, end, x1):
    """Sample a stretch of path that stayed below threshold at the grid points in it.

    Between the grid points that the scheme visits the path is an Ornstein-Uhlenbeck
    bridge; it is drawn with the probe's own stream. Steps longer than dt are made only
    far from the threshold, so that cutting the bridge there changes next to nothing.
    """
    if probe.row[j] < 0:
        return
    tau, leak = neurons.tau[j], neurons.leak[j]
    mu, sigma = neurons.mu[j], neurons.sigma[j]
    x, n = x0, np.int64(start / dt) + 1
    while n * dt < end - TINY_ROOM * dt:
        fill_step(table, _NEAR, tau, leak, mu, sigma, n * dt - start)
        fill_step(table, _FAR, tau, leak, mu, sigma, end - n * dt)
        mean, decay = table[_NEAR, DECAY] * x + table[_NEAR, DRIFT], table[_FAR, DECAY]
        v, w = table[_NEAR, NOISE] ** 2, table[_FAR, NOISE] ** 2
        gain = v * decay / (decay * decay * v + w)
        mean += gain * (x1 - table[_FAR, DRIFT] - decay * mean)
        spread = math.sqrt(v * w / (decay * decay * v + w))
        x = min(mean + spread * normal(probe.rng[j]), 0.0)
        start = n * dt
        sample(probe, j, n, x)
        n += 1
    if n * dt <= end + TINY_ROOM * dt:
        sample(probe, j, n, x1)


@inner
def _hold(neurons, j, probe, dt, start, end):
    """Sample the reset voltage at the grid points of a refractory period."""
    if probe.row[j] >= 0:
        stop = probe.first + probe.every * probe.V.shape[1]
        for n in range(np.int64(start / dt) + 1, min(np.int64(end / dt) + 1, stop)):
            sample(probe, j, n, neurons.reset[j])


@kernel
def advance(neurons, clock, state, sink, budget):
    """Advance all open neurons, within a budget of steps; return what is left of it.

    Parameters
    ----------
    neurons : Neurons
    clock : Clock
    state : State
    sink : Sink
    budget : int
        Number of steps. Where 0 or less is returned, neurons may be open still.
    """
    for j in range(state.x.size):
        if state.open[j] == 0:
            continue
        if neurons.sigma[j] == 0.0:
            budget = _deterministic(neurons, j, clock, state, sink, budget)
        else:
            fill_levels(
                state.table,
                state.limits,
                neurons.tau[j],
                neurons.leak[j],
                neurons.mu[j],
                neurons.sigma[j],
                clock.dt,
            )
            budget = advance_one(neurons, j, clock, state, sink, budget)
        if state.open[j] == 0:
            finish(sink, j)
        if budget <= 0 or not has_room(sink.tape):
            break
    return budget


@inner
def _restart(neurons, j, table, level, dt, start):
    """Fill the step from the restart at `start` to the grid; return where that is."""
    n = np.int64(start / dt) + 1
    if n * dt - start < TINY_ROOM * dt:
        n += 1
    tau, leak = neurons.tau[j], neurons.leak[j]
    h = n * dt - start
    fill_step(table, level, tau, leak, neurons.mu[j], neurons.sigma[j], h)
    return n


@inner
def _last_step(clock, last):
    """Step at which a neuron may stop: it has patience for an open interval."""
    time = clock.warmup + clock.duration
    if not np.isnan(last):
        time += PATIENCE * clock.duration
    return math.ceil(time / clock.dt)


@inlined
def _longest_step(x, limits):
    level = 0
    for k in range(1, MAX_LEVELS):
        level += x <= limits[k]
    return level


@inner
def advance_one(neurons, j, clock, state, sink, budget):
    """Advance neuron j, whose levels have been filled in."""
    dt, tau, table, limits = clock.dt, neurons.tau[j], state.table, state.limits
    rng, normals = state.rng[j], state.normals
    watched = sink.probe.row[j] >= 0
    n, x, release = state.step[j], state.x[j], state.release[j]
    stop = _last_step(clock, sink.tally.last[j])
    if not state.begun[j]:
        begin(normals, state.key, state.first + j)
        state.begun[j] = 1
    while budget > 0:
        budget -= 1
        if np.isnan(release):
            if n >= stop:
                state.open[j] = 0
                break
            level = _longest_step(x, limits)
            start = n * dt
            n += 1 << level
        else:
            start, release, level = release, np.nan, _PART
            x = neurons.reset[j]
            n = _restart(neurons, j, table, level, dt, start)
        drift, noise = table[level, DRIFT], table[level, NOISE]
        x1 = table[level, DECAY] * x + drift + noise * pop(normals)
        passed = crossing_time(x, x1, table, level, tau, rng)
        if passed < 0.0:
            if watched:
                _reveal(neurons, j, sink.probe, table, dt, start, x, n * dt, x1)
            x = x1
            continue
        release = start + passed + neurons.t_ref[j]
        if watched:
            _reveal(neurons, j, sink.probe, table, dt, start, x, start + passed, 0.0)
            _hold(neurons, j, sink.probe, dt, start + passed, release)
        t = start + passed - clock.warmup
        if not spike(sink, j, t, t - sink.tally.last[j], clock.duration):
            state.open[j] = 0
            break
        stop = _last_step(clock, sink.tally.last[j])
        if not has_room(sink.tape):
            break
    state.step[j], state.x[j], state.release[j] = n, x, release
    return budget


def new_state(key: np.ndarray, first: int, reset: np.ndarray) -> State:
    """State of neurons number `first` and following, at V_reset."""
    n = reset.size
    rng = np.zeros((n, 2), dtype=np.uint64)
    seed_all(rng, key, first)
    return State(
        step=np.zeros(n, dtype=np.int64),
        x=reset.copy(),
        release=np.full(n, np.nan),
        rng=rng,
        open=np.ones(n, dtype=np.int8),
        begun=np.zeros(n, dtype=np.int8),
        normals=new_normals(),
        key=key,
        first=first,
        table=np.zeros((MAX_LEVELS + 3, N_COEFFICIENTS)),
        limits=np.zeros(MAX_LEVELS),
    )
