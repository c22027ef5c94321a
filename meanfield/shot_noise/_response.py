"""Linear response of the exponential shot-noise neuron, on a path through complex u.

With u = w/(1 + w), w = e^(y + i theta), the path is an arc from 0 to 1, and theta = 0 the
real axis. At high frequency the integrals on the real axis are exponentially smaller than
their integrands; on the arc through the saddle point they are of the same order.
"""

import cmath
import math

import numpy as np

from ..special._jit import jitable
from ._quadrature import CHANGE, CUT, MOST_PANELS, N_NODES, NODES, SATURATED, WEIGHTS
from ._spectral import ANTIDERIVATIVE


@jitable
def _point(y, theta):
    """u, 1 - u, ln u and ln(1 - u)."""
    if y > SATURATED:
        left = cmath.exp(-complex(y, theta))
        return 1.0 - left, left, -left, -complex(y, theta)
    w = cmath.exp(complex(y, theta))
    total = cmath.log(1.0 + w)
    return w / (1.0 + w), 1.0 / (1.0 + w), complex(y, theta) - total, -total


@jitable
def _exponent(y, theta, v, p, q, c, x):
    u, _, log_u, log_left = _point(y, theta)
    return x * log_u + u * v + p * log_left + q * cmath.log(1.0 + c * u)


@jitable
def _slope(y, theta, v, p, q, c, x):
    u, left, _, _ = _point(y, theta)
    return x * left + u * (left * (v + q * c / (1.0 + c * u)) - p)


@jitable
def _steepness(y, theta, v, p, q, c, x):
    """Of the integrand, or of u^x, which interpolation has to follow to 1e-15."""
    left = _point(y, theta)[1]
    return max(abs(_slope(y, theta, v, p, q, c, x)), 2.0 * abs(x * left))


@jitable
def _step(step, y, theta, v, p, q, c, x):
    here = _steepness(y, theta, v, p, q, c, x)
    while step * (here + _steepness(y + step, theta, v, p, q, c, x)) > CHANGE:
        step *= 0.6
    return step


@jitable
def _largest(theta, low, high, v, p, q, c, x):
    """Find the largest real part of the exponent on an arc by a scan with refinement."""
    n, best, where = 48, -math.inf, low
    for _ in range(3):
        step = (high - low) / n
        for i in range(n + 1):
            y = low + i * step
            value = _exponent(y, theta, v, p, q, c, x).real
            if value > best:
                best, where = value, y
        low, high = where - step, where + step
    return best, where


@jitable
def path_angle(low, high, v, p, q, c, x):
    """Find the arc with the smallest maximum, the logarithm of that, and its place."""
    (best, top), chosen = _largest(0.0, low, high, v, p, q, c, x), 0.0
    first, last, n = 0.0, 3.0, 12
    for _ in range(3):
        step = (last - first) / n
        for i in range(1, n + 1):
            theta = first + i * step
            value, where = _largest(theta, low, high, v, p, q, c, x)
            if value < best - 1e-3:
                best, top, chosen = value, where, theta
        first, last = max(chosen - step, 0.0), min(chosen + step, 3.0)
    return chosen, best, top


@jitable
def _window(theta, scale, top, low, high, size, v, p, q, c, x):
    """Find the part of an arc outside of which the integrands are negligible."""
    n = 256
    step = (high - low) / n
    first, last = top - step, top + step
    for i in range(n + 1):
        y = low + i * step
        small = min(0.0, y + math.log(size))
        if _exponent(y, theta, v, p, q, c, x).real + small > scale - CUT:
            first, last = min(first, y - step), max(last, y + step)
    return first, min(last, high)


@jitable
def _from_zero(u, ratio, x):
    """Integrate t^x/(1 - ratio t) from 0 to u, divided by u^x, for |ratio u| < 1/2."""
    total, power = 0.0j, u
    for k in range(60):
        total += power / (x + 1.0 + k)
        power *= ratio * u
    return total


@jitable
def response_integrals(th, gap, p, q, c, x):
    """Integrals K, R, X, I, M divided by a common scale (its logarithm is not needed).

    K of (F_D - F_N) u^(x - 1); R/x of F_N u^(x - 1); and of (F_D - F_N)/u times the
    integrals from 0 to u of u^x/(1 - u), -c u^x/(1 + c u) and u^x.
    """
    re = th - gap
    size = 1.0 + abs(th) + abs(re) + p + q * c
    low, high = -math.log(size) - CUT, SATURATED
    theta, scale, top = path_angle(low, high, th, p, q, c, x)
    K = R = X = I = M = 0.0j
    first, high = _window(theta, scale, top, low, high, size, th, p, q, c, x)
    y = min(first, math.log(0.3) - math.log(max(1.0, c)))
    # Integrals from 0 to the panel's start, divided by u^x there.
    u = _point(y, theta)[0]
    up, down = _from_zero(u, 1.0, x), -c * _from_zero(u, -c, x)
    inner_up = np.empty(N_NODES, np.complex128)
    inner_down = np.empty(N_NODES, np.complex128)
    for _ in range(100 * MOST_PANELS):
        step = _step(min(2.0, high - y), y, theta, th, p, q, c, x)
        middle, half = y + 0.5 * step, 0.5 * step
        start = _point(y, theta)[2]
        for i in range(N_NODES):
            u, left, log_u, _ = _point(middle + half * NODES[i], theta)
            power = cmath.exp(x * (log_u - start)) * u * half
            inner_up[i] = power
            inner_down[i] = -c * power * left / (1.0 + c * u)
        for i in range(N_NODES):
            t = middle + half * NODES[i]
            u, left, log_u, log_left = _point(t, theta)
            rest = p * log_left + q * cmath.log(1.0 + c * u) - scale + x * start
            e_th = cmath.exp(u * th + rest) * WEIGHTS[i] * half
            e_re = cmath.exp(u * re + rest) * WEIGHTS[i] * half
            k = e_th - left * e_re
            if abs(u * gap) < 1.0:
                k = e_re * (u * gap * phi(u * gap) + u)
            run = cmath.exp(x * (log_u - start))
            K += k * run
            R -= e_re * run * u * (left * (re + q * c / (1.0 + c * u)) - p)
            M += k * run * u / (x + 1.0)
            sum_up, sum_down = up, down
            for j in range(N_NODES):
                sum_up += ANTIDERIVATIVE[i, j] * inner_up[j]
                sum_down += ANTIDERIVATIVE[i, j] * inner_down[j]
            X += k * sum_up
            I += k * sum_down
        for j in range(N_NODES):
            up += WEIGHTS[j] * inner_up[j]
            down += WEIGHTS[j] * inner_down[j]
        y += step
        shift = cmath.exp(x * (start - _point(y, theta)[2]))
        up *= shift
        down *= shift
        if y >= high:
            break
    u, _, log_u, log_left = _point(y, theta)
    rest = p * log_left + q * cmath.log(1.0 + c * u) - scale + x * log_u
    e_th = cmath.exp(u * th + rest)
    K += e_th / p
    R += cmath.exp(u * re + rest)
    M += e_th / p / (x + 1.0)
    X += e_th * (up / p + 1.0 / p**2)
    I += e_th * down / p
    return K, R, X, I, M


@jitable
def phi(z):
    """(e^z - 1)/z."""
    if abs(z) > 0.1:
        return (cmath.exp(z) - 1.0) / z
    total, term = 1.0 + 0.0j, 1.0 + 0.0j
    for k in range(2, 14):
        term *= z / k
        total += term
    return total
