"""Escape noise: rate and intervals against the hazard."""

import numpy as np
import pytest
from scipy.integrate import quad

from meanfield.neurons import EscapeLIF, Network, Population
from spiking_reference import simulate_network
from tests.single_cells import WAVE, order_in_dt, run


def test_constant_voltage_is_a_poisson_neuron_with_dead_time():
    # V = E_L = V_reset: the hazard is constant, at steps of any size.
    neuron = EscapeLIF(E_L=18.0, V_reset=18.0, t_ref=2.0, rho_0=0.5, Delta_u=2.0)
    hazard = 0.5 * np.exp(-1.0)
    for dt in (1.0, 0.1):
        cells = run(neuron, 4000.0, dt, n=200)
        rates = cells.counts / 4000.0
        # Intervals are whole steps, geometrically distributed.
        exact = 1.0 / (2.0 + dt / -np.expm1(-hazard * dt))
        error = rates.std(ddof=1) / np.sqrt(rates.size)
        assert abs(rates.mean() - exact) < 4.0 * error


def interval_law(neuron, mu):
    """Hazard and survivor function of the time since the end of the dead time."""

    def hazard(s):
        V = mu * neuron.tau_m + (neuron.V_reset - mu * neuron.tau_m) * np.exp(
            -s / neuron.tau_m
        )
        return neuron.rho_0 * np.exp((V - neuron.V_th) / neuron.Delta_u)

    s = np.linspace(0.0, 400.0, 40001)
    rho = hazard(s)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (rho[1:] + rho[:-1]) * np.diff(s))])
    return s, np.exp(-total)


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_intervals_are_those_of_the_hazard(dt):
    # The hazard rises 5000-fold in an interval; its sum from the left end of steps of
    # 1 ms would make intervals 0.5 ms longer.
    neuron, mu = EscapeLIF(tau_m=10.0, t_ref=2.0), 1.7
    s, survivor = interval_law(neuron, mu)
    cells = run(neuron, 4000.0, dt, n=300, current=mu, rng=5)
    times, who = cells.spikes.times, cells.spikes.neurons
    same = np.diff(who) == 0
    found = np.diff(times)[same] - 2.0
    grid = np.arange(0.0, 400.0, dt)
    kept = np.interp(grid, s, survivor)
    mean = dt * kept.sum()  # of intervals rounded up to the grid
    assert abs(found.mean() - mean) < 4.0 * found.std() / np.sqrt(found.size)
    # Distribution on the grid.
    counts = np.array([(found > t + 0.5 * dt).mean() for t in grid[:200]])
    assert np.abs(counts - kept[:200]).max() < 2.2 / np.sqrt(found.size)


def test_extreme_hazards():
    certain = EscapeLIF(E_L=1e4, V_reset=1e4, t_ref=0.0, Delta_u=1e-2)
    np.testing.assert_array_equal(run(certain, 10.0, 0.1, n=5).counts, 100)
    never = EscapeLIF(E_L=-1e4, V_reset=-1e4, Delta_u=1e-2)
    np.testing.assert_array_equal(run(never, 10.0, 0.1, n=5).counts, 0)
    silent = EscapeLIF(E_L=100.0, rho_0=0.0)
    np.testing.assert_array_equal(run(silent, 100.0, 0.1, n=5).counts, 0)


def test_survival_at_coarse_steps():
    # Probability of no spike in 8 ms from rest, against quadrature of the hazard.
    neuron, mu = EscapeLIF(tau_m=10.0), 2.5
    exact = quad(
        lambda s: np.exp((25.0 * (1.0 - np.exp(-s / 10.0)) - 20.0) / 2.0), 0.0, 8.0
    )[0]
    cells = run(neuron, 8.0, 1.0, n=30_000, current=mu, rng=6)
    none = (cells.counts == 0).mean()
    assert abs(none - np.exp(-exact)) < 4.0 * np.sqrt(none * (1.0 - none) / 30_000)


def test_second_order_in_dt():
    wave = lambda t: 0.5 + 0.2 * np.sin(WAVE * t)  # noqa: E731
    silent = EscapeLIF(rho_0=0.0)
    assert 1.8 < order_in_dt(silent, "V", drive=wave, duration=22.0, dt=0.5) < 2.2


def test_survival_converges_in_second_order():
    # V rises from -60 to 27 mV within 8 ms: at such steps the error of the hazard, 0.09
    # and 0.03 of the neurons that stay silent, is far above chance (0.002).
    neuron = EscapeLIF(tau_m=5.0, V_reset=-60.0, Delta_u=4.0)
    cells = Population(n=50_000, neuron=neuron, current=8.0)
    exact = np.exp(
        -quad(lambda s: np.exp((20.0 - 100.0 * np.exp(-s / 5.0)) / 4.0), 0.0, 8.0)[0]
    )
    errors = []
    for dt in (4.0, 2.0):
        network = Network(populations={"A": cells})
        found = simulate_network(
            network, duration=8.0, dt=dt, bin=dt, rng=7, progress=False
        )
        errors.append((found["A"].counts == 0).mean() - exact)
    # The order is known to 0.12, and not quite reached.
    assert 1.4 < np.log2(errors[0] / errors[1]) < 2.4
