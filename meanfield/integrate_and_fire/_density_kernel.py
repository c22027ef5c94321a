"""The stationary density at given voltages: kernel over arrays."""

import math

import numpy as np

from ..special._jit import jitable, kernel
from ._drift import COLUMNS, T_REF, drift
from ._grid import CELLS, MAX_PANELS, lower_end, panels, surface
from ._response import run_length
from ._scans import conductance, extrapolate

_LEVELS = 6


@jitable
def _down(kind, f, p, mu, D, left, right, m, flux, P):
    """Scan from `right` to `left` in m cells; return P there and its integral."""
    h, T = (right - left) / m, 0.0
    for i in range(m):
        F = drift(kind, f, p, right - (i + 0.5) * h) + mu
        A = conductance(F, h, D)
        mean = (flux + A * P) / (F + A)
        P = 2.0 * mean - P
        T += h * mean
    return P, T


@jitable
def _level(kind, f, p, mu, D, edges, n, above, top, level, V, order, row):
    """Write P/rate at the voltages `V[order]`, which descend, and last its integral."""
    row[:] = 0.0
    P, T, k, m = (1.0 / top if top > 0.0 else 0.0), 0.0, 0, CELLS << level
    while k < order.size and V[order[k]] >= edges[0]:
        row[order[k]] = P if V[order[k]] == edges[0] else 0.0
        k += 1
    for i in range(n):
        flux = 1.0 if i < above else 0.0
        while k < order.size and V[order[k]] >= edges[i + 1]:
            row[order[k]], _ = _down(
                kind, f, p, mu, D, V[order[k]], edges[i], m, flux, P
            )
            k += 1
        P, part = _down(kind, f, p, mu, D, edges[i + 1], edges[i], m, flux, P)
        T += part
    row[-1] = T


@kernel
def density(
    kind, f, tolerance, V, mu, sigma, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T, out
):  # fmt: skip
    """P at V; infinite for a neuron that does not fire."""
    edges, p, other = np.empty(MAX_PANELS), np.empty(COLUMNS), np.empty(COLUMNS)
    j = 0
    while j < mu.size:
        stop = run_length(
            j, mu.size, mu, sigma, p, other, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T
        )  # fmt: skip
        where, row = V[j:stop], np.empty(stop - j + 1)
        D = 0.5 * sigma[j] ** 2
        low, found = lower_end(kind, f, p, mu[j], D)
        n = above = 0
        if found and not math.isnan(low + mu[j] + sigma[j]):
            n, above = panels(kind, f, p, mu[j], D, low, 0.0, edges)
        row[:] = math.inf
        if n:
            top, order = surface(kind, f, p, mu[j], D), np.argsort(-where)
            table = np.empty((_LEVELS, _LEVELS, row.size))
            for level in range(_LEVELS):
                _level(
                    kind, f, p, mu[j], D, edges, n, above, top, level, where, order, row
                )
                extrapolate(table, row, level)
        for k in range(stop - j):
            known = row[k] / (row[-1] + p[T_REF]) if n else math.inf
            unknown = math.isnan(where[k] + mu[j] + sigma[j])
            out[j + k] = math.nan if unknown else known
        j = stop
