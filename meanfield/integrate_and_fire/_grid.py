"""Where the voltage axis begins, and the panels that a scan divides into cells.

All distances that matter are found from the drift F = f + mu and D = sigma^2/2: the
distance D/|F| over which noise and drift balance, sqrt(D/|F'|) where the drift changes
its sign, the variation of F itself, and sqrt(D/omega) for a modulation.
"""

import cmath
import math

import numpy as np

from ..special._jit import jitable
from ._drift import V_RESET, V_TH, drift

CELLS = 4  # in each panel, on the coarsest level
CLIMB = 38.0  # e^-38 is the weight of what lies below the lower end
HIGHEST = 690.0  # barrier, in units of D, above which the rate is below 1e-300
# How far below the reset, in units of its distance to the threshold, a drift is looked for
# that leads back up: strong noise spreads over many times that distance.
FARTHEST = 1e100
MAX_PANELS = 16384
# What a panel may span, see `_fits`.
_DIFFUSION, _VARIATION, _GROWTH, _DECAY, _LAYER, _WAVE = 4.0, 2.0, 4.0, 8.0, 4.0, 2.0
_NO_TIME = 1e-13
_FORGOTTEN = 42.0  # decay of a modulation's trace below threshold that is followed


@jitable
def lower_end(kind, f, p, mu, D):
    """Return where the density is negligible, and whether there is such a place.

    There is none where the drift does not point back up, or only beyond a barrier that
    is never crossed. NaN where the drift is.
    """
    x, top = p[V_RESET], p[V_TH]
    climbed = lowest = 0.0
    if D == 0.0:
        return x, True
    step = 0.25 * (top - x)
    for _ in range(200000):
        F = drift(kind, f, p, x - 0.5 * step) + mu
        rise = F * step / D
        if math.isnan(rise):
            return math.nan, True
        if abs(rise) > 4.0:
            step *= 0.5
            if step < 1e-13 * abs(x):
                return p[V_RESET], F > 0.0
            continue
        x -= step
        climbed += rise
        lowest = min(lowest, climbed)
        if climbed - lowest >= CLIMB:
            return x, True
        if lowest < -HIGHEST or p[V_RESET] - x > FARTHEST * (top - p[V_RESET]):
            return x, False
        if abs(rise) < 1.0:
            step *= 2.0
    return x, False


@jitable
def _wave(F, D, omega):
    """Local wave number of a modulation on its way down from the threshold."""
    half = 0.5 * F
    root = cmath.sqrt(half * half + 1j * omega * D)
    return 1j * omega / (half + root)


@jitable
def _fits(left, right, F0, F1, F2, D, below_reset, top, wave):
    """Whether the drift at both ends and in the middle lets a panel stay whole."""
    H = right - left
    low, high = min(F0, min(F1, F2)), max(F0, max(F1, F2))
    nearest = 0.0 if low < 0.0 < high else min(abs(low), abs(high))
    change = high - low
    if change * H > _DIFFUSION * D and change > _VARIATION * nearest:
        return False
    if low < 0.0 and -low * H > _GROWTH * D:
        return False
    if high > 0.0:
        if below_reset and high * H > _DECAY * D:
            return False
        if high * H > max(_LAYER * D, high * (top - right)):
            return False
    return wave * H <= _WAVE


@jitable
def has_layer(kind, f, p, mu, D):
    """Whether the layer in which noise matters at the threshold takes any time.

    It does not where the drift is as steep as at the end of a spike.
    """
    top, reset = p[V_TH], p[V_RESET]
    F = drift(kind, f, p, top) + mu
    if F <= 0.0:
        return True
    elsewhere = max(
        abs(drift(kind, f, p, reset) + mu),
        abs(drift(kind, f, p, 0.5 * (reset + top)) + mu),
    )
    return D * elsewhere > _NO_TIME * F * F * (top - reset)


@jitable
def surface(kind, f, p, mu, D):
    """Return the drift at a threshold without a layer, 0 at one with a layer."""
    if D > 0.0 and has_layer(kind, f, p, mu, D):
        return 0.0
    return drift(kind, f, p, p[V_TH]) + mu


@jitable
def _panel(kind, f, p, mu, D, left, right, F2, wall, omega):
    """Move `left` up until the panel fits; return it, F there, in the middle, the wave."""
    while True:
        F0 = drift(kind, f, p, left) + mu
        F1 = drift(kind, f, p, 0.5 * (left + right)) + mu
        wave = 0.0
        if omega > 0.0:
            wave = abs(_wave(min(F0, min(F1, F2)), D, omega))
        H = right - left
        smallest = 1e-13 * (abs(left) + abs(right)) >= H
        stuck = D == 0.0 and min(F0, F1) <= 0.0
        below = right <= p[V_RESET]
        if smallest or stuck or _fits(left, right, F0, F1, F2, D, below, wall, wave):
            return left, F0, F1
        left = right - 0.5 * H


@jitable
def _barrier(F0, F1, H, D):
    """Return what a panel adds to the barrier between reset and threshold."""
    if D == 0.0:
        return np.inf if min(F0, F1) <= 0.0 else 0.0
    return max(-F1, 0.0) * H / D


@jitable
def panels(kind, f, p, mu, D, low, omega, edges):
    """Write the edges of the panels from the threshold down.

    Return their number and how many of them lie above the reset; 0 panels where the
    neuron is silent.
    """
    top, reset = p[V_TH], p[V_RESET]
    wall = top if has_layer(kind, f, p, mu, D) else np.inf
    n, above, barrier, trace = 0, 0, 0.0, 0.0
    edges[0] = right = top
    end = left = reset
    F2 = drift(kind, f, p, top) + mu
    if D == 0.0 and F2 <= 0.0:
        return 0, 0
    while right > low:
        followed = omega if trace < _FORGOTTEN else 0.0
        left, F0, F1 = _panel(kind, f, p, mu, D, left, right, F2, wall, followed)
        n += 1
        H = right - left
        barrier += _barrier(F0, F1, H, D)
        if n >= edges.size or barrier > HIGHEST:
            return 0, 0
        edges[n] = left
        if followed > 0.0:
            trace += _wave(max(F0, max(F1, F2)), D, omega).real * H
        right, F2 = left, F0
        if left == reset and above == 0:
            above, end, H = n, low, reset - low
        left = max(end, right - 2.0 * H)
    return n, above
