"""Solutions on supports whose weights are singular: points, lines, faces.

Written once for floats and for rational numbers, on lists: such supports are rare.
"""

import dataclasses
import itertools
import math

import numpy as np

_MAX_VERTICES = 2000  # combinations of tight constraints that are looked at
_ZERO = 1e-10  # relative to the scaled problem, where entries are of order 1


@dataclasses.dataclass(frozen=True, slots=True)
class Face:
    """A continuum of states: all mixtures of `vertices`, plus any amounts of `rays`.

    Attributes
    ----------
    support : tuple of int
        Populations that are active somewhere on it.
    vertices : numpy.ndarray, (m, n)
        Rates at its corners.
    rays : numpy.ndarray, (k, n)
        Directions in which it goes on for ever; none if it is bounded.
    """

    support: tuple[int, ...]
    vertices: np.ndarray
    rays: np.ndarray

    @property
    def dimension(self) -> int:
        """1 for a line of states, 2 for a plane, ..."""
        steps = np.concatenate([self.vertices[1:] - self.vertices[0], self.rays])
        return int(np.linalg.matrix_rank(steps)) if steps.size else 0


class TooManyCorners(Exception):
    """The corners of a polyhedron are too many to list."""


def corners(A, b, support, exact, bounded=False):
    """Vertices and rays, as lists of rates, of the solutions within `support`."""
    n = len(b)
    zero = 0 if exact else _ZERO
    S = list(support)
    point, directions = _solve(
        [[A[i][j] for j in S] for i in S], [-b[i] for i in S], zero
    )
    if point is None:
        return [], []
    # Every unknown as a constant and a linear form in the free coordinates t.
    constant = [0 * b[0]] * n
    slope = [[0 * b[0]] * len(directions) for _ in range(n)]
    for i, a in enumerate(S):
        constant[a], slope[a] = point[i], [d[i] for d in directions]
    for a in set(range(n)) - set(S):
        constant[a] = -b[a] - sum(A[a][c] * constant[c] for c in S)
        slope[a] = [
            -sum(A[a][c] * slope[c][k] for c in S) for k in range(len(directions))
        ]
    vertices, rays = _polyhedron(constant, slope, zero, bounded)

    def rates(t, offset):
        return [
            (offset * constant[a] + dot(slope[a], t)) if a in support else 0 * b[0]
            for a in range(n)
        ]

    return [rates(t, 1) for t in vertices], [rates(t, 0) for t in rays]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def _polyhedron(constant, slope, zero, bounded):
    """Vertices and extreme rays of constant + slope t >= 0."""
    d = len(slope[0])
    fixed = [not any(abs(x) > zero for x in row) for row in slope]
    if any(c < -zero for c, still in zip(constant, fixed, strict=True) if still):
        return [], []
    constant = [c for c, still in zip(constant, fixed, strict=True) if not still]
    slope = [row for row, still in zip(slope, fixed, strict=True) if not still]
    n = len(constant)
    if math.comb(n, d) > _MAX_VERTICES:
        raise TooManyCorners
    vertices, rays = [], []
    for tight in itertools.combinations(range(n), d):
        t, free = _solve([slope[i] for i in tight], [-constant[i] for i in tight], zero)
        if t is None or free:
            continue
        inside = (c + dot(s, t) for c, s in zip(constant, slope, strict=True))
        if all(x >= -zero for x in inside) and not _listed(t, vertices, zero):
            vertices.append(t)
    for tight in itertools.combinations(range(n), d - 1) if d and not bounded else ():
        _, free = _solve(
            [slope[i] for i in tight], [0 * constant[0]] * (d - 1), zero, d
        )
        if len(free) != 1:
            continue
        size = max(abs(x) for x in free[0])
        for sign in (1, -1):
            t = [sign * x / size for x in free[0]]
            if all(dot(s, t) >= -zero for s in slope) and not _listed(t, rays, zero):
                rays.append(t)
    return vertices, rays if vertices else []


def _listed(t, found, zero):
    return any(
        all(abs(x - y) <= 10 * zero for x, y in zip(t, other, strict=True))
        for other in found
    )


def _solve(rows, right, zero, width=None):
    """Return a solution, or None, and a basis of the null space."""
    k = len(rows[0]) if rows else width or 0
    T = [[*row, x] for row, x in zip(rows, right, strict=True)]
    one = 1 + 0 * right[0] if right else 1
    pivots: list[int] = []
    for c in range(k):
        rank = len(pivots)
        row = max(range(rank, len(T)), key=lambda i: abs(T[i][c]), default=None)
        if row is None or abs(T[row][c]) <= zero:
            continue
        T[rank], T[row] = T[row], T[rank]
        pivot = T[rank][c]
        T[rank] = [x / pivot for x in T[rank]]
        for i in range(len(T)):
            if i != rank and T[i][c] != 0:
                factor = T[i][c]
                T[i] = [x - factor * y for x, y in zip(T[i], T[rank], strict=True)]
        pivots.append(c)
    free = [c for c in range(k) if c not in pivots]
    basis = []
    for f in free:
        v = [0 * one] * k
        v[f] = one
        for i, c in enumerate(pivots):
            v[c] = -T[i][f]
        basis.append(v)
    if any(abs(T[i][k]) > zero for i in range(len(pivots), len(T))):
        return None, basis
    point = [0 * one] * k
    for i, c in enumerate(pivots):
        point[c] = T[i][k]
    return point, basis


def distinct(found, A, b, exact):
    """Turn (vertices, rays) of supports into maximal faces, and isolated points."""
    zero, n = (0 if exact else _ZERO), len(b)
    pieces = []
    for vertices, rays in found:
        if not vertices:
            continue
        active = {a for r in (*vertices, *rays) for a in range(n) if r[a] > 10 * zero}
        pieces.append((tuple(sorted(active)), vertices, rays))
    pieces.sort(key=lambda piece: (-len(piece[0]), piece[0]))
    faces, points = [], []
    for support, vertices, rays in pieces:
        if any(_within(vertices, rays, other, A, b, zero) for other, *_ in faces):
            continue
        if len(vertices) == 1 and not rays:
            points.append((support, vertices[0]))
        else:
            faces.append((support, vertices, rays))
    return faces, points


def _within(vertices, rays, support, A, b, zero):
    """Whether all points are active, and in balance, only where `support` allows it."""
    n = len(b)
    for r, offset in [*((v, 1) for v in vertices), *((v, 0) for v in rays)]:
        for a in range(n):
            net = offset * b[a] + dot(A[a], r)
            if abs(net if a in support else r[a]) > 100 * zero:
                return False
    return True
