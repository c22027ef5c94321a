"""A density between the nodes of its grid, and the Volterra equation's two functions.

Plain Python over scalars or arrays; kernels compile the same text.
"""

import math

SQRT_PI = math.sqrt(math.pi)


def hermite(x, v0, v1, d0, d1):
    """Cubic on [0, 1] with values v and slopes d at the ends."""
    c2 = 3.0 * (v1 - v0) - 2.0 * d0 - d1
    c3 = 2.0 * (v0 - v1) + d0 + d1
    return v0 + x * (d0 + x * (c2 + x * c3))


def hermite_integral(x, v0, v1, d0, d1):
    """Integral of `hermite` from 0 to x."""
    c2 = 3.0 * (v1 - v0) - 2.0 * d0 - d1
    c3 = 2.0 * (v0 - v1) + d0 + d1
    return x * (v0 + x * (d0 / 2 + x * (c2 / 3 + x * (c3 / 4))))


def forcing(b, a, d, t):
    """Twice the flux from a through b less b times the density; d = b - a.

    Of the free process, with time in units of tau_m.
    """
    loss = -math.expm1(-t)
    distance = d + a * loss  # b - a exp(-t), without cancellation
    variance = 0.5 * loss * (2.0 - loss)
    exponent = -0.5 * distance * distance / variance
    density = math.exp(exponent - 0.5 * math.log(2.0 * math.pi * variance))
    return density * (distance / variance - b)


def memory(b, lag):
    """Kernel of the Volterra equation."""
    slope = math.tanh(0.5 * lag)
    norm = SQRT_PI * math.sqrt(-math.expm1(-2.0 * lag))
    return b * slope * math.exp(-b * b * slope) / norm


def memory_in_root(b, y):
    """`memory` times d lag/dy where y^2 = tanh(lag/2): smooth at 0."""
    y2 = y * y
    return 2.0 * b / SQRT_PI * y2 * math.exp(-b * b * y2) / (1.0 - y2)
