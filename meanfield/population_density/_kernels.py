"""Time steps of the density on a grid.

m_i is the probability of cell i. The flux through a gap of width h with drift F is that
of Scharfetter and Gummel (1969), exact for constant F and flux,

    (D/h) (B(-z) p_i - B(z) p_{i+1}),  z = F h/D,  B(z) = z/(e^z - 1).

Every column of the generator sums to zero but for the outflow at the threshold, and only
its diagonal is negative: elimination then takes sums and products of positive numbers.
"""

import math

import numpy as np

from ..integrate_and_fire._drift import drift as drift_at
from ..special._jit import jitable, kernel

# The TR-BDF2 method of Bank et al. (1985): a trapezoidal stage to GAMMA, then BDF2 with
# the same matrix. Written as a Runge-Kutta method its weights are W, W, C.
GAMMA = 2.0 - math.sqrt(2.0)
C = 0.5 * GAMMA
W = 0.25 * math.sqrt(2.0)
_NEW = 1.0 / (GAMMA * (2.0 - GAMMA))
_OLD = (1.0 - GAMMA) ** 2 / (GAMMA * (2.0 - GAMMA))
_SUBSTEPS = 4  # backward Euler ones, where TR-BDF2 would make probabilities negative


@kernel
def drifts(kind, f, p, V, out):
    for i in range(V.size):
        out[i] = drift_at(kind, f, p, V[i])


@jitable
def bernoulli(a):
    """a/(e^a - 1) for a >= 0."""
    if a < 0.5:
        s = a * a
        series = 1 / 47900160 - s * (691 / 1307674368000)
        series = 1 / 30240 - s * (1 / 1209600 - s * series)
        return 1.0 - 0.5 * a + s * (1 / 12 - s * (1 / 720 - s * series))
    return a / math.expm1(a) if a < 700.0 else 0.0


@jitable
def transfer(mu, D, drift, gap, width, up, down):
    """Write the rates [kHz] from each cell to the one above, and to the one below."""
    n = gap.size
    per_D = 1.0 / D
    down[0] = 0.0
    for i in range(n):
        z = (drift[i] + mu) * gap[i] * per_D
        b = bernoulli(abs(z))
        up[i] = D * (b + max(z, 0.0)) / (gap[i] * width[i])
        if i + 1 < n:
            down[i + 1] = D * (b - min(z, 0.0)) / (gap[i] * width[i + 1])


@kernel
def transitions(mu, D, drift, gap, width, up, down):
    transfer(mu, D, drift, gap, width, up, down)


@jitable
def factor(c, up, down, inverse, carry):
    """Factorize 1 + c L, of which the reinjection is left out."""
    e = 1.0
    for i in range(up.size):
        below = c * up[i]
        inverse[i] = 1.0 / (e + below)
        carry[i] = below * inverse[i]
        if i + 1 < up.size:
            e = 1.0 + c * down[i + 1] * e * inverse[i]


@jitable
def solve(c, down, inverse, carry, m):
    """Solve (1 + c L) x = m in place; return the least of x."""
    n = m.size
    for i in range(1, n):
        m[i] += carry[i - 1] * m[i - 1]
    m[n - 1] *= inverse[n - 1]
    least = m[n - 1]
    for i in range(n - 2, -1, -1):
        m[i] = (m[i] + c * down[i + 1] * m[i + 1]) * inverse[i]
        least = min(least, m[i])
    return least


@jitable
def returning(c, share, reset, up, down, inverse, carry, q):
    """Solve for what is reinjected at once; return the factor of the last probability."""
    q[:] = 0.0
    if share == 0.0:
        return 0.0
    q[reset] = 1.0
    solve(c, down, inverse, carry, q)
    rate = c * share * up[-1]
    return rate / (1.0 - rate * q[-1])


@jitable
def add_returned(at_once, q, m):
    """Correct a solution for what is reinjected at once."""
    if at_once != 0.0:
        amount = at_once * m[-1]
        for i in range(m.size):
            m[i] += amount * q[i]


@jitable
def trapezoidal_half(c, share, source, reset, up, down, m, out):
    """Write (1 - c L) m + c source into `out`."""
    n = m.size
    for i in range(n):
        out[i] = m[i] - c * (up[i] + down[i]) * m[i]
    for i in range(1, n):
        out[i] += c * up[i - 1] * m[i - 1]
        out[i - 1] += c * down[i] * m[i]
    out[reset] += c * (source + share * up[n - 1] * m[n - 1])


@jitable
def euler_steps(dt, share, source, reset, up, down, m, inverse, carry, q):
    """Make backward Euler steps, which keep probabilities positive; return the outflow."""
    c = dt / _SUBSTEPS
    factor(c, up, down, inverse, carry)
    at_once = returning(c, share, reset, up, down, inverse, carry, q)
    emitted = 0.0
    for _ in range(_SUBSTEPS):
        m[reset] += c * source
        solve(c, down, inverse, carry, m)
        add_returned(at_once, q, m)
        emitted += c * up[-1] * m[-1]
    return emitted


@kernel
def advance(mu, D, dt, share, drift, gap, width, reset, ring, first, m, emitted):
    """Advance the probabilities by a step for each element of mu and D.

    `ring` holds the probability emitted in the last steps, of which that of step k in
    place (first + k) % size; `share` of what has waited for size - 2 steps returns, and
    the rest a step later. Returns how many steps were made with backward Euler.
    """
    n, size = m.size, ring.size
    up, down, inverse, carry = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    old, middle, q = np.empty(n), np.empty(n), np.empty(n)
    c = C * dt
    now = size == 2  # part of what is emitted returns in the same step
    instant = share if now else 0.0
    last_mu, last_D = math.nan, math.nan
    at_once, euler = 0.0, 0
    for k in range(mu.size):
        place = (first + k) % size
        source = (1.0 - share) * ring[(place + 1) % size]
        if not now:
            source += share * ring[(place + 2) % size]
        source /= dt
        if mu[k] != last_mu or D[k] != last_D:
            last_mu, last_D = mu[k], D[k]
            transfer(mu[k], D[k], drift, gap, width, up, down)
            factor(c, up, down, inverse, carry)
            at_once = returning(c, instant, reset, up, down, inverse, carry, q)
        old[:] = m
        trapezoidal_half(c, instant, source, reset, up, down, m, middle)
        middle[reset] += c * source
        solve(c, down, inverse, carry, middle)
        add_returned(at_once, q, middle)
        for i in range(n):
            m[i] = _NEW * middle[i] - _OLD * old[i]
        m[reset] += c * source
        least = solve(c, down, inverse, carry, m)
        add_returned(at_once, q, m)
        out = dt * up[n - 1] * (W * (old[n - 1] + middle[n - 1]) + C * m[n - 1])
        if least < 0.0 or out < 0.0:
            m[:] = old
            out = euler_steps(
                dt, instant, source, reset, up, down, m, inverse, carry, q
            )
            last_mu = math.nan
            euler += 1
        ring[place] = out
        emitted[k] = out
    return euler


@kernel
def stationary(mu, D, drift, gap, width, reset, m):
    """Write probabilities that carry a constant flux; return the flux.

    They are not normalized: the flux is 1, or less where the sum would overflow.
    """
    n = m.size
    flux, above = 1.0, 0.0
    for i in range(n - 1, -1, -1):
        z = (drift[i] + mu) * gap[i] / D
        b = bernoulli(abs(z))
        here = (b - min(z, 0.0)) * above
        if i >= reset:
            here += flux * gap[i] / D
        here /= b + max(z, 0.0)
        if here > 1e200:
            for j in range(i + 1, n):
                m[j] *= 1e-200
            flux *= 1e-200
            here *= 1e-200
        m[i] = above = here
    for i in range(n):
        m[i] *= width[i]
    return flux
