"""g, h, G and H to any number of digits, at mpmath's working precision.

The oracle of the double-precision functions, and the generator of their tables. All
four come from the same two ingredients: the asymptotic series at -inf, and Taylor
series of the defining equations g' = 1 + 2 x g, h' = 2 x h + g^2, G' = g, H' = h, which
carry the values to the right, the direction in which every solution is stable.

Examples
--------
>>> import mpmath
>>> from meanfield.special import mp
>>> with mpmath.workdps(30):
...     print(mp.h(0))
0.307142847356944025184895398089
"""

from functools import lru_cache
from typing import Any

import mpmath
from mpmath import mpf

__all__ = ["G", "H", "g", "h"]

# Distance of the Taylor nodes: with |x - node| <= 1/8 a term falls by 3 bits or more.
_STEP = mpf(1) / 4
_GUARD_BITS = 40


def g(x: Any) -> Any:
    """Scaled complementary error function, g(x) = (sqrt(pi)/2) erfcx(-x).

    Parameters
    ----------
    x : mpf or convertible
        Any finite real number.

    Returns
    -------
    mpf
        At the current precision of mpmath.

    Notes
    -----
    g(x) = e^{x^2} int_{-inf}^x e^{-u^2} du.

    Examples
    --------
    >>> print(mpmath.nstr(g(0), 15))
    0.886226925452758
    """
    return _rounded(x, 0)


def G(x: Any) -> Any:
    """Integral of g from 0 to x.

    Parameters
    ----------
    x : mpf or convertible
        Any finite real number.

    Returns
    -------
    mpf
        At the current precision of mpmath.

    Examples
    --------
    >>> print(mpmath.nstr(G(-1), 15))
    -0.573618553089257
    """
    return _rounded(x, 1)


def h(x: Any) -> Any:
    """Second Dawson-like function, h(x) = e^{x^2} int_{-inf}^x e^{-u^2} g(u)^2 du.

    Parameters
    ----------
    x : mpf or convertible
        Any finite real number.

    Returns
    -------
    mpf
        At the current precision of mpmath; h(0) = (sqrt(pi)/4) ln 2 exactly.

    Examples
    --------
    >>> print(mpmath.nstr(h(0) / mpmath.sqrt(mpmath.pi) * 4, 15))
    0.693147180559945
    """
    return _rounded(x, 2)


def H(x: Any) -> Any:
    """Integral of h from -inf to x.

    Parameters
    ----------
    x : mpf or convertible
        Any finite real number.

    Returns
    -------
    mpf
        At the current precision of mpmath.

    Examples
    --------
    >>> print(mpmath.nstr(H(0), 15))
    0.154212568767021
    """
    return _rounded(x, 3)


def _rounded(x: Any, which: int) -> Any:
    x = mpmath.mpmathify(x)
    with mpmath.extraprec(_GUARD_BITS):
        value = values(x)[which]
    return +value


def values(x: Any) -> tuple[Any, Any, Any, Any]:
    """Return (g, G, h, H) at `x`, without rounding to the caller's precision."""
    edge = _edge(mpmath.mp.prec)
    if x < -edge:
        return _asymptotic(-x)
    if x > edge:
        return _reflected(x)
    node = int(mpmath.nint(x / _STEP))
    offset = x - node * _STEP
    g_, G_, h_, H_ = (mpmath.polyval(c[::-1], offset) for c in _series(node))
    return g_, G_, h_, H_


def _edge(bits: int) -> Any:
    """Where e^{-x^2} times any power of x that occurs is below the precision."""
    return mpmath.ceil((mpmath.sqrt(bits * mpmath.log(2)) + 2) / _STEP) * _STEP


def _asymptotic(y: Any) -> tuple[Any, Any, Any, Any]:
    """Values at -y from the divergent series, cut where its terms are negligible."""
    w = 1 / (y * y)
    g_ = [mpf(1) / 2]
    while abs(g_[-1]) * w ** (len(g_) - 1) > mpmath.eps:
        g_.append(-g_[-1] * (2 * len(g_) - 1) / 2)
    n = len(g_)
    g2 = [mpmath.fdot(g_[: k + 1], g_[k::-1]) for k in range(n)]
    h_ = [g2[0] / 2]
    for k in range(1, n):
        h_.append((g2[k] - (2 * k + 1) * h_[-1]) / 2)

    def series(c):
        return mpmath.polyval(c[::-1], w)

    constant = -(mpmath.euler + 2 * mpmath.log(2)) / 4
    tail = series([mpf(0)] + [g_[k] / (2 * k) for k in range(1, n)])
    return (
        series(g_) / y,
        constant - mpmath.log(y) / 2 + tail,
        series(h_) / y**3,
        series([h_[k] / (2 * k + 2) for k in range(n)]) / y**2,
    )


def _reflected(x: Any) -> tuple[Any, Any, Any, Any]:
    """Values far to the right, where e^{-x^2} is below the precision."""
    g_, G_, h_, _ = _asymptotic(x)
    root_pi = mpmath.sqrt(mpmath.pi)
    F = root_pi / 2 * mpmath.erfi(x)  # int_0^x e^{u^2} du
    h0 = root_pi / 4 * mpmath.log(2)
    grow = mpmath.exp(x * x)
    return (
        root_pi * grow - g_,
        root_pi * F + G_,
        grow * (2 * h0 + mpmath.pi * F + 2 * root_pi * G_) - h_,
        mpmath.pi * F**2 / 2,
    )


@lru_cache(maxsize=32)
def _march(bits: int) -> list[tuple[list[Any], ...]]:
    """Taylor series at the nodes -edge, -edge + 1/4, ...: grown as far as asked."""
    return [_taylor(-_edge(bits), _asymptotic(_edge(bits)))]


def _series(node: int) -> tuple[list[Any], ...]:
    """Taylor coefficients of (g, G, h, H) about x = node/4."""
    bits = mpmath.mp.prec
    nodes = _march(bits)
    first = -int(_edge(bits) / _STEP)
    while len(nodes) <= node - first:
        start = tuple(mpmath.polyval(c[::-1], _STEP) for c in nodes[-1])
        if first + len(nodes) == 0:  # exactly G(0) = 0: G is accurate relative to x
            start = (start[0], mpf(0), *start[2:])
        nodes.append(_taylor((first + len(nodes)) * _STEP, start))
    return nodes[node - first]


def _taylor(x: Any, start: tuple[Any, ...]) -> tuple[list[Any], ...]:
    order = 30 + mpmath.mp.prec // 2
    g0, G0, h0, H0 = start
    g_ = [g0, 1 + 2 * x * g0]
    h_ = [h0, 2 * x * h0 + g0 * g0]
    for k in range(1, order):
        g2 = mpmath.fdot(g_[: k + 1], g_[k::-1])
        g_.append(2 * (x * g_[k] + g_[k - 1]) / (k + 1))
        h_.append((2 * (x * h_[k] + h_[k - 1]) + g2) / (k + 1))
    G_ = [G0] + [g_[k] / (k + 1) for k in range(order)]
    H_ = [H0] + [h_[k] / (k + 1) for k in range(order)]
    return g_, G_, h_, H_
