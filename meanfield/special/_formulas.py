"""g, h, G, H and their derivatives at one point, scaled so that nothing overflows.

Values at x > 0 carry a factor e^{-x^2} (g, G and derivatives of g) or e^{-2 x^2} (h, H
and derivatives of h); at x <= 0 they are plain. Polynomials: `_tables.py`.
"""

import math

from ._jit import inlined, jitable
from ._tables import (
    EDGES,
    SCALE,
    SHIFT,
    G_neg,
    G_pos0,
    G_pos1,
    G_pos2,
    H_neg,
    H_pos0,
    H_pos1,
    H_pos2,
    dawson_tail,
    dddg_neg,
    ddg_neg,
    dg_neg,
    dh_neg,
    dl_neg,
    g_neg,
    g_pos0,
    g_pos1,
    g_pos2,
    h_neg,
    h_pos0,
    h_pos1,
    h_pos2,
    l_neg,
)

ROOT_PI = math.sqrt(math.pi)
_E1, _E2, _E3 = EDGES[1:]
_M0, _M1, _M2 = (_E1 / 2, (_E1 + _E2) / 2, (_E2 + _E3) / 2)
_W0, _W1, _W2 = (2 / _E1, 2 / (_E2 - _E1), 2 / (_E3 - _E2))


@jitable
def half_line(x):
    """Map x <= 0 to r = 1/(s - x), t = 1/(c - x) and u = 1 - 2 c t.

    u, the variable of the tables, is computed from the end of [-1, 1] that it is near.
    """
    t = 1.0 / (SCALE - x)
    u = 1.0 - 2.0 * SCALE * t if x < -SCALE else -1.0 - 2.0 * x * t
    return 1.0 / (SHIFT - x), t, u


@jitable
def piece0(x):
    """Variable of the first piece of x > 0."""
    return (x - _M0) * _W0


@jitable
def piece1(x):
    """Variable of the second piece of x > 0."""
    return (x - _M1) * _W1


@jitable
def piece2(x):
    """Variable of the third piece of x > 0."""
    return (x - _M2) * _W2


@jitable
def dawson_far(x):
    """Dawson's integral right of the last piece."""
    r = 1.0 / x
    return 0.5 * r * dawson_tail(r * r)


@inlined
def left_values(x):
    """Evaluate g, G + ln(1 - x/c)/2, h and H at x <= 0.

    The logarithm is left to the caller, who may have a ratio to take it of. What a
    caller does not use, the compiler drops.
    """
    r, t, u = half_line(x)
    # -x t without inf * 0, and without cancellation near 0
    fraction = 1.0 - SCALE * t if x < -SCALE else -x * t
    return g_neg(u) * r, fraction * G_neg(u), h_neg(u) * r * r * r, H_neg(u) * r * r


@inlined
def left_slopes(x):
    """Evaluate g', g'' and l = 2 H + x h at x <= 0, where the sums would cancel."""
    r, _, u = half_line(x)
    square = r * r
    return dg_neg(u) * square, ddg_neg(u) * square * r, l_neg(u) * square * square


@jitable
def scaled_g(x):
    """e^{-max(x, 0)^2} g(x)."""
    if x <= 0.0:
        return left_values(x)[0]
    if x < _E1:
        return g_pos0(piece0(x))
    if x < _E2:
        return g_pos1(piece1(x))
    if x < _E3:
        return g_pos2(piece2(x))
    return ROOT_PI + 0.0 * x if x != math.inf else ROOT_PI  # NaN stays NaN


@jitable
def scaled_G(x):
    """e^{-max(x, 0)^2} G(x)."""
    if x <= 0.0:
        return left_values(x)[1] - 0.5 * math.log1p(-x / SCALE)
    if x < _E1:
        return x * G_pos0(piece0(x))
    if x < _E2:
        return G_pos1(piece1(x))
    if x < _E3:
        return G_pos2(piece2(x))
    return ROOT_PI * dawson_far(x)


@jitable
def scaled_h(x):
    """e^{-2 max(x, 0)^2} h(x)."""
    if x <= 0.0:
        return left_values(x)[2]
    if x < _E1:
        return h_pos0(piece0(x))
    if x < _E2:
        return h_pos1(piece1(x))
    if x < _E3:
        return h_pos2(piece2(x))
    return math.pi * dawson_far(x)


@jitable
def scaled_H(x):
    """e^{-2 max(x, 0)^2} H(x)."""
    if x <= 0.0:
        return left_values(x)[3]
    if x < _E1:
        return H_pos0(piece0(x))
    if x < _E2:
        return H_pos1(piece1(x))
    if x < _E3:
        return H_pos2(piece2(x))
    dawson = dawson_far(x)
    return 0.5 * math.pi * dawson * dawson


@jitable
def scaled_slopes(x):
    """Return g and three derivatives, h, h', l and l' with the factors of the values.

    l = 2 H + x h carries the factor of h. Exact to rounding: at x <= 0 the sums
    1 + 2 x g, ... would cancel, so the derivatives have tables.
    """
    g = scaled_g(x)
    h = scaled_h(x)
    if x <= 0.0:
        r, _, u = half_line(x)
        dg, ddg, l = left_slopes(x)
        square = r * r
        dddg = dddg_neg(u) * square * square
        dh = dh_neg(u) * square * square
        return g, dg, ddg, dddg, h, dh, l, dl_neg(u) * square * square * r
    dg = math.exp(-x * x) + 2.0 * x * g
    ddg = 2.0 * (g + x * dg)
    dh = 2.0 * x * h + g * g
    l = 2.0 * scaled_H(x) + x * h
    return g, dg, ddg, 4.0 * dg + 2.0 * x * ddg, h, dh, l, 3.0 * h + x * dh


@jitable
def times_exp_square(scaled, x, k):
    """Scaled * e^{k x^2} for x > 0, without the rounding error of the square.

    The leading 25 bits of x have an exact square. Its exponential is applied in two
    halves because it can overflow where the product does not.
    """
    if x > 27.0:  # e^{27^2} overflows by more than any factor here makes up for
        return math.inf
    high = math.floor(x * 1048576.0 + 0.5) / 1048576.0
    root = math.exp(0.5 * k * high * high)
    return scaled * math.exp(k * (x - high) * (x + high)) * root * root
