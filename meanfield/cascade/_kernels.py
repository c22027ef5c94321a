"""The filters of a cascade, whose time constants follow what they filter."""

import math

from ..special._jit import jitable, kernel


@jitable
def _place(axis, x):
    """Return the interval of an even axis in which x lies, and where in it."""
    n = axis.size
    if n == 1:
        return 0, 0.0
    u = (x - axis[0]) / (axis[n - 1] - axis[0]) * (n - 1)
    i = min(max(int(u), 0), n - 2)
    return i, min(max(u - i, 0.0), 1.0)


@jitable
def _at(table, i, s, j, t):
    """Interpolate bilinearly."""
    k, l = min(i + 1, table.shape[0] - 1), min(j + 1, table.shape[1] - 1)
    low = (1.0 - t) * table[i, j] + t * table[i, l]
    return (1.0 - s) * low + s * ((1.0 - t) * table[k, j] + t * table[k, l])


@jitable
def _decay(u, v, tau, omega, t):
    """Advance x - mu and y - mu, of tau x' = -x - a^2 y + (1 + a^2) mu, tau y' = x - y."""
    if tau <= 0.0:
        return 0.0, 0.0
    w, a = omega * t, omega * tau
    shrink = math.exp(-t / tau)
    sine = math.sin(w) / a if a > 1e-8 else t / tau
    cosine = math.cos(w)
    return shrink * (u * cosine - a * a * v * sine), shrink * (v * cosine + u * sine)


@kernel
def filtered(mu, sigma, dt, mus, sigmas, tau, omega, tau_sigma, out, out_sigma):
    """Write filtered mu and sigma in the middles of steps of constant input."""
    x = y = mu[0]
    z = sigma[0]
    for k in range(mu.size):
        i, s = _place(mus, x)
        j, t = _place(sigmas, z)
        own, w = _at(tau, i, s, j, t), _at(omega, i, s, j, t)
        u, v = _decay(x - mu[k], y - mu[k], own, w, 0.5 * dt)
        out[k] = mu[k] + u
        u, v = _decay(u, v, own, w, 0.5 * dt)
        x, y = mu[k] + u, mu[k] + v
        slow = _at(tau_sigma, i, s, j, t)
        half = math.exp(-0.5 * dt / slow) if slow > 0.0 else 0.0
        out_sigma[k] = sigma[k] + half * (z - sigma[k])
        z = sigma[k] + half * half * (z - sigma[k])
