"""How the rate of the leaky neuron follows its threshold and its reset.

u(x) = E e^(-lambda T) is what the time T from x to threshold, in units of tau_m, makes of
a modulation with lambda = i omega tau_m; x = (V - E_L - mu tau_m)/(sigma sqrt(tau_m)).
It solves u''/2 - x u' = lambda u, and stays bounded at x -> -inf. With y = u'/u,
L = ln(u(b)/u(a)) and q = e^(-L - i omega t_ref), a modulation of the threshold b or the
reset a changes the rate by

rate_b = -rate y(b)/(1 - q),    rate_a = rate y(a) e^-L/(1 - q).

The first is the flux that a moving boundary adds, the second shifts where the next
passage begins; the sum of both is what a modulated drive does, which moves V against
threshold and reset.
"""

import cmath
import math

import numpy as np

from ..lif._blocks import at
from ..special._jit import jitable, kernel

# Left of this the continued fraction converges fast, right of it Taylor series do.
_LEFT = -2.0
# Below, the noise changes y by a relative 1e-14 and less.
_NOISELESS = -1e7
_SILENT = 27.0  # b^2 beyond the logarithm of the smallest rate
_TERMS = 26  # of a Taylor series over a step in which u changes by at most e^3 or so
_SLOWEST = 1e-60  # stands for a modulation of frequency 0
_PANELS = 0.5 * math.log(2.0)  # half length in ln|x|
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


@jitable
def _log1p(z):
    w = 1.0 + z
    return np.log(w) * (z / (w - 1.0)) if w != 1.0 else z


@jitable
def _one_minus_exp(z):
    """1 - e^-z for Re z >= 0, to relative precision."""
    half = math.sin(0.5 * z.imag)
    fall = math.exp(-z.real)
    return complex(
        -math.expm1(-z.real) * math.cos(z.imag) + 2.0 * half * half,
        fall * math.sin(z.imag),
    )


@jitable
def _slope_left(x, lam):
    """y(x) for x <= _LEFT, from u_lambda' ~ u_(lambda + 1).

    That makes y_lambda = 2 lambda/(y_(lambda + 1) - 2 x). The tail is
    y = x + s - (1 + x/s)/(2 s), s^2 = x^2 + 2 lambda, from y' = 2 lambda + 2 x y - y^2.
    """
    reach = 12.5 / -x
    n = int(reach * (reach + 2.0 * math.sqrt(abs(lam)))) + 6
    s = np.sqrt(x * x + 2.0 * (lam + n))
    y = x + s - (1.0 + x / s) / (2.0 * s)
    for k in range(n - 1, -1, -1):
        y = 2.0 * (lam + k) / (y - 2.0 * x)
    return y


@jitable
def _log_ratio_left(a, b, lam):
    """ln(u(b)/u(a)) for a < b <= _LEFT: y is smooth in ln|x|."""
    total, end = 0.0 * lam, math.log(-b)
    width = math.log(a / b)
    n = int(width / (2.0 * _PANELS)) + 1
    half = 0.5 * width / n
    for k in range(n):
        middle = end + (2 * k + 1) * half
        for i in range(_NODES.size):
            x = -math.exp(middle + half * _NODES[i])
            total -= _WEIGHTS[i] * half * x * _slope_left(x, lam)
    return total


@jitable
def _step(x, h, y, lam):
    """Return y(x + h) and ln(u(x + h)/u(x)), by the Taylor series of u/u(x) - 1."""
    last, now = 1.0 + 0.0 * lam, y * h
    change, slope = now, now
    for n in range(_TERMS):
        following = 2.0 * h * (x * (n + 1) * now + h * (n + lam) * last)
        last, now = now, following / ((n + 1) * (n + 2))
        change += now
        slope += (n + 2) * now
    return slope / (h * (1.0 + change)), _log1p(change)


@jitable
def _advance(x, end, y, lam):
    """Return y(end) and ln(u(end)/u(x))."""
    total = 0.0 * lam
    while x < end:
        h = min(0.5, 1.5 / (1.0 + abs(x) + math.sqrt(2.0 * abs(lam))))
        h = min(h, end - x)
        y, grown = _step(x, h, y, lam)
        total += grown
        x = end if h == end - x else x + h
    return y, total


@jitable
def _slopes(a, b, lam):
    """Return y(a), y(b) and ln(u(b)/u(a))."""
    if b <= _LEFT:
        return _slope_left(a, lam), _slope_left(b, lam), _log_ratio_left(a, b, lam)
    y = _slope_left(_LEFT, lam)
    if a < _LEFT:
        end, grown = _advance(_LEFT, b, y, lam)
        return _slope_left(a, lam), end, grown + _log_ratio_left(a, _LEFT, lam)
    start, _ = _advance(_LEFT, a, y, lam)
    end, grown = _advance(a, b, start, lam)
    return start, end, grown


@jitable
def _responses(omega, rate, mu, sigma, tau, t_ref, V_th, V_reset, E_L):
    """Responses to threshold and reset [kHz/mV]."""
    mean = E_L + mu * tau
    unit = sigma * math.sqrt(tau)
    lam = 1j * (omega * tau if omega != 0.0 else _SLOWEST)
    if rate == 0.0 or not abs(omega) < math.inf:
        return 0.0j, 0.0j
    if V_th - mean <= _NOISELESS * unit:
        at_reset, at_threshold = lam / (mean - V_reset), lam / (mean - V_th)
        grown = lam * math.log1p((V_th - V_reset) / (mean - V_th))
    else:
        a, b = (V_reset - mean) / unit, (V_th - mean) / unit
        at_reset, at_threshold, grown = _slopes(a, b, lam)
        at_reset, at_threshold = at_reset / unit, at_threshold / unit
    away = _one_minus_exp(grown + lam * (t_ref / tau))
    if away == 0.0:
        return complex(-math.inf, 0.0), complex(math.inf, 0.0)
    per = rate / away
    return -per * at_threshold, per * at_reset * cmath.exp(-grown)


@jitable
def _transform(decay, mu, sigma, tau, V_th, V_reset, E_L):
    """-ln E e^(-decay T), and what it changes by where threshold and reset move."""
    mean = E_L + mu * tau
    unit = sigma * math.sqrt(tau)
    lam = decay * tau
    if V_th - mean >= _SILENT * unit:
        return math.inf, 0.0, 0.0
    if V_th - mean <= _NOISELESS * unit:
        grown = lam * math.log1p((V_th - V_reset) / (mean - V_th))
        return grown, lam / (mean - V_th), -lam / (mean - V_reset)
    a, b = (V_reset - mean) / unit, (V_th - mean) / unit
    at_reset, at_threshold, grown = _slopes(a, b, lam)
    return grown, at_threshold / unit, -at_reset / unit


@kernel
def transforms(decay, mu, sigma, log, by_threshold, by_reset, tau, V_th, V_reset, E_L):
    for i in range(mu.size):
        log[i], by_threshold[i], by_reset[i] = _transform(
            decay[i], mu[i], sigma[i], at(tau, i), at(V_th, i), at(V_reset, i),
            at(E_L, i),
        )  # fmt: skip


@kernel
def threshold_and_reset(
    omega, rate, mu, sigma, threshold_re, threshold_im, reset_re, reset_im,
    tau, t_ref, V_th, V_reset, E_L,
):  # fmt: skip
    for i in range(omega.size):
        threshold, reset = _responses(
            omega[i], rate[i], mu[i], sigma[i], at(tau, i), at(t_ref, i), at(V_th, i),
            at(V_reset, i), at(E_L, i),
        )  # fmt: skip
        threshold_re[i], threshold_im[i] = threshold.real, threshold.imag
        reset_re[i], reset_im[i] = reset.real, reset.imag
