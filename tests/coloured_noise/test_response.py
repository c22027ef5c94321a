"""Linear response with exponential synapses: published values, limits, derivatives."""

import math

import numpy as np
import pytest

from meanfield import LIF, ValidityWarning, integrate_and_fire
from meanfield import coloured_noise as cn

# Schuecker, Diesmann, Helias (2015), Figs. 2 and 3, at 1.3877, 19.256 and 71.73 Hz without
# the synapses' filter: sigma [mV], mu [mV]; modulus [Hz/mV]; phase [degrees].
FREQUENCIES = [1.3877e-3, 19.256e-3, 71.73e-3]
SCHUECKER = [
    (1.5, 18.94, [8.637, 7.553, 3.643], [-1.87, -30.20, -45.32]),
    (1.5, 20.96, [10.295, 11.557, 8.572], [0.08, -1.78, -32.64]),
    (4.0, 16.42, [4.505, 2.888, 1.425], [-4.50, -36.59, -46.87]),
    (4.0, 19.66, [7.447, 6.150, 3.663], [-2.23, -23.74, -38.87]),
]


@pytest.mark.parametrize(("sigma", "mu", "modulus", "phase"), SCHUECKER)
def test_published_responses(sigma, mu, modulus, phase):
    neuron = LIF(t_ref=0.0, V_reset=15.0)
    point = mu / 20, sigma / math.sqrt(20), 0.5, neuron
    found = cn.linear_response(FREQUENCIES, *point, method="effective_threshold")
    np.testing.assert_allclose(1e3 * abs(found) / 20, modulus, rtol=5e-4)
    np.testing.assert_allclose(np.angle(found, deg=True), phase, atol=0.02)
    # The formula is of first order in sqrt(tau_syn), and not for high frequency.
    exact = cn.linear_response(FREQUENCIES, *point)
    error = abs(found / exact - 1)
    assert error[0] < 0.02
    assert error[1] < 0.06
    assert error[2] < 0.2


@pytest.mark.parametrize("tau_syn", [0.2, 5.0, 40.0])
def test_frequency_zero_is_the_derivative_of_the_rate(tau_syn):
    steps, weights = 0.03 * np.array([-2, -1, 1, 2]), np.array([1, -8, 8, -1]) / 0.36
    for mu in (0.9, 1.6):
        by_mu = cn.firing_rate(mu + steps, 1.2, tau_syn) @ weights
        by_sigma = cn.firing_rate(mu, 1.2 + steps, tau_syn) @ weights
        for frequency in (0.0, 1e-8):  # the limit is continuous
            mean = cn.linear_response(frequency, mu, 1.2, tau_syn)
            noise = cn.linear_response(frequency, mu, 1.2, tau_syn, modulation="sigma")
            assert mean.real == pytest.approx(by_mu, 1e-3)
            assert noise.real == pytest.approx(by_sigma, 2e-3, abs=1e-4 * by_mu)


def test_white_limit():
    f = np.array([0.0, 0.01, 0.1])
    for modulation in ("mu", "sigma"):
        white = integrate_and_fire.linear_response(
            f, 1.0, 1.2, LIF(), modulation=modulation
        )
        found = cn.linear_response(f, 1.0, 1.2, 0.0, modulation=modulation)
        np.testing.assert_array_equal(found, white)
        near = cn.linear_response(f, 1.0, 1.2, 1e-3, modulation=modulation)
        np.testing.assert_allclose(near, white, rtol=0.03)


def test_fast_synapses_at_low_frequency():
    # Second order in sqrt(tau_syn): 1e-3 of tau_m leaves 1e-3.
    f = np.array([0.0, 0.005, 0.02])
    exact = cn.linear_response(f, [[1.0], [1.4]], 1.2, 0.02)
    found = cn.linear_response(
        f, [[1.0], [1.4]], 1.2, 0.02, method="effective_threshold"
    )
    np.testing.assert_allclose(found, exact, rtol=4e-3)


def test_high_frequency_limit_is_the_density_at_threshold():
    # rate E(1/V' at spikes), and V' = mu - V_th/tau_m without noise; the phase is 0.
    neuron, mu = LIF(t_ref=2.0), 1.5
    expected = cn.firing_rate(mu, 0.0, 0.0, neuron) / (mu - 1.0)
    found = cn.linear_response(30.0, mu, 0.2, 20.0, neuron)
    assert found.real == pytest.approx(expected, 2e-3)
    assert abs(found.imag) < 2e-3 * expected


def test_modulated_input_passes_the_filter():
    f = np.array([-0.03, 0.03])
    mean = cn.linear_response(f, 1.0, 1.0, 5.0)
    filtered = cn.linear_response(f, 1.0, 1.0, 5.0, modulation="input")
    np.testing.assert_allclose(filtered * (1 + 2j * np.pi * f * 5.0), mean, rtol=1e-14)
    assert mean[0] == mean[1].conjugate()
    assert isinstance(cn.linear_response(0.03, 1.0, 1.0, 5.0), complex)


def test_rare_firing_joins_the_rest_at_frequency_zero():
    # Five standard deviations of V, 0.5 sigma sqrt(tau_m): where the solution changes.
    change = 20.0 / 20 - 5 * 0.5 * math.sqrt(20) / 20
    for modulation in ("mu", "sigma"):
        below, above = cn.linear_response(
            0.0, change + np.array([-1e-7, 1e-7]), 1.0, 20.0, modulation=modulation
        )
        assert abs(below / above - 1) < 2e-3


def test_errors_and_warnings():
    with pytest.raises(ValueError, match="`frequency` must be finite"):
        cn.linear_response(np.inf, 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="`modulation` must be one of"):
        cn.linear_response(0.1, 1.0, 1.0, 1.0, modulation="rate")
    with pytest.raises(ValueError, match="'sigma' for this method"):
        cn.linear_response(
            0.1, 1.0, 1.0, 1.0, modulation="sigma", method="effective_threshold"
        )
    with pytest.warns(ValidityWarning, match="tau_syn/tau_m up to 0.5"):
        cn.linear_response(0.1, 1.0, 1.0, 10.0, method="effective_threshold")
    assert np.isnan(cn.linear_response(np.nan, 1.0, 1.0, 1.0))
