"""Rate and mean voltage of neurons of any drift, and their slopes: kernels over arrays.

For unit rate the density P solves D P' = F P - 1 above the reset and D P' = F P below,
F = f + mu, and Q = dP/dmu solves D Q' = F Q + P. Of int P, int V P, int Q and int V Q the
rate, the mean voltage and their derivatives by mu are made.
"""

import math

import numpy as np

from ..integrate_and_fire._drift import (
    COLUMNS,
    T_REF,
    V_RESET,
    V_TH,
    collect,
    drift,
)
from ..integrate_and_fire._grid import MAX_PANELS, lower_end, panels, surface
from ..integrate_and_fire._scans import MAX_LEVELS, cells, extrapolate
from ..special._jit import jitable, kernel

_HUGE = 1e100  # what densities are scaled down by
_ROOT = 100  # steps of Newton's method, from the side where it cannot overshoot


@jitable
def _scan(h, x, F, A, start, top, reset):
    """Scan downwards; return ln int P, and over it int (V - reset) P, int Q and int V Q."""
    one, log_scale = 1.0, 0.0
    P = 1.0 / top if top > 0.0 else 0.0
    Q = -P * P
    total = np.zeros(4)
    for i in range(h.size - 1, -1, -1):
        r = 1.0 / (F[i] + A[i])
        mean = ((one if i >= start else 0.0) + A[i] * P) * r
        mean_Q = (A[i] * Q - mean) * r
        P, Q = 2.0 * mean - P, 2.0 * mean_Q - Q
        V = x[i] - reset
        total[0] += h[i] * mean
        total[1] += h[i] * V * mean
        total[2] += h[i] * mean_Q
        total[3] += h[i] * V * mean_Q
        if mean > _HUGE:
            one, P, Q = one / _HUGE, P / _HUGE, Q / _HUGE
            total /= _HUGE
            log_scale += math.log(_HUGE)
    return log_scale + math.log(total[0]), total[1:] / total[0]


@jitable
def _solve(kind, f, p, mu, sigma, tolerance, edges, row):
    """Write the results of `_scan` into `row`; return False for a silent neuron."""
    D = 0.5 * sigma * sigma
    low, found = lower_end(kind, f, p, mu, D)
    n, above = panels(kind, f, p, mu, D, low, 0.0, edges) if found else (0, 0)
    if n == 0:
        return False
    top = surface(kind, f, p, mu, D)
    table = np.empty((MAX_LEVELS, MAX_LEVELS, row.size))
    last = np.full(row.size, math.inf)
    for level in range(MAX_LEVELS):
        h, x, F, A = cells(kind, f, p, mu, D, edges, n, level)
        start = h.size // n * (n - above)
        row[0], row[1:] = _scan(h, x, F, A, start, top, p[V_RESET])
        extrapolate(table, row, level)
        # Moments about the reset, over the scale on which they count.
        scale = np.array([1.0, p[V_TH] - p[V_RESET], abs(row[2]), abs(row[3])])
        if np.all(np.abs(row - last) <= tolerance * scale):
            break
        last[:] = row
    return True


@jitable
def _rest(kind, f, p, mu):
    """Return where a silent neuron rests, and the slope of that by mu.

    The drift must be convex and fall below that place: Newton's method comes from below.
    """
    step = 1e-6 * (p[V_TH] - p[V_RESET])
    V = p[V_RESET]
    width = p[V_TH] - p[V_RESET]
    while drift(kind, f, p, V) + mu < 0.0:
        V -= width
        width *= 2.0
    slope = -1.0
    for _ in range(_ROOT):
        high, low = drift(kind, f, p, V + step), drift(kind, f, p, V - step)
        slope = (high - low) / (2.0 * step)
        move = (drift(kind, f, p, V) + mu) / slope
        V -= move
        if abs(move) < 1e-14 * (abs(V) + step):
            break
    return V, -1.0 / slope


@kernel
def voltages(
    kind, f, tolerance, mu, sigma, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T,
    rate, gain, voltage, slope,
):  # fmt: skip
    """Rate, mean voltage (in refractory periods at reset), and their slopes by mu."""
    edges, row, p = np.empty(MAX_PANELS), np.empty(4), np.empty(COLUMNS)
    for j in range(mu.size):
        collect(p, j, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T)
        if not _solve(kind, f, p, mu[j], sigma[j], tolerance, edges, row):
            rate[j] = gain[j] = 0.0
            voltage[j], slope[j] = _rest(kind, f, p, mu[j])
            continue
        T = math.exp(row[0])
        interval = T + p[T_REF]
        moving = T / interval if math.inf > T else 1.0
        rate[j] = 1.0 / interval
        gain[j] = -moving * rate[j] * row[2]
        voltage[j] = p[V_RESET] + moving * row[1]
        slope[j] = moving * (row[3] - moving * row[1] * row[2])
