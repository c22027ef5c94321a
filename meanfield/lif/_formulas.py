"""The algebra of the moment activation, over increments of g, h, G, H.

Notation: b and a are threshold and reset in units of the noise, w = b - a, M = max(b, 0),
and e = e^{-M^2/2}. Increments of g and G (of h and H) carry a factor e^2 (e^4), so that
everything stays finite. docs/theory derives each line.
"""

import math

from ..special._formulas import left_values, scaled_G, scaled_H, scaled_slopes
from ..special._jit import jitable
from ..special._primitives import at_most_one, sqrt
from ..special._tables import SCALE
from ..special._vector import exp_negative, log_above_one

# Gauss-Legendre nodes and weights on [0, 1], 5 points (exact: roots of P_5)
_ROOT = math.sqrt(10.0 / 7.0)
_OUTER, _INNER = math.sqrt(5.0 + 2.0 * _ROOT) / 3.0, math.sqrt(5.0 - 2.0 * _ROOT) / 3.0
NODES = (
    0.5 - 0.5 * _OUTER,
    0.5 - 0.5 * _INNER,
    0.5,
    0.5 + 0.5 * _INNER,
    0.5 + 0.5 * _OUTER,
)
_W_OUTER = (322.0 - 13.0 * math.sqrt(70.0)) / 1800.0
_W_INNER = (322.0 + 13.0 * math.sqrt(70.0)) / 1800.0
WEIGHTS = (_W_OUTER, _W_INNER, 64.0 / 225.0, _W_INNER, _W_OUTER)

# Below this width, in units of the scale on which the functions vary, differences of
# the antiderivatives lose more digits than quadrature of the derivatives has error.
NARROW = 1.0 / 32.0
# Left of this, corrections to the noiseless limit, O(1/b^2), are below the precision.
FAR_LEFT = -1e8
# Slopes beyond this are cut off: sums of a few of them do not overflow.
LARGE = 1e300
# Right of this, rate, std and chi have long underflowed, and soon squares overflow.
FAR_RIGHT = 1e100


@jitable
def is_narrow(b, w):
    """Whether [b - w, b] is a small interval."""
    scale = w / (1.0 - b) if b < 0.0 else w * (1.0 + 4.0 * b)
    return scale < NARROW


@jitable
def decay(a, b, w):
    """e^{max(a, 0)^2 - max(b, 0)^2}, the factor between values at a and at b."""
    M = max(b, 0.0)
    return exp_negative(-w * (a + b) if a > 0.0 else -M * M)


@jitable
def half_decay(b):
    """Evaluate e = e^{-max(b, 0)^2/2}."""
    M = max(b, 0.0)
    return exp_negative(-0.5 * M * M)


@jitable
def increment_of_G(Gb, Ga, a, b, shrink):
    """G(b) - G(a) from the values without their logarithms at x <= 0 (`regular_G`)."""
    ratio = (SCALE + max(-a, 0.0)) / (SCALE + max(-b, 0.0))
    return Gb - shrink * (Ga - 0.5 * log_above_one(ratio))


@jitable
def regular_G(x):
    """Scaled G, without its logarithm at x <= 0."""
    return left_values(x)[1] if x <= 0.0 else scaled_G(x)


@jitable
def wide_increments(a, b, w):
    """Increments as differences of values."""
    shrink = decay(a, b, w)
    square = shrink * shrink
    gb, kb, k2b, _, hb, _, lb, _ = scaled_slopes(b)
    ga, ka, k2a, _, ha, _, la, _ = scaled_slopes(a)
    return (
        1.0,
        increment_of_G(regular_G(b), regular_G(a), a, b, shrink),
        gb - shrink * ga,
        kb - shrink * ka,
        k2b - shrink * k2a,
        scaled_H(b) - square * scaled_H(a),
        hb - square * ha,
        lb - square * la,
    )


@jitable
def narrow_increments(a, b, w):
    """Increments, per width, by quadrature of the derivatives."""
    dG, dg, dk, dk2, dH, dh, dl = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(5):
        part = w * NODES[i]
        x = b - part
        shrink = decay(x, b, part)
        first = WEIGHTS[i] * shrink
        second = first * shrink
        g, k, k2, k3, h, slope_h, _, slope_l = scaled_slopes(x)
        dG += first * g
        dg += first * k
        dk += first * k2
        dk2 += first * k3
        dH += second * h
        dh += second * slope_h
        dl += second * slope_l
    return w, dG, dg, dk, dk2, dH, dh, dl


@jitable
def increments(a, b, w):
    """Increments of G, g, g', g", H, h and l = 2 H + x h from a to b = a + w.

    Returned behind the unit that they are multiples of: no width is too small.
    """
    if is_narrow(b, w):
        return narrow_increments(a, b, w)
    return wide_increments(a, b, w)


@jitable
def moments(e, unit, dG, dg, dH, tau, t_ref):
    """Rate, std and chi from the increments.

    rate = e^2/q, std^2 = 8 tau^2 rate^3 (H(b) - H(a)),
    chi = (sigma/std) d rate/d mu, with q = e^2 t_ref + 2 tau (G(b) - G(a)).
    """
    q = e * e * t_ref + 2.0 * tau * unit * dG
    per_q = unit / q
    std = e * tau * sqrt(8.0 * dH * per_q) / q
    chi = e * dg * sqrt(0.5 * tau * per_q / dH)
    return e * e / q, std, at_most_one(chi)


@jitable
def log_rate_and_fano(b, unit, dG, dH, tau, t_ref):
    """Logarithm of the rate, and CV^2 = std^2/rate, where the rate underflows too."""
    M = max(b, 0.0)
    q = exp_negative(-M * M) * t_ref + 2.0 * tau * unit * dG
    return -M * M - math.log(q), 8.0 * dH * tau * (unit / q) * (tau / q)


@jitable
def log_slopes(e, unit, dG, dg, dk, dk2, dH, dh, dl, tau, t_ref):
    """Logarithmic derivatives of rate, gain = d rate/d mu and S = std^2/sigma^2.

    By mu in units of 1/s (s = sigma/sqrt(tau)), then by ln sigma. They follow from
    db/dmu = -1/s, db/dsigma = -b/sigma, g'' = 2 (g + x g') and l = 2 H + x h.
    """
    per_q = unit / (e * e * t_ref + 2.0 * tau * unit * dG)
    rate_mu = 2.0 * tau * dg * per_q
    rate_sigma = tau * dk * per_q
    return (
        rate_mu,
        2.0 * rate_mu - dk / dg,
        3.0 * rate_mu - dh / dH,
        rate_sigma,
        2.0 * rate_sigma - 0.5 * dk2 / dg,
        3.0 * rate_sigma - dl / dH,
    )


@jitable
def finite(slope):
    """Cut off a slope, which at rheobase grows without bound as the noise vanishes."""
    return max(min(slope, LARGE), -LARGE)


@jitable
def activation_slopes(rate, std, chi, logs, sigma, tau):
    """Differentiate rate, std and chi by mu, then by sigma, for sigma > 0.

    std = sigma sqrt(S) and chi = gain/sqrt(S).
    """
    rate_mu, gain_mu, S_mu, rate_sigma, gain_sigma, S_sigma = logs
    s = sigma / math.sqrt(tau)
    # Dividing the values first: they are small where the quotients are large.
    return (
        finite(rate / s * rate_mu),
        finite(std / s * (0.5 * S_mu)),
        finite(chi / s * (gain_mu - 0.5 * S_mu)),
        finite(rate / sigma * rate_sigma),
        finite(std / sigma * (1.0 + 0.5 * S_sigma)),
        finite(chi / sigma * (gain_sigma - 0.5 * S_sigma)),
    )


@jitable
def map_slopes(rate, std, chi, logs, sigma, tau):
    """Differentiate rate, variance std^2 and gain by mu, then by sigma^2 > 0."""
    rate_mu, gain_mu, S_mu, rate_sigma, gain_sigma, S_sigma = logs
    s = sigma / math.sqrt(tau)
    root_S = std / sigma
    gain = root_S * chi
    return (
        finite(rate / s * rate_mu),
        finite(std / s * std * S_mu),
        finite(gain / s * gain_mu),
        finite(0.5 * (rate / sigma) * (rate_sigma / sigma)),
        finite(root_S * root_S * (1.0 + 0.5 * S_sigma)),
        finite(0.5 * (gain / sigma) * (gain_sigma / sigma)),
    )
