"""Estimates and their standard errors, from the sums that the kernels stream.

Everything here is the delta method on sums: intervals are taken as independent (a
white-noise driven neuron is a renewal process), windowed counts are not: their errors
come from batches of windows.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "Estimate",
    "count_variance",
    "fano_factor",
    "interval_cv",
    "interval_mean",
    "interval_skewness",
    "interval_std",
    "pair_correlation",
    "pair_covariance",
    "pair_fano",
    "rate",
    "window_covariance",
    "window_rate",
]

_ROUNDING = 1e-13  # an SD this small against the intervals is rounding of their ends


class Estimate(NamedTuple):
    """An estimate and its standard error, of the same shape and unit."""

    value: npt.NDArray[np.float64] | float
    stderr: npt.NDArray[np.float64] | float


class _Standardised(NamedTuple):
    """Number, mean, SD, and standardised central moments 3..6 of the intervals."""

    n: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    skew: np.ndarray
    m4: np.ndarray
    m5: np.ndarray
    m6: np.ndarray


def _standardise(moments: np.ndarray) -> _Standardised:
    n, first = moments[..., 0], moments[..., 1]
    with np.errstate(all="ignore"):
        # Raw moments of the distance from the first interval, then central ones.
        raw = [np.ones_like(n), *np.moveaxis(moments[..., 2:] / n[..., None], -1, 0)]
        shift = -raw[1]
        central = [
            sum(math.comb(p, k) * shift ** (p - k) * raw[k] for k in range(p + 1))
            for p in range(7)
        ]
        std = np.sqrt(np.maximum(central[2], 0.0))
        std = np.where(std > _ROUNDING * first, std, 0.0)
        shape = [central[p] / std**p for p in (3, 4, 5, 6)]
        # s^2 with n - 1: without it few intervals give too small a CV.
        std = std * np.sqrt(n / (n - 1))
        return _Standardised(n, first + raw[1], std, *shape)


def _where(enough: np.ndarray, value: np.ndarray, stderr: np.ndarray) -> Estimate:
    return Estimate(np.where(enough, value, np.nan), np.where(enough, stderr, np.nan))


def _shrunk_cv(s: _Standardised) -> np.ndarray:
    """CV for standard errors: drawn to 1 with the weight 1/n^2.

    Two or three intervals may agree by chance; without noise they agree for ever.
    """
    with np.errstate(all="ignore"):
        weight = 1.0 - s.n**-2.0
        shrunk = np.sqrt(weight * (s.std / s.mean) ** 2 + (1.0 - weight))
        return np.where(s.std > 0, shrunk, 0.0)


def _excess(s: _Standardised) -> np.ndarray:
    """Kurtosis less 1, the variance of z^2.

    Few intervals know little of it; it is drawn to that of exponential ones, 8, with
    the weight of three intervals. No spread at all has none.
    """
    with np.errstate(all="ignore"):
        weight = np.minimum(3.0 / s.n, 1.0)
        found = np.where(weight < 1, s.m4 - 1, 0.0)
        excess = (1 - weight) * np.maximum(found, 0.0) + weight * 8.0
        return np.where(s.std > 0, excess, 0.0)


def _nonnegative(x: np.ndarray) -> np.ndarray:
    """Lift what rounding left just below 0; NaN passes."""
    return np.where(x < 0, 0.0, x)


def rate(n_spikes: np.ndarray, moments: np.ndarray, duration: float) -> Estimate:
    """Rate n/duration [kHz].

    The variance of the count of a stationary renewal process is
    F n + 1/6 + F^2/2 - k/3 up to terms that vanish with n, where F = CV^2 and k is the
    third central moment over the cubed mean (D. R. Cox, Renewal Theory, Methuen 1962,
    section 4.5). With few spikes F and k cannot be estimated and are drawn towards
    those of a Poisson process. No spike at all gives 0 with standard error 1/duration:
    a neuron that fires at 3/duration does so with probability 5 %.
    """
    s = _standardise(moments)
    with np.errstate(all="ignore"):
        known = s.n >= 2
        weight = np.where(known, 1.0 - s.n**-2.0, 0.0)
        fano = np.where(known, _shrunk_cv(s), 1.0) ** 2
        third = np.where(known & (s.std > 0), s.skew * (s.std / s.mean) ** 3, 0.0)
        third = weight * third + 2 * (1 - weight)
        variance = fano * n_spikes + 1 / 6 + fano**2 / 2 - third / 3
        # The correction is asymptotic; a long tail must not eat the leading term.
        variance = np.maximum(variance, 0.5 * fano * n_spikes)
        variance = np.where(n_spikes == 0, 1.0, variance)
    return Estimate(n_spikes / duration, np.sqrt(variance) / duration)


def interval_mean(moments: np.ndarray) -> Estimate:
    """Mean interval [ms]; NaN with fewer than two.

    A run of given length ends within a long interval more often than within a short
    one, which lifts the plain mean by CV^2/n; it and the next two are freed of their
    biases of order 1/n, of which this stopping is one: Cov(influence, interval)/(mean n).
    """
    s = _standardise(moments)
    with np.errstate(all="ignore"):
        value = s.mean / (1 + (s.std / s.mean) ** 2 / s.n)
        return _where(s.n >= 2, value, s.mean * _shrunk_cv(s) / np.sqrt(s.n))


def interval_std(moments: np.ndarray) -> Estimate:
    """SD of the intervals [ms]; NaN with fewer than two."""
    s = _standardise(moments)
    with np.errstate(all="ignore"):
        excess = _excess(s)
        skew = np.where(s.std > 0, s.skew, 0.0)
        bias = 0.5 * skew * s.std / s.mean - excess / 8
        value = s.std * (1 - bias / (s.n + np.abs(bias)))
        std = s.mean * _shrunk_cv(s)
        return _where(s.n >= 2, value, std * np.sqrt(excess / (4 * s.n)))


def interval_cv(moments: np.ndarray) -> Estimate:
    """Coefficient of variation; NaN with fewer than two intervals."""
    s = _standardise(moments)
    with np.errstate(all="ignore"):
        cv, excess = s.std / s.mean, _excess(s)
        skew = np.where(s.std > 0, s.skew, 0.0)
        # The biases of the ratio and of the stopping cancel but for that of the SD.
        value = cv * (1 + excess / (8 * s.n))
        relative = np.maximum(excess / 4 - cv * skew + cv**2, 0.0)
        return _where(s.n >= 2, value, _shrunk_cv(s) * np.sqrt(relative / s.n))


def interval_skewness(moments: np.ndarray) -> Estimate:
    """Third central moment over the cubed SD; 0/0 is NaN."""
    s = _standardise(moments)
    one, zero = np.ones_like(s.n), np.zeros_like(s.n)
    # Influence function z^3 - (3/2) g z^2 - 3 z + g/2 (the delta method), squared.
    powers = [0.5 * s.skew, -3.0 * one, -1.5 * s.skew, one]
    standard = [one, zero, one, s.skew, s.m4, s.m5, s.m6]
    with np.errstate(all="ignore"):
        variance = zero
        for i, a in enumerate(powers):
            for j, b in enumerate(powers):
                variance = variance + a * b * standard[i + j]
        return _where(s.n >= 3, s.skew, np.sqrt(_nonnegative(variance) / s.n))


def _count_means(sums: np.ndarray, batches: int, per_batch: int) -> tuple:
    """Mean count and squared count of a window, and their covariance matrix."""
    k = batches * per_batch
    a, q = sums[..., 0] / k, sums[..., 1] / k
    free = batches / (batches - 1) / k**2 if batches > 1 else np.nan
    caa = (sums[..., 2] - sums[..., 0] ** 2 / batches) * free
    caq = (sums[..., 3] - sums[..., 0] * sums[..., 1] / batches) * free
    cqq = (sums[..., 4] - sums[..., 1] ** 2 / batches) * free
    return k, a, q, caa, caq, cqq


def fano_factor(sums: np.ndarray, batches: int, per_batch: int) -> Estimate:
    """Variance over mean of the windowed counts; NaN without a spike."""
    k, a, q, caa, caq, cqq = _count_means(sums, batches, per_batch)
    with np.errstate(all="ignore"):
        value = (q / a - a) * (k / (k - 1))
        dq, da = 1 / a, -q / a**2 - 1
        variance = dq * dq * cqq + 2 * dq * da * caq + da * da * caa
        return _where(a > 0, value, np.sqrt(_nonnegative(variance)))


def count_variance(
    sums: np.ndarray, batches: int, per_batch: int, window: float
) -> Estimate:
    """Variance of the windowed counts over the window's length [kHz]."""
    k, a, q, caa, caq, cqq = _count_means(sums, batches, per_batch)
    with np.errstate(all="ignore"):
        value = (q - a * a) * np.divide(k, k - 1) / window
    variance = cqq - 4 * a * caq + 4 * a * a * caa
    stderr = np.sqrt(_nonnegative(variance)) / window
    # Without a spike: as for the rate, one more spike would have given 1/duration.
    return Estimate(value, np.where(a > 0, stderr, 1 / (k * window)))


def _jackknife(
    a: np.ndarray, p: np.ndarray, per_batch: int, function: Callable
) -> Estimate:
    """Evaluate function(covariance, mean) with its error from leaving out batches.

    B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans, SIAM 1982, ch. 3,
    doi:10.1137/1.9781611970319.
    """

    def evaluate(a: np.ndarray, p: np.ndarray, k: int) -> np.ndarray:
        mean = a / k
        outer = mean[..., :, None] * mean[..., None, :]
        return function((p / k - outer) * (k / (k - 1)), mean)

    batches = a.shape[1]
    k = batches * per_batch
    total_a, total_p = a.sum(axis=1), p.sum(axis=1)
    with np.errstate(all="ignore"):
        value = evaluate(total_a, total_p, k)
        if k - per_batch < 2:
            return Estimate(value, np.full(value.shape, np.nan))
        left = np.stack(
            [
                evaluate(total_a - a[:, b], total_p - p[:, b], k - per_batch)
                for b in range(batches)
            ]
        )
        spread = ((left - left.mean(axis=0)) ** 2).sum(axis=0)
        return Estimate(value, np.sqrt(spread * (batches - 1) / batches))


def pair_covariance(
    a: np.ndarray, p: np.ndarray, per_batch: int, window: float
) -> Estimate:
    """Covariance of counts over the window's length [kHz], (groups, n, n)."""
    return _jackknife(a, p, per_batch, lambda c, _: c / window)


def pair_correlation(a: np.ndarray, p: np.ndarray, per_batch: int) -> Estimate:
    """Correlation coefficient of counts, (groups, n, n)."""

    def correlation(c: np.ndarray, _: np.ndarray) -> np.ndarray:
        sd = np.sqrt(np.diagonal(c, axis1=-2, axis2=-1))
        return c / (sd[..., :, None] * sd[..., None, :])

    return _jackknife(a, p, per_batch, correlation)


def pair_fano(a: np.ndarray, p: np.ndarray, per_batch: int) -> Estimate:
    """Fano factor of counts, (groups, n)."""

    def fano(c: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return np.diagonal(c, axis1=-2, axis2=-1) / mean

    return _jackknife(a, p, per_batch, fano)


def window_rate(
    sums: np.ndarray, batches: int, per_batch: int, window: float
) -> Estimate:
    """Rate [kHz] from the counts in windows, with the error of their batches."""
    with np.errstate(all="ignore"):
        k, a, _, caa, _, _ = _count_means(sums, batches, per_batch)
        stderr = np.sqrt(_nonnegative(caa)) / window
    # Without a spike: see `rate`.
    return Estimate(a / window, np.where(a > 0, stderr, 1 / (k * window)))


def window_covariance(
    sums: np.ndarray, pairs: np.ndarray, batches: int, per_batch: int, window: float
) -> Estimate:
    """Covariance of counts over the window's length [kHz], (..., n, n).

    `sums` (..., n, 5) and `pairs` (..., 4, n, n): sums over batches of p, p^2, p_ij a_i
    and a_i a_j (a counts, p products of counts). The error is that of the mean of
    p_ij - m_i a_j - m_j a_i, the delta method with the mean counts m of a window.
    """
    k = batches * per_batch
    p, pp, pa, aa = np.moveaxis(pairs, -3, 0)
    m = sums[..., 0] / k
    mi, mj = m[..., :, None], m[..., None, :]
    ii, jj = sums[..., :, None, 2], sums[..., None, :, 2]
    square = pp + mi * mi * jj + mj * mj * ii
    square += 2 * (mi * mj * aa - mj * pa - mi * np.swapaxes(pa, -1, -2))
    mean = p / k - 2 * mi * mj
    with np.errstate(all="ignore"):
        value = (p / k - mi * mj) * np.divide(k, k - 1) / window
        free = square / batches - (per_batch * mean) ** 2
        spread = free * np.divide(1, batches - 1) / per_batch**2
        stderr = np.sqrt(_nonnegative(spread)) / window
    silent = (mi == 0) | (mj == 0)
    return Estimate(value, np.where(silent, 1 / (k * window), stderr))
