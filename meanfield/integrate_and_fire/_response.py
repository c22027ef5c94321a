"""First passage in the frequency domain, and the linear response: kernels over arrays.

psi(x) = E exp(-s T_x), T_x the time from x to the threshold, has psi'/psi = s q with
D q' = 1 - F q - s D q^2: a Riccati equation whose solution from below stays bounded. The
error of its discretization, A/2 (q_1 - q_0) = 1 - F (q_0 + q_1)/2 - s D q_0 q_1, is even in
the width of a cell, and nothing cancels for s -> 0, where q is w = -dT/dx.
"""

import cmath
import math

import numpy as np

from ..special._jit import inlined, jitable, kernel
from ._drift import COLUMNS, T_REF, collect, drift
from ._grid import MAX_PANELS, lower_end, panels, surface
from ._scans import MAX_LEVELS, cells, extrapolate

LANES = 8  # values of s that share a grid


@inlined
def _next(q, p, u, v, D, plus, minus):
    """Return real and imaginary part of q at the upper end of a cell, for s = u + i v."""
    re, im = plus + D * (u * q - v * p), D * (u * p + v * q)
    scale = 1.0 / (re * re + im * im)
    a, b = 1.0 + minus * q, minus * p
    return (a * re + b * im) * scale, (b * re - a * im) * scale


@jitable
def upwards(h, F, A, D, s_re, s_im, bottom, start, mean, curvature, ends):
    """Write q, and q' + s q^2, at the middles of the cells, for all s.

    Into `ends`: q at the threshold and at the reset.
    """
    m = s_re.size
    q = np.full(m, 1.0 / bottom if bottom > 0.0 else 0.0)
    p = np.zeros(m)  # the imaginary part
    for i in range(h.size):
        if i == start:
            ends[2], ends[3] = q, p
        plus, minus = 0.5 * (A[i] + F[i]), 0.5 * (A[i] - F[i])
        slope = 0.5 * A[i] / D if D > 0.0 else 1.0 / h[i]
        for k in range(m):
            u, v = s_re[k], s_im[k]
            q1, p1 = _next(q[k], p[k], u, v, D, plus, minus)
            mean[0, i, k], mean[1, i, k] = 0.5 * (q[k] + q1), 0.5 * (p[k] + p1)
            # s q first, which stays of order 1 where q^2 overflows
            a, b = u * q[k] - v * p[k], u * p[k] + v * q[k]
            curvature[0, i, k] = slope * (q1 - q[k]) + a * q1 - b * p1
            curvature[1, i, k] = slope * (p1 - p[k]) + a * p1 + b * q1
            q[k], p[k] = q1, p1
    ends[0], ends[1] = q, p


@jitable
def crossing(h, F, A, D, s_re, s_im, bottom, start, total):
    """Write the integral of q from reset to threshold, for all s."""
    m = s_re.size
    q = np.full(m, 1.0 / bottom if bottom > 0.0 else 0.0)
    p = np.zeros(m)
    total[:] = 0.0
    for i in range(h.size):
        plus, minus = 0.5 * (A[i] + F[i]), 0.5 * (A[i] - F[i])
        counted = 0.5 * h[i] if i >= start else 0.0
        for k in range(m):
            q1, p1 = _next(q[k], p[k], s_re[k], s_im[k], D, plus, minus)
            total[0, k] += counted * (q[k] + q1)
            total[1, k] += counted * (p[k] + p1)
            q[k], p[k] = q1, p1


@jitable
def downwards(h, F, A, start, top, omega, mean, curvature, total):
    """Sum, over the cells, what a modulation needs; return the mean interval's integral.

    Into `total`: the integral of q from reset to threshold, and those of P psi q and of
    P psi (q' + i omega q^2), with P the density for unit rate.
    """
    m = omega.size
    total[:] = 0.0
    psi, phi = np.ones(m), np.zeros(m)
    density, T = (1.0 / top if top > 0.0 else 0.0), 0.0
    for i in range(h.size - 1, -1, -1):
        flux = 1.0 if i >= start else 0.0
        P = (flux + A[i] * density) / (F[i] + A[i])
        density = 2.0 * P - density
        T += h[i] * P
        for k in range(m):
            q, p = mean[0, i, k], mean[1, i, k]
            c = 0.5 * omega[k] * h[i]
            re, im = 1.0 - c * p, c * q
            scale = 1.0 / (re * re + im * im)
            a, b = (
                (psi[k] * re + phi[k] * im) * scale,
                (phi[k] * re - psi[k] * im) * scale,
            )
            psi[k], phi[k] = 2.0 * a - psi[k], 2.0 * b - phi[k]
            total[0, k] += flux * h[i] * q
            total[1, k] += flux * h[i] * p
            weight = h[i] * P
            total[2, k] += weight * (a * q - b * p)
            total[3, k] += weight * (a * p + b * q)
            s, t = curvature[0, i, k], curvature[1, i, k]
            total[4, k] += weight * (a * s - b * t)
            total[5, k] += weight * (a * t + b * s)
    return T


@jitable
def change(row, last, parts, m):
    """Largest relative change of the first complex `parts` of a row, each of m lanes."""
    now, before = row.reshape(-1, m), last.reshape(-1, m)
    largest = 0.0
    for part in range(0, 2 * parts, 2):
        for k in range(m):
            size = math.hypot(now[part, k], now[part + 1, k])
            re, im = (
                now[part, k] - before[part, k],
                now[part + 1, k] - before[part + 1, k],
            )
            largest = max(largest, math.hypot(re, im) / size)
    return largest


@jitable
def transform_change(row, last, s_re, s_im):
    """Return the largest change of E e^{-s T}, relative to 1 less that if it is small."""
    m = s_re.size
    largest = 0.0
    for k in range(m):
        q, s = complex(row[k], row[m + k]), complex(s_re[k], s_im[k])
        moved = abs(q - complex(last[k], last[m + k])) / abs(q)
        largest = max(largest, moved * min(1.0, abs(s * q) * math.exp(-(s * q).real)))
    return largest


@jitable
def solve(kind, f, p, mu, sigma, s_re, s_im, respond, tolerance, edges, row):
    """Write what `downwards` (or, without responses, `crossing`) sums into `row`.

    Return the largest change in the last step, inf for a silent neuron.
    """
    D = 0.5 * sigma * sigma
    m = s_re.size
    low, found = lower_end(kind, f, p, mu, D)
    if math.isnan(low):
        row[:] = low
        return low
    n = above = 0
    if found:
        fastest = max(np.abs(s_re).max(), np.abs(s_im).max())
        n, above = panels(kind, f, p, mu, D, low, fastest, edges)
    if n == 0:
        return math.inf
    bottom, top = drift(kind, f, p, low) + mu, surface(kind, f, p, mu, D)
    parts = 3 if sigma > 0.0 else 2
    # What is checked comes first: the ends of q converge with the integrals.
    table = np.empty((MAX_LEVELS, MAX_LEVELS, row.size))
    last = np.full(row.size, math.inf)
    total = row.reshape(-1, m)
    error = math.inf
    for level in range(MAX_LEVELS):
        h, _, F, A = cells(kind, f, p, mu, D, edges, n, level)
        start = h.size // n * (n - above)
        if respond:
            mean, curvature = np.empty((2, h.size, m)), np.empty((2, h.size, m))
            upwards(h, F, A, D, s_re, s_im, bottom, start, mean, curvature, total[6:])
            T = downwards(h, F, A, start, top, s_im, mean, curvature, total[:6])
            total[2:] /= T + p[T_REF]
        else:
            crossing(h, F, A, D, s_re, s_im, bottom, start, total)
        extrapolate(table, row, level)
        if respond:
            error = change(row, last, parts, m)
        else:
            error = transform_change(row, last, s_re, s_im)
        if error < tolerance:
            break
        last[:] = row
    return error


@jitable
def one_minus_exp(z):
    """(1 - e^-z)/z for Re z >= 0."""
    if abs(z) > 0.5:
        return (1.0 - cmath.exp(-z)) / z
    term = total = 1.0 + 0j
    for k in range(2, 18):
        term *= -z / k
        total += term
    return total


@jitable
def run_length(
    j, most, mu, sigma, p, other, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T
):  # fmt: skip
    """Return the end of the elements from `j` on, `most` or fewer, that share a grid."""
    collect(p, j, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T)
    stop = j + 1
    while stop < mu.size and stop - j < most:
        collect(other, stop, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T)
        if mu[stop] != mu[j] or sigma[stop] != sigma[j] or np.any(other != p):
            break
        stop += 1
    return stop


@kernel
def transits(
    kind, f, tolerance, s_re, s_im, mu, sigma,
    tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T, re, im,
):  # fmt: skip
    """-ln(E e^{-s T})/s for the interval T, dead time included."""
    edges, p, other = np.empty(MAX_PANELS), np.empty(COLUMNS), np.empty(COLUMNS)
    j = 0
    while j < mu.size:
        stop = run_length(
            j,
            LANES,
            mu,
            sigma,
            p,
            other,
            tau_m,
            t_ref,
            V_th,
            V_reset,
            E_L,
            V_T,
            Delta_T,
        )
        u, v = s_re[j:stop], s_im[j:stop]
        row = np.zeros(2 * (stop - j))
        if math.isnan(mu[j] + sigma[j] + u.sum() + v.sum()):
            row[:] = math.nan
        elif solve(
            kind, f, p, mu[j], sigma[j], u, v, False, tolerance, edges, row
        ) == math.inf:  # fmt: skip
            row[: stop - j], row[stop - j :] = math.inf, 0.0
        re[j:stop] = row[: stop - j] + p[T_REF]
        im[j:stop] = row[stop - j :]
        j = stop


@kernel
def responses(
    kind, f, tolerance, frequency, mu, sigma,
    tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T,
    mu_re, mu_im, sigma_re, sigma_im, th_re, th_im, reset_re, reset_im, error,
):  # fmt: skip
    """Linear responses of the rate to mu, sigma, V_th and V_reset, and their error."""
    edges, p, other = np.empty(MAX_PANELS), np.empty(COLUMNS), np.empty(COLUMNS)
    j = 0
    while j < mu.size:
        stop = run_length(
            j,
            LANES,
            mu,
            sigma,
            p,
            other,
            tau_m,
            t_ref,
            V_th,
            V_reset,
            E_L,
            V_T,
            Delta_T,
        )
        m = stop - j
        omega = 2.0 * math.pi * frequency[j:stop]
        row = np.zeros(10 * m)
        found = math.nan
        if not math.isnan(mu[j] + sigma[j] + omega.sum()):
            found = solve(
                kind, f, p, mu[j], sigma[j], np.zeros(m), omega, True, tolerance,
                edges, row,
            )  # fmt: skip
        for k in range(m):
            i = j + k
            error[i] = found if found < math.inf else 0.0
            factor = complex(found, 0.0) if math.isnan(found) else 0j
            again = 0j
            if found < math.inf:
                cycle = complex(row[k] + p[T_REF], row[m + k])
                away = cycle * one_minus_exp(1j * omega[k] * cycle)
                # Division by a complex 0 would be an error.
                factor = 1.0 / away if away != 0.0 else complex(math.inf, 0.0)
                again = cmath.exp(-1j * omega[k] * (cycle - p[T_REF]))
            to_mu = factor * complex(row[2 * m + k], row[3 * m + k])
            to_sigma = sigma[i] * factor * complex(row[4 * m + k], row[5 * m + k])
            to_th = -factor * complex(row[6 * m + k], row[7 * m + k])
            to_reset = again * factor * complex(row[8 * m + k], row[9 * m + k])
            mu_re[i], mu_im[i] = to_mu.real, to_mu.imag
            sigma_re[i], sigma_im[i] = to_sigma.real, to_sigma.imag
            th_re[i], th_im[i] = to_th.real, to_th.imag
            reset_re[i], reset_im[i] = to_reset.real, to_reset.imag
        j = stop
