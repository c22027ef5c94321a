"""Poisson numbers for every lane in every step, by inversion."""

import numpy as np

from .._jit import inlined, inner

__all__ = ["ENTRIES", "MAX_MEAN", "add_counts", "bits", "count", "table"]

# Larger means are drawn in parts: the tail of one ends within the table.
MAX_MEAN = 16.0
ENTRIES = 64
_U = np.uint32
_TO_UNIT = 2.0**-32


def table(mean: float) -> tuple[np.ndarray, int]:
    """Return the distribution in units of 2^-32, and how many entries are below 1."""
    from scipy.stats import poisson

    cumulative = np.floor(poisson.cdf(np.arange(ENTRIES), mean) * 2.0**32)
    below = int(np.count_nonzero(cumulative < 2.0**32))
    return np.minimum(cumulative, 2.0**32 - 1).astype(np.uint32), below


@inlined
def bits(words, a, n, out):
    """Draw 32 bits for each lane (xoshiro128+; see `lanes`)."""
    s0, s1 = words[0][a : a + n], words[1][a : a + n]
    s2, s3 = words[2][a : a + n], words[3][a : a + n]
    for l in range(n):
        w0, w1, w2, w3 = s0[l], s1[l], s2[l], s3[l]
        out[l] = _U(w0 + w3)
        t = _U(w1 << _U(9))
        w2 = _U(w2 ^ w0)
        w3 = _U(w3 ^ w1)
        w1 = _U(w1 ^ w2)
        w0 = _U(w0 ^ w3)
        w2 = _U(w2 ^ t)
        w3 = _U(_U(w3 << _U(11)) | _U(w3 >> _U(21)))
        s0[l], s1[l], s2[l], s3[l] = w0, w1, w2, w3


@inlined
def count(u, p0, mean):
    """Invert the distribution with the weight p0 at 0."""
    k, p, total = 0, p0, p0
    while u >= total and k < ENTRIES:
        k += 1
        p *= mean / k
        total += p
    return k


@inner
def _passed(cdf, entries, raw, found):
    """Find how many entries the bits have passed: the Poisson number."""
    n = raw.size
    for l in range(n):
        found[l] = _U(0)
    whole = entries - entries % 4
    for i in range(0, whole, 4):
        a, b, c, d = cdf[i], cdf[i + 1], cdf[i + 2], cdf[i + 3]
        for l in range(n):
            r = raw[l]
            two = _U(_U(r >= a) + _U(r >= b))
            found[l] = _U(found[l] + _U(two + _U(_U(r >= c) + _U(r >= d))))
    for i in range(whole, entries):
        a = cdf[i]
        for l in range(n):
            found[l] = _U(found[l] + _U(raw[l] >= a))


@inner
def add_counts(inputs, e, place, raw, found, arrived):
    """Add the weight times Poisson numbers for input e, with the bits `raw`."""
    weight = np.float32(inputs.weight[e])
    n = raw.size
    if inputs.row[e] == 0:
        _passed(inputs.cdf[e], inputs.entries[e], raw, found)
        for l in range(n):
            arrived[l] += weight * np.float32(np.int32(found[l]))
        return
    q, L = inputs.first_par[e] + place, inputs.row[e]
    for l in range(n):
        u = (raw[l] + 0.5) * _TO_UNIT
        number = count(u, inputs.par[q + l], inputs.par[q + L + l])
        arrived[l] += weight * np.float32(number)
