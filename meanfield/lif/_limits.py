"""The moment activation where the block formulas do not hold: limits, narrow intervals.

No noise, drift that dwarfs the noise, the perfect integrator, infinite input, and
thresholds close to the reset.
"""

import math

from ..special._jit import jitable
from ._formulas import (
    FAR_LEFT,
    FAR_RIGHT,
    activation_slopes,
    half_decay,
    increments,
    log_rate_and_fano,
    log_slopes,
    map_slopes,
    moments,
)

# Arguments are clipped here: powers of 1/x, and relative changes, have underflowed.
_FARTHEST = 1e300
_NEAREST = 1e-300
# chi for sigma -> inf without dead time: 1/(2 sqrt(g(0) h(0)))
_CHI_WILD = 1.0 / math.sqrt(math.pi * math.log(2.0) / 2.0)


@jitable
def _drift_time(p, d, tau, t_ref):
    """Return x = d/(tau p) and y = (mean interval) p/d, where drift carries V to threshold.

    p = mu - (V_th - E_L)/tau > 0 is the drift left at threshold and d = V_th - V_reset;
    the interval is t_ref + tau ln(1 + x), so that rate = (p/d)/y.
    """
    x = d / tau / p
    return x, t_ref * p / d + (math.log1p(x) / x if x > 0.0 else 1.0)


@jitable
def drift_moments(p, d, sigma, tau, t_ref):
    """Rate, std, chi, log rate and CV^2 to leading order in sigma.

    CV^2 = sigma^2 (2 + x)/(2 d p (1 + x)^2 y^2), chi^2 = 2/((2 + x) y). Exact for every
    sigma if tau = inf (perfect integrator, inverse Gaussian intervals).
    """
    x, y = _drift_time(p, d, tau, t_ref)
    rate = p / d / y
    cv = sigma / math.sqrt(d) / math.sqrt(p) * math.sqrt(1.0 + 0.5 * x) / (1.0 + x) / y
    chi = min(math.sqrt(2.0 / ((2.0 + x) * y)), 1.0)
    std = math.sqrt(p) / math.sqrt(d) / math.sqrt(y) * cv
    return rate, std, chi, -math.log(min(d / p, 1e300) * y), cv * cv


@jitable
def drift_slopes(p, d, sigma, tau, t_ref):
    """Differentiate rate, std and chi by mu, then by sigma, to leading order."""
    p = max(p, 1e-300)
    x, y = _drift_time(p, d, tau, t_ref)
    _, std, chi, _, _ = drift_moments(p, d, sigma, tau, t_ref)
    _, unit_std, _, _, _ = drift_moments(p, d, 1.0, tau, t_ref)
    rho = 1.0 + x
    P, R, middle = 1.0 / p, 1.0 / p / rho, 1.0 / p / (1.0 + rho)
    std_slope = 1.5 * R / y + middle - P - R
    bend = 0.25 * (2.0 + x) / (y * rho * rho) + 0.25 * (1.0 + 1.0 / rho**2) - 1.0 / rho
    return (
        1.0 / (d * rho * y * y),
        std * std_slope if std_slope != 0.0 else 0.0,
        chi * (0.5 * R / y - middle),
        0.5 * sigma * x * (2.0 + x) / (d * rho * y) / (d * rho * y),
        unit_std,
        chi * (sigma / d * x / p) * bend,
    )


@jitable
def drift_map_slopes(p, d, sigma, tau, t_ref):
    """Differentiate rate, variance and gain by mu, then by sigma^2, to leading order.

    With P = 1/p and z = 1/(1 + x): d ln gain/d mu = P (2 z/y - 1 - z) and
    d ln gain/d sigma^2 = P^2/(2 tau) (z (1 + z)/y - (1 + z + z^2)).
    """
    p = max(p, 1e-300)
    x, y = _drift_time(p, d, tau, t_ref)
    _, std, _, _, _ = drift_moments(p, d, sigma, tau, t_ref)
    _, unit_std, _, _, _ = drift_moments(p, d, 1.0, tau, t_ref)
    slopes = drift_slopes(p, d, sigma, tau, t_ref)
    z = 1.0 / (1.0 + x)
    gain = slopes[0]
    bend = z * (1.0 + z) / y - (1.0 + z + z * z)
    return (
        gain,
        2.0 * std * slopes[1],
        gain / p * (2.0 * z / y - 1.0 - z),
        0.25 * x / (d * y) * z * (1.0 + z) / (d * y),
        unit_std * unit_std,
        0.5 * gain / p / p / tau * bend,
    )


@jitable
def _arguments(p, d, sigma, tau):
    """Reset a, threshold b and width w in units of the noise."""
    per_s = math.sqrt(tau) / sigma
    b = -p * per_s if p != 0.0 else 0.0
    w = max(min(d / tau * per_s, _FARTHEST), _NEAREST)
    a = b - w if p >= 0.0 else -(p + d / tau) * per_s
    return max(a, -_FARTHEST), b, w


@jitable
def _is_drift(p, sigma, tau):
    """Whether noise does not matter for the rate, or there is none."""
    if sigma == 0.0 or tau == math.inf:
        return True
    return p > 0.0 and -p * (math.sqrt(tau) / sigma) <= FAR_LEFT


@jitable
def exceptional(mu, sigma, tau, t_ref, V_th, V_reset, E_L):
    """Rate, std, chi, log rate and CV^2 for any input."""
    p = mu - (V_th - E_L) / tau
    d = V_th - V_reset
    if math.isnan(p) or not sigma >= 0.0 or (sigma == math.inf == abs(mu)):
        return math.nan, math.nan, math.nan, math.nan, math.nan
    silent = 0.0, 0.0, 0.0, -math.inf, 1.0
    if sigma == math.inf or mu == math.inf:
        if t_ref > 0.0:
            return 1.0 / t_ref, 0.0, 0.0, -math.log(t_ref), 0.0
        if mu == math.inf:
            return math.inf, 0.0, 0.0, math.inf, 0.0
        return math.inf, math.inf, _CHI_WILD, math.inf, math.inf
    if _is_drift(p, sigma, tau):
        if p <= 0.0:
            return silent
        return drift_moments(p, d, sigma, tau, t_ref)
    a, b, w = _arguments(p, d, sigma, tau)
    if b >= FAR_RIGHT:
        # G(b) ~ sqrt(pi) e^{b^2}/(2 b)
        log_rate = -b * b - 0.5 * math.log(math.pi) - math.log(tau) + math.log(b)
        return 0.0, 0.0, 0.0, log_rate if b < math.inf else -math.inf, 1.0
    unit, dG, dg, _, _, dH, _, _ = increments(a, b, w)
    rate, std, chi = moments(half_decay(b), unit, dG, dg, dH, tau, t_ref)
    log_rate, fano = log_rate_and_fano(b, unit, dG, dH, tau, t_ref)
    return rate, std, chi, log_rate, fano


@jitable
def exceptional_map(mu, sigma, tau, t_ref, V_th, V_reset, E_L):
    """Rate, variance std^2 and gain d rate/d mu for any input."""
    rate, std, chi, _, _ = exceptional(mu, sigma, tau, t_ref, V_th, V_reset, E_L)
    p = mu - (V_th - E_L) / tau
    if not _is_drift(p, sigma, tau):
        return rate, std * std, std / sigma * chi
    if p > 0.0 and mu < math.inf:
        d = V_th - V_reset
        return rate, std * std, drift_slopes(p, d, sigma, tau, t_ref)[0]
    return rate, std * std, chi  # 0, or NaN


@jitable
def derivatives(of_map, mu, sigma, tau, t_ref, V_th, V_reset, E_L):
    """Differentiate by mu, then by the noise, for any input.

    Rate, std and chi by sigma; or, `of_map`, rate, variance and gain by sigma^2.
    """
    p = mu - (V_th - E_L) / tau
    d = V_th - V_reset
    if math.isnan(p) or not sigma >= 0.0:
        return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan
    flat = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if sigma == math.inf or abs(mu) == math.inf:
        return flat
    if _is_drift(p, sigma, tau):
        if p <= 0.0:
            return flat
        if of_map:
            return drift_map_slopes(p, d, sigma, tau, t_ref)
        return drift_slopes(p, d, sigma, tau, t_ref)
    a, b, w = _arguments(p, d, sigma, tau)
    e = half_decay(b)
    if e == 0.0:
        return flat
    unit, dG, dg, dk, dk2, dH, dh, dl = increments(a, b, w)
    logs = log_slopes(e, unit, dG, dg, dk, dk2, dH, dh, dl, tau, t_ref)
    rate, std, chi = moments(e, unit, dG, dg, dH, tau, t_ref)
    if of_map:
        return map_slopes(rate, std, chi, logs, sigma, tau)
    return activation_slopes(rate, std, chi, logs, sigma, tau)
