"""Spike counts in windows, by numerical inversion of Laplace transforms.

A function of the window's length is the sum of a Fourier series of period L, after
damping by exp(-DAMPING t/L): Abate and Whitt, Queueing Syst. 10, 5 (1992),
doi:10.1007/BF01158520.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._distribution import IntervalDistribution

# The period in windows, and the damping in a period: images of the function are damped
# by exp(-30) = 1e-13, and rounding is amplified by exp(30/4) = 2e3.
_PERIOD = 4
_DAMPING = 30.0
# Terms of the series are left out where they add up to less than this; never more terms.
_TOLERANCE = 1e-9
_MOST = 1 << 20
# Probabilities that are not resolved.
NEGLIGIBLE = 1e-12
# Fewer spikes than ten standard deviations below the mean are more probable than this
# only if the count has a long lower tail.
_LONG_TAIL = 1e-8
# The process has forgotten a spike when exp(-_FORGOTTEN) of its rate's change is left.
_FORGOTTEN = 30.0

_X, _W = np.polynomial.legendre.leggauss(7)
_X, _W = 0.5 + 0.5 * _X, 0.5 * _W


def fano(intervals: "IntervalDistribution", window: float) -> float:
    """Variance over mean of the count, from the transform of E[N (N - 1)].

    In long windows that is the first two terms in 1/window, all but exactly.
    """
    mean = window / intervals.mean
    w, size = intervals._envelope
    decay = -np.log(size[min(np.searchsorted(w, np.pi / intervals.mean), w.size - 1)])
    if mean * decay > _FORGOTTEN:
        cv = intervals.cv
        edge = 1 / 6 + cv**4 / 2 - intervals._grid.skewness * cv**3 / 3
        return cv**2 + edge / mean
    s, phi, period = _transform(intervals, window, 1, min(1.0, mean))
    pairs = _inverse(2 * phi / ((1 - phi) * intervals.mean * s**2), window, period)
    return 1 + pairs / mean - mean


def probabilities(intervals: "IntervalDistribution", window: float) -> np.ndarray:
    """Probabilities of 0, 1, ... spikes, up to where none are left."""
    mean = window / intervals.mean
    spread = np.sqrt(mean * max(fano(intervals, window), 0.0))
    start = max(2, int(mean - 10 * spread - 10))
    exceed = _at_least(intervals, window, start)
    if start > 2 and exceed[0] < 1 - _LONG_TAIL:
        start, exceed = 2, _at_least(intervals, window, 2)
    sure = np.ones(start)
    sure[1] = 1 - _none(intervals, window) if start == 2 else 1.0
    exceed = np.concatenate([sure, exceed])
    found = exceed - np.append(exceed[1:], 0.0)
    found[found < NEGLIGIBLE] = 0.0
    return np.trim_zeros(found, "b")


def _none(intervals, window) -> float:
    flat = min(window, intervals.onset) / intervals.mean
    if window <= intervals.onset:
        return 1 - flat
    return (1 - flat) * intervals._equilibrium.survivor(window)


def _at_least(intervals, window, start) -> np.ndarray:
    """Probability of at least n spikes for n = start, ... until there are none left.

    Its transform is phi^(n-1) (1 - phi)/(mean s^2).
    """
    s, phi, period = _transform(intervals, window, start - 1)
    term = (1 - phi) / (intervals.mean * s**2) * phi ** (start - 1)
    result, n = [], start
    while True:
        result.append(_inverse(term, window, period))
        if result[-1] < NEGLIGIBLE:
            return np.array(result)
        n += 1
        size = _n_terms(intervals, window, period, n - 1)
        phi = phi[:size]
        term = term[:size] * phi


def _inverse(transform: np.ndarray, window: float, period: float) -> float:
    k = np.arange(transform.size)
    turn = np.exp(2j * np.pi * (k * (window / period) % 1))
    total = 2 * np.sum(np.real(transform * turn)) - np.real(transform[0])
    return float(np.exp(_DAMPING * window / period) * total / period)


def _transform(intervals, window, power, unit=1.0):
    """Return s (k,), the interval's transform there, and the period."""
    h = intervals.step
    ratio = max(1, int(np.ceil(_PERIOD * window / h)))
    period = ratio * h
    k = np.arange(_n_terms(intervals, window, period, power, unit))
    s = (_DAMPING + 2j * np.pi * k) / period
    return s, laplace(intervals, _DAMPING / period, ratio, k), period


def _n_terms(intervals, window, period, power: int, unit: float = 1.0) -> int:
    """Terms until the rest, 2/(pi mean w) |phi(w)|^power, is negligible in `unit`."""
    w, size = intervals._envelope
    # What high frequencies there are in n intervals comes after n times the onset.
    gain = np.exp(_DAMPING * (window - power * intervals.onset) / period)
    rest = gain * 2 / (np.pi * intervals.mean * unit * w) * size**power
    enough = np.flatnonzero(rest <= _TOLERANCE)
    if enough.size:
        last = w[enough[0]]
    else:  # a density that jumps has the transform 1/s
        last = w[-1] * (rest[-1] / _TOLERANCE) ** (1 / (1 + power))
    return int(min(max(32.0, last * period / (2 * np.pi)), _MOST))


def envelope(intervals: "IntervalDistribution") -> tuple[np.ndarray, np.ndarray]:
    """Return angular frequencies, and the largest |phi| at and above each of them."""
    # Octaves from a small part of 1/mean to 16 per step, each at 64 points.
    # Of processes slower than that the low frequencies do not matter.
    lowest = min(np.log2(64 * intervals.mean / intervals.step) + 4, 48)
    k, frequencies, sizes = np.arange(64, 128), [], []
    for octave in range(int(np.ceil(lowest)), 1, -1):
        ratio = 1 << octave
        frequencies.append(2 * np.pi * k / (ratio * intervals.step))
        sizes.append(np.abs(laplace(intervals, 0.0, ratio, k)))
    size = np.maximum.accumulate(np.concatenate(sizes)[::-1])[::-1]
    return np.concatenate(frequencies), np.minimum(size, 1.0)


def laplace(
    intervals: "IntervalDistribution", damping: float, ratio: int, k: np.ndarray
) -> np.ndarray:
    """E exp(-s T) at s = damping + 2 pi i k/(ratio step), for consecutive k."""
    grid, h = intervals._grid, intervals.step
    n = grid.values.size
    s = damping + 2j * np.pi * k / (ratio * h)
    theta = s * h
    last = np.exp(-damping * h * (n - 1)) * _root(ratio, k * (n - 1))
    phi = grid.values[-1] / (grid.tail_rate + s) * last
    if n > 1:
        v, d = (
            _chirp(x * np.exp(-damping * h * np.arange(n)), ratio, k)
            for x in (grid.values, grid.slopes)
        )
        left, slope_left, right, slope_right = _basis(theta)
        v0, v1, d0, d1 = *grid.values[[0, -1]], *grid.slopes[[0, -1]]
        phi += h * (left * (v - v1 * last) + slope_left * (d - d1 * last))
        phi += h * np.exp(theta) * (right * (v - v0) + slope_right * (d - d0))
    return phi * np.exp(-s * intervals.onset)


def _root(ratio: int, power: np.ndarray) -> np.ndarray:
    """Return exp(-2 pi i power/ratio), the phase to rounding at any integer power."""
    return np.exp(-2j * np.pi * ((power % ratio) / ratio))


def _chirp(x: np.ndarray, ratio: int, k: np.ndarray) -> np.ndarray:
    """Sum over j of x_j exp(-2 pi i j k/ratio), as a convolution (Bluestein)."""
    from scipy.fft import fft, ifft, next_fast_len

    j, first = np.arange(x.size), int(k[0])
    # 2 j k = j^2 + k^2 - (k - j)^2
    size = next_fast_len(x.size + k.size - 1)
    difference = np.arange(size)
    difference[k.size :] -= size
    kernel = _root(2 * ratio, -((difference + first) ** 2))
    spectrum = fft(x * _root(2 * ratio, j * j), size) * fft(kernel)
    return ifft(spectrum)[: k.size] * _root(2 * ratio, k * k)


def _basis(theta: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return transforms of the cubics of a cell that have value or slope 1 at one end.

    theta (k,): in order of magnitude.
    """
    few = np.searchsorted(np.abs(theta), 1.0)
    small, large = theta[:few], theta[few:]
    powers = np.zeros((4, theta.size), complex)  # of x^p exp(-theta x) on [0, 1]
    for x, weight in zip(_X, _W, strict=True):
        wave = weight * np.exp(-x * small)
        for p in range(4):
            powers[p, :few] += wave * x**p
    decay = np.exp(-large)
    powers[0, few:] = (1 - decay) / large
    for p in range(1, 4):
        powers[p, few:] = (p * powers[p - 1, few:] - decay) / large
    one, x, xx, xxx = powers
    right = 3 * xx - 2 * xxx
    return one - right, x - 2 * xx + xxx, right, xxx - xx
