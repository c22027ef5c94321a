"""Derivatives of rate, variability and gain by the adjoint of their scans.

A change of the drift by dF(V) and of the intensity by dD changes the integrals T, K and N
of w, u and v (see `_moments`) by

    dT = -int l w dF - dD int l w',
    dK = -int (m w + l u) dF - dD int (m w' + l u'),
    dN = -int (n w + l v) dF - dD int (n w' + l v'),

with D l' = F l - 1 (above the reset), D m' = F m - 2 l w and D n' = F n - l downwards from
the threshold; the ends of the integrals add the integrands there. Everything is in
units of T, which may be large.
"""

import math

import numpy as np

from ..special._jit import jitable, kernel
from . import _moments
from ._drift import COLUMNS, T_REF, V_RESET, V_TH, collect, drift, drift_slopes
from ._grid import MAX_PANELS, lower_end, panels, surface
from ._scans import MAX_LEVELS, cells, extrapolate

# Columns of the derivatives of T, K and N: mu, D, then those of the parameters.
_MU, _D, _FIRST = 0, 1, 2
_WIDTH = _FIRST + COLUMNS


@jitable
def _upwards(h, F, A, D, low, unit, start, means, slopes, ends):
    """Write w, u, v in the cells and their slopes; and at reset and threshold."""
    w = unit / low if low > 0.0 else 0.0
    u = v = 0.0
    if low > 0.0:
        u, v = w * w / low, unit * w / low
    for i in range(h.size):
        if i == start:
            ends[0, 0], ends[0, 1], ends[0, 2] = w, u, v
        r = 1.0 / (F[i] + A[i])
        slope = 0.5 * A[i] / D if D > 0.0 else 1.0 / h[i]
        mean = (unit + A[i] * w) * r
        mean_u = (mean * mean + A[i] * u) * r
        mean_v = (unit * mean + A[i] * v) * r
        means[0, i], means[1, i], means[2, i] = mean, mean_u, mean_v
        # The ends of a cell lie symmetrically about the mean.
        slopes[0, i] = 2.0 * slope * (mean - w)
        slopes[1, i] = 2.0 * slope * (mean_u - u)
        slopes[2, i] = 2.0 * slope * (mean_v - v)
        w, u, v = 2.0 * mean - w, 2.0 * mean_u - u, 2.0 * mean_v - v
    ends[1, 0], ends[1, 1], ends[1, 2] = w, u, v


@jitable
def _add(out, weight, changes):
    for c in range(COLUMNS):
        out[_FIRST + c] += weight * changes[c]


@jitable
def _downwards(kind, f, p, x, h, F, A, top, unit, start, means, slopes, out):
    """Sum the changes of T, K and N over the cells into the rows of `out`."""
    changes = np.empty(COLUMNS)
    l = unit / top if top > 0.0 else 0.0
    m = n = 0.0
    if top > 0.0:
        m, n = 2.0 * l * means[0, -1] / top, unit * l / top
    for i in range(h.size - 1, -1, -1):
        r = 1.0 / (F[i] + A[i])
        w, u, v = means[0, i], means[1, i], means[2, i]
        mean_l = ((unit if i >= start else 0.0) + A[i] * l) * r
        mean_m = (2.0 * mean_l * w + A[i] * m) * r
        mean_n = (unit * mean_l + A[i] * n) * r
        l, m, n = 2.0 * mean_l - l, 2.0 * mean_m - m, 2.0 * mean_n - n
        drift_slopes(kind, f, p, x[i], changes)
        weights = (
            -h[i] * mean_l * w,
            -h[i] * (mean_m * w + mean_l * u),
            -h[i] * (mean_n * w + mean_l * v),
        )
        for q in range(3):
            out[q, _MU] += weights[q]
            _add(out[q], weights[q], changes)
        out[0, _D] -= h[i] * mean_l * slopes[0, i]
        out[1, _D] -= h[i] * (mean_m * slopes[0, i] + mean_l * slopes[1, i])
        out[2, _D] -= h[i] * (mean_n * slopes[0, i] + mean_l * slopes[2, i])


@jitable
def _level(kind, f, p, mu, D, edges, n, above, level, T, bottom, top, out):
    """Write dT/T^2, dK/T^3 and dN/T^3 of one grid into the rows of `out`."""
    h, x, F, A = cells(kind, f, p, mu, D, edges, n, level)
    start = h.size // n * (n - above)
    means, slopes, ends = np.empty((3, h.size)), np.empty((3, h.size)), np.zeros((2, 3))
    _upwards(h, F, A, D, bottom, 1.0 / T, start, means, slopes, ends)
    out[:] = 0.0
    _downwards(kind, f, p, x, h, F, A, top, 1.0 / T, start, means, slopes, out)
    for q in range(3):
        out[q, _FIRST + V_TH] += ends[1, q] / T
        out[q, _FIRST + V_RESET] -= ends[0, q] / T


@jitable
def _change(row, last):
    """Largest change of a derivative, relative to it and a little to the others."""
    largest = 0.0
    for q in range(3):
        now, before = (
            row[q * _WIDTH : (q + 1) * _WIDTH],
            last[q * _WIDTH : (q + 1) * _WIDTH],
        )
        scale = np.abs(now) + 1e-2 * np.abs(now).max()
        largest = max(largest, (np.abs(now - before) / scale).max())
    return largest


@jitable
def solve(kind, f, p, mu, sigma, tolerance, edges, T, row):
    """Write the derivatives of T, K and N, in units of T; return the error."""
    D = 0.5 * sigma * sigma
    low, _ = lower_end(kind, f, p, mu, D)
    n, above = panels(kind, f, p, mu, D, low, 0.0, edges)
    bottom, top = drift(kind, f, p, low) + mu, surface(kind, f, p, mu, D)
    table = np.empty((MAX_LEVELS, MAX_LEVELS, row.size))
    last = np.full(row.size, math.inf)
    error = math.inf
    for level in range(MAX_LEVELS):
        out = row.reshape(3, _WIDTH)
        _level(kind, f, p, mu, D, edges, n, above, level, T, bottom, top, out)
        extrapolate(table, row, level)
        error = _change(row, last)
        if error < tolerance:
            break
        last[:] = row
    return error


@kernel
def derivatives(
    kind, f, tolerance, mu, sigma, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T,
    rate_mu, rate_sigma, rate_tau, rate_ref, rate_th, rate_reset, rate_E, rate_T,
    rate_Delta, k_mu, k_sigma, k_tau, k_ref, k_th, k_reset, k_E, k_T, k_Delta,
    gain_mu, gain_sigma, gain_tau, gain_ref, gain_th, gain_reset, gain_E, gain_T,
    gain_Delta,
):  # fmt: skip
    """Differentiate ln rate, ln(rate^3 K) and ln gain; 0 for a silent neuron."""
    edges, p, moments = np.empty(MAX_PANELS), np.empty(COLUMNS), np.empty(3)
    row, found = np.empty(3 * _WIDTH), np.empty((3, _WIDTH))
    outputs = (
        (rate_mu, rate_sigma, rate_tau, rate_ref, rate_th, rate_reset, rate_E, rate_T,
         rate_Delta),
        (k_mu, k_sigma, k_tau, k_ref, k_th, k_reset, k_E, k_T, k_Delta),
        (gain_mu, gain_sigma, gain_tau, gain_ref, gain_th, gain_reset, gain_E, gain_T,
         gain_Delta),
    )  # fmt: skip
    for j in range(mu.size):
        collect(p, j, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T)
        found[:] = math.nan
        error = math.nan
        if not math.isnan(mu[j] + sigma[j]):
            error = _moments.solve(
                kind, f, p, mu[j], sigma[j], tolerance, edges, moments
            )
        if error == math.inf:
            found[:] = 0.0
        elif not math.isnan(error):
            _logarithmic(
                kind, f, p, mu[j], sigma[j], tolerance, edges, moments, row, found
            )
        for q in range(3):
            for c in range(_WIDTH):
                outputs[q][c][j] = found[q, c]


@jitable
def _logarithmic(kind, f, p, mu, sigma, tolerance, edges, moments, row, found):
    """Write the derivatives of ln rate, ln(rate^3 K) and ln gain into rows of `found`."""
    T = math.exp(moments[0])
    solve(kind, f, p, mu, sigma, tolerance, edges, T, row)
    part = row.reshape(3, _WIDTH)
    cycle = p[T_REF] + T
    k, n = math.exp(moments[1]), math.exp(moments[2])
    for c in range(_WIDTH):
        rate = -T * part[0, c] * (T / cycle)
        if c == _FIRST + T_REF:
            rate -= 1.0 / cycle
        found[0, c] = rate
        found[1, c] = 3.0 * rate + T * part[1, c] / k
        found[2, c] = 2.0 * rate + T * part[2, c] / n
    found[:, _D] *= sigma  # D = sigma^2/2
