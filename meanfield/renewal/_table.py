"""Density on a uniform grid: slopes, survivor and moments of its cubic interpolation."""

import math
from typing import NamedTuple

import numpy as np

from ._formulas import hermite, hermite_integral

# Gauss-Legendre nodes that integrate a cubic times t^3 exactly.
_X, _W = np.polynomial.legendre.leggauss(4)
_X, _W = 0.5 + 0.5 * _X, 0.5 * _W


class Table(NamedTuple):
    """Cells of a density that integrates to 1 with its tail; time from the onset.

    values, slopes (n,): at the nodes, slopes times the step; below, above (n,):
    probability of less and of more than a node; mean, variance and skewness: of all.
    """

    step: float
    values: np.ndarray
    slopes: np.ndarray
    below: np.ndarray
    above: np.ndarray
    tail_rate: float
    mean: float
    variance: float
    skewness: float


def build(step: float, values: np.ndarray, tail_rate: float) -> tuple[Table, float]:
    """Return the normalized table and the integral of what was given."""
    slopes = node_slopes(values)
    cells = cell_integrals(step, values, slopes)
    tail = values[-1] / tail_rate
    total = math.fsum(cells) + tail
    values, slopes, cells, tail = (
        x / total for x in (values, slopes, cells, np.float64(tail))
    )
    below = np.concatenate([[0.0], np.cumsum(cells)])
    above = np.cumsum(np.concatenate([[tail], cells[::-1]]))[::-1].copy()
    above[0] = 1.0
    moments = _moments(step, values, slopes, float(tail), tail_rate)
    for array in (values, slopes, below, above):
        array.flags.writeable = False
    return Table(step, values, slopes, below, above, tail_rate, *moments), total


def node_slopes(values: np.ndarray) -> np.ndarray:
    """Differences of order 6, at the ends 4; bounded so that cubics stay positive."""
    n = values.size
    if n < 8:
        slopes = np.gradient(values) if n > 1 else np.zeros(n)
    else:
        slopes = np.empty(n)
        v = values
        slopes[3:-3] = (
            45 * (v[4:-2] - v[2:-4]) - 9 * (v[5:-1] - v[1:-5]) + (v[6:] - v[:-6])
        ) / 60
        for side, sign in ((slice(None), 1), (slice(None, None, -1), -1)):
            w, s = v[side], slopes[side]
            s[2] = sign * (8 * (w[3] - w[1]) - (w[4] - w[0])) / 12
            s[1] = sign * (-3 * w[0] - 10 * w[1] + 18 * w[2] - 6 * w[3] + w[4]) / 12
            s[0] = (
                sign * (-25 * w[0] + 48 * w[1] - 36 * w[2] + 16 * w[3] - 3 * w[4]) / 12
            )
    # The Bernstein coefficients of the cubics: value -+ slope/3 to the left and right.
    slopes[1:] = np.minimum(slopes[1:], 3 * values[1:])
    slopes[:-1] = np.maximum(slopes[:-1], -3 * values[:-1])
    return slopes


def cell_integrals(step: float, values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Integral over each cell, n - 1 of them."""
    v, d = values, slopes
    return step * hermite_integral(1.0, v[:-1], v[1:], d[:-1], d[1:])


def _moments(step, values, slopes, tail, tail_rate) -> tuple[float, float, float]:
    """Mean, variance and skewness, in a unit of time that keeps squares finite."""
    last = (values.size - 1) * step
    unit = max(last, 1 / tail_rate)
    t, p = _quadrature(step, values, slopes)
    t, end, rest = t / unit, last / unit, 1 / (tail_rate * unit)
    mean = float(np.sum(p * t)) + tail * (end + rest)
    variance = float(np.sum(p * (t - mean) ** 2))
    late = end + rest - mean
    variance += tail * (late**2 + rest**2)
    third = float(np.sum(p * (t - mean) ** 3))
    third += tail * (late**3 + 3 * late * rest**2 + 2 * rest**3)
    return mean * unit, variance * unit * unit, third / variance**1.5


def _quadrature(step, values, slopes) -> tuple[np.ndarray, np.ndarray]:
    """Return times and probabilities with the moments of the cells up to the third."""
    v, d = values, slopes
    cell = np.arange(values.size - 1)
    times = [step * (cell + x) for x in _X]
    masses = [
        step * w * hermite(x, v[:-1], v[1:], d[:-1], d[1:])
        for x, w in zip(_X, _W, strict=True)
    ]
    return np.concatenate(times), np.concatenate(masses)
