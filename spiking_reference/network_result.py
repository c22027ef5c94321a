"""What a simulation of a network returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from meanfield.neurons import storage

from .results import SpikeTrains
from .statistics import Estimate
from .weights import WeightResult

__all__ = ["NetworkResult", "PopulationResult"]

_BATCHES = 32  # behind the standard error of a population's rate
# A population whose rate [kHz] stays above this for so long [ms] has run away.
RUNAWAY_RATE, RUNAWAY_TIME = 0.1, 100.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PopulationResult:
    """Statistics of one population after the warm-up.

    Parameters
    ----------
    counts : numpy.ndarray
        Spikes (n,) of each neuron.
    intervals : numpy.ndarray
        Number, sum [ms] and sum of squares (n, 3) of the interspike intervals.
    activity : numpy.ndarray
        Spikes (bins,) of the population in consecutive bins.
    bin, duration : float
        [ms].
    spikes : SpikeTrains or None
        Recorded spikes.
    t : numpy.ndarray or None
        Times (samples,) [ms] of the recorded states.
    traces : mapping of str to numpy.ndarray
        Recorded variables (neurons, samples), by name: those of the neuron, and by the
        name of a receptor its current or conductance [nS], before any block by
        magnesium.
    """

    counts: np.ndarray
    intervals: np.ndarray
    activity: np.ndarray
    bin: float
    duration: float
    spikes: SpikeTrains | None
    t: np.ndarray | None
    traces: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        rate = 1e3 * self.rate.value  # Hz
        kept = [] if self.spikes is None else ["spikes"]
        return (
            f"PopulationResult({self.n} neurons, {rate:.4g} Hz in {self.duration:g} ms; "
            f"recorded: {', '.join([*kept, *self.traces]) or 'nothing'})"
        )

    @property
    def n(self) -> int:
        """Number of neurons."""
        return self.counts.size

    @property
    def rates(self) -> np.ndarray:
        """Rate (n,) of each neuron [kHz]."""
        return self.counts / self.duration

    @property
    def rate(self) -> Estimate:
        """Mean rate of the population [kHz]; error from batches of bins in time."""
        mean = float(self.counts.mean() / self.duration)
        bins = self.activity.size // _BATCHES * _BATCHES
        if bins == 0:
            return Estimate(mean, np.nan)
        batches = self.activity[:bins].reshape(_BATCHES, -1).mean(axis=1)
        spread = batches.std(ddof=1) / np.sqrt(_BATCHES)
        return Estimate(mean, float(spread / (self.n * self.bin)))

    @property
    def cv(self) -> np.ndarray:
        """Coefficient of variation (n,) of the intervals; NaN for less than two."""
        k, total, squares = self.intervals.T
        enough = k >= 2
        safe = np.where(enough, k, 2.0)
        variance = (squares - total * total / safe) / (safe - 1.0)
        mean = np.where(enough, total, 1.0) / safe
        return np.where(enough, np.sqrt(np.maximum(variance, 0.0)) / mean, np.nan)

    def to_xarray(self, units: Mapping[str, str] | None = None) -> Any:
        """Return an `xarray.Dataset` of counts, rates, activity and traces.

        Parameters
        ----------
        units : mapping of str to str, optional
            Units of traces by name, for their attributes: the result does not know
            whether "exc" is a conductance [nS] or a current.

        Returns
        -------
        xarray.Dataset
            `counts`, `rates` and `cv` over `neuron`; `activity` and `rate` over the
            middles of the `bin`; ``trace_V`` and the like over `traced` and `t`. Units
            are attributes.

        Raises
        ------
        ImportError
            Without xarray: ``pip install 'meanfield-theory[validation]'``.
        """
        from .exchange import population_dataset

        return population_dataset(self, units)

    @property
    def runaway(self) -> bool:
        """Whether the rate stayed above 100 Hz for 100 ms."""
        width = max(1, round(RUNAWAY_TIME / self.bin))
        if self.activity.size < width:
            return False
        total = np.concatenate([[0], np.cumsum(self.activity)])
        spikes = total[width:] - total[:-width]
        return bool(np.any(spikes > RUNAWAY_RATE * width * self.bin * self.n))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkResult(Mapping):
    """Results of the populations, by name.

    Parameters
    ----------
    populations : mapping of str to PopulationResult
    weights : mapping of int to WeightResult
        Of the plastic projections, by their number in the network.
    """

    populations: Mapping[str, PopulationResult]
    weights: Mapping[int, WeightResult] = field(default_factory=dict)

    def __repr__(self) -> str:
        lines = [f"  {name!r}: {result!r}" for name, result in self.items()]
        lines += [f"  ran away: {', '.join(self.runaway)}"] * bool(self.runaway)
        lines += [f"  weights of projections {list(self.weights)}"] * bool(self.weights)
        return "\n".join(["NetworkResult:", *lines])

    def __getitem__(self, name: str) -> PopulationResult:
        if name not in self.populations:
            known = tuple(self.populations)
            raise KeyError(f"`name` must be of the populations {known}; got {name!r}")
        return self.populations[name]

    def __iter__(self):
        return iter(self.populations)

    def __len__(self) -> int:
        return len(self.populations)

    @property
    def runaway(self) -> tuple[str, ...]:
        """Names of the populations that ran away."""
        return tuple(name for name, result in self.items() if result.runaway)

    def to_xarray(self, units: Mapping[str, str] | None = None) -> Any:
        """Return an `xarray.DataTree`: a node for each population, with its spikes.

        Parameters
        ----------
        units : mapping of str to str, optional
            As for `PopulationResult.to_xarray`.

        Raises
        ------
        ImportError
            Without xarray: ``pip install 'meanfield-theory[validation]'``.
        ValueError
            If a population's name contains a slash.
        """
        from .exchange import network_dataset

        return network_dataset(self, units)

    def save(self, path: str | Path) -> None:
        """Write the result to a file, without pickling.

        Parameters
        ----------
        path : str or Path
            Where to; what is there is replaced, once all is written.
        """
        storage.write(path, self, "result", _CLASSES)

    @classmethod
    def load(cls, path: str | Path) -> "NetworkResult":
        """Read a result from a file.

        Parameters
        ----------
        path : str or Path
            A file that `save` wrote.

        Returns
        -------
        NetworkResult

        Raises
        ------
        FileNotFoundError
            If there is none.
        ValueError
            If it is some other file, damaged, or of a later version.
        """
        return storage.read(path, "result", _CLASSES)


_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (NetworkResult, PopulationResult, SpikeTrains, WeightResult)
}
