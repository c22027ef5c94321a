"""Finite elements on a line: nodal polynomials on Gauss-Lobatto points."""

from functools import lru_cache

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import Legendre, leggauss


@lru_cache
def lobatto_nodes(degree: int) -> np.ndarray:
    """Return the degree + 1 nodes on [-1, 1], with both ends."""
    inner = Legendre.basis(degree).deriv().roots().real
    return np.concatenate([[-1.0], np.sort(inner), [1.0]])


@lru_cache
def _lagrange(degree: int) -> tuple[Polynomial, ...]:
    nodes = lobatto_nodes(degree)
    return tuple(
        Polynomial.fromroots(np.delete(nodes, j))
        / np.prod(nodes[j] - np.delete(nodes, j))
        for j in range(degree + 1)
    )


@lru_cache
def reference(degree: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return Gauss points and weights, and there the basis and its derivatives."""
    points, weights = leggauss(degree + 3)
    basis = np.stack([p(points) for p in _lagrange(degree)], axis=1)
    slope = np.stack([p.deriv()(points) for p in _lagrange(degree)], axis=1)
    return points, weights, basis, slope


class Line:
    """Continuous piecewise polynomials of z, tested with a normal weight.

    The test functions are the basis times the density of the normal law of unit variance
    around `centre`, each divided by its largest value (else rounding in the rows of far
    nodes spoils the others): densities are near to their span, functions to the basis's.
    """

    def __init__(self, breaks: np.ndarray, degree: int, centre: float = 0.0):
        x, w, basis, slope = reference(degree)
        lengths = np.diff(breaks)
        count, m = lengths.size, x.size
        self.breaks, self.degree, self.size = breaks, degree, count * degree + 1
        self.points = (breaks[:-1, None] + lengths[:, None] * (x + 1) / 2).ravel()
        self.weights = (lengths[:, None] * w / 2).ravel()
        inside = breaks[:-1, None] + lengths[:, None] * (lobatto_nodes(degree) + 1) / 2
        self.basis, self.slope, self.test, self._test_slope = np.zeros(
            (4, count * m, self.size)
        )
        for e in range(count):
            rows = slice(e * m, e * m + m)
            block = rows, slice(e * degree, (e + 1) * degree + 1)
            self.basis[block], self.slope[block] = basis, slope * 2 / lengths[e]
            points, nodes = self.points[rows, None] - centre, inside[e] - centre
            ratio = np.exp((nodes - points) * (nodes + points) / 2)
            self.test[block] = self.basis[block] * ratio
            self._test_slope[block] = self.slope[block] * ratio
        largest = np.abs(self.test).max(axis=0)
        self.test /= largest
        self._test_slope /= largest

    def matrix(self, factor: np.ndarray | float = 1.0) -> np.ndarray:
        """Integrate test * factor * basis; `factor` is given at the points."""
        return self.test.T @ (self.basis * (self.weights * factor)[:, None])

    def stiffness(self) -> np.ndarray:
        """Integrate density * (test/density)' * basis': minus an OU generator."""
        return self._test_slope.T @ (self.slope * self.weights[:, None])

    def at(self, z: np.ndarray) -> np.ndarray:
        """Return the basis at any z, of shape (*z.shape, size); constant outside."""
        inside = np.clip(z, self.breaks[0], self.breaks[-1])
        e = np.searchsorted(self.breaks, inside, side="right") - 1
        e = np.minimum(e, self.breaks.size - 2)
        x = 2 * (inside - self.breaks[e]) / (self.breaks[e + 1] - self.breaks[e]) - 1
        values = np.stack([p(x) for p in _lagrange(self.degree)], axis=-1)
        out = np.zeros((*z.shape, self.size))
        columns = e[..., None] * self.degree + np.arange(self.degree + 1)
        np.put_along_axis(out, columns, values, axis=-1)
        return out
