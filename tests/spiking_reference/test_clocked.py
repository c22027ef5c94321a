"""The clocked schemes: deterministic timing, and the bias that they are there to show."""

import json
from pathlib import Path

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import Record, WhiteNoise, clocked, simulate

POINTS = json.loads(
    (Path(__file__).parent / "data" / "lif_white_noise.json").read_text()
)


def test_interval_without_noise_is_whole_steps():
    # 21.972 ms to threshold -> step 220, then 50 steps at reset: 27.0 as NEST gives.
    run = simulate(
        LIF(), WhiteNoise(mu=1.5, sigma=0.0), duration=1e4, dt=0.1, scheme="grid"
    )
    assert run.isi_mean.value == pytest.approx(27.0, rel=1e-12)
    assert run.cv.value == 0


def test_euler_step_is_the_explicit_one():
    neuron = LIF(tau_m=10.0, t_ref=1.0)
    run = simulate(
        neuron,
        WhiteNoise(mu=3.0, sigma=0.0),
        duration=50.0,
        dt=0.5,
        scheme="euler",
        record=Record(spikes=True, voltage=True),
    )
    V, wait, spikes, trace = 0.0, 0, [], []
    for n in range(1, 101):
        if wait:
            wait -= 1
        else:
            V += 0.5 * (3.0 - V / 10.0)
            if V >= 20.0:
                V, wait = 0.0, 2
                spikes.append(0.5 * n)
        trace.append(V)
    np.testing.assert_allclose(run.spikes.times, spikes)
    np.testing.assert_allclose(run.voltage.V[0], trace, atol=1e-12)


@pytest.mark.parametrize(
    ("scheme", "table"), [("grid", "exactOU_grid"), ("euler", "euler_grid")]
)
@pytest.mark.parametrize("name", ["P2", "P3", "P4", "P6"])
def test_rate_bias_is_that_of_other_simulators(scheme, table, name):
    # 8 values at |z| < 4: 5e-4; biases are -8 to -1.4 %, standard errors 0.2 %.
    p, n = POINTS[name], 512
    bias = p["bias_percent_dt_0.1"][table]
    drive = WhiteNoise(mu=np.full(n, p["mu"]), sigma=p["sigma"])
    duration = p["cv2"] / 0.002**2 * p["mean_isi_ms"] / n
    run = simulate(
        LIF(), drive, duration=duration, dt=0.1, warmup=200.0, rng=3, scheme=scheme
    )
    got = 100 * (run.rate.value.mean() / (p["rate_hz"] * 1e-3) - 1)
    stderr = 0.1 * np.sqrt((run.rate.stderr**2).sum()) / n / p["rate_hz"] * 1e6
    assert abs(got - bias["bias"]) < 4 * np.hypot(stderr, bias["se"])


def test_float32_and_float64_lanes_agree(monkeypatch):
    # 4 values at |z| < 4: 3e-4. A short step and voltages far from 0 are the hard case.
    neuron = LIF(E_L=-70.0, V_th=-50.0, V_reset=-60.0)
    drive = WhiteNoise(mu=np.repeat([[0.9], [1.5]], 256, axis=1), sigma=1.0)
    kw = {"duration": 2000.0, "dt": 0.01, "warmup": 100.0, "scheme": "grid"}
    single = simulate(neuron, drive, rng=1, **kw)
    monkeypatch.setattr(clocked, "_NOISY", 1e6)
    double = simulate(neuron, drive, rng=2, **kw)
    for name in ("rate", "cv"):
        a, b = (getattr(r, name) for r in (single, double))
        error = (a.value - b.value).mean(1)
        stderr = np.sqrt((a.stderr**2 + b.stderr**2).sum(1)) / 256
        assert (np.abs(error) < 4 * stderr).all()


def test_the_same_normals_in_both_precisions(monkeypatch):
    drive = WhiteNoise(mu=np.linspace(0.5, 1.5, 64), sigma=1.0)
    kw = {"duration": 200.0, "dt": 0.1, "scheme": "grid", "rng": 1}
    single = simulate(LIF(), drive, **kw)
    monkeypatch.setattr(clocked, "_NOISY", 1e6)
    double = simulate(LIF(), drive, **kw)
    assert np.mean(single.moments[:, 1] == double.moments[:, 1]) > 0.95


@pytest.mark.parametrize("scheme", ["grid", "euler"])
def test_groups_and_lanes_have_the_same_law(scheme):
    # Two independent implementations of the step: 4 values at |z| < 4, 3e-4.
    mu = np.repeat([[0.9], [1.5]], 200, axis=1)
    kw = {"duration": 5000.0, "dt": 0.1, "warmup": 100.0, "scheme": scheme}
    lanes = simulate(LIF(), WhiteNoise(mu=mu, sigma=1.0), rng=1, **kw)
    alone = WhiteNoise(mu=mu[..., None], sigma=1.0, correlation=0.0)
    group = simulate(LIF(), alone, rng=2, **kw)
    for name in ("rate", "cv"):
        a, b = (getattr(r, name) for r in (lanes, group))
        error = a.value.mean(1) - b.value[..., 0].mean(1)
        stderr = np.sqrt((a.stderr**2).sum(1) + (b.stderr[..., 0] ** 2).sum(1)) / 200
        assert (np.abs(error) < 4 * stderr).all()
