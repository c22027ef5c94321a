"""Threshold integration against closed forms, limits, and grids of its own."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate

import meanfield as mf
from meanfield import integrate_and_fire
from meanfield.integrate_and_fire import stationary
from meanfield.neurons import EIF, LIF, QIF, AdEx, IntegrateAndFire

WRONG: Any = AdEx()
NO_FUNCTION: Any = 3.0
NEURONS = [
    LIF(),
    LIF(tau_m=10.0, t_ref=0.0, V_th=15.0, V_reset=10.0),
    LIF(tau_m=15.0, t_ref=2.0, V_th=-50.0, V_reset=-60.0, E_L=-65.0),
    LIF(tau_m=math.inf, t_ref=1.0),
]


@pytest.mark.parametrize("neuron", NEURONS)
def test_leaky_neuron_has_its_closed_form(neuron):
    rng = np.random.default_rng(5)
    mu = rng.uniform(0.05, 4.0, 300)
    sigma = 10 ** rng.uniform(-2.0, 2.0, 300)
    found = stationary(mu, sigma, neuron, tolerance=1e-11)
    exact = mf.moment_activation(mu, sigma, neuron)
    # Next to rheobase at weak noise the rate itself is known to 2 b^2 eps only.
    assert found.rate == pytest.approx(exact.rate, rel=1e-8, abs=1e-290)
    seen = exact.rate > 1e-250
    fano = mf.fano_factor(mu, sigma, neuron)
    gain = mf.moment_activation_derivatives(mu, sigma, neuron).rate_dmu
    assert found.cv[seen] == pytest.approx(np.sqrt(fano[seen]), rel=1e-7)
    assert found.gain[seen] == pytest.approx(gain[seen], rel=1e-7)
    assert found.chi[seen] == pytest.approx(exact.chi[seen], rel=1e-7)


def test_default_tolerance_keeps_the_promised_accuracy():
    mu, sigma = np.meshgrid(np.linspace(0.2, 3, 20), [0.3, 1.0, 3.0, 10.0])
    found, exact = stationary(mu, sigma, LIF()), mf.moment_activation(mu, sigma, LIF())
    error = abs(found.rate / exact.rate - 1)
    assert error.max() <= 1e-8
    assert (error <= found.error + 1e-13).all()
    assert found.std == pytest.approx(exact.std, rel=1e-7)


def test_any_drift_against_quadrature():
    """A cubic drift: the mean first passage time as a double integral."""

    def cubic(V):
        return -0.002 * V**3 + 0.05 * V

    mu, D = 0.3, 2.0

    def potential(V):
        return (0.0005 * V**4 - 0.025 * V**2 - mu * V) / D

    def inner(x):
        weight = integrate.quad(
            lambda y: math.exp(potential(x) - potential(y)), -20.0, x,
            epsabs=0, epsrel=1e-11, limit=200,
        )[0]  # fmt: skip
        return weight / D

    mean = integrate.quad(inner, -4.0, 10.0, epsabs=0, epsrel=1e-11, limit=200)[0]
    neuron = IntegrateAndFire(f=cubic, V_th=10.0, V_reset=-4.0, t_ref=1.5)
    assert 1 / stationary(mu, 2.0, neuron).rate == pytest.approx(mean + 1.5, rel=1e-8)


def test_given_drift_is_that_of_the_class():
    neuron = EIF(t_ref=1.0)

    def f(V):
        return (-(V + 72.0) + 4.0 * math.exp((V + 55.0) / 4.0)) / 15.0

    same = IntegrateAndFire(f=f, V_th=10.0, V_reset=-75.0, t_ref=1.0)
    mu, sigma = np.meshgrid([0.0, 0.9, 2.0], [0.0, 0.5, 4.0])
    one, other = stationary(mu, sigma, neuron), stationary(mu, sigma, same)
    for a, b in zip(one, other, strict=True):
        assert a == pytest.approx(b, rel=1e-12)


@pytest.mark.parametrize(
    ("neuron", "mu"), [(EIF(), [0.2, 1.0, 2.5]), (QIF(), [0.1, 0.4, 1.0])]
)
def test_grids_converge(neuron, mu):
    """Coarse and fine grids agree within the error that the coarse one states."""
    sigma = np.array([[0.3], [1.0], [4.0]])
    coarse = stationary(mu, sigma, neuron, tolerance=1e-5)
    fine = stationary(mu, sigma, neuron, tolerance=1e-10)
    assert fine.error.max() <= 1e-8
    assert (abs(coarse.rate / fine.rate - 1) <= coarse.error + 1e-9).all()
    usual = stationary(mu, sigma, neuron)
    assert usual.rate == pytest.approx(fine.rate, rel=1e-8)
    assert usual.cv == pytest.approx(fine.cv, rel=1e-7)


def test_theta_neuron_without_noise():
    neuron = QIF(V_th=1e9, V_reset=-1e9)
    mu = np.array([0.376, 0.5, 2.0])
    exact = np.sqrt((mu - 0.375) / 150.0) / math.pi
    assert stationary(mu, 0.0, neuron).rate == pytest.approx(exact, rel=1e-7)


def test_theta_neuron_with_noise():
    """At rheobase <T> = Gamma(1/3)^2/(3 k^2 D)^(1/3): Sigeti & Horsthemke 1989."""
    neuron = QIF(V_th=1e9, V_reset=-1e9)
    k = 1.0 / 150.0  # V' = k x^2 + sigma xi at mu = 0.375
    sigma = 2.0
    D = sigma**2 / 2
    mean = math.gamma(1 / 3) ** 2 / (3 * k**2 * D) ** (1 / 3)
    assert 1 / stationary(0.375, sigma, neuron).rate == pytest.approx(mean, rel=1e-8)


def test_sharp_exponential_is_leaky():
    """Delta_T -> 0: towards the leaky neuron with threshold V_T, linearly but for ln."""
    leaky = mf.firing_rate(1.0, 1.0, LIF(t_ref=0.0))

    def gap(Delta_T):
        sharp = EIF(
            tau_m=20.0, V_th=20.0 + 40 * Delta_T, V_T=20.0, V_reset=0.0, E_L=0.0,
            Delta_T=Delta_T,
        )  # fmt: skip
        return 1 - stationary(1.0, 1.0, sharp).rate / leaky

    gaps = [gap(10.0**-k) for k in range(1, 6)]
    assert all(0 < b < 0.25 * a for a, b in itertools.pairwise(gaps))
    assert gaps[-1] < 1e-4


def test_limits():
    silent = stationary([-1.0, 0.5, -200.0], [0.0, 0.0, 1.0], EIF())
    assert (silent.rate == 0).all()
    assert (silent.cv == 1).all()
    assert (silent.chi == 0).all()
    assert (silent.error == 0).all()
    assert np.isnan(stationary([math.nan, 1.0], [1.0, math.nan], EIF()).rate).all()
    regular = stationary(2.0, [0.0, 1e-6], EIF())
    assert regular.cv[0] == 0
    assert regular.chi[0] == pytest.approx(regular.chi[1], rel=1e-7)
    assert regular.rate[0] == pytest.approx(regular.rate[1], rel=1e-8)
    never = stationary([-0.1, 0.0, 0.1], 1.0, LIF(tau_m=math.inf))
    assert never.rate[:2].tolist() == [0, 0]
    assert never.rate[2] > 0
    held = stationary(1.0, 2.0, EIF(t_ref=[0.0, 5.0]))
    assert np.diff(1 / held.rate) == pytest.approx(5.0, rel=1e-8)


@pytest.mark.parametrize(
    ("sigma", "neuron"),
    [
        ([1e5, 1e6, 1e12], LIF()),
        (1.0, LIF(V_reset=20.0 - np.array([1e-2, 1e-5, 1e-7]))),
        (1.0, LIF(tau_m=math.inf, t_ref=0.0)),
    ],
)
def test_density_that_reaches_far_below_the_reset(sigma, neuron):
    mu = np.array([[1e-9], [0.5], [2.0]])
    found = stationary(mu, sigma, neuron)
    exact = mf.moment_activation(mu, sigma, neuron)
    assert found.rate == pytest.approx(exact.rate, rel=1e-8)
    assert found.std == pytest.approx(exact.std, rel=1e-7)
    assert found.chi == pytest.approx(exact.chi, rel=1e-7)


def test_nothing_is_not_a_number():
    rng = np.random.default_rng(3)
    mu = np.concatenate([rng.normal(0, 3, 400), [-1e6, 1e6, 0.0]])
    sigma = np.concatenate([10 ** rng.uniform(-5, 4, 400), [1.0, 1.0, 1e6]])
    for neuron in (LIF(), EIF(), QIF()):
        for value in stationary(mu, sigma, neuron, tolerance=1e-4):
            assert np.isfinite(value).all()


def test_arrays():
    mu = np.array([0.5, 1.0], np.float32)
    found = integrate_and_fire.firing_rate(mu, np.float32(2.0), EIF())
    assert found.dtype == np.float32
    assert isinstance(integrate_and_fire.cv(1.0, 2.0, EIF()), float)
    grid = np.random.default_rng(0).uniform(0, 2, (3, 100))
    one = stationary(grid, 2.0, EIF(), threads=1)
    two = stationary(grid, 2.0, EIF(), threads=2)
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    assert integrate_and_fire.fano_factor([], 1.0, EIF()).shape == (0,)
    each = stationary(1.0, 2.0, EIF(V_T=[[-55.0], [-50.0]], Delta_T=[1.0, 2.0, 4.0]))
    assert each.rate.shape == (2, 3)
    assert each.rate[1, 2] == stationary(1.0, 2.0, EIF(V_T=-50.0)).rate


def with_time(V, t):
    return -V


TWO_ARGUMENTS: Any = with_time


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: stationary(1.0, -1.0, EIF()), ValueError, "`sigma` must not be neg"),
        (lambda: stationary(1.0, np.inf, EIF()), ValueError, "`sigma` must be finite"),
        (lambda: stationary(1.0, 1.0, WRONG), TypeError, "`neuron` must be an LIF, EIF"),
        (lambda: stationary("1", 1.0, EIF()), TypeError, "`mu` must be real numbers"),
        (lambda: stationary([1, 2], [1, 2, 3], EIF()), ValueError, "do not broadcast"),
        (lambda: stationary(1, 1, EIF(), tolerance=0.0), ValueError, "`tolerance`"),
        (
            lambda: EIF(tau_m=[9.0, 10.0], V_T=[-50.0, -51.0, -52.0]),
            ValueError,
            r"do not broadcast to one shape; got tau_m \(2,\), V_T \(3,\)",
        ),
        (
            lambda: stationary(
                1.0, 1.0, IntegrateAndFire(f=TWO_ARGUMENTS, V_th=1.0, V_reset=0.0)
            ),
            TypeError,
            "`f` must be a function of one number that numba",
        ),
        (
            lambda: IntegrateAndFire(f=NO_FUNCTION, V_th=1.0, V_reset=0.0),
            TypeError,
            "`f` must be a function of V; got 3.0",
        ),
        (
            lambda: stationary(
                1.0, 1.0, IntegrateAndFire(f=lambda V: float(str(V)[::-1]), V_th=1.0, V_reset=0.0)
            ),
            TypeError,
            "`f` must be a function of one number that numba",
        ),
        (
            lambda: stationary(
                1.0, 1.0,
                IntegrateAndFire(f=lambda V: math.nan, V_th=1.0, V_reset=0.0),
            ),
            ValueError,
            "`f` must be finite",
        ),
        (
            lambda: IntegrateAndFire(f=math.exp, V_th=1.0, V_reset=2.0),
            ValueError,
            "`V_reset` must be below",
        ),
    ],
)  # fmt: skip
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call()
