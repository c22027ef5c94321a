"""The moment activation as torch operations that can be differentiated again and again.

Three regimes, each smooth in its own variables, so that no derivative of any order meets
a removable singularity: drift (the mean drive is `FAR` noise units above threshold, or
there is no noise), noise (all else that fires), and silence.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..lif._formulas import NARROW, NODES, WEIGHTS, moments
from ..special._tables import FAR, G_FAR, H_FAR, g_FAR
from ._core import g_family, h_family

# Beyond this threshold all results, of order e^{-b^2/2}, have underflowed.
_SILENT = 40.0
# Below this argument log(1 + x)/x is its Taylor series, to x^13.
_SMALL = 1.0 / 32.0
_LOG_SERIES = [(-1.0) ** k / (k + 1) for k in range(14)]


class _Drive(NamedTuple):
    """Drive left at threshold, distance from the reset, noise, tau_m and t_ref."""

    p: Tensor
    d: Tensor
    noise: Tensor
    tau: Tensor
    t_ref: Tensor

    def where(self, mask: Tensor) -> "_Drive":
        """Harmless numbers outside `mask`: no derivative there is infinite."""
        safe = _Drive(1.0, 1.0, 1.0, 1.0, 1.0)  # type: ignore[arg-type]
        pairs = zip(self, safe, strict=True)
        return _Drive(*(torch.where(mask, value, one) for value, one in pairs))


def activation(mu, sigma, tau, t_ref, V_th, V_reset, E_L) -> tuple[Tensor, ...]:
    """Rate, std and chi; NaN for negative `sigma`."""
    drive = _Drive(mu - (V_th - E_L) / tau, V_th - V_reset, sigma, tau, t_ref)
    drift, silent = _regimes(drive.p, drive.noise, tau)
    far = drive.where(drift)
    rate, gain, S = _drift(far._replace(noise=far.noise * far.noise))
    root = torch.sqrt(S)
    near = _noise(drive.where(~(drift | silent)))
    return _choose(drift, silent, sigma, (rate, far.noise * root, gain / root), near)


def elements_of_map(mu, variance, tau, t_ref, V_th, V_reset, E_L) -> tuple[Tensor, ...]:
    """Rate, variance and gain d rate/d mu; NaN for negative `variance`."""
    drive = _Drive(mu - (V_th - E_L) / tau, V_th - V_reset, variance, tau, t_ref)
    drift, silent = _regimes(drive.p, variance.clamp(min=0.0).sqrt(), tau)
    far = drive.where(drift)
    rate, gain, S = _drift(far)
    near = drive.where(~(drift | silent))
    sigma = near.noise.sqrt()
    near_rate, std, chi = _noise(near._replace(noise=sigma))
    noisy = near_rate, std * std, std / sigma * chi
    return _choose(drift, silent, variance, (rate, far.noise * S, gain), noisy)


def _regimes(p: Tensor, sigma: Tensor, tau: Tensor) -> tuple[Tensor, Tensor]:
    distance = p * torch.sqrt(tau)
    drift = (p > 0.0) & (distance >= FAR * sigma)
    quiet = (sigma == 0.0) | torch.isinf(tau) | (-distance > _SILENT * sigma)
    return drift, (p <= 0.0) & quiet


def _choose(drift, silent, noise, far, near) -> tuple[Tensor, ...]:
    rest = [torch.where(silent, torch.zeros_like(n), n) for n in near]
    found = [torch.where(drift, f, r) for f, r in zip(far, rest, strict=True)]
    return tuple(torch.where(noise < 0.0, torch.nan, value) for value in found)


def _drift(drive: _Drive) -> tuple[Tensor, Tensor, Tensor]:
    """Rate, gain and S = std^2/sigma^2 where b < -FAR; `noise` is sigma^2.

    With P = 1/p, x = d P/tau, z = 1/(1 + x) and y = sigma^2 P^2/tau = 1/b^2 all increments
    are divided differences between y and y z^2 = 1/a^2 of smooth functions of 1/x^2.
    """
    p, d, v, tau, t_ref = drive
    P = 1.0 / p.clamp(min=torch.finfo(p.dtype).tiny ** 0.45)
    x = d * P / tau
    z = 1.0 / (1.0 + x)
    y = v * P * P / tau
    y_reset = y * z * z
    width = z * (1.0 + z) * y
    _, slope_G = _divided_difference((0.0, *G_FAR), y, y_reset)
    g, slope_g = _divided_difference(g_FAR, y_reset, y)
    _, slope_H = _divided_difference((0.0, *H_FAR), y, y_reset)
    rate = 1.0 / (t_ref + d * P * (_log_ratio(x) + width * slope_G))
    share = rate * d * P  # of the mean interval without leak and dead time
    gain = z * share * share * (g + width * slope_g) / d
    S = 0.5 * z * share * share * (1.0 + z) * share / (d * d) * slope_H
    return rate, gain, S


def _divided_difference(
    coefficients: Sequence[float], x: Tensor, at: Tensor
) -> tuple[Tensor, Tensor]:
    """Value of a polynomial at `at`, and its slope from there to `x`."""
    value = torch.full_like(at, coefficients[-1])
    slope = torch.zeros_like(at)
    for c in reversed(coefficients[:-1]):
        slope = slope * x + value
        value = value * at + c
    return value, slope


def _log_ratio(x: Tensor) -> Tensor:
    """log(1 + x)/x, smooth at 0."""
    small = x < _SMALL
    near = torch.where(small, x, 0.0)
    series = torch.full_like(x, _LOG_SERIES[-1])
    for c in reversed(_LOG_SERIES[:-1]):
        series = series * near + c
    far = torch.where(small, 1.0, x)
    return torch.where(small, series, torch.log1p(far) / far)


def _noise(drive: _Drive) -> tuple[Tensor, Tensor, Tensor]:
    """Rate, std and chi where b > -FAR; `noise` is sigma > 0."""
    p, d, sigma, tau, t_ref = drive
    root = torch.sqrt(tau)
    b = -p * root / sigma
    w = d / (root * sigma)
    scale = b.detach().clamp(min=0.0)  # M
    narrow = torch.where(b < 0.0, w / (1.0 - b), w * (1.0 + 4.0 * b)) < NARROW
    thin = _narrow_increments(b, torch.where(narrow, w, 0.0), scale)
    wide = _wide_increments(b, torch.where(narrow, 1.0, w), scale)
    dG, dg, dH = (torch.where(narrow, t, f) for t, f in zip(thin, wide, strict=True))
    unit = torch.where(narrow, w, 1.0)
    return moments(torch.exp(-0.5 * scale * scale), unit, dG, dg, dH, tau, t_ref)


def _wide_increments(b: Tensor, w: Tensor, scale: Tensor) -> tuple[Tensor, ...]:
    """Increments of G, g and H as differences of values."""
    a = b - w
    return (
        g_family(b, scale, 0) - g_family(a, scale, 0),
        g_family(b, scale, 1) - g_family(a, scale, 1),
        h_family(b, scale, 0) - h_family(a, scale, 0),
    )


def _narrow_increments(b: Tensor, w: Tensor, scale: Tensor) -> tuple[Tensor, ...]:
    """Increments of G, g and H, per width, by quadrature of the derivatives."""
    dG, dg, dH = torch.zeros_like(b), torch.zeros_like(b), torch.zeros_like(b)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        x = b - w * node
        dG = dG + weight * g_family(x, scale, 1)
        dg = dg + weight * g_family(x, scale, 2)
        dH = dH + weight * h_family(x, scale, 1)
    return dG, dg, dH
