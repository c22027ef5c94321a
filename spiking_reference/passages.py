"""A step whose noise was drawn beforehand: passages through threshold, and restarts.

A neuron that restarts within a step takes the remaining part of the step's noise: after
a crossing it is what leads the path that was not reset from the threshold to its end
point; a part of a step is split off by its share of the variance, with independent
noise around it. Either way the neuron's own noise is exactly white.

`table` holds the coefficients of each neuron's whole step and, in its last row, those of
the part of a step in hand.
"""

import math

from ._jit import inlined, inner
from .models.lif import (
    DRIFT,
    LENGTH,
    NOISE,
    crossing_time,
    deterministic_interval,
    fill_step,
)
from .streams import normal

__all__ = ["enter", "passage", "restart"]


@inner
def _fill(neurons, j, table, h):
    tau, leak = neurons.tau[j], neurons.leak[j]
    last = table.shape[0] - 1
    fill_step(table, last, tau, leak, neurons.mu[j], neurons.sigma[j], h)


@inlined
def _share(noise, whole, part, rng):
    """Split off the part of a step's noise with SD `part` from SD `whole`."""
    if not part < whole:
        return noise
    ratio = (part / whole) ** 2
    return ratio * noise + part * math.sqrt(1.0 - ratio) * normal(rng)


@inlined
def enter(neurons, j, table, start, end, release, room, noise, rng):
    """Begin the step from `start` to `end` of a neuron refractory until `release`.

    Returns
    -------
    row, start, noise
        Row of `table`, -1 where the neuron is held to the end; what is left of the step
        and of its noise.
    """
    if release >= end - room:
        return -1, start, noise
    if not release > start + room:
        return j, start, noise
    part = table.shape[0] - 1
    _fill(neurons, j, table, end - release)
    return part, release, _share(noise, table[j, NOISE], table[part, NOISE], rng)


@inlined
def passage(neurons, j, x, x1, table, i, rng):
    """Time to the threshold [ms] on the way from x to x1 by row i; -1.0 for none."""
    if neurons.sigma[j] > 0.0:
        return crossing_time(x, x1, table, i, neurons.tau[j], rng)
    # Rounding may leave a neuron at threshold, or a hair above, at the end of a step.
    x = min(x, 0.0)
    time = deterministic_interval(neurons.tau[j], neurons.leak[j], x, neurons.mu[j])
    return time if time <= table[i, LENGTH] else -1.0


@inlined
def restart(neurons, j, table, x1, t, release, end, rng):
    """Fill the part from `release` to `end` after a passage at t; return its noise."""
    part = table.shape[0] - 1
    # x1 is where the path goes from threshold (0) at t with the rest of the noise.
    _fill(neurons, j, table, end - t)
    noise = x1 - table[part, DRIFT]
    whole = table[part, NOISE]
    if release > t:
        _fill(neurons, j, table, end - release)
        noise = _share(noise, whole, table[part, NOISE], rng)
    return noise
