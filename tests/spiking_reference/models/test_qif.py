"""QIF: closed forms without and with noise, conductances, order in dt."""

import numpy as np
import pytest
from scipy.integrate import quad

from meanfield.neurons import QIF
from tests.single_cells import WAVE, order_in_dt, run

TAU, WIDTH = 10.0, 15.0  # of the defaults: V_T - E_L = 15 mV
LEAST = WIDTH / (4.0 * TAU)


def test_square_root_law_of_the_theta_neuron():
    mu = LEAST + np.array([0.001, 0.01, 0.1, 1.0, 3.0])
    theta = QIF(V_th=1e9, V_reset=-1e9)
    dt = 0.05
    cells = run(theta, 4000.0, dt, n=5, current=mu)
    exact = np.pi * np.sqrt(TAU * WIDTH / (mu - LEAST))
    found = cells.intervals[:, 1] / cells.intervals[:, 0]
    np.testing.assert_allclose(found, np.ceil(exact / dt) * dt, rtol=1e-12)


def test_arctangent_law_between_reset_and_threshold():
    mu = LEAST + np.array([0.01, 0.1, 1.0, 3.0])
    neuron = QIF(V_reset=-70.0, V_th=0.0, t_ref=1.0)
    root = np.sqrt((mu - LEAST) * TAU * WIDTH)
    ends = [np.arctan((V + 57.5) / root) for V in (-70.0, 0.0)]
    exact = TAU * WIDTH / root * (ends[1] - ends[0])
    dt = 0.05
    cells = run(neuron, 2000.0, dt, n=4, current=mu)
    found = cells.intervals[:, 1] / cells.intervals[:, 0]
    np.testing.assert_allclose(found, np.ceil(exact / dt) * dt + 1.0, rtol=1e-12)


def test_rest_and_threshold_are_fixed_points():
    start = np.array([-65.0, -50.01, -49.99])
    cells = run(QIF(), 300.0, 0.5, n=3, initial={"V": start})
    np.testing.assert_array_equal(cells.counts, [0, 0, 1])
    np.testing.assert_allclose(cells.traces["V"][:2, -1], -65.0, atol=1e-3)


def test_silent_below_the_least_current():
    assert run(QIF(), 3000.0, 0.1, current=0.999 * LEAST).counts[0] == 0


def test_noisy_rate_is_that_of_the_integral():
    # x = c (V - m), c = 1/(tau_m (V_T - E_L)), has x' = x^2 + eta + noise of intensity s2
    # per ms. Its mean time from -inf to inf is (2/s2) int int exp(2 (U(x) - U(x - y))/s2)
    # over all x and y > 0, with U = -x^3/3 - eta x; the integral over x is Gaussian, and
    # y = z^2 takes the root from the other.
    mu, sigma = LEAST - 0.1, 1.0
    c = 1.0 / (TAU * WIDTH)
    eta, s2 = c * (mu - LEAST), (c * sigma) ** 2

    def density(z):
        return 2.0 * np.exp(-2.0 * eta * z**2 / s2 - z**6 / (6.0 * s2))

    end = 4.0 * (6.0 * s2) ** (1.0 / 6.0) + 2.0 * (12.0 * abs(eta)) ** 0.25
    mean = np.sqrt(2.0 * np.pi / s2) * quad(density, 0.0, end, limit=400)[0]
    theta = QIF(V_th=1e6, V_reset=-1e6)
    cells = run(theta, 3000.0, 0.2, n=1000, current=mu, sigma=sigma, rng=3)
    late = cells.spikes.times > 1000.0  # from rest, stationary by then
    counts = np.bincount(cells.spikes.neurons[late], minlength=1000)
    error = counts.std(ddof=1) / np.sqrt(counts.size)
    assert abs(counts.mean() - 2000.0 / mean) < 3.0 * error


def test_second_order_in_dt():
    wave = lambda t: 0.3 + 0.2 * np.sin(WAVE * t)  # noqa: E731
    assert 1.8 < order_in_dt(QIF(), "V", drive=wave, duration=21.0, dt=0.5) < 2.2
    assert run(QIF(), 21.0, 0.5, drive=wave).counts[0] == 0


def test_checks():
    with pytest.raises(ValueError, match="`E_L` must be below `V_T`"):
        QIF(E_L=-40.0)
    with pytest.raises(ValueError, match="`V_th` must be finite"):
        QIF(V_th=np.inf)
