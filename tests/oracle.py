"""The moment activation at mpmath's precision, straight from its definition."""

import mpmath
from mpmath import mpf

from meanfield import LIF
from meanfield.special import mp


def arguments(mu, sigma, neuron):
    tau, leak = mpf(neuron.tau_m), mpf(neuron.E_L)
    s = mpf(sigma) / mpmath.sqrt(tau)
    b = ((mpf(neuron.V_th) - leak) / tau - mpf(mu)) / s
    a = ((mpf(neuron.V_reset) - leak) / tau - mpf(mu)) / s
    return a, b, s, tau


def moments(mu: float, sigma: float, neuron: LIF, digits: int = 40):
    """Rate, std, chi and log rate; `digits` must cover the cancellation."""
    with mpmath.workdps(digits):
        a, b, s, tau = arguments(mu, sigma, neuron)
        increments = [
            upper - lower
            for upper, lower in zip(mp.values(b), mp.values(a), strict=True)
        ]
        dg, dG, _, dH = increments
        rate = 1 / (mpf(neuron.t_ref) + 2 * tau * dG)
        std = mpmath.sqrt(8 * tau**2 * rate**3 * dH)
        gain = rate**2 * 2 * tau * dg / s
        return rate, std, mpf(sigma) / std * gain, mpmath.log(rate)


def condition(mu, sigma, neuron: LIF, value, slope_mu, slope_sigma):
    """How strongly a relative rounding of mu, V_th/tau_m and sigma moves `value`."""
    size = abs(mu) + abs((neuron.V_th - neuron.E_L) / neuron.tau_m)
    return (size * abs(slope_mu) + sigma * abs(slope_sigma)) / abs(value)
