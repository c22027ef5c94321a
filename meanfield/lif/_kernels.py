"""Kernels over arrays: regular elements in blocks, the others one by one."""

import numpy as np

from ..special._jit import jitable, kernel
from ._blocks import (
    R0,
    R1,
    R2,
    B,
    G,
    H,
    W,
    X,
    at,
    g,
    h,
    k1,
    k2,
    l,
    regular,
    scratch,
    slope_increments,
    value_increments,
)
from ._formulas import (
    activation_slopes,
    half_decay,
    log_rate_and_fano,
    log_slopes,
    map_slopes,
    moments,
)
from ._limits import derivatives, exceptional, exceptional_map


@kernel
def moment_activation(mu, sigma, rate, std, chi, tau, t_ref, V_th, V_reset, E_L):
    S = scratch()
    V = S[0]
    for start in range(0, mu.size, B):
        m = min(B, mu.size - start)
        value_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            e = half_decay(V[X + i])
            time, dead = at(tau, start + i), at(t_ref, start + i)
            dG, dg, dH = V[G + i], V[g + i], V[H + i]
            V[R0 + i], V[R1 + i], V[R2 + i] = moments(e, 1.0, dG, dg, dH, time, dead)
        rate[start : start + m] = V[R0 : R0 + m]
        std[start : start + m] = V[R1 : R1 + m]
        chi[start : start + m] = V[R2 : R2 + m]
        for i in range(m):
            j = start + i
            if not regular(V[X + i], V[W + i], sigma[j]):
                rate[j], std[j], chi[j], _, _ = exceptional(
                    mu[j], sigma[j], at(tau, j), at(t_ref, j), at(V_th, j),
                    at(V_reset, j), at(E_L, j),
                )  # fmt: skip


@kernel
def moment_map(mu, variance, rate, var, gain, tau, t_ref, V_th, V_reset, E_L):
    """Rate, variance and d rate/d mu from mean and variance of the input."""
    sigma = np.sqrt(variance)
    S = scratch()
    V = S[0]
    for start in range(0, mu.size, B):
        m = min(B, mu.size - start)
        value_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            e = half_decay(V[X + i])
            time, dead = at(tau, start + i), at(t_ref, start + i)
            dG, dg, dH = V[G + i], V[g + i], V[H + i]
            V[R0 + i], std, chi = moments(e, 1.0, dG, dg, dH, time, dead)
            V[R1 + i] = std * std
            V[R2 + i] = std / sigma[start + i] * chi
        rate[start : start + m] = V[R0 : R0 + m]
        var[start : start + m] = V[R1 : R1 + m]
        gain[start : start + m] = V[R2 : R2 + m]
        for i in range(m):
            j = start + i
            if not regular(V[X + i], V[W + i], sigma[j]):
                rate[j], var[j], gain[j] = exceptional_map(
                    mu[j], sigma[j], at(tau, j), at(t_ref, j), at(V_th, j),
                    at(V_reset, j), at(E_L, j),
                )  # fmt: skip


@jitable
def _slopes(of_map, V, i, sigma, tau, t_ref):
    """Return what `derivatives` returns, for a regular element."""
    e = half_decay(V[X + i])
    dG, dg, dH = V[G + i], V[g + i], V[H + i]
    rate, std, chi = moments(e, 1.0, dG, dg, dH, tau, t_ref)
    logs = log_slopes(
        e, 1.0, dG, dg, V[k1 + i], V[k2 + i], dH, V[h + i], V[l + i], tau, t_ref
    )
    if of_map:
        return map_slopes(rate, std, chi, logs, sigma, tau)
    return activation_slopes(rate, std, chi, logs, sigma, tau)


@kernel
def moment_activation_derivatives(
    mu, sigma, rate_mu, rate_sigma, std_mu, std_sigma, chi_mu, chi_sigma,
    tau, t_ref, V_th, V_reset, E_L,
):  # fmt: skip
    S = scratch()
    V = S[0]
    for start in range(0, mu.size, B):
        m = min(B, mu.size - start)
        slope_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            j = start + i
            if regular(V[X + i], V[W + i], sigma[j]):
                slopes = _slopes(False, V, i, sigma[j], at(tau, j), at(t_ref, j))
            else:
                slopes = derivatives(
                    False, mu[j], sigma[j], at(tau, j), at(t_ref, j), at(V_th, j),
                    at(V_reset, j), at(E_L, j),
                )  # fmt: skip
            rate_mu[j], std_mu[j], chi_mu[j] = slopes[:3]
            rate_sigma[j], std_sigma[j], chi_sigma[j] = slopes[3:]


@jitable
def _contract(
    of_map, mu, sigma, g0, g1, g2, g_mu, g_noise, tau, t_ref, V_th, V_reset, E_L
):
    """Products of three cotangents with the derivatives."""
    S = scratch()
    V = S[0]
    for start in range(0, mu.size, B):
        m = min(B, mu.size - start)
        slope_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            j = start + i
            a0, a1, a2, b0, b1, b2 = _slopes(
                of_map, V, i, sigma[j], at(tau, j), at(t_ref, j)
            )
            V[R0 + i] = g0[j] * a0 + g1[j] * a1 + g2[j] * a2
            V[R1 + i] = g0[j] * b0 + g1[j] * b1 + g2[j] * b2
        g_mu[start : start + m] = V[R0 : R0 + m]
        g_noise[start : start + m] = V[R1 : R1 + m]
        for i in range(m):
            j = start + i
            if not regular(V[X + i], V[W + i], sigma[j]):
                a0, a1, a2, b0, b1, b2 = derivatives(
                    of_map, mu[j], sigma[j], at(tau, j), at(t_ref, j), at(V_th, j),
                    at(V_reset, j), at(E_L, j),
                )  # fmt: skip
                g_mu[j] = g0[j] * a0 + g1[j] * a1 + g2[j] * a2
                g_noise[j] = g0[j] * b0 + g1[j] * b1 + g2[j] * b2


@kernel
def moment_activation_vjp(
    mu, sigma, g_rate, g_std, g_chi, g_mu, g_sigma, tau, t_ref, V_th, V_reset, E_L
):
    _contract(
        False, mu, sigma, g_rate, g_std, g_chi, g_mu, g_sigma,
        tau, t_ref, V_th, V_reset, E_L,
    )  # fmt: skip


@kernel
def moment_map_vjp(
    mu, variance, g_rate, g_var, g_gain, g_mu, g_variance,
    tau, t_ref, V_th, V_reset, E_L,
):  # fmt: skip
    _contract(
        True, mu, np.sqrt(variance), g_rate, g_var, g_gain, g_mu, g_variance,
        tau, t_ref, V_th, V_reset, E_L,
    )  # fmt: skip


@kernel
def log_rate_and_fano_factor(
    mu, sigma, log_rate, fano, tau, t_ref, V_th, V_reset, E_L
):  # fmt: skip
    S = scratch()
    V = S[0]
    for start in range(0, mu.size, B):
        m = min(B, mu.size - start)
        value_increments(S, start, m, mu, sigma, tau, V_th, V_reset, E_L)
        for i in range(m):
            j, b = start + i, V[X + i]
            if regular(b, V[W + i], sigma[j]):
                log_rate[j], fano[j] = log_rate_and_fano(
                    b, 1.0, V[G + i], V[H + i], at(tau, j), at(t_ref, j)
                )
            else:
                _, _, _, log_rate[j], fano[j] = exceptional(
                    mu[j], sigma[j], at(tau, j), at(t_ref, j), at(V_th, j),
                    at(V_reset, j), at(E_L, j),
                )  # fmt: skip
