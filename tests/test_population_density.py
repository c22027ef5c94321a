"""The Fokker-Planck equation of a population: exact solutions, laws, simulation."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import erfc
from scipy.stats import chi2, invgauss

import meanfield as mf
from meanfield import LIF, ValidityWarning
from meanfield.neurons import EIF, QIF, IntegrateAndFire, Network, Population
from meanfield.population_density import evolve
from spiking_reference import Sinusoid, Step, simulate_network

ONCE = 1e6  # ms refractory: each neuron fires once at most


def total(found):
    return found.density @ found.width + found.refractory


def between(cumulative, found, dt):
    """Mean rate over each step of a density with this distribution function."""
    edges = np.concatenate([[0.0], found.times + 0.5 * dt])
    return np.diff(cumulative(edges)) / dt


@pytest.mark.parametrize("mu", [0.5, 0.8, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0])
def test_stationary_rate_is_the_closed_form(mu, sigma):
    neuron = LIF(t_ref=2.3)
    exact = mf.firing_rate(mu, sigma, neuron)
    coarse = evolve(mu, sigma, neuron, duration=0.1)
    cells = 2 * coarse.voltage.size
    fine = evolve(mu, sigma, neuron, duration=0.1, cells=cells)
    errors = [found.rate[0] / exact - 1.0 for found in (coarse, fine)]
    assert abs(errors[0]) < 6e-4
    assert abs(errors[1]) < 0.35 * abs(errors[0]) + 1e-9  # second order
    np.testing.assert_allclose(total(coarse), 1.0, rtol=1e-14)


def mean_interval(f, top, reset, low, mu, sigma):
    """t_ref + integral of w, D w' = 1 - (f + mu) w, from where the density vanishes."""
    D = 0.5 * sigma**2

    def slope(V, y):
        return [(1.0 - (f(V) + mu) * y[0]) / D, y[0] * (reset <= V)]

    start = [1.0 / (f(low) + mu), 0.0]
    first = solve_ivp(slope, (low, reset), start, "LSODA", rtol=1e-10, atol=1e-14)
    rest = [first.y[0, -1], 0.0]
    return solve_ivp(slope, (reset, top), rest, "LSODA", rtol=1e-10, atol=1e-14).y[
        1, -1
    ]


@pytest.mark.parametrize("mu", [0.4, 1.0, 2.0])
def test_stationary_rate_of_the_exponential_neuron(mu):
    n = EIF(t_ref=1.0, V_th=-20.0)

    def f(V):
        return (n.E_L - V + n.Delta_T * np.exp((V - n.V_T) / n.Delta_T)) / n.tau_m

    exact = 1.0 / (n.t_ref + mean_interval(f, n.V_th, n.V_reset, -130.0, mu, 1.0))
    assert evolve(mu, 1.0, n, duration=0.1).rate[0] == pytest.approx(exact, rel=4e-4)


@pytest.mark.parametrize("far", [10.0, 1e4])
def test_stationary_rate_of_the_quadratic_neuron(far):
    n = QIF(V_th=-57.5 + 3 * far, V_reset=-57.5 - 3 * far)

    def f(V):
        return (V - n.E_L) * (V - n.V_T) / (n.tau_m * (n.V_T - n.E_L))

    low = min(n.V_reset, -150.0) - 1.0
    exact = 1.0 / mean_interval(f, n.V_th, n.V_reset, low, 0.5, 1.0)
    assert evolve(0.5, 1.0, n, duration=0.1).rate[0] == pytest.approx(exact, rel=1e-3)


def test_a_given_drift():
    leaky = IntegrateAndFire(f=lambda V: -V / 20.0, V_th=20.0, V_reset=0.0, t_ref=5.0)
    t = np.arange(0.0, 60.0, 0.1)
    mu = np.where(t < 30.0, 0.8, 1.5)
    given, own = (evolve(mu, 1.0, n) for n in (leaky, LIF()))
    np.testing.assert_allclose(given.rate, own.rate, atol=1e-3 * own.rate.max())


@pytest.mark.parametrize("mu", [0.0, 0.5, 2.0])
def test_first_passage_of_the_perfect_integrator(mu):
    # The time to the threshold is inverse Gaussian, of Levy's kind without drift.
    neuron, sigma, dt = LIF(tau_m=np.inf, t_ref=ONCE), 2.0, 0.1
    found = evolve(mu, sigma, neuron, dt=dt, duration=100.0, initial=0.0)
    shape = (neuron.V_th / sigma) ** 2

    def cumulative(t):
        if mu == 0.0:
            return erfc(np.sqrt(shape / (2.0 * np.maximum(t, 1e-12))))
        mean = neuron.V_th / mu
        return invgauss.cdf(t, mean / shape, scale=shape)

    exact = between(cumulative, found, dt)
    np.testing.assert_allclose(found.rate, exact, atol=2e-3 * exact.max())


def test_first_passage_of_the_leaky_neuron_to_its_resting_state():
    neuron, sigma, dt = LIF(t_ref=ONCE, V_reset=5.0), 1.0, 0.1
    mu = neuron.V_th / neuron.tau_m
    found = evolve(mu, sigma, neuron, dt=dt, duration=200.0, initial=5.0)
    variance = 0.5 * sigma**2 * neuron.tau_m

    def cumulative(t):
        decay = np.exp(-np.maximum(t, 1e-12) / neuron.tau_m)
        return erfc(15.0 * decay / np.sqrt(2.0 * variance * (1.0 - decay**2)))

    exact = between(cumulative, found, dt)
    np.testing.assert_allclose(found.rate, exact, atol=2e-3 * exact.max())


@pytest.mark.parametrize("t_ref", [0.0, 0.04, 0.1, 5.03])
def test_probability_is_kept_and_never_negative(t_ref):
    rng = np.random.default_rng(3)
    mu, sigma = rng.normal(1.0, 2.0, 400), rng.uniform(1.5, 4.0, 400)
    found = evolve(
        mu, sigma, LIF(t_ref=t_ref), dt=0.1, initial=10.0,
        save_at=np.arange(0.0, 40.0, 0.5),
    )  # fmt: skip
    np.testing.assert_allclose(total(found), 1.0, rtol=1e-13)
    assert found.density.min() >= 0.0
    assert found.rate.min() >= 0.0


@pytest.mark.parametrize("t_ref", [0.0, 0.03, 2.0, 2.07])
@pytest.mark.parametrize(
    "neuron", [LIF(), EIF(), QIF()], ids=lambda n: type(n).__name__
)
def test_the_stationary_state_stays(neuron, t_ref):
    neuron = type(neuron)(t_ref=t_ref)
    found = evolve(1.0, 1.0, neuron, dt=0.1, duration=20.0)
    np.testing.assert_allclose(found.rate, found.rate[0], rtol=1e-10)


@pytest.mark.parametrize("name", ["mu", "sigma"])
def test_after_a_small_step_the_rate_settles_by_the_gain(name):
    step = {"mu": 1.0, "sigma": 1.0}
    step[name] += 1e-3
    t = np.arange(0.0, 400.0, 0.2)
    drive = {k: np.where(t < 1.0, 1.0, v) for k, v in step.items()}
    found = evolve(drive["mu"], drive["sigma"], LIF(), dt=0.2)
    slopes = mf.moment_activation_derivatives(1.0, 1.0)
    gain = (found.rate[-1] - found.rate[0]) / 1e-3
    assert gain == pytest.approx(getattr(slopes, f"rate_d{name}"), rel=2e-3)


def test_second_order_in_time():
    def mu(t):
        return 1.2 + 0.3 * np.cos(2.0 * np.pi * 0.02 * t)

    means = []
    for dt in (0.8, 0.4, 0.05):
        found = evolve(mu, 1.0, LIF(), dt=dt, duration=80.0, cells=300)
        means.append(found.rate.reshape(100, -1).mean(axis=1))
    coarse, fine = (np.abs(m - means[-1]).max() for m in means[:2])
    assert fine < 2e-3 * means[-1].max()
    assert fine < 0.35 * coarse


def test_leading_axes_are_separate_populations():
    mu = np.array([[0.8], [1.5]]) + np.zeros(50)
    both = evolve(mu, 1.0, LIF(), cells=300, save_at=[1.0, 5.0])
    assert both.rate.shape == (2, 50)
    assert both.density.shape == (2, 2, both.voltage.size)
    for i in range(2):
        one = evolve(mu[i], 1.0, LIF(), cells=300)
        exact = mf.firing_rate(mu[i, 0], 1.0)
        assert both.rate[i, -1] == pytest.approx(exact, rel=1e-3)
        assert one.rate[-1] == pytest.approx(both.rate[i, -1], rel=1e-3)


def test_initial_densities():
    wide = evolve(
        1.0, 1.0, LIF(), duration=1.0, initial=lambda V: np.exp(-((V - 5.0) ** 2) / 8),
        save_at=[0.0],
    )  # fmt: skip
    mean = wide.density[0] @ (wide.width * wide.voltage)
    assert mean == pytest.approx(5.0, abs=1e-3)
    point = evolve(1.0, 1.0, LIF(), duration=1.0, initial=7.77, save_at=[0.0])
    assert point.density[0] @ (point.width * point.voltage) == pytest.approx(7.77)


def z_scores(neuron, mu, sigma, current, drive, dt, n=20_000):
    """Spikes per ms of a simulated population against the equation."""
    cells = Population(n=n, neuron=neuron, current=mu, sigma=sigma)
    run = simulate_network(
        Network(populations={"A": cells}), duration=100.0, warmup=300.0, dt=dt,
        currents={"A": current}, rng=1, threads=1, progress=False,
    )  # fmt: skip
    found = evolve(drive, sigma, neuron, duration=400.0)
    p = found.rate.reshape(400, -1).mean(axis=1)[300:]  # the input acts in the warm-up
    return (run["A"].activity / n - p) / np.sqrt(p * (1.0 - p) / n)


def test_step_of_leaky_neurons_as_simulated():
    # The simulator's bridge has no bias of its time step to be seen here.
    z = z_scores(
        LIF(), 0.8, 1.0, Step(amplitude=0.7, start=320.0),
        lambda t: np.where(t < 320.0, 0.8, 1.5), 0.1,
    )  # fmt: skip
    assert np.sum(z**2) < chi2.isf(1e-4, z.size)


@pytest.mark.slow
@pytest.mark.parametrize("neuron", [EIF(t_ref=2.0), QIF(t_ref=2.0)])
def test_exponential_and_quadratic_neurons_as_simulated(neuron):
    z = z_scores(
        neuron, 0.5, 1.0, Step(amplitude=0.7, start=320.0),
        lambda t: np.where(t < 320.0, 0.5, 1.2), 0.01,
    )  # fmt: skip
    assert np.sum(z**2) < chi2.isf(1e-4, z.size)


@pytest.mark.slow
def test_sinusoid_of_leaky_neurons_as_simulated():
    z = z_scores(
        LIF(t_ref=2.0), 1.0, 1.0, Sinusoid(amplitude=0.6, frequency=0.05),
        lambda t: 1.0 + 0.6 * np.sin(2.0 * np.pi * 0.05 * t), 0.1, n=100_000,
    )  # fmt: skip
    assert np.sum(z**2) < chi2.isf(1e-4, z.size)


def test_a_grid_too_coarse_is_said_so():
    with pytest.warns(ValidityWarning, match="more `cells`"):
        evolve(1.5, 0.3, LIF(), duration=1.0, cells=100)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sigma": 0.0}, "positive"),
        ({"mu": np.nan}, "finite"),
        ({"duration": None}, "`duration` must be given"),
        ({"duration": -1.0}, "positive"),
        ({"dt": 0.0}, "positive"),
        ({"mu": np.ones(7)}, "last axis"),
        ({"initial": "rest"}, "stationary"),
        ({"initial": 20.0}, "below V_th"),
        ({"initial": [0.0, 1.0]}, "`initial` must be a voltage"),
        ({"mu": [], "duration": None}, "at least one time step"),
        ({"initial": lambda V: -V}, "not negative"),
        ({"save_at": [11.0]}, "from 0 to"),
        ({"neuron": LIF(t_ref=[1.0, 2.0])}, "plain numbers"),
        ({"neuron": LIF(tau_m=np.inf), "mu": 0.0}, "no leak"),
        ({"cells": 2}, "cells"),
    ],
)
def test_errors_say_what_is_wrong(options, words):
    given = {"mu": 1.0, "sigma": 1.0, "neuron": LIF(), "duration": 10.0} | options
    with pytest.raises(ValueError, match=words):
        evolve(**given)


def test_other_neurons_are_refused():
    with pytest.raises(TypeError, match="IntegrateAndFire"):
        evolve(1.0, 1.0, "LIF", duration=1.0)  # type: ignore[arg-type]
