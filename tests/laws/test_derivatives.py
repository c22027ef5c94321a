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
    got = np.reshape(mf.moment_activation_derivatives(mu, sigma, neuron), (3, 2))
    with mpmath.workdps(50):
        step = mpf("1e-12")

        def values(x, y):
            return oracle.moments(x, y, neuron, digits=50)[:3]

        for column, (dx, dy) in enumerate(((step, 0), (0, step))):
            up = values(mu + dx, sigma + dy)
            down = values(mu - dx, sigma - dy)
            for row in range(3):
                want = float((up[row] - down[row]) / (2 * step))
                size = max(abs(want), float(up[row]) / sigma)
                assert got[row, column] == pytest.approx(want, abs=1e-11 * size)
