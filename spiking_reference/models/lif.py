"""The leaky integrate-and-fire neuron: exact step, crossing test, crossing time.

All voltages are relative to the threshold: x = V - V_th, so that float32 and float64
are finest where it matters, and a spike is x >= 0. `tau = inf` is the perfect
integrator; every coefficient below has that limit built in.

Over a step h, with z = h/tau, the Ornstein-Uhlenbeck process moves exactly:

    x1 = x0 exp(-z) + mu h phi(z) + leak (1 - exp(-z)) + sigma sqrt(h phi(2z)) N(0, 1)

with phi(z) = (1 - exp(-z))/z and leak = E_L - V_th. Whether x reached 0 in between is
decided in the coordinates y = (x - x_inf) exp(t/tau), in which the process is a
Brownian motion in the time s = sigma^2 tau/2 (exp(2t/tau) - 1), and the threshold is a
curve. A Brownian bridge crosses the chord of that curve with probability exp(-2 a b/S),
where, scaled symmetrically, a = -x0 exp(-z/2), b = -x1 exp(z/2) and
S = sigma^2 tau sinh(z).

The curve bulges from its chord by 4 m u(1 - u), u = s/s(h), with
m = (V_th - E_L - mu tau) (sqrt(cosh z) - cosh(z/2)). To first order in m the crossing
probability is that of a level raised by k = 4 m E[u(1 - u)], the mean taken over where
a bridge that touches the chord touches it (Hadamard's variation of the heat kernel):

    E[u(1 - u)] = (a b/S) R(c)/c,  c = (a + b)/sqrt(S),  R(c) = Q(c)/phi(c) Mills' ratio

The time of the crossing follows from w = u/(1 - u), which is inverse Gaussian with
mean a/|b| and shape a^2/S for a bridge that meets a straight line [1]_; the bulge at u
is added to a and b and the same variates are used again, which makes the noiseless
limit right to second order in m.

References
----------
.. [1] J. R. Michael, W. R. Schucany, R. W. Haas, Am. Stat. 30, 88 (1976),
   doi:10.2307/2683801 (sampling); the rest is derived here and checked in the tests.
"""

import math
from typing import NamedTuple

import numpy as np

from .._jit import inlined, inner, kernel
from ..streams import normal, uniform

__all__ = [
    "N_COEFFICIENTS",
    "Neurons",
    "crossing_time",
    "deterministic_interval",
    "fill_step",
    "step_limit",
]

_RARE = 6.0  # bridges with a larger exponent are first held against exp(-_RARE)
_EXP_RARE = math.exp(-_RARE)

# Columns of a row of step coefficients.
DECAY, DRIFT, NOISE, SPREAD, HALF, SHRINK, BULGE, GROWTH, LENGTH = range(9)
N_COEFFICIENTS = 9


class Neurons(NamedTuple):
    """Parameters of flat arrays of neurons, relative to the threshold.

    tau, t_ref [ms]; mu [mV/ms]; sigma [mV/sqrt(ms)]; leak = E_L - V_th and
    reset = V_reset - V_th [mV].
    """

    tau: np.ndarray
    t_ref: np.ndarray
    leak: np.ndarray
    reset: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray


@inner
def _over(numerator, z):
    """Return numerator/z, or its limit 1 where z is 0."""
    return numerator / z if z > 0.0 else 1.0


@kernel
def fill_step(steps, i, tau, leak, mu, sigma, h):
    """Write the coefficients of an exact step of length h into row i of `steps`."""
    row = steps[i]
    z = h / tau
    lost = -math.expm1(-z)
    row[DECAY] = 1.0 - lost
    row[DRIFT] = mu * h * _over(lost, z) + leak * lost
    row[NOISE] = sigma * math.sqrt(h * _over(-math.expm1(-2.0 * z), 2.0 * z))
    row[SPREAD] = sigma * sigma * h * _over(math.sinh(z), z)
    row[HALF] = math.exp(0.5 * z)
    row[SHRINK] = math.exp(-0.5 * z)
    # sqrt(cosh z) - cosh(z/2), without the cancellation.
    bend = math.sinh(0.5 * z) ** 2 / (math.sqrt(math.cosh(z)) + math.cosh(0.5 * z))
    over = bend / z if z > 0.0 else 0.0
    row[BULGE] = -leak * bend - mu * h * over
    row[GROWTH] = math.expm1(2.0 * z)
    row[LENGTH] = h


@inner
def step_limit(steps, i, margin):
    """Highest x from which step i ends `margin` SDs below threshold.

    The mean path is monotone, so it is enough to ask for it at both ends.
    """
    room = margin * steps[i, NOISE]
    return min(-room, (-steps[i, DRIFT] - room) / steps[i, DECAY])


@inlined
def stays_below(x0, x1, steps, i, u):
    """Whether a bridge from x0 to x1 stays below for certain, at the uniform u.

    The cheap test that spares nearly all steps the exact one: the curve is nowhere
    lower than its chord by more than the bulge.
    """
    low = min(steps[i, BULGE], 0.0)
    a, b = low - x0 * steps[i, SHRINK], low - x1 * steps[i, HALF]
    safe = 2.0 * a * b > _RARE * steps[i, SPREAD]
    return (a > 0.0) & (b > 0.0) & safe & (u > _EXP_RARE)


@inlined
def _bridge_crosses(a, b, spread, bulge, u):
    """Decide by the uniform u whether a bridge between a and b reached the curve."""
    c = (a + b) / math.sqrt(spread)
    # Mills' ratio to 0.3 %: P. O. Borjesson, C. E. Sundberg, IEEE Trans. Commun. 27,
    # 639 (1979), doi:10.1109/TCOM.1979.1094433.
    mills = 1.0 / (0.661 * c + 0.339 * math.sqrt(c * c + 5.51))
    k = 4.0 * bulge * (a * b / spread) * mills / c
    exponent = 2.0 * max(a + k, 0.0) * max(b + k, 0.0) / spread
    return u < math.exp(-exponent)


@inlined
def _touch(a, b, spread, square, u):
    """Invert w for the fraction of s at which the line is met (stable for all b)."""
    ratio = b / a
    shape = square * spread / (a * a)
    q = ratio + 0.5 * shape + math.sqrt(shape * (ratio + 0.25 * shape))
    if u * (q + ratio) > q:
        q = ratio * ratio / q
    return 1.0 / (1.0 + q)


@inlined
def crossing_time(x0, x1, steps, i, tau, rng):
    """Time of the first crossing in step i from x0 < 0 to x1 [ms]; -1.0 for none.

    Row i of `steps` holds the step's coefficients; its noise must not be 0.
    """
    half, spread, bulge = steps[i, HALF], steps[i, SPREAD], steps[i, BULGE]
    u = uniform(rng)
    if stays_below(x0, x1, steps, i, u):
        return -1.0
    a, b = -x0 * steps[i, SHRINK], -x1 * half
    if x1 < 0.0 and not _bridge_crosses(a, b, spread, bulge, u):
        return -1.0
    square = normal(rng) ** 2
    u = uniform(rng)
    met = _touch(a, abs(b), spread, square, u)
    k = 4.0 * bulge * met * (1.0 - met)
    # abs(b + k) would let a bulge push the end point through the curve.
    beyond = max(b + k, 0.0) if x1 < 0.0 else max(-b - k, 0.0)
    if a + k > 0.0:
        met = _touch(a + k, beyond, spread, square, u)
    if steps[i, GROWTH] == 0.0:
        return steps[i, LENGTH] * met
    return min(0.5 * tau * math.log1p(steps[i, GROWTH] * met), steps[i, LENGTH])


@inner
def deterministic_interval(tau, leak, reset, mu):
    """Time from reset to threshold without noise [ms]; inf at and below rheobase."""
    if tau == np.inf:
        return -reset / mu if mu > 0.0 else np.inf
    x_inf = leak + mu * tau
    return tau * math.log1p(-reset / x_inf) if x_inf > 0.0 else np.inf
