"""Derivatives against Richardson-extrapolated differences of the values in mpmath."""

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import meanfield as mf
from meanfield import LIF
from tests import oracle


@pytest.mark.parametrize("seed", range(12))
def test_derivatives(seed):
    rng = np.random.default_rng(seed)
    neuron = LIF(
        V_reset=20.0 - 10.0 ** rng.uniform(-4, 1.5), t_ref=float(rng.choice([0.0, 3.0]))
    )
    mu, sigma = float(rng.normal(1, 1.5)), float(10.0 ** rng.uniform(-0.7, 1.5))
    got, want, values = both(mu, sigma, neuron)
    size = np.maximum(np.abs(want), values[:, None] / sigma)
    assert np.all(np.abs(got - want) < 1e-11 * size)


@pytest.mark.parametrize(("mu", "sigma"), [(2.0, 1e-2), (2.0, 1e-5), (1.01, 1e-3)])
def test_derivatives_of_nearly_noiseless_neurons(mu, sigma):
    got, want, _ = both(mu, sigma, LIF())
    assert np.allclose(got, want, rtol=1e-11, atol=0.0)


def both(mu, sigma, neuron):
    """Derivatives, shape (3, 2), by the function and by differences, and the values."""
    got = np.reshape(mf.moment_activation_derivatives(mu, sigma, neuron), (3, 2))
    with mpmath.workdps(50):
        step = mpf(min(sigma, 1.0)) * mpf("1e-12")

        def values(x, y):
            return np.array(oracle.moments(x, y, neuron, digits=50)[:3])

        want = [
            (values(mu + dx, sigma + dy) - values(mu - dx, sigma - dy)) / (2 * step)
            for dx, dy in ((step, 0), (0, step))
        ]
        return got, np.array(want, dtype=float).T, values(mu, sigma).astype(float)
