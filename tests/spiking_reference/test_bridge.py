"""The default scheme against exact values, closed forms and its own invariances.

Every statistical test has a fixed seed and says how often another one would fail.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import Record, WhiteNoise, simulate

POINTS = json.loads(
    (Path(__file__).parent / "data" / "lif_white_noise.json").read_text()
)


def pooled(estimate):
    """Mean of independent estimates along the last axis, and its standard error."""
    n = estimate.value.shape[-1]
    return estimate.value.mean(-1), np.sqrt((estimate.stderr**2).sum(-1)) / n


def points(*names):
    keys = ("mu", "sigma", "rate_hz", "cv2")
    return (np.array([POINTS[n][k] for n in names])[:, None] for k in keys)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_rate_and_cv_are_exact(dt):
    # 12 values at |z| < 4, 8e-4 in all; standard errors 0.2 to 0.7 %.
    mu, sigma, rate, cv2 = points("P1", "P2", "P3", "P4", "P5", "P6")
    drive = WhiteNoise(mu=np.repeat(mu, 40, axis=1), sigma=sigma)
    run = simulate(LIF(), drive, duration=5e4, dt=dt, warmup=300.0, rng=7)
    for got, exact in ((run.rate, rate * 1e-3), (run.cv, np.sqrt(cv2))):
        value, stderr = pooled(got)
        assert np.abs((value - exact[:, 0]) / stderr).max() < 4


@pytest.mark.slow
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_rate_is_exact_to_five_parts_in_10000(dt):
    # 7 values at |z| < 4: 4e-4. About a minute.
    for i, (name, p) in enumerate(POINTS.items()):
        target = 1e-3 if name == "P7" else 5e-4
        n = 200
        duration = p["cv2"] / target**2 * p["mean_isi_ms"] / n
        drive = WhiteNoise(mu=np.full(n, p["mu"]), sigma=p["sigma"])
        run = simulate(LIF(), drive, duration=duration, dt=dt, warmup=300.0, rng=i)
        value, stderr = pooled(run.rate)
        assert stderr < 1.1 * target * p["rate_hz"] * 1e-3
        assert abs(value - p["rate_hz"] * 1e-3) < 4 * stderr


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("name", ["P2", "P3", "P6"])
def test_interval_distribution(name, dt):
    # 7 quantiles at |z| < 4 (they are correlated): below 4e-4 each time.
    p, n = POINTS[name], 200
    drive = WhiteNoise(mu=np.full(n, p["mu"]), sigma=p["sigma"])
    run = simulate(
        LIF(),
        drive,
        duration=250 * p["mean_isi_ms"],
        dt=dt,
        rng=11,
        record=Record(spikes=True),
    )
    # The first interval of each neuron and no others: free of the end's selection.
    intervals = np.concatenate([np.diff(run.spikes.of(i))[:200] for i in range(n)])
    for level, quantile in p["isi_quantiles_ms"].items():
        expected = float(level)
        below = np.mean(intervals < quantile)
        assert abs(below - expected) < 4 * np.sqrt(
            expected * (1 - expected) / intervals.size
        )


@pytest.mark.parametrize("dt", [0.05, 1.0])
def test_perfect_integrator_is_inverse_gaussian(dt):
    # First passage of drifting Brownian motion: mean D/mu, variance D sigma^2/mu^3,
    # skewness 3 sigma/sqrt(D mu). 8 values at |z| < 4: 5e-4.
    D, mu, sigma, t_ref = 15.0, np.array([0.4, 1.5])[:, None], 1.2, 3.0
    neuron = LIF(tau_m=np.inf, V_reset=5.0, t_ref=t_ref)
    drive = WhiteNoise(mu=np.repeat(mu, 100, axis=1), sigma=sigma)
    run = simulate(neuron, drive, duration=1e5, dt=dt, warmup=500.0, rng=5)
    mean = t_ref + D / mu
    std = np.sqrt(D * sigma**2 / mu**3)
    wanted = (
        (run.rate, 1 / mean),
        (run.isi_mean, mean),
        (run.isi_std, std),
        (run.cv, std / mean),
    )
    for got, exact in wanted:
        value, stderr = pooled(got)
        assert np.abs((value - exact[:, 0]) / stderr).max() < 4
    value, _ = pooled(run.isi_skewness)  # biased by its own skewness at finite n
    np.testing.assert_allclose(value, (3 * sigma / np.sqrt(D * mu))[:, 0], rtol=0.03)


def test_long_counts_have_the_variance_of_a_renewal_process():
    # Var N/T -> rate CV^2 + (1/6 + F^2/2 - k/3)/T; one value at |z| < 4: 6e-5.
    p, n = POINTS["P5"], 300
    drive = WhiteNoise(mu=np.full(n, p["mu"]), sigma=p["sigma"])
    run = simulate(LIF(), drive, duration=5e4, dt=0.5, warmup=200.0, rng=2)
    window, cv = 500.0, np.sqrt(p["cv2"])
    third = run.isi_skewness.value.mean() * cv**3
    correction = (1 / 6 + cv**4 / 2 - third / 3) / window
    value, stderr = pooled(run.count_variance(window))
    exact = p["rate_hz"] * 1e-3 * p["cv2"] + correction
    assert abs(value - exact) < 4 * stderr + 0.002 * exact
    fano, stderr = pooled(run.fano_factor(window))
    assert abs(fano - exact / (p["rate_hz"] * 1e-3)) < 4 * stderr + 0.002 * fano


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("tau_m", [20.0, np.inf])
def test_constant_current_is_exact(tau_m, dt):
    neuron = LIF(tau_m=tau_m, E_L=-65.0, V_th=-45.0, V_reset=-65.0)
    mu = np.array([-1.0, 0.0, 0.3, 1.0, np.nextafter(1.0, 2), 1.0 + 1e-9, 2.5])
    drive = WhiteNoise(mu=mu, sigma=0.0)
    run = simulate(neuron, drive, duration=1e6, dt=dt, rng=0)
    with np.errstate(all="ignore"):
        first = 20 / mu if np.isinf(tau_m) else -tau_m * np.log1p(-20 / mu / tau_m)
        fires = mu > 0 if np.isinf(tau_m) else mu > 1.0
    exact = np.where(fires, 1 / (5 + first), 0.0)
    # One unit in the last place above rheobase a rounding of mu tau is felt.
    np.testing.assert_allclose(run.rate.value, exact, rtol=1e-2)
    np.testing.assert_allclose(run.rate.value[[0, 1, 2, 3, 6]], exact[[0, 1, 2, 3, 6]])
    assert (run.rate.value[:4] == exact[:4]).all() or np.isinf(tau_m)
    assert (run.rate.stderr == 0).all()
    assert run.cv.value[-1] == 0


def test_noiseless_spikes_do_not_drift():
    run = simulate(
        LIF(),
        WhiteNoise(mu=[1.5, 0.8], sigma=[0.0, 1.0]),
        duration=1e7,
        dt=0.1,
        rng=0,
        record=Record(spikes=[0], t_start=1e7 - 100.0),
    )
    first = 20 * np.log(30 / 10)
    k = np.round((run.spikes.times - first) / (first + 5))
    np.testing.assert_allclose(run.spikes.times, first + k * (first + 5), rtol=1e-15)


@pytest.mark.parametrize("sigma", [1e-200, 1e-6, 1e-3])
def test_little_noise_is_nearly_none(sigma):
    # The crossing time of a curve, not of its chord: 0.05 % at dt = 1 otherwise.
    mu = np.array([1.2, 3.0])
    drive = WhiteNoise(mu=mu, sigma=sigma)
    run = simulate(LIF(t_ref=0), drive, duration=1e4, dt=1.0, rng=1)
    exact = 20 * np.log(mu / (mu - 1))
    value, stderr = run.isi_mean
    assert (np.abs(value - exact) < 2e-5 * exact + 4 * stderr).all()


def test_steps_do_not_matter():
    # Rate and CV at dt = 0.02 and 2 ms, reset near threshold: 4 values at |z| < 4.
    neuron = LIF(V_reset=18.0, t_ref=0.1)
    drive = WhiteNoise(mu=np.repeat([[0.4], [1.4]], 100, axis=1), sigma=1.5)
    runs = [
        simulate(neuron, drive, duration=1e4, dt=dt, warmup=200.0, rng=rng)
        for rng, dt in enumerate((0.02, 2.0))
    ]
    for name in ("rate", "cv"):
        (a, da), (b, db) = (pooled(getattr(run, name)) for run in runs)
        assert np.abs((a - b) / np.hypot(da, db)).max() < 4


def test_levels_of_voltage_do_not_matter():
    drive = WhiteNoise(mu=1.0, sigma=[1.0, 2.0])
    kw = {"duration": 1e3, "dt": 0.5, "rng": 4}
    a = simulate(LIF(V_th=20.0, V_reset=5.0, E_L=0.0), drive, **kw)
    b = simulate(LIF(V_th=-44.0, V_reset=-59.0, E_L=-64.0), drive, **kw)
    assert np.array_equal(a.moments, b.moments)
