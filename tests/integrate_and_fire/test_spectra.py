"""Response and spectra against parabolic cylinder functions, limits and laws."""

import cmath
import math

import numpy as np
import pytest

import meanfield as mf
from meanfield.integrate_and_fire import (
    characteristic_function,
    derivatives,
    linear_response,
    power_spectrum,
    responses,
    stationary,
)
from meanfield.neurons import EIF, LIF, QIF

from . import oracle

FREQUENCIES = np.array([1e-4, 0.01, 0.03, 0.1, 1.0])
POINTS = [(1.05, 1.0), (0.5, 1.0), (1.5, 1.0), (0.0, 5.0), (1.4, 0.4)]
NEURON = LIF(t_ref=2.0)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_response_of_the_leaky_neuron(mu, sigma):
    found = responses(FREQUENCIES, mu, sigma, NEURON)
    exact = [oracle.response(NEURON, f, mu, sigma) for f in FREQUENCIES]
    error = abs(found.mu / exact - 1)
    assert error.max() <= 1e-6
    assert (error <= found.error + 1e-11).all()


@pytest.mark.slow  # mpmath takes minutes
@pytest.mark.parametrize(("mu", "sigma"), [(0.8, 0.3), (1.0, 1.0), (1.4, 0.2)])
def test_response_at_more_frequencies(mu, sigma):
    frequencies = np.array([1e-3, 0.005, 0.2, 0.5, 10.0])
    found = responses(frequencies, mu, sigma, NEURON)
    exact = [oracle.response(NEURON, f, mu, sigma) for f in frequencies]
    assert abs(found.mu / exact - 1).max() <= 1e-6


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_characteristic_function_and_spectrum_of_the_leaky_neuron(mu, sigma):
    rho = characteristic_function(FREQUENCIES, mu, sigma, NEURON)
    exact = np.array(
        [oracle.transform(NEURON, 2j * math.pi * f, mu, sigma) for f in FREQUENCIES]
    )
    assert abs(rho - exact).max() <= 1e-9
    rate = mf.firing_rate(mu, sigma, NEURON)
    spectrum = rate * (1 - abs(exact) ** 2) / abs(1 - exact) ** 2
    assert power_spectrum(FREQUENCIES, mu, sigma, NEURON) == pytest.approx(
        spectrum, rel=1e-7
    )


@pytest.mark.parametrize(
    ("neuron", "mu", "sigma"),
    [
        (LIF(), 0.9, 1.0),
        (EIF(t_ref=2.0), 1.0, 2.0),
        (QIF(), 0.4, 0.5),
        (EIF(), 0.2, 1.0),
    ],
)
class TestLimits:
    def test_frequency_zero(self, neuron, mu, sigma):
        found = responses(0.0, mu, sigma, neuron, tolerance=1e-9)
        step = 1e-4
        ahead, behind = (
            stationary(mu + k * step, sigma, neuron, tolerance=1e-11).rate
            for k in (1, -1)
        )
        more, less = (
            stationary(mu, sigma + k * step, neuron, tolerance=1e-11).rate
            for k in (1, -1)
        )
        assert found.mu.real == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)
        assert found.sigma.real == pytest.approx((more - less) / (2 * step), rel=1e-5)
        assert found.mu.imag == found.sigma.imag == 0
        gain = stationary(mu, sigma, neuron).gain
        assert found.mu.real == pytest.approx(gain, rel=1e-7)
        slopes = derivatives(mu, sigma, neuron)
        for name in ("mu", "sigma", "V_th", "V_reset"):
            slope = slopes.rate[slopes.names.index(name)]
            assert getattr(found, name).real == pytest.approx(
                slope, rel=1e-5, abs=1e-14
            )
        low = responses(1e-9, mu, sigma, neuron)
        assert low.mu == pytest.approx(found.mu, rel=1e-5)

    def test_ends_of_the_spectrum(self, neuron, mu, sigma):
        found = stationary(mu, sigma, neuron)
        ends = power_spectrum([0.0, 1e-8, 100.0], mu, sigma, neuron)
        assert ends[0] == pytest.approx(found.cv**2 * found.rate, rel=1e-7)
        assert ends[1] == pytest.approx(ends[0], rel=1e-6)
        assert ends[2] == pytest.approx(found.rate, rel=1e-6)
        assert characteristic_function(0.0, mu, sigma, neuron) == 1

    def test_negative_frequencies(self, neuron, mu, sigma):
        both = linear_response([0.01, -0.01], mu, sigma, neuron)
        assert both[1] == both[0].conjugate()
        both = characteristic_function([0.01, -0.01], mu, sigma, neuron)
        assert both[1] == both[0].conjugate()
        both = power_spectrum([0.01, -0.01], mu, sigma, neuron)
        assert both[1] == both[0]


def test_moving_frame():
    """V, threshold and reset moved together: the leak is all that a neuron notices."""
    f = np.array([0.001, 0.01, 0.1, 1.0])
    for t_ref in (0.0, 3.0):
        found = responses(f, 0.9, 1.0, LIF(t_ref=t_ref), tolerance=1e-8)
        drive = -(2j * math.pi * f + 1 / 20.0) * found.mu
        assert found.V_th + found.V_reset == pytest.approx(drive, rel=1e-6)


def test_high_frequencies():
    """LIF: rate (sigma^2 i omega/2)^-1/2; EIF: rate/(Delta_T i omega)."""
    f = 100.0
    omega = 2 * math.pi * f
    rate = mf.firing_rate(1.0, 1.0, LIF())
    law = rate / cmath.sqrt(0.5j * omega)
    assert linear_response(f, 1.0, 1.0, LIF()) == pytest.approx(law, rel=0.01)
    # sigma: R -> rate/D in the intensity D = sigma^2/2, 2 rate/sigma in sigma.
    found = linear_response(f, 1.0, 1.0, LIF(), modulation="sigma")
    assert found == pytest.approx(2 * rate, rel=0.05)
    neuron = EIF(Delta_T=3.0, V_th=200.0)
    rate = stationary(1.0, 2.0, neuron).rate
    found = linear_response([5.0, 10.0], 1.0, 2.0, neuron)
    law = rate / (3.0 * 2j * math.pi * np.array([5.0, 10.0]))
    assert found == pytest.approx(law, rel=0.02)


def test_silent_and_noiseless():
    quiet = responses([0.0, 0.1], -100.0, 1.0, EIF())
    assert (quiet.mu == 0).all()
    assert (quiet.sigma == 0).all()
    assert (power_spectrum([0.0, 0.1], -100.0, 1.0, EIF()) == 0).all()
    assert characteristic_function([0.0, 0.1], -100.0, 1.0, EIF()).tolist() == [1, 0]
    clock = power_spectrum([0.0, 0.01, 0.1], 2.0, 0.0, EIF())
    assert (clock == 0).all()
    period = 1 / stationary(2.0, 0.0, EIF()).rate
    turned = characteristic_function(0.013, 2.0, 0.0, EIF())
    assert turned == pytest.approx(cmath.exp(-2j * math.pi * 0.013 * period), rel=1e-7)
    # d rate/d mu at once where nothing else is
    gain = stationary(2.0, 0.0, EIF()).gain
    assert responses(0.0, 2.0, 0.0, EIF()).mu == pytest.approx(gain, rel=1e-7)
    assert np.isnan(linear_response([math.nan, 0.1], 1.0, math.nan, EIF())).all()


@pytest.mark.parametrize("sigma", [0.18, 0.2, 0.3])
def test_rare_spikes_have_finite_responses(sigma):
    """At 1e-270 to 1e-100 kHz, where squares of the mean interval overflow."""
    cell = LIF(V_reset=10.0)
    found = responses([0.0, 1e-3, 0.1], 0.0, sigma, cell)
    slopes = derivatives(0.0, sigma, cell)
    by = dict(zip(slopes.names, slopes.rate, strict=True))
    for name in ("mu", "sigma", "V_th"):
        response = getattr(found, name)
        assert np.isfinite(response).all()
        assert response[0].real == pytest.approx(by[name], rel=1e-6)


def test_shapes_do_not_matter():
    f, mu = np.linspace(0, 0.2, 7), np.array([0.5, 1.0, 1.5])
    rows = linear_response(f, mu[:, None], 2.0, EIF())
    columns = linear_response(f[:, None], mu, 2.0, EIF())
    assert rows.shape == (3, 7)
    assert columns == pytest.approx(rows.T, rel=1e-6)
    each = linear_response(0.1, 1.0, 2.0, EIF(t_ref=[0.0, 2.0]))
    assert each[1] == pytest.approx(linear_response(0.1, 1.0, 2.0, EIF(t_ref=2.0)))
    assert isinstance(linear_response(0.1, 1.0, 2.0, EIF()), complex)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: responses(math.inf, 1.0, 1.0, EIF()),
            ValueError,
            "`frequency` must be",
        ),
        (lambda: responses(1j, 1.0, 1.0, EIF()), TypeError, "`frequency` must be real"),
        (lambda: power_spectrum(0.1, 1.0, -1.0, EIF()), ValueError, "`sigma` must not"),
        (
            lambda: linear_response(0.1, 1.0, 1.0, EIF(), modulation="tau"),
            ValueError,
            "`modulation` must be one of .*; got 'tau'",
        ),
    ],
)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call()
