"""Estimators against NumPy on recorded spikes, and the calibration of their errors."""

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import Estimate, Record, WhiteNoise, simulate, statistics


def test_streamed_sums_are_those_of_the_spikes():
    run = simulate(
        LIF(),
        WhiteNoise(mu=[0.9, 2.0], sigma=1.5),
        duration=5000.0,
        dt=0.5,
        warmup=100.0,
        rng=1,
        count_windows=[20.0, 50.0, 130.0],
        record=Record(spikes=True),
    )
    for i in range(2):
        t = run.spikes.of(i)
        assert t.size == run.n_spikes[i] == run.n_intervals[i]
        d = np.diff(t)
        _, first, *powers = run.moments[i]
        assert first == pytest.approx(d[0], rel=1e-9)
        # The last interval closes behind the end, where no spikes are recorded.
        last = powers[0] - (d - d[0]).sum()
        for p, total in enumerate(powers, start=1):
            expected = ((d - d[0]) ** p).sum() + last**p
            assert total == pytest.approx(expected, rel=1e-7)
        assert t[-1] + last + d[0] >= 5000.0
        for window in (20.0, 50.0, 130.0):
            k = int(5000 / window)
            per_batch = max(1, k // 64)
            k = k // per_batch * per_batch
            counts = np.histogram(t, np.arange(k + 1) * window)[0]
            fano = counts.var(ddof=1) / counts.mean()
            assert run.fano_factor(window).value[i] == pytest.approx(fano, rel=1e-9)
            variance = counts.var(ddof=1) / window
            assert run.count_variance(window).value[i] == pytest.approx(variance)


def test_moments_are_those_of_numpy():
    rng = np.random.default_rng(0)
    x = 1e6 + rng.gamma(2.0, size=1000)  # a mean that would drown plain power sums
    d = x - x[0]
    sums = np.array([[x.size, x[0], *(np.sum(d**p) for p in range(1, 7))]])
    z = (x - x.mean()) / x.std()
    got = statistics.interval_skewness(sums).value[0]
    assert got == pytest.approx(np.mean(z**3), rel=1e-6)
    assert statistics.interval_std(sums).value[0] == pytest.approx(x.std(), rel=2e-3)
    assert statistics.interval_mean(sums).value[0] == pytest.approx(x.mean(), rel=1e-12)


def spread(estimate, truth=None):
    """SD of the z-scores about `truth`, or about their common mean."""
    truth = estimate.value.mean() if truth is None else truth
    return np.sqrt(np.mean(((estimate.value - truth) / estimate.stderr) ** 2))


@pytest.mark.parametrize(("mu", "sigma"), [(0.8, 1.0), (1.5, 1.0), (0.0, 5.0)])
def test_standard_errors_are_calibrated(mu, sigma):
    # z-scores of 1000 neurons: their SD has a standard error of 0.022 to 0.04, the
    # bounds are 4 of them around 1. 27 values, 2e-3. At 2000 to 8000 intervals each;
    # errors of SD and CV rest on fourth moments and are a tenth too small at 200.
    drive = WhiteNoise(mu=np.full(1000, mu), sigma=sigma)
    run = simulate(LIF(), drive, duration=2e5, dt=0.5, warmup=300.0, rng=3)
    assert 0.9 < spread(run.rate) < 1.1
    assert 0.9 < spread(run.isi_mean) < 1.1
    assert 0.9 < spread(run.isi_std) < 1.15
    assert 0.9 < spread(run.cv) < 1.15
    assert 0.85 < spread(run.isi_skewness) < 1.5  # rests on sixth moments: optimistic
    for window in (20.0, 200.0):
        assert 0.85 < spread(run.fano_factor(window)) < 1.15
        assert 0.85 < spread(run.count_variance(window)) < 1.15


def test_errors_of_pairs_are_calibrated():
    # As above: 4 values.
    drive = WhiteNoise(mu=np.full((700, 2), 0.8), sigma=1.0, correlation=0.3)
    run = simulate(LIF(), drive, duration=5000.0, dt=0.5, warmup=300.0, rng=3)
    for window in (20.0, 50.0):
        for found in (run.covariance(window), run.correlation(window)):
            pair = Estimate(found.value[:, 0, 1], found.stderr[:, 0, 1])
            assert 0.85 < spread(pair) < 1.2


@pytest.mark.parametrize(
    ("mu", "sigma", "duration"), [(0.5, 1.5, 600.0), (0.8, 1.0, 600.0)]
)
def test_few_spikes(mu, sigma, duration):
    # 2 and 5 spikes on average. The rate must be fair and its errors right on average
    # (their own scatter makes z-scores wider); 4 values at |z| < 4: 2e-4.
    exact = {0.5: 3.485466424573852e-3, 0.8: 8.733292872597984e-3}[mu]
    drive = WhiteNoise(mu=np.full(4000, mu), sigma=sigma)
    run = simulate(LIF(), drive, duration=duration, dt=0.5, warmup=500.0, rng=3)
    value, stderr = run.rate
    assert abs(value.mean() - exact) < 4 * value.std() / np.sqrt(4000)
    assert 0.85 < value.std() / np.sqrt((stderr**2).mean()) < 1.15
    # Interval statistics without length bias, pooled by spikes.
    total = run.moments.sum(0)
    first = run.moments[:, 0] * run.moments[:, 1]
    pooled = (first.sum() + total[2]) / total[0]
    mean_error = value.std() / np.sqrt(4000) / exact
    assert abs(pooled * exact - 1) < 4 * 2 * mean_error


def test_no_spike_at_all():
    run = simulate(LIF(), WhiteNoise(mu=-5.0, sigma=0.1), duration=400.0, dt=0.5)
    assert run.rate == (0.0, 1 / 400.0)
    assert run.n_spikes == 0
    for estimate in (run.cv, run.isi_mean, run.isi_std, run.fano_factor(50.0)):
        assert np.isnan(estimate).all()
    assert run.count_variance(50.0) == (0.0, 1 / 400.0)


def test_scalars_and_shapes():
    kw = {"duration": 200.0, "dt": 0.5, "rng": 0}
    run = simulate(LIF(), WhiteNoise(mu=1.5, sigma=1.0), **kw)
    assert isinstance(run.rate.value, float)
    assert isinstance(run.fano_factor(20.0).stderr, float)
    drive = WhiteNoise(mu=np.ones((3, 1)), sigma=np.ones(2))
    run = simulate(LIF(t_ref=np.ones((4, 1, 1))), drive, **kw)
    assert (
        run.rate.value.shape == run.cv.stderr.shape == run.n_spikes.shape == (4, 3, 2)
    )
    empty = simulate(LIF(), WhiteNoise(mu=np.zeros((0, 2)), sigma=1.0), **kw)
    assert empty.rate.value.shape == (0, 2)
