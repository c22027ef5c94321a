"""How much neurons do together: fluctuations of what a population sums or averages."""

from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import as_float, require

from ..network_result import PopulationResult
from ..results import SpikeTrains
from ..statistics import Estimate
from .counts import Curve, activity_of, check_batches, chosen, counts_of, leave_out

__all__ = ["activity_cv", "activity_variance", "count_synchrony", "voltage_synchrony"]


def voltage_synchrony(traces: npt.ArrayLike, *, batches: int = 20) -> Estimate:
    """Golomb's measure chi of the synchrony of voltages.

    Parameters
    ----------
    traces : array_like
        Voltages (neurons, samples), as in ``run["E"].traces["V"]``.
    batches : int, optional
        Batches of samples that the jackknife leaves out in turn; each should be longer
        than the correlation time.

    Returns
    -------
    Estimate
        Two floats: 1 for identical voltages, about 1/sqrt(n) for independent ones.

    Raises
    ------
    TypeError, ValueError
        If it is no array of two dimensions, or voltages do not vary.

    Notes
    -----
    chi^2 = Var_t(mean_i V_i)/mean_i(Var_t V_i) [1]_. The spread of chi about 1/sqrt(n)
    falls with time, 1/sqrt(n) itself only with the number of neurons.

    References
    ----------
    .. [1] D. Golomb, Scholarpedia 2(1), 1347 (2007), doi:10.4249/scholarpedia.1347

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import voltage_synchrony
    >>> round(voltage_synchrony(np.tile(np.sin(np.arange(400.0)), (5, 1))).value, 6)
    1.0
    """
    V = as_float("traces", traces)
    if V.ndim != 2:
        raise ValueError(f"`traces` must be (neurons, samples); got shape {V.shape}")
    batches = check_batches(batches, V.shape[1] // 2, "pairs of samples")
    require(np.ptp(V) > 0, "traces", "must vary", V.flat[0])

    def chi(keep: np.ndarray) -> np.float64:
        kept = V[:, keep]
        return np.sqrt(kept.mean(axis=0).var() / kept.var(axis=1).mean())

    return _floats(leave_out(chi, V.shape[1], batches))


def activity_cv(
    population: PopulationResult | SpikeTrains,
    *,
    bin: float | None = None,
    batches: int = 20,
) -> Estimate:
    """SD of the population's rate in bins over its mean.

    Parameters
    ----------
    population : PopulationResult or SpikeTrains
        The activity of all neurons, or the spikes of those that were recorded.
    bin : float, optional
        Width of the bins [ms]; see `activity_spectrum`.
    batches : int, optional
        Batches of bins that the jackknife leaves out in turn.

    Returns
    -------
    Estimate
        Two floats. n independent Poisson neurons of rate r have 1/sqrt(n r bin); see
        `count_synchrony` for the ratio to independent neurons of any kind.

    Raises
    ------
    TypeError, ValueError
        If there is no activity, or too few bins.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, activity_cv
    >>> trains = SpikeTrains(
    ...     times=np.arange(0.5, 100.0), neurons=np.zeros(100, dtype=int), t_start=0.0,
    ...     t_stop=100.0, n_neurons=1,
    ... )
    >>> activity_cv(trains, bin=2.0)
    Estimate(value=0.0, stderr=0.0)
    """
    activity, _, _ = activity_of(population, bin)
    batches = check_batches(batches, activity.size // 2, "pairs of bins")
    require(activity.any(), "population", "must have fired; its spikes are", 0)

    def cv(keep: np.ndarray) -> np.float64:
        return activity[keep].std(ddof=1) / activity[keep].mean()

    return _floats(leave_out(cv, activity.size, batches))


def count_synchrony(
    spikes: SpikeTrains, bin: float, *, neurons: Any = None, batches: int = 20
) -> Estimate:
    """Variance of the population's spike count over that of independent neurons.

    Parameters
    ----------
    spikes : SpikeTrains
        Recorded spikes.
    bin : float
        Width of the bins [ms].
    neurons : array_like of int, optional
        Neurons to look at; by default all that were recorded.
    batches : int, optional
        Batches of bins that the jackknife leaves out in turn.

    Returns
    -------
    Estimate
        Two floats: 1 for independent neurons, n for n identical ones.

    Raises
    ------
    TypeError, ValueError
        If there are no spikes recorded, or too few bins.

    Notes
    -----
    Var(sum_i n_i)/sum_i Var(n_i) = 1 + (n - 1) c/v with the mean variance v of a count and
    the mean covariance c of two.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, count_synchrony
    >>> trains = SpikeTrains(
    ...     times=np.tile([5.0, 8.0, 31.0, 57.0, 76.0], 3),
    ...     neurons=np.repeat([0, 1, 2], 5), t_start=0.0, t_stop=80.0, n_neurons=3,
    ... )
    >>> round(count_synchrony(trains, 10.0, batches=2).value, 6)
    3.0
    """
    counts = counts_of(spikes, chosen(spikes, neurons), bin, least=4)
    batches = check_batches(batches, counts.shape[1] // 2, "pairs of bins")
    require(np.ptp(counts) > 0, "spikes", "must vary between bins", 0)
    total = counts.sum(axis=0)

    def synchrony(keep: np.ndarray) -> np.float64:
        return total[keep].var() / counts[:, keep].var(axis=1).sum()

    return _floats(leave_out(synchrony, total.size, batches))


def activity_variance(
    spikes: SpikeTrains,
    bin: float,
    sizes: npt.ArrayLike,
    *,
    neurons: Any = None,
    batches: int = 20,
) -> Curve:
    """Variance of the rate of a population of m of the neurons, for several m.

    Parameters
    ----------
    spikes, bin, neurons, batches
        As for `count_synchrony`.
    sizes : array_like of int
        Numbers m of neurons.

    Returns
    -------
    Curve
        Sizes x, and variances [kHz^2] of the mean rate of m neurons in bins.

    Raises
    ------
    TypeError, ValueError
        If there are no spikes of two neurons recorded, or too few bins.

    Notes
    -----
    The mean over all choices of m neurons, which is v/m + (1 - 1/m) c with the mean
    variance v and covariance c of counts over bin^2: independent neurons fall as 1/m,
    synchronous ones stay at c. No choice is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, activity_variance
    >>> rng = np.random.default_rng(1)
    >>> trains = SpikeTrains(
    ...     times=rng.uniform(0.0, 1e4, 20000), neurons=np.repeat(np.arange(100), 200),
    ...     t_start=0.0, t_stop=1e4, n_neurons=100,
    ... )
    >>> value = activity_variance(trains, 5.0, [1, 10, 100]).value
    >>> (value[0] / value).round(0)
    array([ 1., 10., 97.])
    """
    sizes = np.atleast_1d(np.asarray(sizes))
    require(sizes >= 1, "sizes", "must be at least 1", sizes)
    counts = counts_of(spikes, chosen(spikes, neurons), bin, least=4)
    batches = check_batches(batches, counts.shape[1] // 2, "pairs of bins")
    n = counts.shape[0]
    require(n >= 2, "neurons", "must be two or more", n)
    total = counts.sum(axis=0)

    def variance(keep: np.ndarray) -> np.ndarray:
        own = counts[:, keep].var(axis=1, ddof=1).sum()
        shared = (total[keep].var(ddof=1) - own) / (n * (n - 1))
        return (own / n / sizes + (1 - 1 / sizes) * shared) / bin**2

    return Curve(sizes, *leave_out(variance, total.size, batches))


def _floats(found: tuple[Any, Any]) -> Estimate:
    value, stderr = found
    return Estimate(float(value), float(stderr))
