"""The scans along the voltage axis, in one discretization.

Every stationary quantity of the neuron solves D y' = S - F y upwards from where the
density vanishes, or D y' = F y - S downwards from the threshold. In a cell of width h
with drift F at its middle,

    y_mean = (S + A y) / (F + A),  A = 2 D chi/h,

is the mean of y at both ends, y the known one. chi(F h/D) = (a/2) coth(a/2) to order 4
makes that exact for constant coefficients at small a; it stays bounded, so that the
means are right where the drift dominates, D = 0 included. Products in S are products of
means. The error is a series in even powers of h, which `extrapolate` removes.
"""

import numpy as np

from ..special._jit import jitable
from ._drift import drift
from ._grid import CELLS

MAX_LEVELS = 6


@jitable
def conductance(F, h, D):
    """Return A = 2 D chi/h, with chi = 1 + (a^2/12)/(1 + a^2/60) for a = F h/D < 0."""
    a = min(F, 0.0) * h
    return 2.0 * D / h * (1.0 + 5.0 * a * a / (60.0 * D * D + a * a + 1e-300))


@jitable
def cells(kind, f, p, mu, D, edges, n, level):
    """Return widths, middles, drifts F and conductances A of the cells, upwards."""
    m = CELLS << level
    size = n * m
    h, x, F, A = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    for k in range(n):
        left = edges[n - k]
        width = (edges[n - 1 - k] - left) / m
        for i in range(m):
            x[k * m + i] = left + (i + 0.5) * width
            h[k * m + i] = width
    for i in range(size):
        F[i] = drift(kind, f, p, x[i]) + mu
        A[i] = conductance(F[i], h[i], D)
    return h, x, F, A


@jitable
def extrapolate(table, row, level):
    """Replace the results of a level by what those of all levels so far converge to."""
    for q in range(row.size):
        value = row[q]
        table[level, 0, q] = value
        for j in range(1, level + 1):
            value += (value - table[level - 1, j - 1, q]) / (4.0**j - 1.0)
            table[level, j, q] = value
        row[q] = value
