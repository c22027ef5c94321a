"""EIF: rates against quadrature and threshold integration, limits, order in dt."""

import numpy as np
import pytest
from scipy.integrate import quad

from meanfield.neurons import EIF
from tests.single_cells import WAVE, order_in_dt, run

NEURON = EIF(tau_m=15.0, E_L=-72.0, V_T=-55.0, Delta_T=4.0, V_reset=-75.0, V_th=10.0)


def period(neuron, mu):
    """Time from reset to threshold under the current mu [mV/ms]."""

    def slowness(V):
        spike = neuron.Delta_T * np.exp((V - neuron.V_T) / neuron.Delta_T)
        return 1.0 / ((neuron.E_L - V + spike) / neuron.tau_m + mu)

    span = neuron.V_reset, neuron.V_th
    return quad(
        slowness, *span, points=[neuron.V_T], epsabs=0, epsrel=1e-11, limit=200
    )[0]


def test_noise_free_rates_are_those_of_the_quadrature():
    # Rates [Hz] of an independent quadrature.
    drive = np.array([13.01, 13.1, 13.5, 14.0, 15.0, 17.0, 20.0])
    known = np.array([0.7528, 2.40436, 5.51813, 8.00201, 11.79766, 17.84457, 25.57201])
    exact = np.array([period(NEURON, mu / 15.0) for mu in drive])
    np.testing.assert_allclose(1e3 / exact, known, rtol=1e-5)
    dt = 0.02
    cells = run(NEURON, 3000.0, dt, n=7, current=drive / 15.0)
    found = cells.intervals[:, 1] / cells.intervals[:, 0]
    late = (found - exact) / dt
    assert (late > 0.0).all()
    assert (late < 2.5).all()


def test_no_rate_at_rheobase():
    cells = run(NEURON, 3000.0, 0.1, current=12.99 / 15.0)
    assert cells.counts[0] == 0


def test_sharp_onset_is_the_leaky_neuron():
    # Time to V_T in closed form; the upswing begins 15 Delta_T above it.
    mu, tau = 1.2, 20.0
    sharp = EIF(
        tau_m=tau, E_L=0.0, V_reset=0.0, V_T=20.0, V_th=25.0, Delta_T=1e-6, t_ref=2.0
    )
    exact = tau * np.log(mu * tau / (mu * tau - 20.0)) + 2.0
    dt = 0.01
    cells = run(sharp, 500.0, dt, current=mu)
    found = cells.intervals[0, 1] / cells.intervals[0, 0]
    assert exact - 1e-9 < found < exact + 2.0 * dt


def test_noisy_rate_is_that_of_threshold_integration():
    sigma, mu = 1.5, 11.0 / 15.0
    # J' = 0, P' = (2/sigma^2)(f P - J), downwards from P(V_th) = 0 with J = 1 above the
    # reset: the integrating factor of a cell is exact for f constant in it (M. J. E.
    # Richardson, Phys. Rev. E 76, 021919 (2007)).
    V = np.linspace(10.0, -110.0, 60001)
    h = V[0] - V[1]
    f = (-72.0 - V + 4.0 * np.exp((V + 55.0) / 4.0)) / 15.0 + mu
    P, total = 0.0, 0.0
    for v, z in zip(V[1:], 2.0 * f[1:] * h / sigma**2, strict=True):
        J = float(v >= -75.0)
        gain = -np.expm1(-z) / z if abs(z) > 1e-12 else 1.0
        P = P * np.exp(-z) + J * 2.0 * h / sigma**2 * gain
        total += P * h
    cells = run(NEURON, 4000.0, 0.05, n=500, current=mu, sigma=sigma, rng=2)
    rates = cells.counts / 4000.0
    error = rates.std(ddof=1) / np.sqrt(rates.size)
    # Spikes are late by less than 2.5 steps: 0.1 % of these intervals.
    assert abs(rates.mean() - 1.0 / total) < 3.0 * error + 0.125 * total**-2


def test_second_order_below_threshold():
    wave = lambda t: 0.5 + 0.5 * np.sin(WAVE * t)  # noqa: E731
    found = order_in_dt(NEURON, "V", drive=wave, duration=21.0, dt=0.5)
    assert 1.8 < found < 2.2
    noise_free = run(NEURON, 21.0, 0.5, drive=wave)
    assert noise_free.counts[0] == 0


def test_parameters_by_neuron_and_their_checks():
    cells = run(EIF(Delta_T=[0.5, 4.0]), 500.0, 0.1, n=2, current=14.0 / 15.0)
    assert cells.counts[0] == 0
    assert cells.counts[1] > 2
    with pytest.raises(ValueError, match="`V_T` must be below `V_th`"):
        EIF(V_T=20.0)
