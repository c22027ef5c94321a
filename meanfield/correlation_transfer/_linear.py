"""Spike counts of a pair by linear response, from spectra."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.special import sici

from ..errors import as_float, require
from ..integrate_and_fire import (
    fano_factor,
    firing_rate,
    linear_response,
    power_spectrum,
)
from ..integrate_and_fire._evaluate import Neuron, check
from ..neurons import LIF

_DEFAULT = LIF()
_EVEN, _GEOMETRIC = 400, 200  # frequencies at which spectra are evaluated
_REFINEMENT = 8  # of them, by splines
_HIGHEST, _HIGHEST_RATES = 1.0, 20.0  # frequency [kHz; of the rate]
_LOWEST = 1e-3  # of the rate
_HARMONICS = 0.7  # over the CV: those that its jitter leaves


class LinearCounts(NamedTuple):
    """Statistics of the spike counts of a pair; see `linear_counts`."""

    variance: Any
    covariance: Any
    correlation: Any


def linear_counts(
    rho: npt.ArrayLike,
    window: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron = _DEFAULT,
    *,
    threads: int | None = None,
) -> LinearCounts:
    """Spike counts in a window of two like neurons with weakly correlated noise.

    Parameters
    ----------
    rho : array_like
        Correlation of the noise, from -1 to 1.
    window : array_like
        Length [ms] of the window; may be infinite.
    mu : array_like
        Mean drive [mV/ms] of both neurons.
    sigma : array_like
        Noise intensity [mV/sqrt(ms)] of both, positive.
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Parameters of both neurons; arrays broadcast with the others.
    threads : int, optional
        At most so many threads; by default all cores available.

    Returns
    -------
    LinearCounts
        ``variance`` and ``covariance`` of the counts over the length of the window [kHz],
        and ``correlation``; of the broadcast shape.

    Raises
    ------
    ValueError
        If `rho`, `window` or `sigma` is out of range, or the shapes do not broadcast.
    TypeError
        If an argument is not a real number, or `neuron` is of another kind.

    Notes
    -----
    With the response R to a modulation of mu, the cross spectrum of the spike trains is
    rho sigma^2 abs(R)^2, to first order in rho [1]_, and S their power spectrum:

        variance = integral of S(f) K(f) df,  K(f) = sin^2(pi f W)/((pi f)^2 W),

    over all frequencies, and so for the covariance. In long windows the correlation is
    rho chi^2. Splines of the spectra at 600 frequencies, and exact integrals of K:
    measured against the time domain (`expand`) to 1e-4 for a CV above 0.2; peaks that are
    narrower, of more regular trains, are not resolved in long finite windows. The
    response is not linear in rho where neurons fire rarely: see `expand`.

    References
    ----------
    .. [1] E. Shea-Brown, K. Josic, J. de la Rocha, B. Doiron, Phys. Rev. Lett. 100,
       108102 (2008), doi:10.1103/PhysRevLett.100.108102

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield import LIF, chi
    >>> from meanfield.correlation_transfer import linear_counts
    >>> linear_counts(0.1, [20.0, 100.0, np.inf], 0.8, 1.0, LIF()).correlation.round(4)
    array([0.0281, 0.0509, 0.0627])
    >>> round(float(0.1 * chi(0.8, 1.0) ** 2), 4)
    0.0627
    """
    check(neuron, mu, sigma)
    arrays = {"rho": rho, "window": window, "mu": mu, "sigma": sigma}
    rhos, windows, mus, sigmas = (
        as_float(k, v).astype(float) for k, v in arrays.items()
    )
    require(np.abs(rhos) <= 1.0, "rho", "must be from -1 to 1", rhos)
    require(windows > 0, "window", "must be positive (ms)", windows)
    require(np.isfinite(mus), "mu", "must be finite (mV/ms)", mus)
    require((sigmas > 0) & np.isfinite(sigmas), "sigma", "must be positive", sigmas)
    points = np.broadcast_shapes(mus.shape, sigmas.shape, neuron.shape)
    shape = np.broadcast_shapes(rhos.shape, windows.shape, points)
    rate = np.broadcast_to(firing_rate(mus, sigmas, neuron), points)
    fano = np.broadcast_to(fano_factor(mus, sigmas, neuron), points)
    f = _frequencies(rate, fano)
    own = power_spectrum(f, mus, sigmas, neuron, threads=threads)
    shared = np.abs(linear_response(f, mus, sigmas, neuron, threads=threads)) ** 2
    length = np.broadcast_to(windows, shape)
    which = np.broadcast_to(np.arange(rate.size).reshape(points), shape)
    variance, covariance = np.empty(shape), np.empty(shape)
    for k, index in enumerate(np.ndindex(points)):
        here = which == k
        x = f[(slice(None), *index)]
        spectra = np.stack(
            [own[(slice(None), *index)] - rate[index], shared[(slice(None), *index)]]
        )
        found = _over_window(x, spectra, length[here])
        variance[here], covariance[here] = rate[index] + found[0], found[1]
    covariance = covariance * rhos * np.broadcast_to(sigmas, points) ** 2
    correlation = covariance / np.where(variance > 0, variance, 1.0)
    return LinearCounts(variance[()], covariance[()], correlation[()])


def _frequencies(rate: np.ndarray, fano: np.ndarray) -> np.ndarray:
    """Frequencies (n, *points), dense where spectra have peaks."""
    unit = np.maximum(rate, 1e-6)
    top = np.maximum(_HIGHEST, _HIGHEST_RATES * unit)
    peaks = unit * np.minimum(1.0 + _HARMONICS / np.sqrt(fano), 0.9 * _HIGHEST_RATES)
    column = (slice(None), *(None,) * rate.ndim)
    even = np.linspace(0.0, 1.0, _EVEN)[column] * peaks
    # Off by an irrational factor: no two frequencies coincide.
    steps = np.linspace(0.0, 1.0, _GEOMETRIC)[column]
    low = _LOWEST * math.sqrt(0.5) * unit
    return np.sort(np.concatenate([even, low * (top / low) ** steps]), axis=0)


def _over_window(f: np.ndarray, spectra: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Integrals (s, windows) of spectra (s, f) times sin^2(pi f W)/((pi f)^2 W)."""
    n = (f.size - 1) * _REFINEMENT + 1
    fine = np.interp(np.linspace(0.0, 1.0, n), np.linspace(0.0, 1.0, f.size), f)
    values = CubicSpline(f, spectra, axis=1)(fine)
    found = np.empty((len(spectra), window.size))
    for k, W in enumerate(window):
        if not math.isfinite(W):
            found[:, k] = values[:, 0]
            continue
        weight, first = _kernel_integrals(fine, W)
        slope = np.diff(values) / np.diff(fine)
        level = values[:, :-1] - slope * fine[:-1]
        found[:, k] = 2.0 * (level @ weight + slope @ first)
    return found


def _kernel_integrals(f: np.ndarray, W: float) -> tuple[np.ndarray, np.ndarray]:
    """Integrals of sin^2(pi f W)/((pi f)^2 W), and of it times f, between frequencies."""
    x = np.pi * f * W
    sine, cosine = sici(2.0 * x)
    ratio = np.sin(x) * np.sinc(x / np.pi)  # sin^2 x/x
    plain = (sine - ratio) / np.pi
    positive = x > 0
    safe = np.where(positive, x, 1.0)
    # ln x - Ci(2x) -> -gamma - ln 2 for x -> 0
    log = np.where(
        positive,
        np.log(safe) - np.where(positive, cosine, 0.0),
        -np.euler_gamma - math.log(2.0),
    )
    return np.diff(plain), np.diff(log) / (2.0 * np.pi**2 * W)
