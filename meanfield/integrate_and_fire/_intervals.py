"""Intervals between spikes: moments, density, survivor and hazard."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..neurons import LIF
from ..renewal import IntervalDistribution, first_passage
from ._evaluate import Neuron, check, evaluate
from ._stationary import stationary

# Inversion of Laplace transforms by the Fourier series of Abate & Whitt (1992): the error
# of the series is e^-_DAMPING; Euler's method sums its tail with _AVERAGED terms.
_DAMPING = 18.4
_AVERAGED = 11
_TERMS, _TERMS_REGULAR = 18, 12.0  # plain terms: these, and these over the CV
_LEAST_CV = 1e-4  # of a density that can be inverted
_TRANSIT = 1e-9
_LAST = 1e-7  # survivor where a tabulated distribution ends
_NODES, _NODES_IN_SPREAD = 800, 30.0  # of a table
_TRUSTED, _SETTLED = 1e-3, 1e-4  # survivor above which hazards are known, to this


class IntervalMoments(NamedTuple):
    """Moments of the inter-spike interval; see `interval_moments`."""

    mean: Any
    std: Any
    skewness: Any
    kurtosis: Any


def interval_moments(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> IntervalMoments:
    """Mean, standard deviation, skewness and excess kurtosis of the interval.

    Parameters
    ----------
    mu, sigma, neuron, threads
        As for `stationary`.

    Returns
    -------
    IntervalMoments
        ``mean`` and ``std`` [ms], ``skewness`` and ``kurtosis`` (that of a normal
        distribution is 0), each of the broadcast shape. For a silent neuron infinite
        mean and std, and the shape (2, 6) of an exponential distribution.

    Raises
    ------
    ValueError, TypeError
        As for `stationary`.

    Notes
    -----
    Cumulants of the first passage time solve equations with positive sources,
    D y' = w u - F y and D z' = 4 w y + u^2 - F z beside those of `stationary`: the third is
    12 D^2 int y, the fourth 24 D^3 int z over [V_reset, V_th]. Measured: 1e-6 or better.

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import interval_moments
    >>> [round(float(x), 4) for x in interval_moments(1.0, 1.0, LIF())]
    [54.8337, 22.0011, 1.579, 4.1573]
    """
    check(neuron, mu, sigma)
    from . import _cumulants

    inputs = {"mu": mu, "sigma": sigma}
    return IntervalMoments(
        *evaluate(_cumulants.cumulants, 4, inputs, neuron, 1e-8, threads)
    )


def interval_density(
    t: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Probability density of the inter-spike interval.

    Parameters
    ----------
    t : array_like
        Time since the last spike [ms].
    mu, sigma, neuron, threads
        As for `stationary`; `sigma` positive.

    Returns
    -------
    numpy.ndarray or float
        [1/ms] of the broadcast shape; 0 up to t_ref.

    Raises
    ------
    ValueError
        As for `stationary`; if `sigma` is 0, or so small that the CV is below 1e-4, or `t`
        is infinite.
    TypeError
        As for `stationary`.

    Notes
    -----
    Inverse Laplace transform of E exp(-s T) by a Fourier series with Euler summation [1]_.
    Error 1e-7 of the maximum of the density. For many evaluations tabulate it:
    `interval_distribution`.

    References
    ----------
    .. [1] J. Abate, W. Whitt, Queueing Syst. 10, 5 (1992), doi:10.1007/BF01158520

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import interval_density
    >>> interval_density([4.0, 40.0, 100.0], 1.0, 1.0, LIF()).round(6)
    array([0.      , 0.024629, 0.00218 ])
    """
    return _invert(t, mu, sigma, neuron, threads)[0]


def survivor(
    t: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Probability that the inter-spike interval is longer than `t`.

    Parameters
    ----------
    t, mu, sigma, neuron, threads
        As for `interval_density`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape; error 1e-7.

    Raises
    ------
    ValueError, TypeError
        As for `interval_density`.

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import survivor
    >>> survivor([4.0, 40.0, 100.0], 1.0, 1.0, LIF()).round(5)
    array([1.     , 0.73559, 0.04364])
    """
    return _invert(t, mu, sigma, neuron, threads)[1]


def hazard(
    t: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Rate of firing at the time `t` after the last spike.

    Parameters
    ----------
    t, mu, sigma, neuron, threads
        As for `interval_density`.

    Returns
    -------
    numpy.ndarray or float
        [1/ms] of the broadcast shape.

    Raises
    ------
    ValueError
        As for `interval_density`, and where the survivor function is below 1e-4, which
        leaves nothing to divide by: `interval_distribution` has a tail.
    TypeError
        As for `interval_density`.

    Notes
    -----
    density/survivor; relative error 1e-7/survivor.

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import hazard
    >>> hazard([4.0, 40.0, 100.0], 1.0, 1.0, LIF()).round(5)
    array([0.     , 0.03348, 0.04995])
    """
    density, left = _invert(t, mu, sigma, neuron, threads)
    require(
        ~(left < 1e-4), "t", "must not be where less than 1e-4 of the intervals are longer",
        np.broadcast_to(t, np.shape(left)),
        "take interval_distribution(...).hazard(t)",
    )  # fmt: skip
    return density / left


def interval_distribution(
    mu: float, sigma: float, neuron: Neuron
) -> IntervalDistribution:
    """Tabulate the intervals of one neuron: quantiles, spike counts, sampling.

    Parameters
    ----------
    mu, sigma : float
        Mean drive [mV/ms] and noise intensity [mV/sqrt(ms)], positive.
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Neuron parameters, plain numbers.

    Returns
    -------
    IntervalDistribution
        With the density of `interval_density` (for the `LIF` that of
        `meanfield.renewal.first_passage`), and an exponential tail from where the hazard
        is constant or less than 1e-7 of the intervals are longer.

    Raises
    ------
    ValueError
        As for `interval_density`; if the parameters are arrays or the neuron is silent.
    TypeError
        As for `interval_density`.

    Examples
    --------
    >>> from meanfield.integrate_and_fire import interval_distribution
    >>> from meanfield.neurons import EIF
    >>> intervals = interval_distribution(1.0, 2.0, EIF())
    >>> intervals.quantile([0.05, 0.5]).round(2)
    array([24.46, 55.1 ])
    """
    if isinstance(neuron, LIF):
        return first_passage(mu, sigma, neuron)
    if neuron.shape or np.ndim(mu) or np.ndim(sigma):
        raise ValueError(
            "`mu`, `sigma` and `neuron` must be plain numbers, of one neuron; make one "
            "distribution for each"
        )
    found = stationary(mu, sigma, neuron)
    require(sigma > 0, "sigma", "must be positive for a density to exist", sigma)
    require(found.rate > 0, "mu", "must make the neuron fire", mu)
    onset = float(neuron.t_ref)
    mean = 1.0 / float(found.rate) - onset
    spread = min(float(found.std) / float(found.rate) ** 1.5, mean)
    end = _end(mean, spread, onset, mu, sigma, neuron)
    n = math.ceil(max(_NODES, _NODES_IN_SPREAD * end / spread))
    times = onset + np.linspace(0.0, end, n + 1)
    density, left = _invert(times, mu, sigma, neuron, None)
    return IntervalDistribution(
        step=end / n,
        values=density,
        tail_rate=float(density[-1] / left[-1]),
        onset=onset,
    )


def _end(mean, spread, onset, mu, sigma, neuron) -> float:
    """Return when no more than an exponential tail is left."""
    times = np.geomspace(1e-4 * mean, mean + 20.0 * spread, 400)
    times = np.sort(np.append(times, mean + spread * np.linspace(-3.0, 20.0, 200)))
    times = times[times > 0]
    density, left = _invert(onset + times, mu, sigma, neuron, None)
    clear = left > _TRUSTED
    hazards = density[clear] / left[clear]
    if not hazards.size:
        return float(times[0])
    settled = abs(hazards / hazards[-1] - 1.0) < _SETTLED
    changing = np.flatnonzero(~settled)
    k = changing[-1] + 1 if changing.size else 0
    if k < 0.8 * clear.sum():
        return float(2.0 * times[k])
    return float(times[np.flatnonzero(left > _LAST)[-1]])


def _invert(t, mu, sigma, neuron, threads) -> tuple[Any, Any]:
    """Return density and survivor function at `t`."""
    check(neuron, mu, sigma)
    noise = as_float("sigma", sigma)
    require(~(noise == 0), "sigma", "must be positive for a density to exist", noise)
    given = as_float("t", t)
    require(~np.isinf(given), "t", "must be finite (ms)", given)
    from . import _response

    found = stationary(mu, sigma, neuron, tolerance=1e-3, threads=threads)
    regular = np.where(found.rate > 0, found.cv, 1.0)
    least = float(np.nanmin(regular, initial=1.0))
    too_regular = (
        f"must make intervals vary by a CV of {_LEAST_CV:g}; it is {least:.2g}"
    )
    require(least >= _LEAST_CV, "sigma", too_regular, noise)
    n = _TERMS + math.ceil(_TERMS_REGULAR / least)
    late = given - np.asarray(neuron.t_ref)
    shape = np.broadcast_shapes(late.shape, np.shape(found.rate))
    late, rate = np.broadcast_to(late, shape), np.broadcast_to(found.rate, shape)
    time = np.where(late > 0, late, 1.0)[..., None]
    k = np.arange(n + _AVERAGED + 1)
    inputs = {
        "s": 0.5 * _DAMPING / time,
        "frequency": k * math.pi / time,
        "mu": np.asarray(mu)[..., None],
        "sigma": noise[..., None],
    }
    s = inputs["s"] + 1j * inputs["frequency"]
    re, im = evaluate(
        _response.transits, 2, inputs, _per_row(neuron), _TRANSIT, threads
    )
    with np.errstate(invalid="ignore"):
        transit = re + 1j * im - np.asarray(neuron.t_ref)[..., None]
        transform = np.where(np.isinf(re), 0.0, np.exp(-s * transit))
    before = np.asarray(late > 0)
    density = np.where(before, _euler(transform, time, n), 0.0)
    left = np.where(before, _euler((1.0 - transform) / s, time, n), 1.0)
    unknown = np.isnan(rate + late)
    density = np.where(unknown, np.nan, np.maximum(density, 0.0))
    return density[()], np.where(unknown, np.nan, np.clip(left, 0.0, 1.0))[()]


def _euler(transform: np.ndarray, time: np.ndarray, n: int) -> np.ndarray:
    """Sum the alternating series of an inverse Laplace transform."""
    k = np.arange(transform.shape[-1])
    terms = np.where(k == 0, 0.5, 1.0) * (-1.0) ** k * np.real(transform)
    sums = np.cumsum(terms, axis=-1)[..., n:]
    weights = [math.comb(_AVERAGED, j) / 2**_AVERAGED for j in range(_AVERAGED + 1)]
    return math.exp(0.5 * _DAMPING) / time[..., 0] * (sums @ np.array(weights))


def _per_row(neuron: Neuron) -> Neuron:
    """Give array parameters an axis more, last."""
    from dataclasses import fields, replace

    arrays = {
        field.name: getattr(neuron, field.name)[..., None]
        for field in fields(neuron)
        if isinstance(getattr(neuron, field.name), np.ndarray)
    }
    return replace(neuron, **arrays)
