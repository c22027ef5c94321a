"""Fixed amplitudes: moments of the first-passage time by collocation.

T(v), the mean time from v to the threshold, solves the backward equation
-(v - rest)/tau T' + R_e (T(v + J_e) - T) + R_i (T(v - J_i) - T) + 1 = 0 with T = 0 from
the threshold on. It has kinks at the threshold minus multiples of J_e, weaker with every
further jump: the elements end there, and T is a polynomial in each.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, diags, vstack
from scipy.sparse.linalg import splu

from ..errors import ConvergenceError

# Kinks so many jumps away from the threshold are resolved.
ORDER = 8
DEGREE = 9
# Two grids, the finer with twice as many elements, agree to this in the mean interval.
TOLERANCE = 1e-8
# Voltages below the lowest are reached with a probability under e^-40.
RARE = 40.0
# Widths of neighbouring elements differ by this factor at most; the widest element, as part
# of the way from reset to threshold, and of the way below reset.
GROWTH, WIDEST, WIDEST_BELOW = 1.6, 0.03, 0.1


def interval_moments(p, up, q, down, threshold, reset):
    """Mean and variance of the first-passage time in units of tau_m.

    Voltages count from rest; p excitatory and q inhibitory jumps come per tau_m.
    """
    low = _lowest(p, up, q, down, reset)
    previous = math.nan
    for finer in (1, 2, 4, 8, 16):
        edges = _edges(low, threshold, reset, p, up * (p > 0), q, down * (q > 0), finer)
        system = _System(edges, DEGREE, p, up, q, down)
        first = system.solve(np.ones(system.points.size))
        mean = system.value(first, reset)[0]
        if abs(mean / previous - 1) < TOLERANCE:
            second = system.solve(2 * system.value(first, system.points, system.left))
            return mean, system.value(second, reset)[0] - mean**2
        previous = mean
    raise ConvergenceError(
        f"the mean interval of {mean:.3g} tau_m did not settle to {TOLERANCE:g} on the "
        "finest grid, usually because it is too long or the jumps are too small for this "
        'equation; use amplitudes="exponential" or the diffusion limit'
    )


def _lowest(p, up, q, down, reset):
    """Bound the voltage from below: Chernoff's bound for the jumps since any time."""
    start = min(reset, 0.0)
    if q == 0:
        return start
    z = np.linspace(0.0, 1.0, 400)[1:]

    def bound(log_s):
        s = np.exp(log_s) * z
        growth = p * np.expm1(-s * up) + q * np.expm1(s * down)
        return (RARE + np.sum(np.maximum(growth, 0.0) / z) / z.size) / np.exp(log_s)

    widest = np.log(30.0 / down)
    return start - minimize_scalar(bound, bounds=(widest - 25, widest)).fun


def _edges(low, threshold, reset, p, up, q, down, finer):
    """Element boundaries: rest, the kinks, and elements growing away from these."""
    # T relaxes behind a kink over the drift between two jumps.
    layer = max(abs(threshold), 1e-3 * (threshold - reset)) / max(p + q, 1.0)
    jump = min([x for x in (up, down) if x > 0], default=threshold - low)
    order = ORDER if layer > 0.3 * jump else 4 * ORDER
    kinks = [0.0]
    if up > 0:
        kinks += [threshold - k * up for k in range(order + 1)]
    if up > 0 and down > 0:
        more = range(1, order if down != up else 0)
        kinks += [
            threshold - k * up + m * down for m in more for k in range(order + 1 - m)
        ]
    marks = np.unique([low, threshold, *(k for k in kinks if low < k < threshold)])
    apart = np.diff(marks, prepend=-np.inf) > 1e-9 * (threshold - low)
    marks = marks[apart | (marks == 0.0) | (marks == threshold)]
    edges = [marks[:1]]
    for a, b in pairwise(marks):
        most = WIDEST * (threshold - reset) + WIDEST_BELOW * max(reset - b, 0.0)
        edges.append(
            a + (b - a) * _graded(b - a, min(jump, layer) / finer, most / finer)
        )
    return np.concatenate(edges)


def _graded(length, narrow, wide):
    """Divide 1 into parts that grow from both ends; widths in units of `length`."""
    widths, total = [], 0.0
    width = min(narrow, wide)
    while total < length / 2:
        widths.append(width)
        total += width
        width = min(GROWTH * width, wide)
    both = np.cumsum(widths + widths[::-1])
    return both / both[-1]


class _System:
    """The collocation equations, factorized; the unknowns are Legendre coefficients."""

    def __init__(self, edges, degree, p, up, q, down):
        self.edges, self.degree = edges, degree
        nodes = legendre.leggauss(degree)[0]
        half = np.diff(edges) / 2
        v = ((edges[:-1] + half)[:, None] + half[:, None] * nodes).ravel()
        # At rest the equation has no derivative and holds on both sides; elsewhere T is
        # continuous, and 0 at a threshold that is reached by drift.
        low, top = edges[0], edges[-1]
        at_rest = [True] if low < 0 <= top else []
        at_rest += [False] if low <= 0 < top else []
        self.points = np.append(v, np.zeros(len(at_rest)))
        self.left = np.append(np.zeros(v.size, bool), np.array(at_rest, bool))
        inner = edges[1:-1][edges[1:-1] != 0]
        continuity = self._basis(inner, True) - self._basis(inner, False)
        end = self._basis(edges[-1:] if edges[-1] < 0 else edges[:0], True)
        equations = self._equations(p, up, q, down)
        self.n_zero = continuity.shape[0] + end.shape[0]
        self.factors = splu(vstack([equations, continuity, end]).tocsc())

    def solve(self, source):
        """Coefficients of the solution for values of `source` at the points."""
        return self.factors.solve(np.append(-source, np.zeros(self.n_zero)))

    def value(self, solution, v, left: Any = False):
        return self._basis(v, left) @ solution

    def _equations(self, p, up, q, down):
        v, left = self.points, self.left
        rows = -(diags(v, dtype=float) @ self._basis(v, left, slope=True)) - (
            p + q
        ) * self._basis(v, left)
        top = self.edges[-1]
        survives = np.where(left, v + up <= top, v + up < top) * p
        rows += diags(survives, dtype=float) @ self._basis(
            np.minimum(v + up, top), left
        )
        return rows + q * self._basis(np.maximum(v - down, self.edges[0]), left)

    def _basis(self, v, left, slope=False):
        """Row i: the polynomials at v[i], or their slopes, from the left or the right."""
        v = np.atleast_1d(v)
        element = np.where(
            left,
            np.searchsorted(self.edges, v),
            np.searchsorted(self.edges, v, side="right"),
        )
        element = np.clip(element - 1, 0, self.edges.size - 2)
        start, width = self.edges[element], np.diff(self.edges)[element]
        x, n = 2.0 * (v - start) / width - 1, self.degree + 1
        if slope:
            values = legendre.legvander(x, n - 2) @ legendre.legder(np.eye(n))
            values *= 2 / width[:, None]
        else:
            values = legendre.legvander(x, n - 1)
        columns = element[:, None] * n + np.arange(n)
        shape = (v.size, (self.edges.size - 1) * n)
        return csr_matrix(
            (values.ravel(), columns.ravel(), np.arange(v.size + 1) * n), shape
        )
