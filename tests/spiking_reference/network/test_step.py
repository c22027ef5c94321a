"""How much of a network's rates is due to the step: the same network at several dt."""

import numpy as np
import pytest

from meanfield.neurons import (
    EIF,
    Bernoulli,
    Exponential,
    Network,
    Population,
    Projection,
)
from spiking_reference import simulate_network
from tests.peers import brunel
from tests.peers.own import network_of
from tests.spiking_reference.network.test_simulate_network import (
    conductance_network,
    start,
)


def balanced_network(n):
    """EIF cells that excitation and inhibition balance; weights are areas j/sqrt(n) [mV].

    With n, rates approach 3.7209 and 10.6977 Hz, of the balance of mean inputs
    40 r_E - 70 r_I + 0.6 = 0 and 180 r_E - 100 r_I + 0.4 = 0 (in kHz, per sqrt(n)).
    """
    neuron = EIF(
        tau_m=15.0, E_L=-72.0, V_T=-55.0, Delta_T=2.0, V_th=0.0, V_reset=-73.0
    )  # fmt: skip
    tau = {"E": 6.0, "I": 4.0}
    receptors = {name: Exponential(tau=tau[name]) for name in "EI"}
    sizes = {"E": round(0.8 * n), "I": round(0.2 * n)}
    # Here currents are in mV/ms, and a weight is the jump of one: area/(tau_syn tau_m).
    areas = {"EE": 500.0, "EI": -3500.0, "IE": 2250.0, "II": -5000.0}  # target, source
    drive = {"E": 0.6, "I": 0.4}
    return Network(
        populations={
            name: Population(
                n=size, neuron=neuron, receptors=receptors,
                current=drive[name] * np.sqrt(n) / 15.0,
            )
            for name, size in sizes.items()
        },
        projections=[
            Projection(
                source=s, target=t, rule=Bernoulli(0.1), receptor=s, delay=0.1,
                weight=areas[t + s] / np.sqrt(n) / (tau[s] * 15.0),
            )
            for t in "EI" for s in "EI"
        ],
    )  # fmt: skip


def rates(network, dt, duration, seeds, states=None, warmup=300.0):
    """Rates of E and I [Hz] (seeds, 2), and SD of the rate of E in 10 ms over its mean."""
    found, ripple = [], []
    for seed in seeds:
        run = simulate_network(
            network, duration=duration, warmup=warmup, dt=dt, rng=seed, bin=10.0,
            initial=states(seed) if states else None,
        )  # fmt: skip
        found.append([1e3 * run[name].rate.value for name in "EI"])
        ripple.append(run["E"].activity.std() / run["E"].activity.mean())
    return np.array(found), np.mean(ripple)


def voltages(network, low, high):
    def states(seed):
        g = np.random.default_rng(seed)
        sizes = {name: p.n for name, p in network.populations.items()}
        return {name: {"V": g.uniform(low, high, n)} for name, n in sizes.items()}

    return states


def same(first, second, spread):
    """Rates at two steps differ by less than 3 standard errors and 0.5 %.

    `spread` is the standard deviation of one run's rate [Hz]. False alarms below 0.3 % each.
    """
    error = spread * np.sqrt(2.0 / len(first))
    gap = np.abs(first.mean(axis=0) - second.mean(axis=0))
    return np.all(gap < 3.0 * error + 0.005 * second.mean(axis=0))


def test_brunel_network_of_2500_cells_at_three_steps():
    """The grid of 0.5 ms makes dead times and jumps coarse, and costs 1 %."""
    case = brunel.CASES["regular"]
    network = network_of(case)
    fine, plain = (rates(network, dt, 300.0, range(3))[0] for dt in (0.05, 0.1))
    assert same(plain, fine, spread=0.6)


@pytest.mark.slow
def test_brunel_network():
    network = network_of(brunel.CASES["full irregular"])
    coarse, plain, fine = (
        rates(network, dt, 1000.0, range(4))[0] for dt in (0.5, 0.1, 0.05)
    )
    assert same(plain, fine, spread=0.23)
    loss = 1.0 - coarse.mean() / fine.mean()
    assert 0.002 < loss < 0.025


@pytest.mark.slow
def test_conductance_network():
    """Realizations differ by 0.3 and 0.7 Hz; the same seed connects in the same way."""
    network = conductance_network(0.01)
    states = lambda seed: start(network, seed)  # noqa: E731
    plain, fine = (
        rates(network, dt, 2000.0, range(4), states)[0] for dt in (0.1, 0.05)
    )
    assert same(plain, fine, spread=np.array([0.4, 0.9]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "published"), [(10_000, (3.622, 10.200)), (30_000, (3.689, 10.491))]
)
def test_balanced_network(n, published):
    """No false oscillation of the step of 0.1 ms at 30,000 cells, where Euler's has one.

    Rates by Euler's method at 0.05 ms; realizations differ by 0.02 to 0.08 Hz. Euler's
    method at 0.1 ms has 5.69 and 14.85 Hz at 30,000 cells.
    """
    network = balanced_network(n)
    states = voltages(network, -72.0, -55.0)
    for dt in (0.1, 0.05):
        found, ripple = rates(network, dt, 1000.0, range(1), states)
        np.testing.assert_allclose(found[0], published, rtol=0.025)
        assert ripple < 0.25
