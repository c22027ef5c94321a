"""Kernels over arrays: exponentially distributed amplitudes."""

import math

from ..lif._blocks import at
from ..special._jit import jitable, kernel
from ._quadrature import interval_moments
from ._response import phi, response_integrals

# So many jumps per tau_m are replaced by fewer and larger ones of the same mean and
# variance: the skewness lost and the rounding of the many are then both of order 1e-8.
MOST_JUMPS = 1e16
# Jumps smaller than this part of V_th - V_reset are a drift.
LEAST_JUMP = 1e-100


@jitable
def coarse(rate, amplitude, tau, distance):
    """Jumps per tau_m, their amplitude, and the drift that they leave."""
    if not (rate > 0.0 and amplitude > LEAST_JUMP * distance):
        return 0.0 * (rate + amplitude), 0.0, rate * amplitude
    jumps = rate * tau
    if jumps <= MOST_JUMPS:
        return jumps, amplitude, 0.0
    fold = math.sqrt(jumps / MOST_JUMPS)
    return MOST_JUMPS, amplitude * fold, rate * amplitude * (1.0 - 1.0 / fold)


@jitable
def scaled(
    rate_exc, amplitude_exc, rate_inh, amplitude_inh, mu, tau, V_th, V_reset, E_L
):
    """Return the integrals' parameters th, gap, p, q, c and the unit of the voltage."""
    distance = V_th - V_reset
    p, up, rise = coarse(rate_exc, amplitude_exc, tau, distance)
    q, down, fall = coarse(rate_inh, amplitude_inh, tau, distance)
    rest = E_L + (mu + rise - fall) * tau
    unit = up if up > 0.0 else distance
    return (V_th - rest) / unit, distance / unit, p, q, down / unit, unit


@kernel
def rate_and_cv(
    rate_exc, amplitude_exc, rate_inh, amplitude_inh, mu, rate, cv,
    tau, t_ref, V_th, V_reset, E_L,
):  # fmt: skip
    for i in range(mu.size):
        th, gap, p, q, c, _ = scaled(
            rate_exc[i], amplitude_exc[i], rate_inh[i], amplitude_inh[i], mu[i],
            at(tau, i), at(V_th, i), at(V_reset, i), at(E_L, i),
        )  # fmt: skip
        rate[i], cv[i] = 0.0, 1.0
        if math.isnan(th + gap + p + q + c):
            rate[i] = cv[i] = math.nan
        elif p > 0.0 or th < 0.0:
            log_mean, fano = interval_moments(th, gap, p, q, c)
            mean = at(tau, i) * math.exp(log_mean)
            rate[i] = 1.0 / (at(t_ref, i) + mean)
            cv[i] = math.sqrt(fano) / (1.0 + at(t_ref, i) / mean)


@kernel
def rate_response(
    frequency, rate_exc, amplitude_exc, rate_inh, amplitude_inh, mu,
    exc_real, exc_imag, inh_real, inh_imag, mu_real, mu_imag,
    tau, t_ref, V_th, V_reset, E_L,
):  # fmt: skip
    for i in range(mu.size):
        th, gap, p, q, c, unit = scaled(
            rate_exc[i], amplitude_exc[i], rate_inh[i], amplitude_inh[i], mu[i],
            at(tau, i), at(V_th, i), at(V_reset, i), at(E_L, i),
        )  # fmt: skip
        exc = inh = drift = complex(0.0, 0.0)
        if math.isnan(th + gap + p + q + c + frequency[i]):
            exc = inh = drift = complex(math.nan, math.nan)
        elif p > 0.0 and th >= 0.0:
            T, dead = at(tau, i), at(t_ref, i)
            log_mean, _ = interval_moments(th, gap, p, q, c)
            rate = 1.0 / (dead + T * math.exp(log_mean))
            x = complex(0.0, 2.0 * math.pi * abs(frequency[i]) * T)
            K, R, X, I, M = response_integrals(th, gap, p, q, c, x)
            lost = phi(-x * dead / T) * dead / T
            gain = rate * T / (K + lost * R)
            exc, inh, drift = gain * X, gain * I, gain * M / unit
            if frequency[i] < 0.0:
                exc, inh, drift = exc.conjugate(), inh.conjugate(), drift.conjugate()
        elif th >= 0.0 and amplitude_exc[i] > LEAST_JUMP * unit:
            # The first jumps, each on its own, from the free voltage.
            fold = unit / amplitude_exc[i]
            exc = complex(math.exp(-th * fold - q * math.log1p(c * fold)), 0.0)
        exc_real[i], exc_imag[i] = exc.real, exc.imag
        inh_real[i], inh_imag[i] = inh.real, inh.imag
        mu_real[i], mu_imag[i] = drift.real, drift.imag
