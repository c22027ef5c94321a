"""All fixed points of one or two populations: every root of a scalar function.

Along the nullcline of one population, parametrized by its input u, everything is explicit:
r_a = f_a(u), r_b = (u - x_a - w_aa r_a)/w_ab, and the fixed points are the roots of
g(u) = f_b(w_ba r_a + w_bb r_b + x_b) - r_b. Intervals of u are excluded, or shown to be
monotone, by bounds that rest on f_a and f_b being monotone; the rest is halved.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ._model import RateModel
from ._transfer import Transfer

_EPS = np.finfo(float).eps
_ACCURACY = 1e-12  # relative, of transfer functions: falling by less is rounding
_MOST = 20_000  # undecided intervals
_FINE, _COARSE = 1e-11, 1e-7  # widths at which halving stops, with and without slopes


@dataclass(frozen=True)
class Nullcline:
    """The scalar function whose roots are the fixed points; see the module."""

    f_a: Transfer
    x_a: float
    w_aa: float
    f_b: Transfer | None = None  # None: one population, g(u) = x + w f(u) - u
    w_ab: float = 0.0
    w_ba: float = 0.0
    w_bb: float = 0.0
    x_b: float = 0.0

    def rates(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rates of both on the nullcline of a."""
        r_a = self.f_a._value(u)
        return r_a, (u - self.x_a - self.w_aa * r_a) / self.w_ab

    def __call__(self, u: Any) -> Any:
        u = np.asarray(u, float)
        if self.f_b is None:
            return self.x_a + self.w_aa * self.f_a._value(u) - u
        r_a, r_b = self.rates(u)
        with np.errstate(over="ignore"):
            return self.f_b._value(self.w_ba * r_a + self.w_bb * r_b + self.x_b) - r_b

    def noise(self, u: np.ndarray) -> float:
        """Size of g that may be rounding."""
        size = np.abs(u).max() if self.f_b is None else np.abs(self.rates(u)[1]).max()
        return 64 * _EPS * float(size)

    def bounds(self, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any, Any]:
        """Bound g and dg/du over [low, high], and say where that holds throughout.

        Elsewhere they hold where r_b is in the range of f_b; beyond it g has no root.
        """
        r_a = self.f_a._value(low), self.f_a._value(high)
        if np.any(r_a[0] - r_a[1] > _ACCURACY * np.abs(r_a[1])):
            raise ValueError(
                "`f` must not fall; a CustomTransfer does: increasing=False"
            )
        s_a = self.f_a.slope_bounds(low, high)
        if self.f_b is None:
            step = _times(self.w_aa, s_a)
            g = _plus(_times(self.w_aa, r_a), (self.x_a - high, self.x_a - low))
            g = _wider(g, np.abs(low) + np.abs(high))
            return g, _plus(step, (-1.0, -1.0)), np.ones(low.shape, bool)
        with np.errstate(over="ignore", invalid="ignore"):
            s_b_null = _times(
                1.0 / self.w_ab, _plus((1.0, 1.0), _times(-self.w_aa, s_a))
            )
            r_b, whole = self._other_rate(low, high, r_a, s_b_null)
            i_b = _plus(_times(self.w_ba, r_a), _times(self.w_bb, r_b))
            i_b = i_b[0] + self.x_b, i_b[1] + self.x_b
            ordered = np.maximum(i_b[0], i_b[1])
            f_b = self.f_b._value(i_b[0]), self.f_b._value(ordered)
            s_b = self.f_b.slope_bounds(i_b[0], ordered)
            g = f_b[0] - r_b[1], f_b[1] - r_b[0]
            inner = _plus(_times(self.w_ba, s_a), _times(self.w_bb, s_b_null))
            slope = _plus(_product(s_b, inner), (-s_b_null[1], -s_b_null[0]))
        empty = r_b[0] > r_b[1]
        g = np.where(empty, np.inf, g[0]), np.where(empty, np.inf, g[1])
        noise = (np.abs(low) + np.abs(self.x_a)) / abs(self.w_ab)
        noise += 60.0 * (np.abs(f_b[1]) + np.abs(self.w_aa * r_a[1] / self.w_ab))
        return _wider(g, noise), slope, whole  # 60: functions are accurate to 1e-13

    def _other_rate(self, low, high, r_a, slope) -> tuple[Any, np.ndarray]:
        """Bound r_b by r_a, its slope and the range of f_b, and say if it is in there."""
        up = _plus((low - self.x_a, high - self.x_a), _times(-self.w_aa, r_a))
        first = _times(1.0 / self.w_ab, up)
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        reach = half * np.maximum(np.abs(slope[0]), np.abs(slope[1]))
        centre = self.rates(middle)[1]
        noise = 8 * _EPS * (np.abs(low) + abs(self.x_a)) / abs(self.w_ab)
        least, most = self.f_b.bounds  # type: ignore[union-attr]
        bottom = np.maximum(first[0], centre - reach) - noise
        top = np.minimum(first[1], centre + reach) + noise
        whole = (bottom >= least) & (top <= most)
        return (np.maximum(bottom, least), np.minimum(top, most)), whole


def nullcline(model: RateModel) -> tuple[Nullcline, tuple[int, ...]]:
    """Return the scalar problem of one or two coupled populations, and their order."""
    W, X, f = model.W, model.X, model.transfers
    if model.n == 1:
        return Nullcline(f[0], float(X[0]), float(W[0, 0])), (0,)
    a, b = (0, 1) if abs(W[0, 1]) >= abs(W[1, 0]) else (1, 0)
    numbers = (W[a, b], W[b, a], W[b, b], X[b])
    line = Nullcline(
        f[a], float(X[a]), float(W[a, a]), f[b], *(float(v) for v in numbers)
    )
    return line, (a, b)


def all_roots(line: Nullcline, low: float, high: float) -> tuple[list[float], bool]:
    """Return all roots of g in [low, high], and whether there are surely no others."""
    scale = max(abs(line.x_a), abs(line.x_b), 1e-3 * min(high - low, 1.0))
    parts = (line.f_a, line.f_b or line.f_a)
    known = all(
        np.isfinite(p.slope_bounds(np.zeros(1), np.ones(1))[1][0]) for p in parts
    )
    tolerance = _FINE if known else _COARSE
    monotone, left, certain = _isolate(line, low, high, tolerance, scale)
    roots: list[float] = []
    for a, b in monotone:
        roots += _bracketed(line, np.array([a, b]))
    for a, b in _merged(left):
        roots += _in_cluster(line, a, b)
    return _distinct(line, sorted(roots), scale), certain


def _distinct(line: Nullcline, roots: list[float], scale: float) -> list[float]:
    """Roots, with one for those between which g is 0 up to rounding.

    That are the same root met twice, and the surroundings of a root of higher order.
    """
    groups: list[list[float]] = []
    for root in roots:
        if groups:
            u = np.linspace(groups[-1][-1], root, 9)
            near = u[-1] - u[0] <= 1e-13 * max(abs(root), scale)
            if near or np.abs(line(u)).max() <= line.noise(u):
                groups[-1].append(root)
                continue
        groups.append([root])
    return [0.5 * (group[0] + group[-1]) for group in groups]


def _isolate(line, low, high, tolerance, scale):
    """Intervals where g is monotone, small ones that stay undecided, and completeness."""
    edges = np.linspace(low, high, 65)
    a, b = edges[:-1], edges[1:]
    monotone, left = [], []
    while a.size:
        g, slope, whole = line.bounds(a, b)
        with np.errstate(invalid="ignore", over="ignore"):
            middle = line(0.5 * (a + b))
            half = 0.5 * (b - a)
            reach = half * np.maximum(np.abs(slope[0]), np.abs(slope[1]))
            noise = 16 * _EPS * np.maximum(np.abs(g[0]), np.abs(g[1]))
            away = whole & (np.abs(middle) > reach + noise)
        out = (g[0] > 0) | (g[1] < 0) | away
        one_way = ~out & ((slope[0] > 0) | (slope[1] < 0))
        monotone += list(zip(a[one_way], b[one_way], strict=True))
        open_ = ~out & ~one_way
        a, b = a[open_], b[open_]
        fine = b - a <= tolerance * np.maximum(np.maximum(np.abs(a), np.abs(b)), scale)
        left += list(zip(a[fine], b[fine], strict=True))
        a, b = a[~fine], b[~fine]
        if a.size + len(left) > _MOST:
            return monotone, [*left, *zip(a, b, strict=True)], False
        middle = 0.5 * (a + b)
        a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
    return monotone, left, True


def _merged(pieces: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join intervals that touch."""
    runs: list[tuple[float, float]] = []
    for a, b in sorted(pieces):
        if runs and a <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(b, runs[-1][1]))
        else:
            runs.append((a, b))
    return runs


def _in_cluster(line: Nullcline, low: float, high: float) -> list[float]:
    """Roots in a small interval: sign changes, or a minimum of abs(g) that is 0."""
    margin = 0.5 * (high - low)
    u = np.linspace(low - margin, high + margin, 129)
    g = line(u)
    roots = _bracketed(line, u)
    if roots:
        return roots
    k = int(np.clip(np.argmin(np.abs(g)), 1, u.size - 2))
    sign = np.sign(g[k]) or 1.0
    found = minimize_scalar(
        lambda v: float(sign * line(v)), bounds=(u[k - 1], u[k + 1]), method="bounded",
        options={"xatol": 1e-14 * max(abs(low), abs(high), 1e-300)},
    )  # fmt: skip
    if found.fun < 0:
        return _bracketed(line, np.array([u[k - 1], float(found.x), u[k + 1]]))
    return [float(found.x)] if found.fun <= line.noise(u) else []


def _bracketed(line: Nullcline, u: np.ndarray) -> list[float]:
    """Roots between neighbours of opposite sign, and at neighbours that are roots."""
    g = line(u)
    roots = [float(v) for v in u[g == 0]]
    changes = np.flatnonzero(g[:-1] * np.sign(g[1:]) < 0)
    roots += [_brent(line, u[k], u[k + 1]) for k in changes]
    return roots


def _brent(line: Nullcline, a: float, b: float) -> float:
    smallest = 1e-30 * max(abs(a), abs(b), 1e-200)
    return brentq(line, a, b, xtol=smallest, rtol=4 * _EPS, maxiter=500)


def _times(c: float, interval: tuple[Any, Any]) -> tuple[Any, Any]:
    if c == 0:
        return np.zeros_like(interval[0]), np.zeros_like(interval[1])
    one, two = c * interval[0], c * interval[1]
    return (one, two) if c > 0 else (two, one)


def _plus(one: tuple[Any, Any], two: tuple[Any, Any]) -> tuple[Any, Any]:
    return one[0] + two[0], one[1] + two[1]


def _product(one: tuple[Any, Any], two: tuple[Any, Any]) -> tuple[Any, Any]:
    """Interval product, with 0 times infinity = 0."""
    with np.errstate(invalid="ignore"):
        corners = np.nan_to_num(
            [p * q for p in one for q in two], nan=0.0, posinf=np.inf, neginf=-np.inf
        )
    return corners.min(axis=0), corners.max(axis=0)


def _wider(interval: tuple[Any, Any], size: Any) -> tuple[Any, Any]:
    off = 8 * _EPS * size
    return interval[0] - off, interval[1] + off
