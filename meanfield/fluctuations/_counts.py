"""Variances, covariances and correlations of spike counts in windows."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..equilibrium._working_points import as_mean_field
from ..errors import as_float, require
from ..network import MeanField
from ..neurons import Network
from ._point import rates_of, warn_unless_stable
from ._quadrature import integral
from ._spectra import evaluated

__all__ = ["CountStatistics", "count_statistics"]

_TOLERANCE = 1e-6
_TURNS = 30.0  # frequency times window above which sin^2 counts as its mean
_STEPS = 0.02, 0.2  # kHz, of panels, from low to high frequencies
_FASTEST = 20.0  # kHz: beyond, or beyond 2000/window if that is less, spectra are flat


class CountStatistics(NamedTuple):
    """Statistics of counts per unit time; see `count_statistics`."""

    variance: np.ndarray
    covariance: np.ndarray
    correlation: np.ndarray
    activity: np.ndarray


def count_statistics(
    window: npt.ArrayLike,
    net: MeanField | Network,
    point: Any,
    *,
    source: str = "renewal",
    refractory: bool = True,
    noise_response: bool = True,
) -> CountStatistics:
    """Variances and correlations of spike counts, of neurons and of populations.

    Parameters
    ----------
    window : array_like
        Length of the windows [ms], any shape; infinite for long windows.
    net, point, source, refractory, noise_response
        As for `cross_spectra`.

    Returns
    -------
    CountStatistics
        ``variance`` (..., n): of a neuron's count, over the window [kHz]; the rate times
        the Fano factor. ``covariance`` (..., n, n): mean of the covariances of the counts
        of two different neurons, over the window [kHz]; 0 within a population of one
        neuron. ``correlation`` (..., n, n): covariance over the root of the variances; 0
        for silent neurons. ``activity`` (..., n, n): covariances of the populations' rates
        [kHz^2], of counts over window and size: finite-size noise. 0 for infinite windows.

    Raises
    ------
    ValueError, TypeError
        As for `cross_spectra`; or if a window is not positive.

    Notes
    -----
    With the spectra C of the activities and S of a neuron,

    activity = int C(f) sinc^2(f T) df,  variance = T int S(f) sinc^2(f T) df,
    covariance_ab = T activity_ab for a != b, and within a population
    (T activity_aa N_a - variance_a)/(N_a - 1) [1]_.

    Adaptive quadrature to 1e-6, up to 20 kHz or 2000/T; beyond 30/T sin^2 counts as its
    mean: 1e-4 of what the correlations add.

    References
    ----------
    .. [1] T. Tetzlaff, M. Helias, G. T. Einevoll, M. Diesmann, PLoS Comput. Biol. 8,
       e1002596 (2012), doi:10.1371/journal.pcbi.1002596

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.fluctuations import count_statistics
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> found = count_statistics([10.0, 100.0, np.inf], net, [0.03795, 0.03795])
    >>> (1e4 * found.correlation[:, 0, 0]).round(2)
    array([112.21,  68.17,  59.76])
    """
    given = as_float("window", window).astype(np.float64)
    net = as_mean_field(net)
    require(given > 0, "window", "must be positive (ms)", given)
    options = {"refractory": refractory, "noise_response": noise_response}
    found = [_at(T, net, point, source, options) for T in given.reshape(-1)]
    warn_unless_stable(net, point, options)
    activity, variance, long = (
        np.array(x).reshape(*given.shape, *np.shape(x[0]))
        for x in zip(*found, strict=True)
    )
    N = net.sizes
    own = variance[..., None] * np.eye(net.n)
    # of the sum over all pairs in which a neuron is not paired with itself
    pairs = np.outer(N, N) - np.diag(N)
    summed = long * np.outer(N, N) - own * N
    covariance = _ratio(summed, pairs)
    scale = np.sqrt(variance[..., :, None] * variance[..., None, :])
    correlation = _ratio(covariance, scale)
    return CountStatistics(variance, covariance, correlation, activity)


def _at(
    T: float, net: MeanField, point: Any, source: str, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return covariances of rates; variance of counts, covariances of rates, times T."""

    def spectra(f: np.ndarray) -> np.ndarray:
        _, (C, S) = evaluated(f, net, point, source, options)
        return np.concatenate([np.real(C), S[..., None]], axis=-1)

    if np.isinf(T):
        long = spectra(np.zeros(1))[0]
        return np.zeros((net.n, net.n)), long[:, -1], long[:, :-1]
    rate = rates_of(net, point)
    flat = np.concatenate([np.diag(rate / net.sizes), rate[:, None]], axis=-1)
    root = np.sqrt(net.sizes)
    # to the scale of single neurons, at which errors are judged
    factor = np.concatenate([np.outer(root, root), np.ones((net.n, 1))], axis=-1)

    def filtered(f: np.ndarray) -> np.ndarray:
        weight = 2.0 * T * np.sinc(f * T) ** 2
        return weight[:, None, None] * (spectra(f) - flat) * factor

    def averaged(f: np.ndarray) -> np.ndarray:
        weight = 1.0 / (T * (np.pi * f) ** 2)
        return weight[:, None, None] * (spectra(f) - flat) * factor

    last = min(_FASTEST, max(1.0, 2000.0 / T))
    turn = min(_TURNS / T, last)
    tolerance = _TOLERANCE * float(rate.max())
    added = integral(filtered, _edges(0.0, turn, 4.0 / T), tolerance)
    if turn < last:
        added = added + integral(averaged, _edges(turn, last, last), tolerance)
    long = flat + added / factor
    return long[:, :-1] / T, long[:, -1], long[:, :-1]


def _edges(low: float, high: float, widest: float) -> np.ndarray:
    fine, coarse = (min(step, widest) for step in _STEPS)
    change = min(max(low, 0.4), high)
    first, second = (
        np.linspace(a, b, 1 + max(1, int(np.ceil((b - a) / step))))
        for a, b, step in ((low, change, fine), (change, high, coarse))
    )
    return np.unique(np.r_[first, second])


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide; 0 where the denominator is."""
    below = np.broadcast_to(denominator, numerator.shape)
    return np.divide(numerator, below, out=np.zeros_like(numerator), where=below > 0)
