"""Estimates and standard errors from sums over independent replicas.

Each replica contributes one row of sums; every statistic is a function of the sums over
all replicas. The delete-one jackknife then gives its standard error from nothing but
the independence of the replicas, and removes its bias of order 1/replicas.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["Measurement", "Sums", "interval_sums", "jackknife", "statistics"]


class Measurement(NamedTuple):
    """A named estimate, its standard error, and the error's degrees of freedom."""

    name: str
    value: float
    stderr: float
    df: int


class Sums(NamedTuple):
    """Columns of a replica's row, summed over the neurons of the replica.

    neurons: their number; spikes: spikes in the observed time; intervals: number of
    intervals; t1, t2, t3: sums of powers of (interval - centre) [ms, ...]; variance:
    count variance per unit time [kHz]; plus, minus: count covariance per unit time
    [kHz] of a pair with positive and with negative input correlation (0 for single
    neurons).
    """

    neurons: np.ndarray
    spikes: np.ndarray
    intervals: np.ndarray
    t1: np.ndarray
    t2: np.ndarray
    t3: np.ndarray
    variance: np.ndarray
    plus: np.ndarray
    minus: np.ndarray


def interval_sums(moments: np.ndarray, centre: float) -> tuple[np.ndarray, ...]:
    """Return number and power sums about `centre` from a simulation's power sums.

    Parameters
    ----------
    moments : numpy.ndarray
        (..., >= 5): number, a reference [ms], and the sums of the first three powers of
        (interval - reference); ``SimulationResult.moments`` begins like this.
    centre : float
        A number near the mean [ms], so that nothing cancels later.

    Returns
    -------
    tuple of numpy.ndarray
        Number, and sums of (interval - centre)**p for p = 1, 2, 3.

    Notes
    -----
    Means and SDs of single replicas would not do: each is biased by few intervals, and
    what removes the bias from one replica adds it to the pool.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> row = np.array([3, 1.0, 0 + 1 + 5, 0 + 1 + 25, 0 + 1 + 125])  # about 1
    >>> [float(s) for s in interval_sums(row, 2.0)]
    [3.0, 3.0, 17.0, 63.0]
    >>> [float(((x - 2) ** p).sum()) for p in range(4)]
    [3.0, 3.0, 17.0, 63.0]
    """
    n, reference, s1, s2, s3 = (moments[..., i] for i in range(5))
    d = reference - centre
    return (
        n,
        s1 + n * d,
        s2 + 2 * d * s1 + n * d**2,
        s3 + 3 * d * s2 + 3 * d**2 * s1 + n * d**3,
    )


def statistics(
    sums: Sums, *, centre: float, duration: float, window: float
) -> dict[str, np.ndarray]:
    """Return every statistic of summed rows.

    Parameters
    ----------
    sums : Sums
        Sums over replicas (any shape).
    centre, duration, window : float
        Centre of the power sums, observed time of a replica, counting window [ms].

    Returns
    -------
    dict of str to numpy.ndarray
        ``rate`` [kHz]; ``cv`` of the intervals; ``std`` = sqrt(rate) cv [sqrt(kHz)];
        ``fano_window``, the Fano factor in the window; ``fano``, the same freed of the
        window; ``correlation`` and ``correlation_even``, the odd and the even part in
        the input correlation of the output correlation.

    Notes
    -----
    The count variance of a stationary renewal process in a time W is

        Var N(W) = cv^2 r W + e + o(1),  e = 1/6 + cv^4/2 - m3/(3 m1^3)

    with m1 the mean and m3 the third central moment of the intervals [1]_, up to
    exponentially small terms. The sample variance over k windows of one replica
    expects Var N(W) - Var N(k W)/k^2, times k/(k - 1): so e appears as e (1 + 1/k).

    References
    ----------
    .. [1] D. R. Cox, Renewal Theory, Methuen 1962, section 4.5
    """
    k = int(duration / window * (1 + 1e-12))
    with np.errstate(all="ignore"):
        rate = sums.spikes / (sums.neurons * duration)
        d1, d2, d3 = (t / sums.intervals for t in (sums.t1, sums.t2, sums.t3))
        mean = centre + d1
        variance = np.maximum(d2 - d1**2, 0.0)
        third = d3 - 3 * d1 * d2 + 2 * d1**3
        cv = np.sqrt(variance) / mean
        excess = 1 / 6 + cv**4 / 2 - third / (3 * mean**3)
        fano_window = sums.variance / sums.neurons / rate
        fano = fano_window - excess * (1 + 1 / k) / (rate * window)
        # Pairs have four neurons: two with either sign of the correlation.
        pairs = sums.neurons / 4 * rate * cv**2
        plus, minus = sums.plus / pairs, sums.minus / pairs
    return {
        "rate": rate,
        "cv": cv,
        "std": np.sqrt(rate) * cv,
        "fano": fano,
        "fano_window": fano_window,
        "correlation": (plus - minus) / 2,
        "correlation_even": (plus + minus) / 2,
    }


def jackknife(
    rows: Sums, statistics: Callable[[Sums], dict[str, np.ndarray]]
) -> list[Measurement]:
    """Estimate every statistic with its standard error.

    Parameters
    ----------
    rows : Sums
        One row per replica.
    statistics : callable
        From sums to named statistics, elementwise.

    Returns
    -------
    list of Measurement

    Notes
    -----
    value = n q - (n - 1) <q_i>, stderr^2 = (n - 1) var(q_i), where q_i leaves out
    replica i [1]_.

    References
    ----------
    .. [1] B. Efron, C. Stein, Ann. Stat. 9, 586 (1981), doi:10.1214/aos/1176345462

    Examples
    --------
    >>> rows = Sums(*np.ones((9, 3)))._replace(spikes=np.array([1.0, 2.0, 3.0]))
    >>> jackknife(rows, lambda s: {"mean": s.spikes / s.neurons})
    [Measurement(name='mean', value=2.0, stderr=0.5773502691896257, df=2)]
    """
    n = len(rows.neurons)
    totals = Sums(*(np.sum(column) for column in rows))
    whole = statistics(totals)
    parts = statistics(Sums(*(t - c for t, c in zip(totals, rows, strict=True))))
    found = []
    for name, value in whole.items():
        left_out = parts[name]
        centre = left_out.mean()
        estimate = n * float(value) - (n - 1) * float(centre)
        stderr = float(np.sqrt((n - 1) / n * np.sum((left_out - centre) ** 2)))
        found.append(Measurement(name, estimate, stderr, n - 1))
    return found
