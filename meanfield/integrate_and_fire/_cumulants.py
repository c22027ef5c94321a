"""Higher cumulants of the interval: kernels over arrays.

The cumulant generating function of the time from x to the threshold has a slope q with
D q' = D q^2 - F q + s. Its powers of s give, beside w and u of `_moments`,
D y' = w u - F y and D z' = 4 w y + u^2 - F z: the third cumulant is 12 D^2 int y, the
fourth 24 D^3 int z.
"""

import math

import numpy as np

from ..special._jit import jitable, kernel
from . import _moments
from ._drift import COLUMNS, T_REF, collect, drift
from ._grid import MAX_PANELS, lower_end, panels
from ._scans import MAX_LEVELS, cells, extrapolate


@jitable
def _integrals(h, F, A, low, unit, start, row):
    """Write the integrals of w, u, y and z from reset to threshold, in units of T."""
    w = u = y = z = 0.0
    if low > 0.0:
        w = unit / low
        u = w * w / low
        y = w * u / low
        z = (4.0 * w * y + u * u) / low
    row[:] = 0.0
    for i in range(h.size):
        r = 1.0 / (F[i] + A[i])
        mean_w = (unit + A[i] * w) * r
        mean_u = (mean_w * mean_w + A[i] * u) * r
        mean_y = (mean_w * mean_u + A[i] * y) * r
        mean_z = (4.0 * mean_w * mean_y + mean_u * mean_u + A[i] * z) * r
        w, u = 2.0 * mean_w - w, 2.0 * mean_u - u
        y, z = 2.0 * mean_y - y, 2.0 * mean_z - z
        if i >= start:
            row[0] += h[i] * mean_w
            row[1] += h[i] * mean_u
            row[2] += h[i] * mean_y
            row[3] += h[i] * mean_z


@kernel
def cumulants(
    kind, f, tolerance, mu, sigma, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T,
    mean, std, skewness, kurtosis,
):  # fmt: skip
    """Mean, standard deviation, skewness and excess kurtosis of the interval."""
    edges, p, row = np.empty(MAX_PANELS), np.empty(COLUMNS), np.empty(4)
    table, last = np.empty((MAX_LEVELS, MAX_LEVELS, 4)), np.empty(4)
    for j in range(mu.size):
        collect(p, j, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T)
        mean[j] = std[j] = skewness[j] = kurtosis[j] = math.nan
        if math.isnan(mu[j] + sigma[j]):
            continue
        D = 0.5 * sigma[j] ** 2
        error = _moments.solve(kind, f, p, mu[j], sigma[j], tolerance, edges, row[:3])
        if error == math.inf:
            mean[j] = std[j] = math.inf
            skewness[j], kurtosis[j] = 2.0, 6.0
            continue
        T = math.exp(row[0])
        low, _ = lower_end(kind, f, p, mu[j], D)
        n, above = panels(kind, f, p, mu[j], D, low, 0.0, edges)
        bottom = drift(kind, f, p, low) + mu[j]
        for level in range(MAX_LEVELS):
            h, _, F, A = cells(kind, f, p, mu[j], D, edges, n, level)
            start = h.size // n * (n - above)
            _integrals(h, F, A, bottom, 1.0 / T, start, row)
            extrapolate(table, row, level)
            if level and (np.abs(row - last) / np.abs(row)).max() < tolerance:
                break
            last[:] = row
        mean[j] = p[T_REF] + T
        std[j] = T * sigma[j] * math.sqrt(row[1])
        skewness[j] = 12.0 * math.sqrt(D) * row[2] / (2.0 * row[1]) ** 1.5
        kurtosis[j] = 6.0 * D * row[3] / row[1] ** 2
