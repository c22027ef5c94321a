"""Rates from any start: the working point, oscillations of linear theory, bad input."""

import dataclasses

import numpy as np
import pytest

from meanfield.equilibrium import stability, transient, working_point
from meanfield.network import brunel, mean_field
from meanfield.neurons import (
    LIF,
    Exponential,
    FixedInDegree,
    Network,
    Population,
    Projection,
)
from spiking_reference import simulate_network


def test_ends_in_the_working_point():
    net = brunel(g=5.0, eta=2.0)
    found = transient(net, [0.02, 0.05], 150.0)
    rate = working_point(net).rate
    np.testing.assert_allclose(found.rate[:, -1], rate, rtol=1e-4)
    drive = mean_field(net).drive(rate)
    np.testing.assert_allclose(found.mu[:, -1], drive.mu, rtol=1e-3)
    np.testing.assert_allclose(found.sigma[:, -1], drive.sigma, rtol=1e-3)


def test_small_perturbations_decay_as_the_leading_mode():
    net = mean_field(brunel(g=6.0, eta=3.0))
    mode = stability(net)
    assert mode.stable
    rate = working_point(net).rate
    found = transient(net, 1.01 * rate, 120.0)
    y = found.rate[0] - found.rate[0, -1]
    late = found.times > 20.0
    peaks = late[1:-1] & (y[1:-1] > y[:-2]) & (y[1:-1] > y[2:]) & (y[1:-1] > 1e-6)
    t, height = found.times[1:-1][peaks], y[1:-1][peaks]
    slope = np.polyfit(t, np.log(height), 1)[0]
    # the density's error is that of 0.3 % of the loop gain
    assert slope == pytest.approx(mode.growth_rate, abs=1.5e-3)
    assert 1.0 / np.diff(t).mean() == pytest.approx(mode.growth_frequency, rel=0.01)


def coupled(delay=2.0):
    """Synapses of 5 ms; what is excited is slower than what is inhibited."""
    receptors = {"s": Exponential(tau=5.0)}
    populations = {
        name: Population(
            n=2000, neuron=LIF(tau_m=tau, t_ref=2.0), receptors=receptors, current=mu,
            sigma=1.5,
        )
        for name, tau, mu in (("A", 20.0, 1.0), ("B", 10.0, 1.8))
    }  # fmt: skip
    return Network(
        populations=populations,
        projections=[
            Projection(
                source=s, target=t, receptor="s", weight=w, rule=FixedInDegree(100),
                delay=delay,
            )
            for s, t, w in (("A", "B", 0.02), ("B", "A", -0.04))
        ],
    )  # fmt: skip


@pytest.mark.parametrize("synapses", ["white", "effective"])
def test_synapses_and_populations_that_differ(synapses):
    net = mean_field(coupled(), synapses=synapses)
    found = transient(net, [0.0, 0.0], 300.0)
    np.testing.assert_allclose(found.rate[:, -1], working_point(net).rate, rtol=1e-3)
    # what is sent at the start arrives after the delay
    first = np.flatnonzero(np.abs(np.diff(found.mu[1])) > 1e-12)[0]
    assert found.times[first + 1] == pytest.approx(2.05, abs=0.06)


@pytest.mark.slow
def test_against_spikes():
    """An oscillation of finite size, of the frequency of simulated neurons."""
    net = brunel(g=6.0, eta=4.0)
    found = transient(net, [0.05, 0.05], 600.0)
    simulated = simulate_network(net, duration=1000.0, warmup=200.0, rng=1, threads=1)
    assert found.rate[0, 3000:].mean() == pytest.approx(
        simulated["E"].rate.value, rel=0.06
    )


def test_bad_input():
    net = brunel(g=5.0, eta=2.0)
    with pytest.raises(ValueError, match="start"):
        transient(net, [0.01], 10.0)
    with pytest.raises(ValueError, match="duration"):
        transient(net, [0.01, 0.01], -1.0)
    with pytest.raises(ValueError, match="shortest delay"):
        transient(net, [0.01, 0.01], 10.0, dt=2.0)
    quiet = brunel(g=5.0, eta=0.0)
    with pytest.raises(ValueError, match="noise"):
        transient(quiet, [0.0, 0.0], 10.0)
    cells = dataclasses.replace(
        net.populations["E"], neuron=LIF(V_th=np.linspace(15.0, 20.0, 10_000))
    )
    mixed = dataclasses.replace(net, populations=dict(net.populations) | {"E": cells})
    with pytest.raises(ValueError, match="differ"):
        transient(mixed, [0.01, 0.01], 10.0)
