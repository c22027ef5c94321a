"""Exponential amplitudes against mpmath, published values, limits and simulation."""

import cmath
import math

import mpmath as mp
import numpy as np
import pytest

from meanfield import LIF, cv, firing_rate, moment_activation_derivatives, shot_noise
from meanfield.shot_noise import _response
from meanfield.shot_noise._response import response_integrals

from .jumps import intervals

# The formula of Richardson & Swarbrick 2010 by adaptive quadrature, confirmed by an
# event-driven simulation: tau_m = 20 ms, threshold 20 mV, reset 0, t_ref = 0; amplitude
# [mV], input rate [kHz], rate [Hz].
QUADRATURE = [
    (0.2, 4.5, 9.49419570818414), (0.5, 1.6, 7.804205140435531),
    (1.0, 0.7, 7.00264551344158), (2.5, 0.25, 9.243521710982142),
    (5.0, 0.1, 8.668776049798272),
]  # fmt: skip


def oracle(p, q, a, b, th, re):
    """Mean first-passage time [tau_m] and CV from the integrals over s, by mpmath."""
    p, q, a, b, th, re = map(mp.mpf, (p, q, a, b, th, re))
    weight = lambda s, v: mp.e ** (s * v) * abs(1 - a * s) ** p * (1 + b * s) ** q  # noqa: E731
    below = [x / a for x in (0, 1e-4, 0.01, 0.1, 0.3, 0.6, 0.9, 1)]
    above = [
        x / a
        for x in (1, 1.05, 1.5, 4, 10, 10 + 30 / abs(th / a), 10 + 300 / abs(th / a))
    ]

    def both(points, log):
        f = lambda s: mp.log(a * s) if log else 1  # noqa: E731
        k = mp.quad(lambda s: f(s) * (weight(s, th) - weight(s, re)) / s, points)
        d = mp.quad(lambda s: f(s) * weight(s, th) * a / abs(1 - a * s), points)
        return k, d

    (k0, d0), (k1, d1) = both(below, False), both(below, True)
    A = mp.quad(lambda s: (weight(s, re) - 1) / s, below)
    if th >= 0:
        K, L = k0 + d0, k1 + d1
    else:
        (m0, f0), (m1, f1) = both(above, False), both(above, True)
        share = d0 / f0
        K = k0 + share * m0
        L = k1 + share * (m1 + (d1 / d0 - f1 / f0) * m0)
        A += share * mp.quad(lambda s: weight(s, re) / s, above)
    return float(K), float(mp.sqrt(1 - 2 * (L / K - A) / K))


@pytest.mark.parametrize(
    ("p", "q", "a", "b", "th", "re"),
    [
        (5, 3, 2.5, 1.5, 20, 10),
        (40, 20, 1, 1, 20, -10),
        (3, 1, 0.5, 0.7, -3, -20),
        (2, 1.5, 1, 8, -2, -10),
    ],
)
def test_rate_and_cv_are_those_of_mpmath(p, q, a, b, th, re):
    mean, variability = oracle(p, q, a, b, th, re)
    neuron = LIF(tau_m=10.0, V_th=th, V_reset=re, t_ref=3.0)
    given = (p / 10, a, q / 10, b, neuron)
    rate = 1 / (3.0 + 10 * mean)
    assert shot_noise.firing_rate(*given) == pytest.approx(rate, rel=1e-13)
    expected = variability * 10 * mean * rate
    assert shot_noise.cv(*given) == pytest.approx(expected, rel=1e-12)


def test_rates_by_adaptive_quadrature():
    a, rate, expected = np.array(QUADRATURE).T
    found = shot_noise.firing_rate(rate, a, neuron=LIF(t_ref=0.0))
    np.testing.assert_allclose(found * 1e3, expected, rtol=1e-12)


def test_rest_moves_with_the_drive():
    neuron = LIF(E_L=-65.0, V_reset=-60.0, V_th=-50.0)
    moved = LIF(E_L=-55.0, V_reset=-60.0, V_th=-50.0)
    one = shot_noise.firing_rate(0.5, 1.0, 0.2, 2.0, neuron, mu=0.5)
    assert one == pytest.approx(
        shot_noise.firing_rate(0.5, 1.0, 0.2, 2.0, moved), rel=1e-13
    )


def test_continuous_where_the_drive_reaches_threshold():
    neuron = LIF()
    mu = 1.0 + np.array([-1e-9, 0.0, 1e-9])
    for function in (shot_noise.firing_rate, shot_noise.cv):
        low, at, high = function(0.3, 1.0, 0.2, 2.0, neuron, mu=mu)
        assert low == pytest.approx(at, rel=1e-6)
        assert high == pytest.approx(at, rel=1e-6)


@pytest.mark.parametrize("mu", [0.5, 0.8, 3.0])
def test_many_small_jumps_are_white_noise(mu):
    neuron = LIF()
    errors = []
    for a in (0.02, 0.01):
        rate = shot_noise.firing_rate(0.25 / a**2, a, 0.25 / a**2, a, neuron, mu=mu)
        errors.append(rate / firing_rate(mu, 1.0, neuron) - 1)
    assert abs(errors[1]) < 0.1
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.05)
    found = shot_noise.cv(0.25e12, 1e-6, 0.25e12, 1e-6, neuron, mu=mu)
    assert found == pytest.approx(cv(mu, 1.0, neuron), rel=1e-4)


def test_deterministic_neuron():
    neuron = LIF()
    assert shot_noise.firing_rate(0.0, 1.0, 0.0, 1.0, neuron, mu=2.0) == pytest.approx(
        firing_rate(2.0, 0.0, neuron), rel=1e-14
    )
    assert shot_noise.cv(0.0, 1.0, mu=2.0) == 0.0
    assert shot_noise.firing_rate(0.0, 1.0, 3.0, 1.0, mu=0.9) == 0.0
    assert shot_noise.firing_rate(1.0, 1e-200, mu=2.0) == pytest.approx(
        firing_rate(2.0, 0.0), rel=1e-14
    )
    assert shot_noise.cv(1.0, 0.0) == 1.0


def test_rare_huge_jumps_fire_one_by_one():
    rate = shot_noise.firing_rate(1e-6, 1e9, neuron=LIF(t_ref=5.0))
    assert rate == pytest.approx(1 / (5.0 + 1e6), rel=1e-7)


def test_finite_everywhere():
    rng = np.random.default_rng(3)
    rates = np.exp(rng.uniform(-25, 25, (2, 400)))
    sizes = np.exp(rng.uniform(-25, 25, (2, 400)))
    mu = rng.normal(0, 3, 400)
    found = shot_noise.firing_rate(rates[0], sizes[0], rates[1], sizes[1], mu=mu)
    assert np.all((found >= 0) & (found <= 0.2 * (1 + 1e-14)))
    found = shot_noise.cv(rates[0], sizes[0], rates[1], sizes[1], mu=mu)
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize("mu", [0.3, 1.4])
def test_simulation(mu):
    neuron = LIF()
    found = intervals(
        (0.5, 0.3), (2.0, 3.0), neuron, exponential=True, mu=mu, n=10_000, events=4
    )
    given = (0.5, 2.0, 0.3, 3.0, neuron)
    mean, spread = (
        1 / shot_noise.firing_rate(*given, mu=mu),
        shot_noise.cv(*given, mu=mu),
    )
    error = found.std() / math.sqrt(found.size)
    # 4.5 standard errors: a false alarm in 1e5 runs; the seed is fixed.
    assert abs(found.mean() - mean) < 4.5 * error
    assert found.std() / found.mean() == pytest.approx(spread, rel=0.02)


GIVEN = (0.25, 2.5, 0.1, 1.5)


def test_response_at_frequency_zero_is_the_derivative():
    rate = lambda *x, mu=0.0: shot_noise.firing_rate(*x, mu=mu)  # noqa: E731
    response = shot_noise.linear_response(0.0, *GIVEN)
    h = 1e-3
    steps = np.array([-2, -1, 1, 2]) * h
    weights = np.array([1, -8, 8, -1]) / (12 * h)
    for value, index in ((response.rate_exc, 0), (response.rate_inh, 2)):
        given = list(GIVEN)
        given[index] = given[index] + steps
        assert value.imag == 0.0
        assert value.real == pytest.approx(rate(*given) @ weights, rel=1e-8)
    expected = rate(*GIVEN, mu=steps) @ weights
    assert response.mu.real == pytest.approx(expected, rel=1e-8)


def test_response_does_not_depend_on_the_path(monkeypatch):
    x = 2j * math.pi * 20.0
    integrals = np.array(response_integrals(36.0, 40.0, 60.0, 20.0, 1.4, x))
    for theta in (1.2, 1.5):
        scale = _response._largest(theta, -60.0, 40.0, 36.0, 60.0, 20.0, 1.4, x)
        monkeypatch.setattr(_response, "path_angle", lambda *_, p=(theta, *scale): p)
        other = np.array(response_integrals(36.0, 40.0, 60.0, 20.0, 1.4, x))
        ratio = other / integrals
        np.testing.assert_allclose(ratio[[2, 3, 4]] / ratio[0], 1.0, rtol=1e-12)


def test_response_is_that_of_mpmath():
    """On the real axis, where moderate frequencies lose no digits."""
    f, (R_e, a, R_i, b) = 0.02, GIVEN
    tau, dead, th = 20.0, 5.0, 20.0
    p, q, x = R_e * tau, R_i * tau, 2j * mp.pi * f * tau
    ys = [-45 + 3 * k for k in range(18)] + [12, 20]

    def integral(g):
        def of_y(y):
            left = 1 / (1 + mp.e**y)
            return g(1 / (1 + mp.e ** (-y)) / a, left)

        return mp.quad(of_y, ys, maxdegree=6)

    weight = lambda s, left: left**p * (1 + b * s) ** q  # noqa: E731
    k = lambda s, left: (mp.e ** (s * th) - left) * weight(s, left)  # noqa: E731
    K0, K = integral(k), integral(lambda s, left: s**x * k(s, left))
    N = (
        -integral(
            lambda s, left: (
                s ** (x + 1) * weight(s, left) * (left * q * b / (1 + b * s) - p * a)
            )
        )
        / x
    )
    M = integral(lambda s, left: k(s, left) * s ** (x + 1)) / (x + 1)
    I = integral(
        lambda s, left: (
            -k(s, left) * b * s ** (x + 1) * mp.hyp2f1(1, x + 1, x + 2, -b * s)
        )
    ) / (x + 1)
    gain = tau / (dead + tau * K0) / (K + (1 - mp.e ** (-x * dead / tau)) * N)
    found = shot_noise.linear_response(f, *GIVEN)
    assert found.mu == pytest.approx(complex(gain * M), rel=1e-12)
    assert found.rate_inh == pytest.approx(complex(gain * I), rel=1e-12)


def test_response_at_high_frequency():
    given = (3.0, 0.5, 1.0, 0.7)
    rate = shot_noise.firing_rate(*given)
    found = shot_noise.linear_response([1e1, 1e2], *given).rate_exc * 3.0 / rate
    assert abs(found[1] - 1) < 0.02
    assert abs(found[1] - 1) < 0.2 * abs(found[0] - 1)
    both = shot_noise.linear_response([-0.1, 0.1], *given)
    assert both.mu[0] == both.mu[1].conjugate()


def test_response_to_the_first_jumps():
    for inhibition in ((0.0, 0.0), (0.3, 4.0)):
        given = 10.0, *inhibition
        exact = math.exp(-2.0) * (1 + 0.4) ** (-20.0 * inhibition[0])
        for f in (0.0, 0.05):
            none, few = (shot_noise.linear_response(f, R, *given) for R in (0.0, 1e-9))
            assert none.rate_exc == pytest.approx(exact, rel=1e-12)
            assert few.rate_exc == pytest.approx(exact, rel=1e-6)
            assert none.mu == none.rate_inh == 0.0
    assert shot_noise.linear_response(0.0, 1.0, 0.0).rate_exc == 0.0


def test_response_to_the_drive_in_the_diffusion_limit():
    a, neuron = 1e-4, LIF()
    given = (0.25 / a**2, a, 0.25 / a**2, a, neuron)
    found = shot_noise.linear_response(0.0, *given, mu=0.8).mu
    expected = moment_activation_derivatives(0.8, 1.0, neuron).rate_dmu
    assert found.real == pytest.approx(expected, rel=1e-4)
    fast = shot_noise.linear_response(1.0, *given, mu=0.8).mu
    assert math.degrees(cmath.phase(fast)) == pytest.approx(-45.0, abs=3.0)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("rate_exc", {"rate_exc": -1.0, "amplitude_exc": 1.0}),
        (
            "amplitude_inh",
            {"rate_exc": 1.0, "amplitude_exc": 1.0, "amplitude_inh": -2.0},
        ),
        ("mu", {"rate_exc": 1.0, "amplitude_exc": 1.0, "mu": math.nan}),
        ("amplitudes", {"rate_exc": 1.0, "amplitude_exc": 1.0, "amplitudes": "gauss"}),
        (
            "tau_m",
            {"rate_exc": 1.0, "amplitude_exc": 1.0, "neuron": LIF(tau_m=math.inf)},
        ),
    ],
)
def test_bad_input_is_named(name, kwargs):
    with pytest.raises(ValueError, match=f"`{name}`"):
        shot_noise.firing_rate(**kwargs)


def test_no_response_where_the_drive_fires_alone():
    with pytest.raises(ValueError, match="`mu`"):
        shot_noise.linear_response(0.1, 1.0, 1.0, mu=2.0)
