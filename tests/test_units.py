"""Conversions between conventions."""

import pytest
from scipy.optimize import brentq

import meanfield as mf
from meanfield import LIF, units


def test_round_trip_and_meaning():
    mu_V, sigma_V = units.to_siegert(1.2, 0.5, 20.0)
    assert (mu_V, sigma_V) == pytest.approx((24.0, 0.5 * 20**0.5))
    assert units.from_siegert(mu_V, sigma_V, 20.0) == pytest.approx((1.2, 0.5))


@pytest.mark.parametrize(
    ("g", "eta", "published"), [(6.0, 4.0, 55.8), (5.0, 2.0, 38.0), (4.5, 0.9, 6.5)]
)
def test_self_consistent_rates_of_brunel_2000(g, eta, published):
    """States B, C and D of J. Comput. Neurosci. 8, 183: rates printed to 0.1 Hz."""
    neuron = LIF(tau_m=20.0, V_th=20.0, V_reset=10.0, t_ref=2.0)

    def excess(rate):
        excitation = rate + eta * 10 * units.Hz
        mu_V = 1000 * 0.1 * 20.0 * (excitation - g / 4 * rate)
        sigma_V = (1000 * 0.1**2 * 20.0 * (excitation + g**2 / 4 * rate)) ** 0.5
        return mf.firing_rate(*units.from_siegert(mu_V, sigma_V, 20.0), neuron) - rate

    rate = brentq(excess, 1 * units.Hz, 100 * units.Hz)
    assert rate / units.Hz == pytest.approx(published, abs=0.051)


def test_bad_time_constant():
    with pytest.raises(ValueError, match="`tau_m` must be positive"):
        units.to_siegert(1.0, 1.0, 0.0)
