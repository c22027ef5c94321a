"""What a simulation returns: estimates on demand, and what was asked to be recorded."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import statistics
from .record import Record
from .statistics import Estimate

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["Recording", "SimulationResult", "SpikeTrains"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeTrains:
    """Recorded spikes.

    Parameters
    ----------
    times : numpy.ndarray
        Spike times [ms] from the end of the warm-up, sorted by neuron, then time.
    neurons : numpy.ndarray
        Flat index of the neuron of each spike.
    t_start, t_stop : float
        The recorded span [ms].
    n_neurons : int
        Number of neurons simulated, recorded or not.
    recorded : numpy.ndarray or None
        Flat indices of the neurons that were recorded; None for all of them.
    """

    times: np.ndarray
    neurons: np.ndarray
    t_start: float
    t_stop: float
    n_neurons: int
    recorded: np.ndarray | None = None

    def __repr__(self) -> str:
        kept = self.n_neurons if self.recorded is None else self.recorded.size
        return (
            f"SpikeTrains({self.times.size} spikes of {kept} neurons from "
            f"{self.t_start:g} to {self.t_stop:g} ms)"
        )

    def of(self, neuron: int) -> np.ndarray:
        """Return the spike times of one neuron [ms]."""
        return self.times[self.neurons == neuron]

    def to_neo(self) -> list:
        """Return a `neo.SpikeTrain` [ms] for each recorded neuron, silent ones, too.

        Their annotation `neuron` is the index. Elephant's functions take such lists.

        Raises
        ------
        ImportError
            Without Neo: ``pip install 'meanfield-theory[neo]'``.
        """
        from .exchange import spikes_neo

        return spikes_neo(self)

    def to_xarray(self) -> Any:
        """Return an `xarray.Dataset` with `time` [ms] and `neuron` of each spike.

        Raises
        ------
        ImportError
            Without xarray: ``pip install 'meanfield-theory[validation]'``.
        """
        from .exchange import spikes_dataset

        return spikes_dataset(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Recorded voltages.

    Parameters
    ----------
    t : numpy.ndarray
        Times (steps,) [ms] from the end of the warm-up.
    V : numpy.ndarray
        Voltages (neurons, steps) [mV]; V_reset while a neuron is refractory.
    neurons : numpy.ndarray
        Flat index of each row's neuron.
    """

    t: np.ndarray
    V: np.ndarray
    neurons: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulationResult:
    """The outcome of `simulate`; every estimate has the shape of the neurons.

    Parameters
    ----------
    plan : Plan
        What was simulated, with the key of its random streams.
    spike_counts : numpy.ndarray
        Spikes of each neuron in `duration` (flat).
    moments : numpy.ndarray
        Streamed interval moments (flat neurons, 8).
    sums : numpy.ndarray
        Streamed sums of windowed counts (flat neurons, windows, 5).
    pair_sums, pair_products : numpy.ndarray or None
        For a correlated drive, instead of `sums`: counts (groups, windows, batches, n)
        and their products (..., n, n), batch by batch.
    spikes : SpikeTrains or None
        Recorded spikes.
    voltage : Recording or None
        Recorded voltages.

    Notes
    -----
    An interval belongs to the run when the spike that opens it lies in it; neurons are
    simulated past the end until that interval closes. The intervals are therefore a
    fair sample: neither the incomplete first interval nor the long ones that the end
    would cut are missing in favour of short ones.
    """

    plan: "Plan"
    spike_counts: np.ndarray
    moments: np.ndarray
    sums: np.ndarray
    pair_sums: np.ndarray | None = None
    pair_products: np.ndarray | None = None
    spikes: SpikeTrains | None = None
    voltage: Recording | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the neurons."""
        return self.plan.shape

    def _shaped(self, estimate: Estimate) -> Estimate:
        value, stderr = (np.reshape(x, self.shape)[()] for x in estimate)
        return Estimate(value, stderr)

    def _square(self, found: Estimate) -> Estimate:
        shape = (*self.shape, self.shape[-1])
        return Estimate(*(np.reshape(x, shape) for x in found))

    @property
    def n_spikes(self) -> npt.NDArray[np.int64] | int:
        """Spikes of each neuron in `duration`."""
        return self.spike_counts.reshape(self.shape)[()]

    @property
    def n_intervals(self) -> npt.NDArray[np.int64] | int:
        """Interspike intervals of each neuron that the interval estimates rest on."""
        return self.moments[:, 0].astype(np.int64).reshape(self.shape)[()]

    @property
    def rate(self) -> Estimate:
        """Firing rate [kHz]: spikes over duration; exact without noise."""
        found = statistics.rate(self.spike_counts, self.moments, self.plan.duration)
        exact = self.plan.deterministic_rate()
        known = ~np.isnan(exact)
        value = np.where(known, exact, found.value)
        return self._shaped(Estimate(value, np.where(known, 0.0, found.stderr)))

    @property
    def isi_mean(self) -> Estimate:
        """Mean interspike interval [ms]; NaN with fewer than two intervals."""
        return self._shaped(statistics.interval_mean(self.moments))

    @property
    def isi_std(self) -> Estimate:
        """Standard deviation of the interspike intervals [ms]."""
        return self._shaped(statistics.interval_std(self.moments))

    @property
    def cv(self) -> Estimate:
        """Coefficient of variation of the interspike intervals."""
        return self._shaped(statistics.interval_cv(self.moments))

    @property
    def isi_skewness(self) -> Estimate:
        """Skewness of the interspike intervals."""
        return self._shaped(statistics.interval_skewness(self.moments))

    def _with_window(self, window: float) -> tuple["SimulationResult", int]:
        window = self.plan.check_window(window)
        found = np.flatnonzero(
            np.isclose(self.plan.windows, window, rtol=1e-12, atol=0)
        )
        if found.size:
            return self, int(found[0])
        from .engine import execute

        return execute(replace(self.plan, windows=(window,), record=Record())), 0

    def _pairs(self, window: float) -> tuple[tuple, Estimate]:
        run, i = self._with_window(window)
        batches, per_batch = run.plan.batching(i)
        sums, products = run.pair_sums, run.pair_products
        if sums is None or products is None:
            raise ValueError(
                "`drive.correlation` must be given for statistics of pairs; got None, "
                "so all covariances are 0; pass correlation=0.0 to have them estimated"
            )
        counts = sums[:, i, :batches], products[:, i, :batches], per_batch
        return counts, statistics.pair_covariance(*counts, window)

    def fano_factor(self, window: float) -> Estimate:
        """Fano factor of the spike count in windows of one length.

        Parameters
        ----------
        window : float
            Length [ms]; at most half the duration. Lengths given as `count_windows`,
            or the default series, are at hand; for any other the same simulation is
            run once more, at its full price, with the same random numbers.

        Returns
        -------
        Estimate
            Variance over mean, with an error from batches of windows (64 or more, 32 or
            more with a correlated drive, where there are so many windows); NaN for a
            neuron without a spike.
        """
        if self.plan.drive.correlation is not None:
            counts, _ = self._pairs(window)
            return self._shaped(statistics.pair_fano(*counts))
        run, i = self._with_window(window)
        return self._shaped(
            statistics.fano_factor(run.sums[:, i], *run.plan.batching(i))
        )

    def count_variance(self, window: float) -> Estimate:
        """Variance of the spike count over the window's length [kHz].

        See `fano_factor` for the window. For long windows it tends to rate * CV^2.
        """
        if self.plan.drive.correlation is not None:
            _, both = self._pairs(window)
            own = (np.diagonal(x, axis1=-2, axis2=-1) for x in both)
            return self._shaped(Estimate(*own))
        run, i = self._with_window(window)
        return self._shaped(
            statistics.count_variance(run.sums[:, i], *run.plan.batching(i), window)
        )

    def covariance(self, window: float) -> Estimate:
        """Covariance of the spike counts of pairs over the window's length [kHz].

        Parameters
        ----------
        window : float
            Length [ms], as for `fano_factor`.

        Returns
        -------
        Estimate
            Cov[N_i, N_j]/window of shape (..., n, n), for a drive that was given a
            correlation; errors from the jackknife over batches of windows.

        Raises
        ------
        ValueError
            If the drive has no correlation, or the window does not fit.
        """
        _, found = self._pairs(window)
        return self._square(found)

    def correlation(self, window: float) -> Estimate:
        """Correlation coefficient of the spike counts of pairs, shape (..., n, n).

        NaN for a neuron without a spike; see `covariance`.
        """
        counts, _ = self._pairs(window)
        found = statistics.pair_correlation(*counts)
        return self._square(found)
