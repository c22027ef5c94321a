"""Integrals of the exponential shot-noise theory, with panels that follow the integrand.

Voltages are in units of the excitatory amplitude, counted from the resting potential:
``th`` threshold, ``re`` = th - ``gap`` reset; p, q are the numbers of excitatory and
inhibitory jumps per tau_m and c the ratio of the amplitudes. The weight of the theory is
E(u; v) = exp(u v) (1 - u)^p (1 + c u)^q on 0 < u < 1, or |1 - u|^p on u > 1.
"""

import math

import numpy as np

from ..special._jit import jitable

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
N_NODES = 16
# An integrand below e^-46 = 1e-20 of the largest is left out.
CUT = 46.0
# Beyond this the variable 1/(1 + e^-y) is 1 in double precision.
SATURATED = 40.0
# A panel holds a change of the exponent by about this much: 16 nodes resolve it to 1e-16.
CHANGE = 10.0
# Far more than any integrand needs that double precision can resolve.
MOST_PANELS = 10000


@jitable
def _exponent(y, v, p, q, c):
    """Logarithm of E at u = 1/(1 + e^-y)."""
    u = 1.0 / (1.0 + math.exp(-y))
    rest = -y if y > SATURATED else -math.log1p(math.exp(y))
    return u * v + p * rest + q * math.log1p(c * u)


@jitable
def _slope(y, v, p, q, c):
    u = 1.0 / (1.0 + math.exp(-y))
    left = 1.0 / (1.0 + math.exp(y))
    return u * (left * (v + q * c / (1.0 + c * u)) - p)


@jitable
def _exponent_above(y, v, p, q, c):
    """Logarithm of E at u = 1 + e^y."""
    w = math.exp(y)
    return p * y + q * math.log1p(c + c * w) + (1.0 + w) * v


@jitable
def _slope_above(y, v, p, q, c):
    w = math.exp(y)
    return p + w * (q * c / (1.0 + c + c * w) + v)


@jitable
def panel_end(slope, y, v, p, q, c, step):
    """End a panel that starts at y where the exponent has changed enough."""
    here = abs(slope(y, v, p, q, c))
    least = 1e-13 * (1.0 + abs(y))
    while step > least and step * (here + abs(slope(y + step, v, p, q, c))) > CHANGE:
        step *= 0.6
    return y + step


@jitable
def peak(slope, low, high, v, p, q, c):
    """Find where the exponent is largest; its slope changes sign once."""
    for _ in range(80):
        y = 0.5 * (low + high)
        if slope(y, v, p, q, c) > 0.0:
            low = y
        else:
            high = y
    return 0.5 * (low + high)


@jitable
def _largest(th, p, q, c):
    """Find where E(th) is largest (y, the logarithm of E), and the reference u0."""
    drift = th - p + q * c
    u0 = 1.0 / (1.0 + abs(drift) + math.sqrt(p + q * c * c))
    if drift <= 0.0:
        return -math.log(1.0 + abs(th) + p + q * c), 0.0, u0
    top = peak(_slope, -700.0, 700.0, th, p, q, c)
    scale = max(_exponent(top, th, p, q, c), 0.0)
    if scale > 1.0:
        u0 = 1.0 / (1.0 + math.exp(-top))
    return top, scale, u0


@jitable
def _first_panel(size, top, scale, th, p, q, c):
    """Find where the integrands, of order u size E(th), begin to matter."""
    low, high = -math.log(size) - 60.0, top
    for _ in range(80):
        y = 0.5 * (low + high)
        small = min(0.0, y + math.log(size))
        if _exponent(y, th, p, q, c) + small > scale - CUT:
            high = y
        else:
            low = y
    return low


@jitable
def _above_one(r, scale):
    """(e^r - 1) e^-scale."""
    if r > 1.0:
        return math.exp(r - scale) - math.exp(-scale)
    return math.expm1(r) * math.exp(-scale)


@jitable
def below_pole(th, gap, p, q, c):
    """Integrals over 0 < u < 1 divided by their common scale, whose logarithm is first.

    Of (E(th) - E(re))/u and E(th)/(1 - u), each also times ln(u/u0), and of
    (E(re) - [u < u0])/u; u0 is last.
    """
    re = th - gap
    top, scale, u0 = _largest(th, p, q, c)
    y0 = math.log(u0) - math.log1p(-u0) if u0 < 1.0 else SATURATED
    low = _first_panel(1.0 + abs(th) + abs(re) + p + q * c, top, scale, th, p, q, c)
    end = SATURATED + max(0.0, top)
    k0 = k1 = d0 = d1 = a = 0.0
    y = low
    for _ in range(MOST_PANELS):
        after = min(panel_end(_slope, y, th, p, q, c, 3.0), end)
        if y < y0 < after:
            after = y0
        middle, half = 0.5 * (y + after), 0.5 * (after - y)
        for i in range(N_NODES):
            x = middle + half * NODES[i]
            u, left = 1.0 / (1.0 + math.exp(-x)), 1.0 / (1.0 + math.exp(x))
            e = math.exp(_exponent(x, th, p, q, c) - scale)
            k = -left * math.expm1(-u * gap) * e * WEIGHTS[i] * half
            d = u * e * WEIGHTS[i] * half
            log = math.log(u / u0)
            k0 += k
            d0 += d
            k1 += log * k
            d1 += log * d
            r = _exponent(x, re, p, q, c)
            if after <= y0:
                a += left * _above_one(r, scale) * WEIGHTS[i] * half
            else:
                a += left * math.exp(r - scale) * WEIGHTS[i] * half
        y = after
        if y >= end or (
            y >= y0 and y > top and _exponent(y, th, p, q, c) < scale - CUT
        ):
            break
    tail = math.exp(_exponent(y, th, p, q, c) - scale)
    if p > 0.0 and tail > 0.0:
        d0 += tail / p
        d1 -= math.log(u0) * tail / p
    return scale, k0, k1, d0, d1, a, u0


@jitable
def above_pole(th, gap, p, q, c, u0):
    """As `below_pole` over u > 1 where th < 0, with E(re)/u and the logarithm last."""
    top = peak(_slope_above, -700.0, 700.0, th, p, q, c)
    scale = _exponent_above(top, th, p, q, c)
    low, high = -SATURATED - max(0.0, -top), top
    if _exponent_above(low, th, p, q, c) < scale - CUT:
        for _ in range(80):
            y = 0.5 * (low + high)
            if _exponent_above(y, th, p, q, c) > scale - CUT:
                high = y
            else:
                low = y
    k0 = k1 = d0 = d1 = n = 0.0
    y = low
    if p > 0.0:  # below the lowest panel E is proportional to e^(p y)
        d0 = math.exp(_exponent_above(y, th, p, q, c) - scale) / p
        d1 = -math.log(u0) * d0
    for _ in range(MOST_PANELS):
        after = panel_end(_slope_above, y, th, p, q, c, 3.0)
        middle, half = 0.5 * (y + after), 0.5 * (after - y)
        for i in range(N_NODES):
            x = middle + half * NODES[i]
            w = math.exp(x)
            log = math.log1p(w) - math.log(u0)
            e = math.exp(_exponent_above(x, th, p, q, c) - scale)
            d = e * WEIGHTS[i] * half
            part = d * w / (1.0 + w)
            k = -math.expm1(-(1.0 + w) * gap) * part
            k0 += k
            d0 += d
            k1 += log * k
            d1 += log * d
            n += part * math.exp(-(1.0 + w) * gap)
        y = after
        if y > top and _exponent_above(y, th, p, q, c) < scale - CUT:
            break
    return k0, k1, d0, d1, n, scale


@jitable
def interval_moments(th, gap, p, q, c):
    """Logarithm of the mean first-passage time [tau_m], and its squared CV."""
    if p == 0.0 and q == 0.0:
        return math.log(math.log1p(-gap / th)), 0.0
    scale, k0, k1, d0, d1, a, u0 = below_pole(th, gap, p, q, c)
    if th >= 0.0:
        mean, slope = k0 + d0, k1 + d1
    else:  # the drift through the threshold
        B = above_pole(th, gap, p, q, c, u0)
        if p > 0.0:
            ratio = d0 / B[2]
            growth = ratio * (d1 / d0 - B[3] / B[2])
        else:
            ratio, growth = math.exp(B[5] - scale), 0.0
        mean = k0 + ratio * B[0]
        slope = k1 + ratio * B[1] + growth * B[0]
        a += ratio * B[4]
    cv2 = 1.0 - 2.0 * (slope / mean * math.exp(-scale) - a) / mean
    return scale + math.log(mean), max(cv2, 0.0)
