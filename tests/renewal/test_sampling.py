"""Samples against the distribution: Kolmogorov-Smirnov at a false-alarm rate of 1e-6."""

import numpy as np
import pytest
from scipy import stats

import meanfield as mf
from meanfield import LIF
from meanfield.renewal import IntervalDistribution, _kernels, first_passage

from .test_distribution import dead_time, gamma

FALSE_ALARM = 1e-6
CASES = {
    "rare": lambda: first_passage(0.5, 1.0),
    "noisy": lambda: first_passage(0.0, 5.0),
    "regular": lambda: first_passage(1.5, 0.1),
    "dead time": dead_time,
    "gamma": gamma,
}


@pytest.mark.parametrize("case", CASES)
def test_samples_have_the_distribution(case):
    d = CASES[case]()
    x = d.sample(400_000, rng=1)
    test = stats.kstest(x, lambda t: 1 - d.survivor(t))
    assert test.pvalue > FALSE_ALARM
    assert x.min() >= d.onset


@pytest.mark.parametrize("case", CASES)
def test_tabulated_inverse_is_exact(case):
    """Every kind of cell against the quantile, in units of probability."""
    d = CASES[case]()
    n = 20_000
    words = np.random.default_rng(1).integers(2**64, size=n, dtype=np.uint64)
    # The exponents of the probability made uniform, to reach the rarest cells.
    shift = np.random.default_rng(2).integers(0, 52, n).astype(np.uint64)
    mantissa = (words >> np.uint64(11)) & np.uint64(2**52 - 1)
    upper = words >> np.uint64(63) == 1
    p = ((mantissa >> shift).astype(float) + 0.5) * 2.0**-53
    bits = p.view(np.int64)
    row = (bits >> _kernels.SHIFT) - _kernels.FIRST_CELL + upper * _kernels.N_CELLS
    x = (bits & _kernels.CELL_MASK) * _kernels.CELL_UNIT
    c = d._sampler.cells.reshape(-1, 4)[row]
    t = c[:, 0] + x * (c[:, 1] + x * (c[:, 2] + x * c[:, 3]))
    exact = d._quantile(p, upper)
    tabulated = ~np.isnan(t)
    error = np.abs(t - exact) * d.density(exact) / p
    rounding = 4e-16 * np.abs(exact) * d.density(exact) / p
    assert (error <= 2e-9 + rounding)[tabulated].all()
    assert tabulated[p > 2.0**-20].mean() > 0.95


def test_moments_of_samples():
    """Five standard errors: false alarms 6e-7."""
    n = 4_000_000
    for mu, sigma in [(0.5, 1.5), (1.5, 1.0)]:
        x = first_passage(mu, sigma).sample(n, rng=3)
        mean, cv = 1 / mf.firing_rate(mu, sigma), mf.cv(mu, sigma)
        assert abs(x.mean() - mean) < 5 * cv * mean / np.sqrt(n)
        square = (x - mean) ** 2
        assert abs(square.mean() - (cv * mean) ** 2) < 5 * square.std() / np.sqrt(n)


def test_cells_with_a_gap_are_inverted():
    """Half the intervals are about 2, half about 30, and next to none between."""
    t = 0.05 * np.arange(800)
    values = 0.5 * stats.norm.pdf(t, 4, 0.5) + 0.5 * stats.norm.pdf(t, 30, 1.0)
    d = IntervalDistribution(step=0.05, values=values, tail_rate=10.0)
    x = d.sample(400_000, rng=4)
    assert stats.kstest(x, lambda t: 1 - d.survivor(t)).pvalue > FALSE_ALARM
    assert not ((x > 10) & (x < 20)).any()


def test_result_does_not_depend_on_threads():
    d = first_passage(1.0, 1.0)
    one, many = (d.sample((3, 200_000), rng=5, threads=k) for k in (1, 3))
    assert (one == many).all()
    a, b = (d.spike_trains(400, 30_000.0, rng=5, threads=k) for k in (1, 3))
    assert (a.times == b.times).all()
    assert (a.sources == b.sources).all()
    assert (d.sample(5, rng=6) != d.sample(5, rng=7)).all()
    assert (d.sample(5, rng=6) == d.sample(5, rng=6)).all()


def test_shapes():
    d = gamma()
    assert isinstance(d.sample(rng=1), float)
    assert d.sample((2, 3), rng=1).shape == (2, 3)
    assert d.sample(0, rng=1).shape == (0,)


@pytest.mark.parametrize(
    "d", [dead_time(), gamma(onset=2.0), first_passage(1.5, 0.5, LIF(t_ref=10.0))]
)
def test_spike_trains_are_stationary(d):
    """First spikes are equilibrium intervals; the rate is the same from the start."""
    n, duration = 100_000, 2.5 * d.mean
    trains = d.spike_trains(n, duration, rng=8)
    starts = np.flatnonzero(np.diff(trains.sources, prepend=-1))
    assert (np.diff(trains.times) > 0)[np.diff(trains.sources) == 0].all()
    assert trains.times.min() >= 0
    assert trains.times.max() < duration
    first = trains.times[starts]
    grid = np.linspace(0.0, duration, 20_001)
    equilibrium = np.concatenate([[0.0], np.cumsum(d.survivor(grid[1:] - grid[1] / 2))])
    equilibrium *= grid[1] / d.mean
    test = stats.kstest(
        first, lambda t: np.interp(t, grid, equilibrium / equilibrium[-1])
    )
    assert test.pvalue > FALSE_ALARM
    # Spikes in one bin: Bernoulli or rarer, 5 standard errors.
    bins = np.histogram(trains.times, 50, (0.0, duration))[0]
    expected = n * duration / 50 / d.mean
    assert np.abs(bins - expected).max() < 5 * np.sqrt(expected)
    later = np.diff(trains.times)[np.diff(trains.sources) == 0]
    assert later.min() >= d.onset


def test_sampling_rejects():
    d = gamma()
    with pytest.raises(ValueError, match="`n` must be a positive integer"):
        d.spike_trains(0, 10.0)
    with pytest.raises(ValueError, match="`duration` must be finite and positive"):
        d.spike_trains(1, 0.0)
    with pytest.raises(ValueError, match="`threads` must be at least 1"):
        d.sample(3, threads=0)
