"""Linear response of adaptive neurons: mpmath, zero frequency, limits."""

import mpmath
import numpy as np
import pytest
from mpmath import mpc, mpf

from meanfield import adaptation
from meanfield.adaptation._passage import _slopes
from meanfield.neurons import GLIF, AdaptiveLIF
from tests import oracle
from tests.adaptation.test_stationary import CURRENTS, FACILITATING, RULES, leaky

CASES = [(-1, 1), (-5, -3), (-12, 4), (0.5, 3), (-1.9, -1), (-9, -6), (3, 6)]


def transform(x, lam):
    """E e^(-lambda T) up to a factor."""
    root = mpmath.sqrt(2)
    return mpmath.exp(x * x / 2) * mpmath.pcfd(-lam, -root * x)


@pytest.mark.parametrize(("a", "b"), CASES)
def test_passage_against_parabolic_cylinder_functions(a, b):
    for size in (1e-8, 0.1, 10.0, 300.0):
        lam = mpc(0, size)
        found = _slopes(float(a), float(b), 1j * size)
        with mpmath.workdps(40):
            ends = [transform(mpf(x), lam) for x in (a, b)]
            slopes = [
                mpmath.diff(lambda x, lam=lam: transform(x, lam), x) / u
                for x, u in zip((a, b), ends, strict=True)
            ]
            ratio = complex(ends[1] / ends[0] - 1)
        for value, exact in zip(found, slopes, strict=False):
            assert abs(value / complex(exact) - 1) < 1e-13
        # Rounding of the phase L is all that is left where u has turned many times.
        allowed = 1e-13 * abs(found[2]) * abs(1 + ratio)
        assert abs(np.expm1(found[2]) - ratio) < allowed


def test_response_without_adaptation():
    # Lindner and Schimansky-Geier, Phys. Rev. Lett. 86, 2934 (2001), in our units.
    neuron = GLIF(t_ref=3.0)
    base, mu, sigma, f = leaky(neuron), 1.2, 1.0, 0.03
    found = adaptation.linear_response(f, mu, sigma, neuron)
    with mpmath.workdps(40):
        a, b, _, tau = oracle.arguments(mu, sigma, base)
        rate = oracle.moments(mu, sigma, base)[0]
        lam = mpc(0, 2 * mpmath.pi * mpf(f) * tau)
        upper, lower = transform(b, lam), transform(a, lam)
        slopes = [mpmath.diff(lambda x: transform(x, lam), x) for x in (b, a)]
        delayed = mpmath.exp(-lam * mpf(base.t_ref) / tau) * lower
        unit = mpf(sigma) * mpmath.sqrt(tau)
        expected = rate * tau / (1 + lam) / unit
        expected *= (slopes[0] - slopes[1]) / (upper - delayed)
        assert abs(found / complex(expected) - 1) < 1e-12


@pytest.mark.parametrize(("neuron", "sigma"), [
    (AdaptiveLIF(t_ref=2.0, Delta_theta=5.0), 1.0),
    (AdaptiveLIF(t_ref=2.0, Delta_theta=5.0), 0.0),
    (GLIF(**RULES), 1.0),
    (GLIF(**CURRENTS, asc_r=(0.5, 0.0)), 0.2),
    (GLIF(**RULES, **CURRENTS, t_ref=0.0), 1.0),
    (FACILITATING, 2.0),
])  # fmt: skip
def test_zero_frequency_is_the_slope_of_the_rate(neuron, sigma):
    mu, h = np.linspace(1.6, 4.0, 9), 1e-4
    shifted = np.add.outer([-2 * h, -h, h, 2 * h], mu)
    r = adaptation.firing_rate(shifted, sigma, neuron)
    slope = (8 * (r[2] - r[1]) - (r[3] - r[0])) / (12 * h)
    response = adaptation.linear_response(0.0, mu, sigma, neuron)
    assert np.allclose(response, slope, rtol=1e-8, atol=0.0)


def test_adaptation_is_a_high_pass():
    neuron = AdaptiveLIF(Delta_theta=2.0, tau_theta=500.0)
    point = adaptation.working_point(1.5, 1.0, neuron)
    frozen = AdaptiveLIF(Delta_theta=0.0, V_th=point.neuron.V_th)
    f = np.array([0.0, 1e-3, 1e-2, 0.1, 1.0])
    gain = adaptation.linear_response(f, 1.5, 1.0, neuron)
    gain /= adaptation.linear_response(f, 1.5, 1.0, frozen)
    assert np.all(np.diff(abs(gain[:3])) > 0.0)
    assert abs(gain[0]) < 0.5
    assert np.allclose(gain[3:], 1.0, atol=0.05)


def test_extremes_are_finite():
    neuron = AdaptiveLIF(Delta_theta=5.0)
    mu = np.array([-100.0, -9.0, 0.0, 3.0, 100.0])[:, None]
    sigma = np.array([0.0, 1e-6, 1e-3, 1.0, 1e3])
    for f in (0.0, 1e-12, 0.0123, 5.0):
        found = adaptation.linear_response(f, mu, sigma, neuron)
        assert np.all(np.isfinite(found))
        conjugate = adaptation.linear_response(-f, mu, sigma, neuron)
        assert np.allclose(found, np.conj(conjugate), rtol=1e-12, atol=0.0)


def test_shapes_and_errors():
    neuron = AdaptiveLIF()
    found = adaptation.linear_response(np.zeros((3, 1)), np.ones(2), 1.0, neuron)
    assert found.shape == (3, 2)
    assert isinstance(adaptation.linear_response(0.0, 1.0, 1.0, neuron), complex)
    single = adaptation.linear_response(np.ones(1, np.float32), 1.0, 1.0, neuron)
    assert single.dtype == np.complex64
    with pytest.raises(ValueError, match="`frequency` must be finite"):
        adaptation.linear_response(np.inf, 1.0, 1.0, neuron)
