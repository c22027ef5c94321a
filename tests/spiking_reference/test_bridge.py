"""The default scheme against exact rates, and its independence of threads."""

import json
from pathlib import Path

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import WhiteNoise, simulate

POINTS = json.loads(
    (Path(__file__).parent / "data" / "lif_white_noise.json").read_text()
)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_rate_and_cv_are_exact(dt):
    # 14 points and quantities at |z| < 4: a false alarm in 1 of 1000 seeds.
    names = [n for n in POINTS if n != "P7"]
    mu, sigma, rate, cv2 = (
        np.array([POINTS[n][k] for n in names])[:, None]
        for k in ("mu", "sigma", "rate_hz", "cv2")
    )
    drive = WhiteNoise(mu=np.repeat(mu, 40, axis=1), sigma=sigma)
    run = simulate(LIF(), drive, duration=5e4, dt=dt, warmup=300.0, rng=7)
    for got, exact in ((run.rate, rate * 1e-3), (run.cv, np.sqrt(cv2))):
        error = got.value.mean(axis=1) - exact[:, 0]
        z = error / np.sqrt((got.stderr**2).sum(axis=1)) * 40
        assert np.abs(z).max() < 4


def test_threads_do_not_matter():
    drive = WhiteNoise(mu=np.linspace(0.2, 2.0, 50), sigma=1.0)
    runs = [
        simulate(LIF(), drive, duration=500.0, dt=0.5, rng=3, threads=n) for n in (1, 3)
    ]
    assert np.array_equal(runs[0].moments, runs[1].moments)
    assert np.array_equal(runs[0].sums, runs[1].sums)


@pytest.mark.parametrize("tau_m", [20.0, np.inf])
def test_constant_current_is_exact(tau_m):
    neuron = LIF(tau_m=tau_m)
    mu = np.array([0.3, 1.0, 1.0 + 1e-9, 2.5])
    run = simulate(neuron, WhiteNoise(mu=mu, sigma=0.0), duration=1e6, dt=1.0, rng=0)
    with np.errstate(all="ignore"):
        interval = 5 + (
            20 / mu if np.isinf(tau_m) else -tau_m * np.log1p(-20 / mu / tau_m)
        )
    exact = np.where(np.isfinite(interval), 1 / interval, 0.0)
    np.testing.assert_allclose(run.rate.value, exact, rtol=1e-6)
    assert (run.rate.stderr == 0).all()
