"""Sources drawn by distance, on a ring or a torus."""

import math

import numpy as np

from meanfield.neurons import DistanceDependent

from .._jit import inlined, kernel
from ..streams import exponential, normal, seed, uniform

__all__ = ["spatial_rows"]

GAUSSIAN, EXPONENTIAL, UNIFORM = range(3)
_KINDS = {"gaussian": GAUSSIAN, "exponential": EXPONENTIAL, "uniform": UNIFORM}
_TURN = 2.0 * math.pi


@inlined
def _shift(kind, width, flat, rng):
    """Draw a displacement: both coordinates, or one if not `flat`."""
    if kind == GAUSSIAN:
        return width * normal(rng), width * normal(rng)
    if not flat:
        r = exponential(rng) if kind == EXPONENTIAL else uniform(rng)
        return width * (r if uniform(rng) < 0.5 else -r), 0.0
    # Densities exp(-r) r and 2 r of the distance in the plane.
    if kind == EXPONENTIAL:
        r = exponential(rng) + exponential(rng)
    else:
        r = math.sqrt(uniform(rng))
    angle = _TURN * uniform(rng)
    return width * r * math.cos(angle), width * r * math.sin(angle)


@inlined
def _nearest(x, m):
    """Return the number of the place, of m, next to coordinate x on a ring of length 1."""
    return np.int64(math.floor(x * m + 0.5)) % m


@kernel
def _draw(chosen, m_target, m_source, flat, kind, width, own, key, first, rng):
    """Fill in the sources of each target; m: neurons along a side."""
    for j in range(chosen.shape[0]):
        seed(rng, key, first + j)
        x, y = (j // m_target, j % m_target) if flat else (j, 0)
        for i in range(chosen.shape[1]):
            s = np.int64(j)
            while True:
                dx, dy = _shift(kind, width, flat, rng)
                s = _nearest(x / m_target + dx, m_source)
                if flat:
                    s = s * m_source + _nearest(y / m_target + dy, m_source)
                if not (own and s == j):
                    break
            chosen[j, i] = s


def _side(n: int, flat: bool) -> int:
    side = math.isqrt(n) if flat else n
    if flat and side * side != n:
        raise ValueError(
            "`dimensions` 2 of a DistanceDependent rule needs populations of square "
            f"numbers of neurons; got {n}"
        )
    return side


def spatial_rows(
    rule: DistanceDependent, n_target: int, n_source: int, same: bool, key, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Make lists of sources by target."""
    flat, own = rule.dimensions == 2, same and not rule.autapses
    sides = _side(n_target, flat), _side(n_source, flat)
    least = (0.6 if rule.profile == "uniform" else 0.2) / sides[1]
    if own and rule.degree and (n_source == 1 or rule.width < least):
        raise ValueError(
            f"`width` must be at least {least:g} for {n_source} neurons without "
            f"autapses, so that there are neighbours; got {rule.width}"
        )
    chosen = np.empty((n_target, rule.degree), dtype=np.int32)
    rng = np.zeros(2, dtype=np.uint64)
    kind = _KINDS[rule.profile]
    _draw(chosen, *sides, flat, kind, rule.width, own, key, first, rng)
    return np.arange(n_target + 1, dtype=np.int64) * rule.degree, chosen.reshape(-1)
