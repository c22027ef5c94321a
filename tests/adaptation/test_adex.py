"""Adaptive exponential neurons: the mean voltage, working points by hand, limits."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from meanfield import ConvergenceError, adaptation
from meanfield import integrate_and_fire as iaf
from meanfield.neurons import EIF, AdEx

NEURON = AdEx(t_ref=2.0)
BASE = EIF(
    tau_m=281.0 / 30.0, t_ref=2.0, V_th=0.0, V_reset=-70.6, E_L=-70.6, V_T=-50.4,
    Delta_T=2.0,
)  # fmt: skip
STILL = replace(NEURON, a=0.0, b=0.0)


def mean_voltage(mu, sigma, base):
    """By steps down from the threshold; refractory neurons are at reset."""
    D, h = 0.5 * sigma**2, 2e-3
    low = base.E_L - 10.0 * sigma * np.sqrt(base.tau_m)
    V = np.arange(base.V_th, low, -h) - 0.5 * h
    spike = base.Delta_T * np.exp((V - base.V_T) / base.Delta_T)
    z = ((base.E_L - V + spike) / base.tau_m + mu) * h / D
    density, P = np.empty_like(V), 0.0
    for i in range(V.size):
        gained = -h / D * np.expm1(-z[i]) / z[i] if base.V_reset < V[i] else 0.0
        below = P * np.exp(-z[i]) + gained
        density[i], P = 0.5 * (P + below), below
    time = h * density.sum()
    moment = h * (V * density).sum() + base.t_ref * base.V_reset
    return moment / (time + base.t_ref)


@pytest.mark.parametrize(("mu", "sigma"), [(2.0, 1.0), (2.5, 4.0), (1.5, 2.0)])
def test_working_point_by_hand(mu, sigma):
    def surplus(w):
        drive = mu - w / 281.0
        rate = iaf.firing_rate(drive, sigma, BASE)
        kicks = 80.5 * np.exp(-2.0 / 144.0) / -np.expm1(-1.0 / (144.0 * rate))
        free = (1.0 / rate - 2.0) / 144.0
        pull = 4.0 * (mean_voltage(drive, sigma, BASE) + 70.6)
        return kicks * -np.expm1(-free) / free + pull - w

    point = adaptation.working_point(mu, sigma, NEURON)
    w = brentq(surplus, 1.0, 1e3, xtol=1e-9)
    assert (mu - point.mu) * 281.0 == pytest.approx(w, rel=1e-5)
    rate = iaf.firing_rate(point.mu, sigma, point.neuron)
    assert rate == pytest.approx(point.rate, rel=1e-9)
    assert adaptation.firing_rate(mu, sigma, NEURON) == point.rate
    cv = adaptation.cv(mu, sigma, NEURON)
    assert cv == pytest.approx(iaf.cv(point.mu, sigma, BASE), rel=1e-9)


def test_without_adaptation_it_is_the_exponential_neuron():
    mu, sigma = np.array([0.5, 2.0, 3.0])[:, None], np.array([0.0, 1.0])
    expected = iaf.firing_rate(mu, sigma, BASE)
    found = adaptation.firing_rate(mu, sigma, STILL)
    assert np.allclose(found, expected, rtol=1e-8, atol=0.0)
    f = np.array([0.0, 0.01, 0.2])
    expected = iaf.linear_response(f, 2.0, 1.0, BASE)
    found = adaptation.linear_response(f, 2.0, 1.0, STILL)
    assert np.allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("neuron", [NEURON, replace(NEURON, a=20.0, b=10.0)])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 5.0])
def test_zero_frequency_is_the_slope_of_the_rate(neuron, sigma):
    mu, h = np.array([2.2, 3.0, 5.0]), 2e-3
    shifted = np.add.outer([-2 * h, -h, h, 2 * h], mu)
    r = adaptation.firing_rate(shifted, sigma, neuron)
    slope = (8 * (r[2] - r[1]) - (r[3] - r[0])) / (12 * h)
    response = adaptation.linear_response(0.0, mu, sigma, neuron)
    assert np.allclose(response, slope, rtol=1e-5, atol=1e-9)


def test_silent_neurons_rest():
    # f + mu - a (V - E_L)/C_m vanishes where a silent neuron rests.
    for sigma in (0.0, 0.01):
        point = adaptation.working_point(0.5, sigma, NEURON)
        assert point.rate == 0.0
        V = brentq(
            lambda V: -34.0 * (V + 70.6) + 60.0 * np.exp((V + 50.4) / 2.0) + 140.5,
            -80.0,
            -55.0,
            xtol=1e-12,
        )
        assert point.mu == pytest.approx(0.5 - 4.0 * (V + 70.6) / 281.0, rel=1e-5)
        assert adaptation.linear_response(0.0, 0.5, sigma, NEURON) == 0.0


def test_shapes():
    neuron = replace(NEURON, b=np.array([0.0, 80.0, 160.0]))
    rate = adaptation.firing_rate(np.full((2, 1), 2.5), 1.0, neuron)
    assert rate.shape == (2, 3)
    assert np.all(np.diff(rate, axis=1) < 0.0)
    one = adaptation.firing_rate(2.5, 1.0, replace(NEURON, b=80.0))
    assert isinstance(one, float)
    assert rate[0, 1] == pytest.approx(one, rel=1e-10)


def test_facilitation():
    exciting = replace(NEURON, b=-80.5)
    with pytest.raises(ValueError, match='"lowest" or "highest" where several'):
        adaptation.firing_rate(1.2, 1.0, exciting)
    low, high = (
        adaptation.firing_rate(1.2, 1.0, exciting, solution=s)
        for s in ("lowest", "highest")
    )
    assert low < 1e-3 < high
    with pytest.raises(ConvergenceError, match="refractory period"):
        adaptation.firing_rate(1.2, 1.0, replace(exciting, t_ref=0.0, b=-800.0))


def test_errors():
    with pytest.raises(ValueError, match="`a` must be above -g_L"):
        adaptation.firing_rate(1.0, 1.0, replace(NEURON, a=-30.0))
