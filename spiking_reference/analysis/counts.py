"""What the estimators share: selection of neurons, counts in bins, batches of time."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from meanfield.neurons import require

from ..arguments import number
from ..network_result import PopulationResult
from ..results import SpikeTrains

__all__ = [
    "Curve",
    "activity_of",
    "bin_of",
    "check_batches",
    "chosen",
    "counts_of",
    "leave_out",
    "ratio",
]

_GRID = 1e-6  # of a bin: spikes so close to an edge are on it, up to rounding


class Curve(NamedTuple):
    """An estimate at each of several lags [ms], frequencies [kHz] or sizes.

    Parameters
    ----------
    x : numpy.ndarray
        Where.
    value, stderr : numpy.ndarray
        The estimate and its standard error.
    """

    x: np.ndarray
    value: np.ndarray
    stderr: np.ndarray


def chosen(spikes: SpikeTrains, neurons: Any = None) -> np.ndarray:
    """Return the neurons to look at: by default all that were recorded."""
    if not isinstance(spikes, SpikeTrains):
        raise TypeError(
            f"`spikes` must be SpikeTrains; got {type(spikes).__name__}; simulate with "
            "record={name: Record(spikes=True)}"
        )
    recorded = spikes.recorded
    everyone = np.arange(spikes.n_neurons) if recorded is None else recorded
    if neurons is None:
        return everyone
    found = np.atleast_1d(np.asarray(neurons))
    if found.size and found.dtype.kind not in "iu":
        raise TypeError(f"`neurons` must be integers; got dtype {found.dtype}")
    require(found.size > 0, "neurons", "must not be empty", found.size)
    require(np.isin(found, everyone), "neurons", "must have been recorded", found)
    unique = np.unique(found)
    require(unique.size == found.size, "neurons", "must not repeat", found.size)
    return unique


def rows_of(spikes: SpikeTrains, neurons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times of the spikes of `neurons` (sorted), and each one's row in it."""
    place = np.searchsorted(neurons, spikes.neurons)
    place = np.minimum(place, neurons.size - 1)
    mine = neurons[place] == spikes.neurons
    return spikes.times[mine], place[mine]


def bin_of(spikes: SpikeTrains, times: np.ndarray, width: float) -> np.ndarray:
    """Return the bin of each spike; as in simulations on a grid, (t, t + width]."""
    x = (times - spikes.t_start) / width
    return np.maximum(np.ceil(x - _GRID).astype(np.int64) - 1, 0)


def n_bins(spikes: SpikeTrains, width: Any, least: int = 2) -> int:
    """Return how many whole bins fit in the record."""
    width = number("bin", width)
    require(width > 0, "bin", "must be positive (ms)", width)
    span = spikes.t_stop - spikes.t_start
    bins = int(span / width * (1 + 1e-12) + _GRID)
    require(bins >= least, "bin", f"must fit {least} times in {span} ms", width)
    return bins


def counts_of(
    spikes: SpikeTrains, neurons: np.ndarray, width: float, least: int = 2
) -> np.ndarray:
    """Count spikes (neurons, bins) in consecutive bins."""
    bins = n_bins(spikes, width, least)
    times, row = rows_of(spikes, neurons)
    column = bin_of(spikes, times, width)
    inside = column < bins
    flat = row[inside] * bins + column[inside]
    counts = np.bincount(flat, minlength=neurons.size * bins)
    return counts.reshape(neurons.size, bins)


def activity_of(
    source: PopulationResult | SpikeTrains, bin: float | None
) -> tuple[np.ndarray, float, int]:
    """Spikes of the population in bins, the width of these, and how many neurons."""
    if isinstance(source, PopulationResult):
        width = source.bin if bin is None else number("bin", bin)
        merge = round(width / source.bin)
        whole = merge >= 1 and abs(width - merge * source.bin) < 1e-9 * width
        require(whole, "bin", f"must be a multiple of {source.bin} (ms)", width)
        bins = source.activity.size // merge
        require(bins >= 2, "bin", f"must fit twice in {source.duration} ms", width)
        merged = source.activity[: bins * merge].reshape(bins, merge).sum(axis=1)
        return merged, width, source.n
    neurons = chosen(source)
    width = 1.0 if bin is None else number("bin", bin)
    bins = n_bins(source, width)
    times, _ = rows_of(source, neurons)
    column = bin_of(source, times, width)
    return np.bincount(column[column < bins], minlength=bins), width, neurons.size


def check_batches(batches: Any, available: int, of: str) -> int:
    """Return the number of batches, of which there must be 2 to `available`."""
    good = batches == int(batches) and 2 <= batches <= available
    words = f"must be an integer from 2 to {available}, the number of {of}"
    require(good, "batches", words, batches)
    return int(batches)


def leave_out(
    function: Callable[[np.ndarray], Any], columns: int, batches: int
) -> tuple[Any, Any]:
    """Evaluate `function` on all columns, with its error from the jackknife.

    Columns are left out in contiguous batches, so that what is correlated in time stays
    together (B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans, SIAM
    1982, ch. 3, doi:10.1137/1.9781611970319). Memory is that of one value.
    """
    value = function(np.ones(columns, dtype=np.bool_))
    edges = np.linspace(0, columns, batches + 1).round().astype(int)
    mean, spread = np.zeros_like(value, dtype=float), np.zeros_like(value, dtype=float)
    for b in range(batches):
        keep = np.ones(columns, dtype=np.bool_)
        keep[edges[b] : edges[b + 1]] = False
        left = function(keep)
        step = left - mean
        mean = mean + step / (b + 1)
        spread = spread + step * (left - mean)
    stderr = np.sqrt(spread * (batches - 1) / batches)
    return value, stderr


def ratio(total: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum over sum of batches (..., batches), and its error by the delta method."""
    batches = total.shape[-1]
    with np.errstate(all="ignore"):
        value = total.sum(axis=-1) / weight.sum(axis=-1)
        rest = total - value[..., None] * weight
        spread = np.sum(rest**2, axis=-1) * batches / (batches - 1)
        return value, np.sqrt(spread) / weight.sum(axis=-1)
