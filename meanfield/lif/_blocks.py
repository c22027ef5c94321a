"""Increments of the special functions in blocks that compile to SIMD code.

A block of elements has 2 B arguments: thresholds b and resets a. They are sorted by the
piece of the line that they fall on, so that each piece is one straight loop over its
polynomials. All rows of the scratch are slices of one array at distances known to the
compiler, which tells it that they do not overlap.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload

from ..special._formulas import (
    ROOT_PI,
    dawson_far,
    left_slopes,
    left_values,
    piece0,
    piece1,
    piece2,
)
from ..special._jit import jitable
from ..special._tables import (
    EDGES,
    G_pos0,
    G_pos1,
    G_pos2,
    H_pos0,
    H_pos1,
    H_pos2,
    g_pos0,
    g_pos1,
    g_pos2,
    h_pos0,
    h_pos1,
    h_pos2,
)
from ..special._vector import exp_negative
from ._formulas import FAR_LEFT, FAR_RIGHT, decay, increment_of_G, is_narrow

B = 512  # elements a block: its rows stay in the caches next to the core
_N = 2 * B
# Rows of the scratch. Arguments and values, B at b and then B at a; the increments end up
# in the first half of the rows of values.
X, G, g, H = (k * _N for k in range(4))
k1, k2, h, l = (k * _N for k in range(8, 12))
# The same, sorted by piece.
_XS, _GS, _gS, _HS = (k * _N for k in range(4, 8))
_k1S, _k2S, _hS, _lS = (k * _N for k in range(12, 16))
# Per element: the width of the interval, and three rows for results.
W, R0, R1, R2 = (16 * _N + k * B for k in range(4))
_SIZE = 16 * _N + 4 * B
_PIECES = 5
_E1, _E2, _E3 = EDGES[1:]


def at(parameter, i):
    """Element i of an array parameter, or the scalar."""
    raise TypeError("compiled code only")


@overload(at, inline="always")
def _at_compiled(parameter, i):
    if isinstance(parameter, types.Array):
        return lambda parameter, i: parameter[i]
    return lambda parameter, i: parameter


@jitable
def scratch():
    """Rows of values, lists of positions by piece, and their lengths."""
    return (
        np.empty(_SIZE),
        np.empty(_PIECES * _N, np.int64),
        np.empty(_PIECES, np.int64),
    )


@jitable
def regular(b, w, sigma):
    """Whether the wide-interval formulas hold: neither noiseless, far out nor narrow.

    False for NaN, which the exceptional path passes on.
    """
    inside = FAR_LEFT < b < FAR_RIGHT and 0.0 < sigma < math.inf
    return inside and not is_narrow(b, w)


@jitable
def value_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L):
    """Increments of G, g and H from reset to threshold."""
    V, index, counts = S
    _set_arguments(V, start, m, mu, sigma, tau, V_th, V_reset, E_L)
    _sort(V, index, counts, m)
    for piece in range(_PIECES):
        n, first = counts[piece], piece * _N
        for i in range(n):
            V[_XS + i] = V[X + index[first + i]]
        _values_on_piece(V, piece, n)
        for i in range(n):
            k = index[first + i]
            V[G + k] = V[_GS + i]
            V[g + k] = V[_gS + i]
            V[H + k] = V[_HS + i]
    for i in range(m):
        b, a, w = V[X + i], V[X + B + i], V[W + i]
        shrink = decay(a, b, w)
        V[G + i] = increment_of_G(V[G + i], V[G + B + i], a, b, shrink)
        V[g + i] = V[g + i] - shrink * V[g + B + i]
        V[H + i] = V[H + i] - shrink * shrink * V[H + B + i]


@jitable
def slope_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L):
    """Increments of G, g, g', g'', H, h and l = 2 H + x h from reset to threshold."""
    V, index, counts = S
    _set_arguments(V, start, m, mu, sigma, tau, V_th, V_reset, E_L)
    _sort(V, index, counts, m)
    for piece in range(_PIECES):
        n, first = counts[piece], piece * _N
        for i in range(n):
            V[_XS + i] = V[X + index[first + i]]
        _values_on_piece(V, piece, n)
        if piece == 0:
            _slopes_left(V, n)
        else:
            _slopes_right(V, piece, n)
        for i in range(n):
            k = index[first + i]
            V[G + k] = V[_GS + i]
            V[g + k] = V[_gS + i]
            V[H + k] = V[_HS + i]
            V[k1 + k] = V[_k1S + i]
            V[k2 + k] = V[_k2S + i]
            V[h + k] = V[_hS + i]
            V[l + k] = V[_lS + i]
    for i in range(m):
        b, a, w = V[X + i], V[X + B + i], V[W + i]
        shrink = decay(a, b, w)
        square = shrink * shrink
        V[G + i] = increment_of_G(V[G + i], V[G + B + i], a, b, shrink)
        V[g + i] = V[g + i] - shrink * V[g + B + i]
        V[k1 + i] = V[k1 + i] - shrink * V[k1 + B + i]
        V[k2 + i] = V[k2 + i] - shrink * V[k2 + B + i]
        V[H + i] = V[H + i] - square * V[H + B + i]
        V[h + i] = V[h + i] - square * V[h + B + i]
        V[l + i] = V[l + i] - square * V[l + B + i]


@jitable
def _set_arguments(V, start, m, mu, sigma, tau, V_th, V_reset, E_L):
    for i in range(m):
        j = start + i
        time, leak = at(tau, j), at(E_L, j)
        theta, reset = at(V_th, j), at(V_reset, j)
        per_s = math.sqrt(time) / sigma[j]
        V[X + i] = ((theta - leak) / time - mu[j]) * per_s
        V[X + B + i] = ((reset - leak) / time - mu[j]) * per_s
        V[W + i] = (theta - reset) / time * per_s


@jitable
def _sort(V, index, counts, m):
    """List for each piece of the line the arguments that fall on it."""
    counts[:] = 0
    for first in (0, B):
        for i in range(first, first + m):
            x = V[X + i]
            piece = int(x > 0.0) + int(x >= _E1) + int(x >= _E2) + int(x >= _E3)
            index[piece * _N + counts[piece]] = i
            counts[piece] += 1


@jitable
def _values_on_piece(V, piece, n):
    """g, G (without its logarithm at x <= 0) and H."""
    if piece == 0:
        for i in range(n):
            V[_gS + i], V[_GS + i], _, V[_HS + i] = left_values(V[_XS + i])
    elif piece == 1:
        for i in range(n):
            x = V[_XS + i]
            u = piece0(x)
            V[_gS + i] = g_pos0(u)
            V[_GS + i] = x * G_pos0(u)
            V[_HS + i] = H_pos0(u)
    elif piece == 2:
        for i in range(n):
            u = piece1(V[_XS + i])
            V[_gS + i] = g_pos1(u)
            V[_GS + i] = G_pos1(u)
            V[_HS + i] = H_pos1(u)
    elif piece == 3:
        for i in range(n):
            u = piece2(V[_XS + i])
            V[_gS + i] = g_pos2(u)
            V[_GS + i] = G_pos2(u)
            V[_HS + i] = H_pos2(u)
    else:
        for i in range(n):
            dawson = dawson_far(V[_XS + i])
            V[_gS + i] = ROOT_PI
            V[_GS + i] = ROOT_PI * dawson
            V[_HS + i] = 0.5 * math.pi * dawson * dawson


@jitable
def _slopes_left(V, n):
    """g', g'', h and l."""
    for i in range(n):
        x = V[_XS + i]
        _, _, V[_hS + i], _ = left_values(x)
        V[_k1S + i], V[_k2S + i], V[_lS + i] = left_slopes(x)


@jitable
def _slopes_right(V, piece, n):
    """g', g'', h and l, after the values."""
    if piece == 1:
        for i in range(n):
            V[_hS + i] = h_pos0(piece0(V[_XS + i]))
    elif piece == 2:
        for i in range(n):
            V[_hS + i] = h_pos1(piece1(V[_XS + i]))
    elif piece == 3:
        for i in range(n):
            V[_hS + i] = h_pos2(piece2(V[_XS + i]))
    else:
        for i in range(n):
            V[_hS + i] = math.pi * dawson_far(V[_XS + i])
    for i in range(n):
        x = V[_XS + i]
        slope = exp_negative(-x * x) + 2.0 * x * V[_gS + i]
        V[_k1S + i] = slope
        V[_k2S + i] = 2.0 * (V[_gS + i] + x * slope)
        V[_lS + i] = 2.0 * V[_HS + i] + x * V[_hS + i]
