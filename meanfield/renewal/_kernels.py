"""Compiled loops: the Volterra equation, quantiles and sampling."""

import math

import numpy as np

from ..special._jit import jitable, kernel
from . import _formulas

hermite = jitable(_formulas.hermite)
hermite_integral = jitable(_formulas.hermite_integral)
forcing = jitable(_formulas.forcing)
memory = jitable(_formulas.memory)
memory_in_root = jitable(_formulas.memory_in_root)

# A probability p in [2^-54, 1/2) belongs to a cell by its exponent and 7 bits of its
# mantissa, that is, by the bits of the float from SHIFT on.
SHIFT, OCTAVES, PER_OCTAVE = 45, 53, 128
N_CELLS = OCTAVES * PER_OCTAVE
FIRST_CELL = int(np.float64(2.0**-54).view(np.int64)) >> SHIFT
CELL_MASK, CELL_UNIT = 2**SHIFT - 1, 2.0**-SHIFT

STENCIL = 6  # nodes of the local interpolation of the density's past


def _gauss(n):
    """Gauss-Legendre nodes and weights on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(n)
    return 0.5 + 0.5 * x, 0.5 * w


def _lagrange(x):
    """Polynomials that are 1 at one node 0, 1, ... of the stencil and 0 at the others."""
    nodes = range(STENCIL)
    factors = [[(x - i) / (j - i) for i in nodes if i != j] for j in nodes]
    return np.prod(factors, axis=1)


_NODES, _WEIGHTS = _gauss(12)
# A cell in which the kernel is smooth, third of the six between the nodes.
_FEW_NODES, _FEW_WEIGHTS = _gauss(4)
_SMOOTH = np.array([_lagrange(2 + x) for x in _FEW_NODES])

# Where b^2 tanh(lag/2) is larger, the kernel is below 1e-21 of its peak.
_NEGLIGIBLE = 49.0
# Lags [tau_m] below which the kernel is integrated in the root of tanh(lag/2).
_SHORT = 0.5


@jitable
def _in_root(cell, low, high, b, h, weights):
    """Add a cell from y = low to high, y^2 = tanh(lag/2)."""
    first = max(0, cell - 2)
    for q in range(_NODES.size):
        y = low + (high - low) * _NODES[q]
        value = _WEIGHTS[q] * (high - low) * memory_in_root(b, y)
        x = 2.0 * math.atanh(y * y) / h - first
        for j in range(STENCIL):
            product = value
            for i in range(STENCIL):
                if i != j:
                    product *= (x - i) / (j - i)
            weights[first + j] += product


@kernel
def memory_weights(b, h, weights):
    """Weights of the past: the kernel against local interpolation, cell by cell.

    b: threshold; h: step in units of tau_m; weights (n,): filled; the density at lag k h
    has weight k. At short lags the root is what the kernel is smooth in.
    """
    weights[:] = 0.0
    reach = math.tanh(min(0.5 * h * weights.size, 18.0))
    far = min(_NEGLIGIBLE / (b * b), reach) if b != 0.0 else 0.0
    for cell in range(weights.size - STENCIL):
        start = math.tanh(0.5 * cell * h)
        if start >= far:
            break
        if cell * h < _SHORT:
            stop = min(math.tanh(0.5 * (cell + 1) * h), far)
            _in_root(cell, math.sqrt(start), math.sqrt(stop), b, h, weights)
            continue
        for q in range(_FEW_NODES.size):
            value = _FEW_WEIGHTS[q] * h * memory(b, (cell + _FEW_NODES[q]) * h)
            for j in range(STENCIL):
                weights[cell - 2 + j] += value * _SMOOTH[q, j]


@kernel
def solve_volterra(b, a, d, start, h, weights, density):
    """Fill `density` (n,) at start + k h; it is taken to be zero before `start`.

    density(t) = forcing(t) - integral over s of K(t - s) density(s). Four values at a
    time, once known, are subtracted from all after them, which vectorizes where a sum
    would not. n is a multiple of 4.
    """
    for k in range(density.size):
        t = start + k * h
        density[k] = forcing(b, a, d, t) if t > 0.0 else 0.0
    reach = weights.size
    while reach > 1 and weights[reach - 1] == 0.0:
        reach -= 1
    w = np.zeros(reach + 4)
    w[:reach] = weights[:reach]
    n, first = density.size, 1.0 + w[0]
    for k in range(0, n - 3, 4):
        g0 = density[k] / first
        g1 = (density[k + 1] - w[1] * g0) / first
        g2 = (density[k + 2] - w[2] * g0 - w[1] * g1) / first
        g3 = (density[k + 3] - w[3] * g0 - w[2] * g1 - w[1] * g2) / first
        density[k], density[k + 1], density[k + 2], density[k + 3] = g0, g1, g2, g3
        later = density[k + 4 : k + 3 + reach]
        w0, w1, w2, w3 = w[4:], w[3:], w[2:], w[1:]
        for j in range(later.size):
            later[j] -= w0[j] * g0 + w1[j] * g1 + w2[j] * g2 + w3[j] * g3


@jitable
def _cell_inverse(target, v0, v1, d0, d1):
    """Where the integral of a cell from its left end reaches `target`."""
    low, high = 0.0, 1.0
    total = hermite_integral(1.0, v0, v1, d0, d1)
    x = min(max(target / total, 0.0), 1.0) if total > 0.0 else 0.0
    for _ in range(60):
        excess = hermite_integral(x, v0, v1, d0, d1) - target
        if excess > 0.0:
            high = x
        else:
            low = x
        value = hermite(x, v0, v1, d0, d1)
        new = x - excess / value if value > 0.0 else -1.0
        if not (low < new < high):
            new = 0.5 * (low + high)
        if abs(new - x) <= 1e-16 + 1e-15 * x:
            return new
        x = new
    return x


@jitable
def _quantile(p, upper, step, values, slopes, below, above, tail_rate):
    """Time from the onset with probability p below it, or above it if `upper`."""
    last = values.size - 1
    if p <= 0.0:
        return np.inf if upper and above[last] > 0.0 else last * step * upper
    if not upper and p > below[last]:
        p, upper = 1.0 - p, True
    if upper and p <= above[last]:
        return last * step - math.log(p / above[last]) / tail_rate
    low, high = 0, last  # the cell between: bisection
    while high - low > 1:
        middle = (low + high) // 2
        right = above[middle] < p if upper else below[middle] > p
        if right:
            high = middle
        else:
            low = middle
    v0, v1 = values[low], values[high]
    d0, d1 = slopes[low], slopes[high]
    if upper:
        x = 1.0 - _cell_inverse((p - above[high]) / step, v1, v0, -d1, -d0)
    else:
        x = _cell_inverse((p - below[low]) / step, v0, v1, d0, d1)
    return (low + x) * step


@kernel
def quantiles(p, upper, out, step, values, slopes, below, above, tail_rate):
    """Quantiles of probabilities p (n,), each from above where `upper` (n,)."""
    for i in range(p.size):
        out[i] = _quantile(
            p[i], upper[i], step, values, slopes, below, above, tail_rate
        )


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, splitmix64's increment
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)  # splitmix64's two multipliers
_MIX2 = np.uint64(0x94D049BB133111EB)
_U27, _U30, _U31 = np.uint64(27), np.uint64(30), np.uint64(31)
_U11, _U63 = np.uint64(11), np.uint64(63)
_U1, _U2, _U3 = np.uint64(1), np.uint64(2), np.uint64(3)
_MANTISSA = np.uint64(2**52 - 1)


@jitable
def hashed(key, i):
    """Return number i of the stream of splitmix64 that belongs to `key`."""
    z = key + (np.uint64(i) + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> _U30)) * _MIX1
    z = (z ^ (z >> _U27)) * _MIX2
    return z ^ (z >> _U31)


@jitable
def _probability(word):
    """Uniform in (0, 1/2) with 52 bits; the first bit is for the side."""
    # As a signed number, which processors convert to a float in one instruction.
    return (np.float64(np.int64((word >> _U11) & _MANTISSA)) + 0.5) * 2.0**-53


@jitable
def _tabulated(word, cells):
    """Interval for 64 random bits; NaN where the cell has no cubic."""
    bits = np.float64(_probability(word)).view(np.int64)
    row = np.uint64((bits >> SHIFT) - FIRST_CELL + np.int64(word >> _U63) * N_CELLS)
    x = np.float64(bits & CELL_MASK) * CELL_UNIT
    c = np.uint64(4) * row
    return cells[c] + x * (cells[c + _U1] + x * (cells[c + _U2] + x * cells[c + _U3]))


@jitable
def _interval(word, cells, onset, table):
    """Interval for 64 random bits."""
    t = _tabulated(word, cells)
    if t != t:
        return onset + _quantile(_probability(word), word >> _U63 == _U1, *table)
    return t


@kernel
def sample(out, key, first, cells, onset, *table):
    """Fill `out` (n,) with the intervals number `first` to `first` + n of a stream."""
    missing = 0
    for i in range(out.size):
        out[i] = _tabulated(hashed(key, first + i), cells)
        missing += out[i] != out[i]
    if missing:
        for i in range(out.size):
            if out[i] != out[i]:
                out[i] = _interval(hashed(key, first + i), cells, onset, table)


@kernel
def spike_times(times, counts, first, key, train, duration, cells, onset, *table):
    """Write spike times train by train, from the first spikes `first` (n,).

    Fills `counts` (n,), and returns how many trains found room in `times`. What is
    rarely needed is outside the inner loop, which is ten times slower with it.
    """
    place = 0
    for j in range(counts.size):
        own, t, n = hashed(key, train + j), first[j], 0
        while True:
            while t < duration and place < times.size:
                times[place] = t
                place += 1
                n += 1
                t += _tabulated(hashed(own, n), cells)
            if t == t:
                break
            t = times[place - 1] + _interval(hashed(own, n), cells, onset, table)
        if t < duration:
            return j
        counts[j] = n
    return counts.size
