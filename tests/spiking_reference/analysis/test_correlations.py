"""Correlations and correlograms of trains whose correlation is known.

Repetitions make z-scores; their mean is off by 4 standard errors once in 16000 times, and
their SD (1.06 with 20 batches), of 200 or more, leaves 0.8 to 1.25 less than once in 1000.
"""

import numpy as np
import pytest
from scipy.integrate import quad

from spiking_reference import (
    SpikeTrains,
    autocorrelogram,
    count_correlation,
    cross_correlogram,
    mean_count_correlation,
)
from tests.spike_trains import calibrated, gamma, thinned, trains


def z_of(estimate, truth):
    return (estimate.value - truth) / estimate.stderr


def test_thinned_trains_have_the_correlation_p():
    rng = np.random.default_rng(1)
    matrices, means = [], []
    for _ in range(200):
        found = thinned(rng, 0.2, 0.02, 4000.0, 4)
        z = z_of(count_correlation(found, 25.0), 0.2)
        matrices.append(z[0, 1])
        means.append(z_of(mean_count_correlation(found, 25.0), 0.2))
    calibrated(matrices)
    calibrated(means)


def test_matrix_is_that_of_numpy_and_its_mean_that_of_the_pairs():
    found = thinned(np.random.default_rng(2), 0.3, 0.03, 2000.0, 6)
    counts = [np.histogram(found.of(i), np.arange(0, 2001, 20))[0] for i in range(6)]
    matrix = count_correlation(found, 20.0)
    assert matrix.value == pytest.approx(np.corrcoef(counts))
    assert np.diagonal(matrix.stderr) == pytest.approx(0.0, abs=1e-12)
    pairs = matrix.value[np.triu_indices(6, 1)]
    assert mean_count_correlation(found, 20.0).value == pytest.approx(pairs.mean())
    some = count_correlation(found, 20.0, neurons=[4, 1]).value
    assert some == pytest.approx(np.corrcoef([counts[1], counts[4]]))


def test_silent_neurons_have_no_correlation():
    found = trains([5.0, 8.0, 31.0, 57.0, 5.0, 31.0], [0] * 4 + [2] * 2, 80.0, 3)
    matrix = count_correlation(found, 10.0, batches=2).value
    assert np.isnan(matrix[1]).all()
    assert mean_count_correlation(found, 10.0, batches=2).value == pytest.approx(
        matrix[0, 2]
    )


def test_autocorrelogram_of_a_gamma_process():
    """h(s) = r (1 - exp(-4 r s)) for shape 2, over the triangle of the bins."""
    r, bin = 0.05, 2.0
    found = gamma(np.random.default_rng(3), 2.0, r, 20000.0, n=20)
    lag, rate, stderr = autocorrelogram(found, max_lag=60.0, bin=bin, batches=40)

    def smooth(s):
        def inner(u):
            return (1 - abs(u) / bin) / bin * r * (1 - np.exp(-4 * r * abs(s + u)))

        return quad(inner, -bin, 0)[0] + quad(inner, 0, bin)[0]

    assert rate == pytest.approx(rate[::-1], rel=0.02)
    z = (rate - [smooth(s) for s in lag]) / stderr
    # 30 lags of one estimate that are correlated: 4.5 sigma at any, once in 5000 times.
    assert np.abs(z).max() < 4.5
    one = autocorrelogram(found, max_lag=10.0, bin=bin, neurons=3)
    times = found.of(3)
    place = np.ceil(times / bin)
    lags = place[None, :] - place[:, None]
    pairs = [np.sum(lags == k) - (k == 0) * times.size for k in range(6)]
    # Only the spikes of the last 10 ms have no lag: not 1 % here.
    assert one.value[5:] * bin * times.size == pytest.approx(pairs, rel=0.01)


def test_common_spikes_are_a_peak_at_the_delay():
    """A spike has a partner with probability p, in its own bin or `delay` later."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(20):
        pair = thinned(rng, 0.1, 0.05, 30000.0, 3, delay=[0.0, 0.0, 7.0])
        lag, rate, stderr = cross_correlogram(
            pair, max_lag=10.0, neurons=0, other_neurons=2
        )
        truth = 0.05 + np.where(lag == 7.0, 0.1, 0.0)
        found.append((rate - truth) / stderr)
    calibrated(found)


def test_pairs_within_a_population_are_all_but_the_own():
    found = thinned(np.random.default_rng(5), 0.3, 0.02, 3000.0, 3)
    together = cross_correlogram(found, max_lag=5.0)
    pairs = [
        cross_correlogram(found, max_lag=5.0, neurons=i, other_neurons=j).value
        * found.of(i).size
        for i in range(3)
        for j in range(3)
        if i != j
    ]
    # Each pair by itself, in proportion to the spikes that trigger; ends aside.
    assert together.value == pytest.approx(
        np.sum(pairs, axis=0) / (2 * found.times.size), rel=5e-3
    )


def test_spikes_on_bin_edges_belong_to_the_bin_that_ends_there():
    """The convention of simulations on a grid, whatever the rounding of times."""
    times = (np.arange(3000) + 1) * 0.1
    every = trains(times, np.zeros(3000, dtype=int), 300.0, 1)
    lag, rate, _ = autocorrelogram(every, max_lag=3.0, bin=0.3)
    assert rate[lag != 0] == pytest.approx(10.0)
    assert rate[lag == 0] == pytest.approx(20 / 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: count_correlation(s, 30.0), "`bin` must fit 4 times"),
        (lambda s: count_correlation(s, 10.0), "`batches` must be an integer from 2 to 4"),
        (lambda s: count_correlation(s, 10.0, neurons=[3]), "`neurons` must have been"),
        (lambda s: autocorrelogram(s, max_lag=100.0), "`max_lag`"),
        (lambda s: cross_correlogram(s, max_lag=5.0, neurons=0, other_neurons=0), "another"),
    ],
)  # fmt: skip
def test_bad_input(call, words):
    spikes = trains([5.0, 8.0], [0, 1], 80.0, 3)
    with pytest.raises(ValueError, match=words):
        call(spikes)


def test_no_spikes_recorded():
    with pytest.raises(TypeError, match=r"Record\(spikes=True\)"):
        count_correlation(None, 10.0)  # type: ignore[arg-type]
    few = SpikeTrains(
        times=np.array([3.0]), neurons=np.array([7]), t_start=0.0, t_stop=80.0,
        n_neurons=100, recorded=np.array([2, 7]),
    )  # fmt: skip
    assert count_correlation(few, 10.0, batches=2).value.shape == (2, 2)
