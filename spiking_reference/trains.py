"""Spike trains that are drawn beforehand, as sources for networks.

`PoissonSource` draws homogeneous trains during a simulation, which needs no memory; these
functions return the spikes themselves, to use them again or to look at them.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import SpikeSource, as_float, require

from .arguments import number

__all__ = ["correlated_poisson", "inhomogeneous_poisson", "poisson", "regular"]

_VALUES = 1 << 20  # numbers at a time


def poisson(
    rate: npt.ArrayLike, *, duration: float, n: int | None = None, rng: Any = None
) -> SpikeSource:
    """Draw independent Poisson trains.

    Parameters
    ----------
    rate : array_like
        Rate, or rates (n,) [kHz].
    duration : float
        Time [ms] from the start of the simulation, warm-up included.
    n : int, optional
        Number of trains; by default that of the rates.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness.

    Returns
    -------
    SpikeSource

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind or out of range.

    Examples
    --------
    >>> from spiking_reference import trains
    >>> trains.poisson([0.01, 0.1], duration=1000.0, rng=1).n
    2
    """
    rates = _rates(rate)
    size = _size(n, rates.size if rates.ndim else 1)
    if rates.shape not in ((), (size,)):
        raise ValueError(
            f"`rate` must be a number or of shape (n,) = ({size},); got shape "
            f"{rates.shape}"
        )
    duration, g = _duration(duration), np.random.default_rng(rng)
    counts = g.poisson(np.broadcast_to(rates * duration, size))
    times = g.uniform(0.0, duration, counts.sum())
    return _source(times, np.repeat(np.arange(size), counts), size)


def inhomogeneous_poisson(
    rate: Callable[[np.ndarray], npt.ArrayLike],
    maximum: float,
    *,
    duration: float,
    n: int = 1,
    rng: Any = None,
) -> SpikeSource:
    """Draw independent Poisson trains with rates that change in time, by thinning.

    Parameters
    ----------
    rate : callable
        Function of times (k,) [ms] that returns rates (k,) or (k, n) [kHz].
    maximum : float
        A bound of the rates [kHz]; the tighter, the faster.
    duration : float
        Time [ms] from the start of the simulation, warm-up included.
    n : int, optional
        Number of trains.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness.

    Returns
    -------
    SpikeSource

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind or out of range, or a rate is found above
        `maximum` (it is looked at where a spike may be).

    Notes
    -----
    Of the spikes of a Poisson process with rate `maximum`, each is kept with probability
    rate(t)/maximum, independently [1]_.

    References
    ----------
    .. [1] P. A. W. Lewis, G. S. Shedler, Naval Res. Logistics Q. 26, 403 (1979),
       doi:10.1002/nav.3800260304

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import trains
    >>> wave = lambda t: 0.05 * (1.0 + np.sin(0.02 * np.pi * t))
    >>> trains.inhomogeneous_poisson(wave, 0.1, duration=500.0, n=20, rng=1).n
    20
    """
    duration, size = _duration(duration), _size(n, 1)
    maximum = number("maximum", maximum)
    require(maximum >= 0, "maximum", "must not be negative (kHz)", maximum)
    g, total = np.random.default_rng(rng), size * maximum
    width = size if np.ndim(rate(np.zeros(1))) == 2 else 1
    stretches = max(1, int(np.ceil(total * duration * width / _VALUES)))
    edges = np.linspace(0.0, duration, stretches + 1)
    times, sources = [], []
    for a, b in pairwise(edges):
        t = np.sort(g.uniform(a, b, g.poisson(total * (b - a))))
        who = g.integers(size, size=t.size)
        kept = g.uniform(0.0, maximum, t.size) < _rates_at(rate, t, who, size, maximum)
        times.append(t[kept])
        sources.append(who[kept])
    return SpikeSource(n=size, times=np.concatenate(times), sources=_joined(sources))


def correlated_poisson(
    rate: float, correlation: float, *, duration: float, n: int, rng: Any = None
) -> SpikeSource:
    """Draw Poisson trains that share spikes, by thinning of one mother process.

    Parameters
    ----------
    rate : float
        Rate of each train [kHz].
    correlation : float
        Correlation of the counts of any two trains, in (0, 1]; `poisson` is for 0.
    duration : float
        Time [ms] from the start of the simulation, warm-up included.
    n : int
        Number of trains.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness.

    Returns
    -------
    SpikeSource

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind or out of range.

    Notes
    -----
    Each spike of a Poisson process with rate/correlation goes to each train with
    probability `correlation`, independently [1]_. Coincidences are exact, and those of m
    trains occur with rate*correlation^(m-1): there are correlations of all orders. The
    counts of any window have the correlation given.

    References
    ----------
    .. [1] A. Kuhn, A. Aertsen, S. Rotter, Neural Comput. 15, 67 (2003),
       doi:10.1162/089976603321043702

    Examples
    --------
    >>> from spiking_reference import trains
    >>> inputs = trains.correlated_poisson(0.01, 0.2, duration=1000.0, n=50, rng=1)
    >>> inputs.n
    50
    """
    rate, correlation = number("rate", rate), number("correlation", correlation)
    require(rate >= 0, "rate", "must not be negative (kHz)", rate)
    require(
        0.0 < correlation <= 1.0,
        "correlation",
        "must be above 0 and at most 1",
        correlation,
        "for independent trains use `poisson`",
    )
    duration, size, g = _duration(duration), _size(n, 1), np.random.default_rng(rng)
    mother = np.sort(g.uniform(0.0, duration, g.poisson(rate / correlation * duration)))
    at_once = max(1, _VALUES // size)
    times, sources = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for first in range(0, mother.size, at_once):
        part = mother[first : first + at_once]
        spike, who = np.nonzero(g.random((part.size, size)) < correlation)
        times.append(part[spike])
        sources.append(who)
    return SpikeSource(n=size, times=np.concatenate(times), sources=_joined(sources))


def regular(
    interval: float,
    *,
    duration: float,
    n: int = 1,
    start: float | None = None,
    jitter: float = 0.0,
    rng: Any = None,
) -> SpikeSource:
    """Make regular trains, whose spikes may be displaced independently.

    Parameters
    ----------
    interval : float
        Time between spikes [ms].
    duration : float
        Time [ms] from the start of the simulation, warm-up included. Spikes beyond, and
        those displaced to before the start, are left out.
    n : int, optional
        Number of trains.
    start : float, optional
        Time of the first spike [ms]; by default one interval.
    jitter : float, optional
        Standard deviation of Gaussian displacements [ms].
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness of the displacements.

    Returns
    -------
    SpikeSource

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind or out of range.

    Examples
    --------
    >>> from spiking_reference import trains
    >>> trains.regular(10.0, duration=35.0).times
    array([10., 20., 30.])
    """
    interval, jitter = number("interval", interval), number("jitter", jitter)
    begin = interval if start is None else number("start", start)
    require(interval > 0, "interval", "must be positive (ms)", interval)
    require(jitter >= 0, "jitter", "must not be negative (ms)", jitter)
    require(begin >= 0, "start", "must not be negative (ms)", begin)
    duration, size = _duration(duration), _size(n, 1)
    grid = begin + interval * np.arange(max(0, int((duration - begin) / interval) + 2))
    grid = grid[grid <= duration]
    times = np.tile(grid, size)
    if jitter > 0:
        times = times + jitter * np.random.default_rng(rng).standard_normal(times.size)
    sources = np.repeat(np.arange(size), grid.size)
    inside = (times >= 0) & (times <= duration)
    return _source(times[inside], sources[inside], size)


def _rates(rate: npt.ArrayLike) -> np.ndarray:
    rates = as_float("rate", rate).astype(np.float64)
    if rates.ndim > 1:
        raise ValueError(f"`rate` must be of shape () or (n,); got shape {rates.shape}")
    good = (rates >= 0) & np.isfinite(rates)
    require(good, "rate", "must be finite and not negative (kHz)", rates)
    return rates


def _rates_at(
    rate: Callable, t: np.ndarray, who: np.ndarray, n: int, maximum: float
) -> np.ndarray:
    """Return the rate of train who[i] at t[i], checked."""
    found = as_float("rate(t)", rate(t))
    if found.shape not in ((t.size,), (t.size, n)):
        raise ValueError(
            f"`rate` must return shape (times,) or (times, n) = ({t.size}, {n}); got "
            f"{found.shape}"
        )
    good = (found >= 0) & (found <= maximum)
    words = f"must be from 0 to `maximum`={maximum} (kHz)"
    require(good, "rate", words, found, "give a larger `maximum`")
    return found if found.ndim == 1 else found[np.arange(t.size), who]


def _duration(duration: float) -> float:
    duration = number("duration", duration)
    require(duration > 0, "duration", "must be positive (ms)", duration)
    return duration


def _size(n: Any, default: int) -> int:
    size = default if n is None else n
    if isinstance(size, bool) or not isinstance(size, int | np.integer):
        raise TypeError(f"`n` must be an integer; got {size!r}")
    require(size >= 1, "n", "must be positive", size)
    return int(size)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts).astype(np.int64)


def _source(times: np.ndarray, sources: np.ndarray, n: int) -> SpikeSource:
    """Sort by time."""
    order = np.argsort(times, kind="stable")
    return SpikeSource(n=n, times=times[order], sources=sources[order])
