"""Elementary functions that loops over lanes can turn into SIMD code (float64)."""

import math

import numpy as np

from ._jit import inlined

__all__ = ["exp", "phi1", "relaxed", "tan_over"]

_LOG2E = 1.0 / math.log(2.0)
# ln 2 in two parts, the first with trailing zeros: k ln 2 is exact in it.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_C = tuple(1.0 / math.factorial(k) for k in range(14))
_LARGEST = 700.0
_SMALL = 1e-2


@inlined
def exp(x):
    """Return e^x, to 4e-16 relative; e^700 beyond 700, either way."""
    x = min(max(x, -_LARGEST), _LARGEST)
    k = math.floor(x * _LOG2E + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = _C[13]
    p = p * r + _C[12]
    p = p * r + _C[11]
    p = p * r + _C[10]
    p = p * r + _C[9]
    p = p * r + _C[8]
    p = p * r + _C[7]
    p = p * r + _C[6]
    p = p * r + _C[5]
    p = p * r + _C[4]
    p = p * r + _C[3]
    p = p * r + _C[2]
    p = p * r + 1.0
    p = p * r + 1.0
    power = (np.int64(k) + np.int64(1023)) << np.int64(52)
    return p * np.int64(power).view(np.float64)


@inlined
def phi1(z):
    """Return (e^z - 1)/z, to 1e-14 relative."""
    small = abs(z) < _SMALL
    series = 1.0 + z / 2.0 * (
        1.0 + z / 3.0 * (1.0 + z / 4.0 * (1.0 + z / 5.0 * (1.0 + z / 6.0)))
    )
    return series if small else (exp(z) - 1.0) / (1.0 if small else z)


@inlined
def relaxed(z):
    """Return (1 - e^-z)/z, with e^z replaced by its series up to z^8.

    1 - z times this is e^-z to 5e-7 for 0 <= z <= 1, to 5e-4 for any z above, and falls
    steadily.
    """
    p = _C[7] + z * _C[8]
    p = _C[6] + z * p
    p = _C[5] + z * p
    p = _C[4] + z * p
    p = _C[3] + z * p
    p = _C[2] + z * p
    p = 1.0 + z * p
    return p / (1.0 + z * p)


@inlined
def tan_over(y):
    """Return tan(z)/z for y = z^2 of either sign; to 2e-12 relative for -4 <= y <= 2.25.

    Lambert's continued fraction 1/(1 - y/(3 - y/(5 - ...))) up to 17, without divisions
    on the way: 4e-8 off at y = -16.
    """
    a, a1, b, b1 = 3.0 - y, 1.0, 3.0, 1.0
    a, a1, b, b1 = 5.0 * a - y * a1, a, 5.0 * b - y * b1, b
    a, a1, b, b1 = 7.0 * a - y * a1, a, 7.0 * b - y * b1, b
    a, a1, b, b1 = 9.0 * a - y * a1, a, 9.0 * b - y * b1, b
    a, a1, b, b1 = 11.0 * a - y * a1, a, 11.0 * b - y * b1, b
    a, a1, b, b1 = 13.0 * a - y * a1, a, 13.0 * b - y * b1, b
    a, a1, b, b1 = 15.0 * a - y * a1, a, 15.0 * b - y * b1, b
    return (17.0 * b - y * b1) / (17.0 * a - y * a1)
