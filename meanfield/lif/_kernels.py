"""Kernels over arrays: the moment activation in blocks that compile to SIMD code.

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
    left_values,
    piece0,
    piece1,
    piece2,
)
from ..special._jit import jitable, kernel
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
)
from ._formulas import (
    FAR_LEFT,
    FAR_RIGHT,
    decay,
    half_decay,
    increment_of_G,
    is_narrow,
    log_rate_and_fano,
    moments,
)
from ._limits import derivatives, exceptional

_B = 512  # elements a block: its rows stay in the caches next to the core
_N = 2 * _B
# Rows of the scratch: arguments and values (B at b, then B at a); the same sorted by
# piece; per element the width w, and the three results.
_X, _G, _g, _H, _XS, _GS, _gS, _HS = (k * _N for k in range(8))
_W, _R0, _R1, _R2 = (8 * _N + k * _B for k in range(4))
_SCRATCH = 8 * _N + 4 * _B
_PIECES = 5
_E1, _E2, _E3 = EDGES[1:]


def _at(parameter, i):
    raise TypeError("compiled code only")


@overload(_at, inline="always")
def _at_compiled(parameter, i):
    if isinstance(parameter, types.Array):
        return lambda parameter, i: parameter[i]
    return lambda parameter, i: parameter


@jitable
def _set_arguments(V, start, m, mu, sigma, tau, V_th, V_reset, E_L):
    for i in range(m):
        j = start + i
        time, leak = _at(tau, j), _at(E_L, j)
        theta, reset = _at(V_th, j), _at(V_reset, j)
        per_s = math.sqrt(time) / sigma[j]
        V[_X + i] = ((theta - leak) / time - mu[j]) * per_s
        V[_X + _B + i] = ((reset - leak) / time - mu[j]) * per_s
        V[_W + i] = (theta - reset) / time * per_s


@jitable
def _sort(V, index, counts, m):
    """List for each piece of the line the arguments that fall on it."""
    counts[:] = 0
    for first in (0, _B):
        for i in range(first, first + m):
            x = V[_X + i]
            piece = int(x > 0.0) + int(x >= _E1) + int(x >= _E2) + int(x >= _E3)
            index[piece * _N + counts[piece]] = i
            counts[piece] += 1


@jitable
def _values_on_piece(V, piece, n):
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
def _values(V, index, counts, m):
    """Scaled g, G (without logarithm at x <= 0) and H at all arguments of a block."""
    _sort(V, index, counts, m)
    for piece in range(_PIECES):
        n, first = counts[piece], piece * _N
        for i in range(n):
            V[_XS + i] = V[_X + index[first + i]]
        _values_on_piece(V, piece, n)
        for i in range(n):
            k = index[first + i]
            V[_G + k] = V[_GS + i]
            V[_g + k] = V[_gS + i]
            V[_H + k] = V[_HS + i]


@jitable
def _increments(V, index, counts, start, m, mu, sigma, tau, V_th, V_reset, E_L):
    """Increments of G, g and H from reset to threshold, in the rows at b."""
    _set_arguments(V, start, m, mu, sigma, tau, V_th, V_reset, E_L)
    _values(V, index, counts, m)
    for i in range(m):
        b, a, w = V[_X + i], V[_X + _B + i], V[_W + i]
        shrink = decay(a, b, w)
        V[_G + i] = increment_of_G(V[_G + i], V[_G + _B + i], a, b, shrink)
        V[_g + i] = V[_g + i] - shrink * V[_g + _B + i]
        V[_H + i] = V[_H + i] - shrink * shrink * V[_H + _B + i]


@jitable
def _regular(b, w, sigma):
    """Whether the wide-interval formulas hold: neither noiseless, far out nor narrow.

    False for NaN, which the exceptional path passes on.
    """
    inside = FAR_LEFT < b < FAR_RIGHT and 0.0 < sigma < math.inf
    return inside and not is_narrow(b, w)


@kernel
def moment_activation(mu, sigma, rate, std, chi, tau, t_ref, V_th, V_reset, E_L):
    V = np.empty(_SCRATCH)
    index = np.empty(_PIECES * _N, np.int64)
    counts = np.empty(_PIECES, np.int64)
    for start in range(0, mu.size, _B):
        m = min(_B, mu.size - start)
        _increments(V, index, counts, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            e = half_decay(V[_X + i])
            time, dead = _at(tau, start + i), _at(t_ref, start + i)
            dG, dg, dH = V[_G + i], V[_g + i], V[_H + i]
            V[_R0 + i], V[_R1 + i], V[_R2 + i] = moments(e, 1.0, dG, dg, dH, time, dead)
        rate[start : start + m] = V[_R0 : _R0 + m]
        std[start : start + m] = V[_R1 : _R1 + m]
        chi[start : start + m] = V[_R2 : _R2 + m]
        for i in range(m):
            j = start + i
            if not _regular(V[_X + i], V[_W + i], sigma[j]):
                rate[j], std[j], chi[j], _, _ = exceptional(
                    mu[j], sigma[j], _at(tau, j), _at(t_ref, j), _at(V_th, j),
                    _at(V_reset, j), _at(E_L, j),
                )  # fmt: skip


@kernel
def log_rate_and_fano_factor(
    mu, sigma, log_rate, fano, tau, t_ref, V_th, V_reset, E_L
):  # fmt: skip
    V = np.empty(_SCRATCH)
    index = np.empty(_PIECES * _N, np.int64)
    counts = np.empty(_PIECES, np.int64)
    for start in range(0, mu.size, _B):
        m = min(_B, mu.size - start)
        _increments(V, index, counts, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            j, b = start + i, V[_X + i]
            if _regular(b, V[_W + i], sigma[j]):
                log_rate[j], fano[j] = log_rate_and_fano(
                    b, 1.0, V[_G + i], V[_H + i], _at(tau, j), _at(t_ref, j)
                )
            else:
                _, _, _, log_rate[j], fano[j] = exceptional(
                    mu[j], sigma[j], _at(tau, j), _at(t_ref, j), _at(V_th, j),
                    _at(V_reset, j), _at(E_L, j),
                )  # fmt: skip


@kernel
def moment_activation_derivatives(
    mu, sigma, rate_mu, rate_sigma, std_mu, std_sigma, chi_mu, chi_sigma,
    tau, t_ref, V_th, V_reset, E_L,
):  # fmt: skip
    for i in range(mu.size):
        (
            rate_mu[i], std_mu[i], chi_mu[i], rate_sigma[i], std_sigma[i], chi_sigma[i]
        ) = derivatives(
            mu[i], sigma[i], _at(tau, i), _at(t_ref, i), _at(V_th, i),
            _at(V_reset, i), _at(E_L, i),
        )  # fmt: skip
