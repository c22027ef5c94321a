"""Correlated neurons: exact marginals, and covariances as exact as stated."""

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import WhiteNoise, simulate


def mean(values):
    return values.mean(), values.std(ddof=1) / np.sqrt(values.size)


@pytest.mark.parametrize(
    ("mu", "sigma", "t_ref", "tau_m"),
    [(0.8, 1.0, 5.0, 20.0), (3.0, 2.0, 0.05, 20.0), (1.0, 1.0, 0.0, np.inf)],
)
@pytest.mark.parametrize("correlation", [0.3, 1.0])
def test_marginals_are_those_of_single_neurons(mu, sigma, t_ref, tau_m, correlation):
    # Restarts within a step take the shared noise apart; the rate, CV and count
    # variance must not feel it. 18 values at |z| < 4.3: 3e-4.
    neuron = LIF(t_ref=t_ref, tau_m=tau_m)
    kw = {"duration": 4000.0, "dt": 0.5, "warmup": 200.0, "count_windows": [100.0]}
    mu = np.full((300, 2), mu)
    drive = WhiteNoise(mu=mu, sigma=sigma, correlation=correlation)
    both = simulate(neuron, drive, rng=1, **kw)
    single = simulate(neuron, WhiteNoise(mu=mu, sigma=sigma), rng=2, **kw)
    for name in ("rate", "cv"):
        # One neuron of a pair: the other is no independent witness.
        a, da = mean(getattr(both, name).value[:, 0])
        b, db = mean(getattr(single, name).value.ravel())
        assert abs(a - b) < 4.3 * np.hypot(da, db)
    a, da = mean(both.count_variance(100.0).value[:, 0])
    b, db = mean(single.count_variance(100.0).value.ravel())
    assert abs(a - b) < 4.3 * np.hypot(da, db)


def test_covariance_does_not_depend_on_the_step_at_moderate_correlation():
    # dt = 0.1 against 1 ms at c = 0.3, windows of 100 ms: 1 value at |z| < 4, 6e-5;
    # it would see 16 %.
    drive = WhiteNoise(mu=np.full((1200, 2), 0.8), sigma=1.0, correlation=0.3)
    kw = {"duration": 5000.0, "warmup": 200.0, "count_windows": [100.0]}
    found = [
        mean(
            simulate(LIF(), drive, dt=dt, rng=i, **kw).covariance(100.0).value[:, 0, 1]
        )
        for i, dt in enumerate((0.1, 1.0))
    ]
    (a, da), (b, db) = found
    assert abs(a - b) < 4 * np.hypot(da, db)
    assert a > 20 * da
    assert np.hypot(da, db) < 0.04 * a


def test_identical_noise_is_the_worst_case():
    # Pairs that share all their noise should spike together. Bridges that cross alone
    # part them: the table in `simulate` has 0.972, 0.945, 0.887.
    kw = {"duration": 5000.0, "warmup": 200.0, "rng": 3, "count_windows": [100.0]}
    drive = WhiteNoise(mu=np.full((150, 2), 0.8), sigma=1.0, correlation=1.0)
    for dt, expected in ((0.2, 0.945), (1.0, 0.887)):
        run = simulate(LIF(), drive, dt=dt, **kw)
        value = run.covariance(100.0).value.mean(0)
        assert abs(value[0, 1] / value[0, 0] - expected) < 0.015
    # On the grid nothing parts them.
    run = simulate(LIF(), drive, dt=0.2, scheme="grid", **kw)
    assert np.allclose(run.correlation(100.0).value, 1.0)


def test_covariance_has_the_sign_and_zeros_of_the_correlation():
    c = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, -0.5], [0.0, -0.5, 1.0]])
    drive = WhiteNoise(mu=np.full((200, 3), 1.0), sigma=1.0, correlation=c)
    run = simulate(LIF(), drive, duration=4000.0, dt=0.5, warmup=200.0, rng=3)
    found = run.covariance(100.0)
    value = found.value.mean(0)
    stderr = np.sqrt((found.stderr**2).mean(0) / 200)
    np.testing.assert_allclose(value, value.T, atol=1e-15)
    assert value[0, 1] > 8 * stderr[0, 1]
    assert value[1, 2] < -8 * stderr[1, 2]
    assert abs(value[0, 2]) < 4 * stderr[0, 2]
    np.testing.assert_allclose(
        np.diagonal(found.value, axis1=1, axis2=2), run.count_variance(100.0).value
    )
    own = np.sqrt(np.diagonal(found.value, axis1=1, axis2=2))
    np.testing.assert_allclose(
        run.correlation(100.0).value, found.value / (own[:, :, None] * own[:, None])
    )


def test_membranes_that_differ_and_neurons_without_noise():
    neuron = LIF(tau_m=[10.0, 30.0, 20.0])
    drive = WhiteNoise(mu=[2.5, 1.0, 1.5], sigma=[1.0, 1.0, 0.0], correlation=0.4)
    run = simulate(neuron, drive, duration=2e4, dt=0.5, warmup=100.0, rng=5)
    alone = simulate(
        neuron, WhiteNoise(mu=drive.mu, sigma=drive.sigma), duration=2e5, dt=0.5, rng=6
    )
    z = (run.rate.value - alone.rate.value)[:2] / np.hypot(
        run.rate.stderr[:2], alone.rate.stderr[:2]
    )
    assert np.abs(z).max() < 4  # 1e-4
    assert run.rate.value[2] == alone.rate.value[2]
    assert run.isi_std.value[2] == 0


def test_uncorrelated_drive_says_so():
    run = simulate(LIF(), WhiteNoise(mu=[1.0, 1.0], sigma=1.0), duration=100.0, dt=0.5)
    with pytest.raises(ValueError, match=r"drive\.correlation.*correlation=0\.0"):
        run.covariance(20.0)
