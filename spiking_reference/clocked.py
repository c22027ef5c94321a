"""Time loop of the clocked schemes: independent neurons, side by side in lanes.

What common simulators do, and with their bias: the threshold is tested at grid points
only. A neuron found at or above threshold at n dt spikes at n dt, is put to V_reset and
held there for round(t_ref/dt) steps; in the step after them it moves again.
"""

import math
from typing import NamedTuple

import numpy as np

from ._jit import inlined, kernel
from .counting import finish, spike
from .lanes import Lanes, draw, update
from .loops import PATIENCE
from .streams import seed
from .tape import has_room, sample

__all__ = [
    "Ticks",
    "advance_clocked",
    "merge",
    "needs_double",
    "new_lanes",
    "refractory_steps",
    "step_coefficients",
]

_NOISY = 1e-3
_LARGE = 1e30  # float32 overflows at 3e38
_CHUNK = 32  # steps between two looks at the spikes: the bits of their history


class Ticks(NamedTuple):
    """Length of a step [ms], and steps of the warm-up and of the observed time."""

    dt: float
    warmup: int
    duration: int


def step_coefficients(
    p: dict[str, np.ndarray], dt: float, euler: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decay, drift and noise of one step, exact or Euler-Maruyama's."""
    z = dt / p["tau"]
    if euler:
        return 1.0 - z, p["mu"] * dt + p["leak"] * z, p["sigma"] * math.sqrt(dt)
    lost = -np.expm1(-z)
    with np.errstate(invalid="ignore"):
        shape = np.where(z > 0, lost / z, 1.0)
        spread = np.where(z > 0, -np.expm1(-2 * z) / (2 * z), 1.0)
    drift = p["mu"] * dt * shape + p["leak"] * lost
    return 1.0 - lost, drift, p["sigma"] * np.sqrt(dt * spread)


def needs_double(p: dict[str, np.ndarray], dt: float) -> np.ndarray:
    """Which neurons need float64 lanes.

    Elsewhere rounding to float32 is far below a step's noise and acts as a little more
    of it. Where a step's noise is below 1e-3 of the way from reset to threshold, the
    increments of the mean would drown in the last bits.
    """
    noise = p["sigma"] * math.sqrt(dt)
    return (noise < -_NOISY * p["reset"]) | (np.abs(p["mu"]) * dt > _LARGE)


def new_lanes(
    key: np.ndarray,
    first: int,
    who: np.ndarray,
    parameters: dict[str, np.ndarray],
    dt: float,
    euler: bool,
) -> Lanes:
    """Lanes of neurons `who` of a block whose first neuron is number `first`.

    They start at V_reset, in float64 if the first of them needs it.
    """
    p = {name: value[who] for name, value in parameters.items()}
    n = who.size
    decay, drift, noise = step_coefficients(p, dt, euler)
    real = np.float64 if needs_double(p, dt)[0] else np.float32
    words = np.zeros((n, 2), dtype=np.uint64)
    _seed_each(words, key, first + who)
    return Lanes(
        x=p["reset"].astype(real),
        wait=np.zeros(n, dtype=np.int32),
        history=np.zeros(n, dtype=np.uint32),
        words=np.ascontiguousarray(words.view(np.uint32).T),
        decay=decay.astype(real),
        drift=drift.astype(real),
        noise=noise.astype(real),
        reset=p["reset"].astype(real),
        n_ref=refractory_steps(p["t_ref"], dt),
        z=np.zeros((2, n), dtype=np.float32),
        last=np.zeros(n, dtype=np.int64),
        who=who,
        n=np.array([0, n]),
    )


@kernel
def _seed_each(words, key, numbers):
    for i in range(numbers.size):
        seed(words[i], key, numbers[i])


def refractory_steps(t_ref: np.ndarray, dt: float) -> np.ndarray:
    """Refractory periods in whole steps."""
    return np.minimum(np.rint(t_ref / dt), np.iinfo(np.int32).max).astype(np.int32)


def merge(parts: list[Lanes]) -> list[Lanes]:
    """Join the lanes in use, of parts that have made the same number of steps.

    One for each precision: a neuron's numbers must not depend on its company.
    """
    joined = []
    for real in (np.float32, np.float64):
        alike = [p for p in parts if p.x.dtype == real and p.n[1] > 0]
        if alike:
            fields = {
                name: np.concatenate(
                    [getattr(p, name)[..., : p.n[1]] for p in alike], axis=-1
                )
                for name in Lanes._fields
                if name != "n"
            }
            n = np.array([alike[0].n[0], fields["x"].size])
            joined.append(Lanes(**fields, n=n))
    return joined


@inlined
def _take_spikes(lanes, l, ticks, sink):
    """Hand on the spikes of lane l in the last chunk; false when it is done."""
    j, n = lanes.who[l], lanes.n[0]
    bits = np.int64(lanes.history[l])
    lanes.history[l] = 0
    for i in range(_CHUNK):
        if not (bits >> i) & 1:
            continue
        step = n + i + 1
        # Half a step early, so that no window's edge falls on a spike.
        t = (step - ticks.warmup - 0.5) * ticks.dt
        interval = (step - lanes.last[l]) * ticks.dt
        lanes.last[l] = step
        duration = ticks.duration * ticks.dt
        if not spike(sink, j, t, interval, duration):
            return False
    n += _CHUNK
    end = ticks.warmup + ticks.duration
    waits = not np.isnan(sink.tally.last[j]) and n < end + PATIENCE * ticks.duration
    return n < end or waits


@inlined
def _remove(lanes, l):
    """Drop lane l: the last one takes its place."""
    end = lanes.n[1] - 1
    lanes.x[l], lanes.wait[l] = lanes.x[end], lanes.wait[end]
    lanes.history[l] = lanes.history[end]
    for i in range(4):
        lanes.words[i, l] = lanes.words[i, end]
    lanes.decay[l], lanes.drift[l] = lanes.decay[end], lanes.drift[end]
    lanes.noise[l], lanes.reset[l] = lanes.noise[end], lanes.reset[end]
    lanes.n_ref[l], lanes.last[l] = lanes.n_ref[end], lanes.last[end]
    lanes.who[l] = lanes.who[end]
    lanes.n[1] = end


@kernel
def advance_clocked(lanes, ticks, sink, stop, budget):
    """Advance all lanes to step `stop` or behind, or as far as the budget goes."""
    end = ticks.warmup + ticks.duration
    watched = sink.probe.V.size > 0
    while lanes.n[0] < stop and budget > 0 and lanes.n[1] > 0 and has_room(sink.tape):
        n, active = lanes.n[0], lanes.n[1]
        for i in range(_CHUNK):
            if i % 2 == 0:
                draw(lanes.words, lanes.z, active)
            update(lanes, lanes.z[i % 2], np.uint32(1 << i), active)
            if watched:
                for l in range(active):
                    sample(sink.probe, lanes.who[l], n + i + 1, lanes.x[l])
        budget -= _CHUNK * active
        for l in range(active - 1, -1, -1):
            quiet = lanes.history[l] == 0 and n + _CHUNK < end
            if not quiet and not _take_spikes(lanes, l, ticks, sink):
                finish(sink, lanes.who[l])
                _remove(lanes, l)
        lanes.n[0] = n + _CHUNK
