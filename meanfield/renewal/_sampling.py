"""Random intervals and spike trains by inversion, from tables of cubics."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._elementwise import _checked_threads

if TYPE_CHECKING:
    from ._distribution import IntervalDistribution

# A cell's cubic may be wrong by so much of its probability.
_TOLERANCE = 1e-9
# Intervals, and spikes, that one thread makes at a time.
_CHUNK = 1 << 17


class Sampler(NamedTuple):
    """Arguments of the kernels.

    cells (4 rows,): cubics, NaN where inversion is needed; the rest: the density.
    """

    cells: np.ndarray
    onset: float
    step: float
    values: np.ndarray
    slopes: np.ndarray
    below: np.ndarray
    above: np.ndarray
    tail_rate: float


def build(intervals: "IntervalDistribution") -> Sampler:
    """Tabulate the inverse of both tails of the distribution function."""
    from . import _kernels

    edges = np.arange(_kernels.N_CELLS + 1) + _kernels.FIRST_CELL
    edges = (edges << _kernels.SHIFT).view(np.float64)
    middle = 0.5 * (edges[:-1] + edges[1:])
    sides = []
    for upper, sign in ((False, 1.0), (True, -1.0)):
        t, slope = _nodes(intervals, edges, upper)
        exact, middle_slope = _nodes(intervals, middle, upper)
        width = sign * np.diff(edges)
        with np.errstate(invalid="ignore"):  # infinite slopes where the density is 0
            d0, d1, t0, t1 = slope[:-1] * width, slope[1:] * width, t[:-1], t[1:]
            cubic = np.stack(
                [t0, d0, 3 * (t1 - t0) - 2 * d0 - d1, 2 * (t0 - t1) + d0 + d1], axis=1
            )
            error = np.abs(cubic @ [1.0, 0.5, 0.25, 0.125] - exact)
            good = error <= _TOLERANCE * middle * middle_slope
        good &= np.isfinite(cubic).all(axis=1)
        cubic[~good] = np.nan
        sides.append(cubic)
    cells = np.concatenate(sides).reshape(-1)
    return Sampler(cells, intervals.onset, *intervals._grid[:6])


def _nodes(intervals, p, upper) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles and their derivative by p, in magnitude."""
    t = intervals._quantile(p, np.full(p.shape, upper))
    with np.errstate(divide="ignore"):
        return t, 1 / intervals.density(t)


def fill(out: np.ndarray, sampler: Sampler, rng: Any, threads: int | None) -> None:
    """Fill `out` (n,) with independent intervals."""
    from . import _kernels

    key = _key(rng)

    def run(start):
        _kernels.sample(out[start : start + _CHUNK], key, start, *sampler)

    _each(run, range(0, out.size, _CHUNK), threads)


def trains(
    intervals: "IntervalDistribution",
    n: int,
    duration: float,
    rng: Any,
    threads: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of spikes of n trains (n,) and all times, train by train."""
    from . import _kernels

    generator, sampler = np.random.default_rng(rng), intervals._sampler
    # The time to the first spike is uniform up to the onset, with the probability of that.
    first = generator.random(n) * intervals.mean
    late = first >= intervals.onset
    first[late] = intervals._equilibrium.sample(n, rng=generator, threads=threads)[late]
    key = _key(generator)
    counts = np.empty(n, np.int64)
    expected = duration / intervals.mean + 10
    size = int(min(n, max(1, _CHUNK // expected)))

    def run(start):
        stop, found, room = min(start + size, n), [], int(1.1 * size * expected)
        while start < stop:
            times = np.empty(room)
            done = _kernels.spike_times(
                times, counts[start:stop], first[start:stop], key, start, duration,
                *sampler,
            )  # fmt: skip
            found.append(times[: np.sum(counts[start : start + done])])
            start, room = start + done, room if done else 2 * room
        return np.concatenate(found)

    return counts, np.concatenate(_each(run, range(0, n, size), threads))


def _key(rng: Any) -> np.uint64:
    return np.random.default_rng(rng).integers(2**64, dtype=np.uint64)


def _each(run, pieces: range, threads: int | None) -> list:
    workers = min(_checked_threads(threads), len(pieces))
    if workers <= 1:
        return [run(piece) for piece in pieces]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, pieces))
