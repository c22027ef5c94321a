"""Time loops of the bridge scheme: neurons one by one, or groups in step.

Every loop can stop when its budget of steps is spent and be called again, so that a
long run can be interrupted, report progress and empty its record in between; where it
stops has no influence on what it computes.
"""

import math
from typing import NamedTuple

import numpy as np

from ._jit import kernel
from .counting import finish, spike
from .models.lif import (
    DECAY,
    DRIFT,
    N_COEFFICIENTS,
    NOISE,
    SAFE,
    SPREAD,
    crossing_time,
    deterministic_interval,
    fill_step,
    step_limit,
)
from .streams import normal, seed

__all__ = ["Clock", "State", "advance", "new_state"]

# A step longer than dt is taken when its mean path ends at least so many standard
# deviations below threshold; the crossing test is made all the same, so this bounds
# not a loss but how often the longer step's own (second-order) error can matter.
_MARGIN = 3.5
_LONGEST = 0.4  # in units of tau: where that second-order error is still small
_MAX_LEVELS = 24
# An interval still open after so many durations is given up: a neuron with two spikes
# or more in the run meets that with probability below exp(-2 * 20).
_PATIENCE = 20.0
_TINY_ROOM = 1e-9  # of dt: how far apart a restart and a grid point must be


class Clock(NamedTuple):
    """Base step, warm-up and duration [ms]."""

    dt: float
    warmup: float
    duration: float


class State(NamedTuple):
    """Where each neuron stands; arrays over neurons.

    step: number of the next grid point's step; x: V - V_th there [mV]; release: end of
    the refractory period [ms from the start], NaN outside one; rng: stream (n, 2);
    open: 1 while the neuron is to be advanced.
    """

    step: np.ndarray
    x: np.ndarray
    release: np.ndarray
    rng: np.ndarray
    open: np.ndarray


@kernel
def _fill_levels(table, limits, tau, leak, mu, sigma, dt):
    """Fill steps dt, 2 dt, 4 dt, ... and the limits of x; return how many."""
    levels = 0
    h = dt
    while levels == 0 or (levels < _MAX_LEVELS and h <= _LONGEST * tau):
        fill_step(table, levels, tau, leak, mu, sigma, h)
        limits[levels] = step_limit(table, levels, _MARGIN)
        # Limits fall with h wherever longer steps can be of use at all.
        if levels > 0 and not limits[levels] < limits[levels - 1]:
            break
        levels += 1
        h *= 2.0
    return levels


@kernel
def _deterministic(neurons, j, clock, tally, windows, deliver):
    """Spikes of a noiseless neuron: first + k interval, by multiplication."""
    first = deterministic_interval(
        neurons.tau[j], neurons.leak[j], neurons.reset[j], neurons.mu[j]
    )
    if first == np.inf:
        return
    interval = neurons.t_ref[j] + first
    k = max(0.0, math.ceil((clock.warmup - first) / interval))
    while True:
        t = first + k * interval - clock.warmup
        if not spike(tally, windows, j, t, interval, clock.duration):
            return
        k += 1.0


@kernel
def advance(neurons, clock, state, tally, windows, budget):
    """Advance all open neurons, within a budget of steps; return what is left of it.

    Parameters
    ----------
    neurons : Neurons
    clock : Clock
    state : State
    tally : Tally
    windows : Windows
    budget : int
        Number of steps. Where 0 or less is returned, neurons may be open still.
    """
    table = np.empty((_MAX_LEVELS + 1, N_COEFFICIENTS))  # the last one for restarts
    limits = np.empty(_MAX_LEVELS)
    for j in range(state.x.size):
        if state.open[j] == 0:
            continue
        if neurons.sigma[j] == 0.0:
            _deterministic(neurons, j, clock, tally, windows, 0)
            state.open[j] = 0
        else:
            levels = _fill_levels(
                table,
                limits,
                neurons.tau[j],
                neurons.leak[j],
                neurons.mu[j],
                neurons.sigma[j],
                clock.dt,
            )
            budget = _advance_one(
                neurons, j, clock, state, tally, windows, table, limits[:levels], budget
            )
        if state.open[j] == 0:
            finish(tally, windows, j)
        if budget <= 0:
            break
    return budget


@kernel
def _advance_one(neurons, j, clock, state, tally, windows, table, limits, budget):
    dt, tau, t_ref = clock.dt, neurons.tau[j], neurons.t_ref[j]
    rng = state.rng[j]
    levels = limits.size
    end = (clock.warmup + clock.duration) / dt
    patience = end + _PATIENCE * clock.duration / dt
    n, x, release = state.step[j], state.x[j], state.release[j]
    is_open = True
    while budget > 0:
        budget -= 1
        if np.isnan(release):
            if n >= end and (np.isnan(tally.last[j]) or n >= patience):
                is_open = False
                break
            level = 0
            for k in range(1, levels):
                level += x <= limits[k]
            start = n * dt
            n += 1 << level
        else:
            # Restart at the end of the refractory period; rejoin the grid.
            start = release
            n = np.int64(start / dt) + 1
            if n * dt - start < _TINY_ROOM * dt:
                n += 1
            release = np.nan
            x = neurons.reset[j]
            level = levels
            fill_step(
                table,
                level,
                tau,
                neurons.leak[j],
                neurons.mu[j],
                neurons.sigma[j],
                n * dt - start,
            )
        drift, noise = table[level, DRIFT], table[level, NOISE]
        x1 = table[level, DECAY] * x + drift + noise * normal(rng)
        if x1 < 0.0 and 2.0 * x * x1 > SAFE * table[level, SPREAD]:
            x = x1
            continue
        passed = crossing_time(x, x1, table, level, tau, rng)
        if passed < 0.0:
            x = x1
            continue
        release = start + passed + t_ref
        t = start + passed - clock.warmup
        if not spike(tally, windows, j, t, t - tally.last[j], clock.duration):
            is_open = False
            break
    state.step[j], state.x[j], state.release[j] = n, x, release
    if not is_open:
        state.open[j] = 0
    return budget


@kernel
def _seed_all(rng, key, first):
    for j in range(rng.shape[0]):
        seed(rng[j], key, first + j)


def new_state(key: np.ndarray, first: int, reset: np.ndarray) -> State:
    """State of neurons number `first` and following, at V_reset."""
    n = reset.size
    rng = np.zeros((n, 2), dtype=np.uint64)
    _seed_all(rng, key, first)
    return State(
        np.zeros(n, dtype=np.int64),
        reset.copy(),
        np.full(n, np.nan),
        rng,
        np.ones(n, dtype=np.int8),
    )
