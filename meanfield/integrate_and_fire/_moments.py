"""Rate, variability and gain: kernels over arrays."""

import math

import numpy as np

from ..special._jit import jitable, kernel
from ._drift import COLUMNS, T_REF, collect, drift
from ._grid import MAX_PANELS, lower_end, panels
from ._scans import MAX_LEVELS, cells, extrapolate

_HUGE = 1e100  # what the first passage times are scaled down by


@jitable
def passage(h, F, A, start, low):
    """Scan upwards; return ln T, ln(K/T^2) and ln(N/T^2).

    T is the mean time from reset to threshold, 2 D K its variance, -N = dT/dmu:
    integrals of w = -T', u and v from reset to threshold, D w' = 1 - F w,
    D u' = w^2 - F u, D v' = w - F v.
    """
    one, log_scale = 1.0, 0.0
    w = 1.0 / low if low > 0.0 else 0.0
    u = v = w * w
    u = u * w
    T = K = N = 0.0
    for i in range(h.size):
        r = 1.0 / (F[i] + A[i])
        mean = (one + A[i] * w) * r
        w = 2.0 * mean - w
        mean_u = (mean * mean + A[i] * u) * r
        u = 2.0 * mean_u - u
        mean_v = (one * mean + A[i] * v) * r
        v = 2.0 * mean_v - v
        if i >= start:
            T += h[i] * mean
            K += h[i] * mean_u
            N += h[i] * mean_v
        if mean > _HUGE:
            one, w, T = one / _HUGE, w / _HUGE, T / _HUGE
            u, v = u / _HUGE / _HUGE, v / _HUGE / _HUGE
            K, N = K / _HUGE / _HUGE, N / _HUGE / _HUGE
            log_scale += math.log(_HUGE)
    return log_scale + math.log(T), math.log(K / (T * T)), math.log(N / (T * T))


@jitable
def solve(kind, f, p, mu, sigma, tolerance, edges, row):
    """Write ln T, ln(K/T^2), ln(N/T^2) into `row`; return the error, inf if silent."""
    D = 0.5 * sigma * sigma
    low, found = lower_end(kind, f, p, mu, D)
    if math.isnan(low):
        row[:] = low
        return low
    n, above = panels(kind, f, p, mu, D, low, 0.0, edges) if found else (0, 0)
    if n == 0:
        return math.inf
    bottom = drift(kind, f, p, low) + mu
    table = np.empty((MAX_LEVELS, MAX_LEVELS, row.size))
    last = np.full(row.size, math.inf)
    error = math.inf
    for level in range(MAX_LEVELS):
        h, _, F, A = cells(kind, f, p, mu, D, edges, n, level)
        start = h.size // n * (n - above)
        row[0], row[1], row[2] = passage(h, F, A, start, bottom)
        extrapolate(table, row, level)
        error = np.abs(row - last).max()
        if error < tolerance:
            break
        last[:] = row
    return error


@kernel
def stationary(
    kind, f, tolerance, mu, sigma, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T,
    rate, cv, gain, scaled, error,
):  # fmt: skip
    edges, row, p = np.empty(MAX_PANELS), np.empty(3), np.empty(COLUMNS)
    for j in range(mu.size):
        collect(p, j, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T)
        if math.isnan(mu[j] + sigma[j]):
            rate[j] = cv[j] = gain[j] = scaled[j] = error[j] = math.nan
            continue
        error[j] = solve(kind, f, p, mu[j], sigma[j], tolerance, edges, row)
        if error[j] == math.inf:
            rate[j], cv[j], gain[j], scaled[j], error[j] = 0.0, 1.0, 0.0, 0.0, 0.0
            continue
        T = math.exp(row[0])
        fired = T / (p[T_REF] + T)
        rate[j] = 1.0 / (p[T_REF] + T)
        scaled[j] = fired * math.exp(0.5 * row[1])
        cv[j] = sigma[j] * scaled[j]
        gain[j] = fired * fired * math.exp(row[2])
