"""The linear-nonlinear cascade against its definition and the full equation."""

import numpy as np
import pytest

import meanfield as mf
from meanfield import LIF, ValidityWarning
from meanfield.cascade import fit_kernel, respond
from meanfield.integrate_and_fire import firing_rate, linear_response
from meanfield.neurons import EIF
from meanfield.population_density import evolve

T = np.arange(0.0, 200.0, 0.1)


def difference(found, exact):
    return np.sqrt(np.mean((found.rate - exact.rate) ** 2)) / exact.rate.mean()


def test_far_below_threshold_the_kernel_is_the_membrane():
    # Escapes follow the voltage of the mean, filtered by tau_m, and its variance.
    assert fit_kernel(-3.0, 1.0, LIF()).tau == pytest.approx(20.0, rel=0.01)
    noise = fit_kernel(-3.0, 1.0, LIF(), modulation="sigma")
    assert noise.tau == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize("kernel", ["exponential", "oscillator"])
def test_small_modulations_see_the_fitted_transfer_function(kernel):
    mu, sigma, f, size = 0.8, 2.0, 0.02, 1e-3
    dt = 0.1
    t = (np.arange(4000) + 0.5) * dt
    drive = mu + size * np.cos(2.0 * np.pi * f * t)
    found = respond(drive, sigma, LIF(), dt=dt, kernel=kernel, adaptive=False)
    late = t > 200.0
    turn = np.exp(-2j * np.pi * f * t[late])
    R = 2.0 * np.mean((found.rate[late] - found.rate[late].mean()) * turn) / size
    fit = fit_kernel(mu, sigma, LIF(), kernel=kernel)
    slow, a = 1.0 + 2j * np.pi * f * fit.tau, fit.omega * fit.tau
    expected = (1.0 + a**2) * slow / (slow**2 + a**2)
    gain = mf.moment_activation_derivatives(mu, sigma, LIF()).rate_dmu
    assert pytest.approx(gain * expected, rel=5e-3) == R
    assert abs(linear_response(f, mu, sigma, LIF()) / gain - expected) < 3 * fit.error


@pytest.mark.parametrize("neuron", [LIF(), EIF(t_ref=2.0)])
@pytest.mark.parametrize("kernel", ["exponential", "oscillator"])
def test_constant_and_slow_input_give_the_stationary_rate(neuron, kernel):
    constant = respond(1.0, 2.0, neuron, duration=5.0, kernel=kernel)
    np.testing.assert_allclose(constant.rate, firing_rate(1.0, 2.0, neuron), rtol=1e-9)
    slow = 1.0 + 0.3 * np.sin(2.0 * np.pi * 1e-3 * np.arange(0.0, 1000.0))
    found = respond(slow, 2.0, neuron, dt=10.0, kernel=kernel)  # 0.1 Hz
    np.testing.assert_allclose(found.rate, firing_rate(slow, 2.0, neuron), rtol=0.01)


@pytest.mark.parametrize("neuron", [LIF(t_ref=2.0), EIF(t_ref=2.0)])
def test_irregular_neurons_follow_the_full_equation(neuron):
    mu = np.where(T < 80.0, 0.6, 1.1) + 0.2 * np.sin(2.0 * np.pi * 0.03 * T)
    exact = evolve(mu, 2.5, neuron)
    assert difference(respond(mu, 2.5, neuron), exact) < 0.02
    static = firing_rate(mu, 2.5, neuron)
    assert np.sqrt(np.mean((static - exact.rate) ** 2)) / exact.rate.mean() > 0.08


def test_noise_is_filtered_too():
    sigma = np.where(T < 80.0, 2.0, 2.5)
    exact = evolve(0.0, sigma, LIF())
    found = difference(respond(0.0, sigma, LIF()), exact)
    static = firing_rate(0.0, sigma, LIF())
    without = np.sqrt(np.mean((static - exact.rate) ** 2)) / exact.rate.mean()
    assert found < 0.07
    assert found < 0.7 * without


def test_regular_neurons_are_said_to_be_beyond_it():
    with pytest.warns(ValidityWarning, match="too regularly"):
        respond(np.where(T < 80.0, 1.5, 2.0), 0.5, LIF())


def test_silence_has_no_kernel_but_the_response_goes_on():
    assert np.isnan(fit_kernel(-1e4, 1.0, LIF()).tau)
    mu = np.where(T < 20.0, -100.0, 0.5)
    found = respond(mu, 2.0, LIF(), dt=0.2)
    assert found.rate[0] == 0.0
    assert found.rate[-1] == pytest.approx(mf.firing_rate(0.5, 2.0), rel=1e-4)
    with pytest.raises(ValueError, match="make the neuron fire"):
        respond(-1e4, 1.0, LIF(), duration=1.0)


def test_leading_axes_are_separate_populations():
    mu = np.array([[0.5], [1.0]]) + 0.1 * np.sin(T)
    both = respond(mu, 2.5, LIF())
    assert both.rate.shape == mu.shape
    one = respond(mu[1], 2.5, LIF())
    np.testing.assert_allclose(both.rate[1], one.rate, rtol=0.01)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernel": "alpha"}, "must be one of"),
        ({"sigma": 0.0}, "positive"),
        ({"dt": -0.1}, "positive"),
        ({"neuron": LIF(t_ref=[1.0, 2.0])}, "plain numbers"),
    ],
)
def test_errors_say_what_is_wrong(options, words):
    with pytest.raises(ValueError, match=words):
        respond(**({"mu": 1.0, "sigma": 2.0, "duration": 1.0} | options))


def test_names_of_a_fit_are_checked():
    with pytest.raises(ValueError, match="`modulation` must be one of"):
        fit_kernel(1.0, 1.0, modulation="tau")
    with pytest.raises(TypeError, match="`neuron` must be an LIF, EIF"):
        fit_kernel(1.0, 1.0, "LIF")  # type: ignore[arg-type]
