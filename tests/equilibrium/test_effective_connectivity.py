"""Effective connectivity: static limit, another toolbox, conventions, its own formulas."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meanfield import integrate_and_fire
from meanfield.equilibrium import effective_connectivity, population_responses
from meanfield.network import brunel, mean_field, microcircuit, zerlaut
from meanfield.neurons import (
    EIF,
    LIF,
    AdEx,
    Exponential,
    FixedInDegree,
    Network,
    Poisson,
    Population,
    Projection,
)

NNMT = json.loads(
    (Path(__file__).parents[1] / "data/nnmt_microcircuit.json").read_text()
)


def number(given):
    return np.array(given["re"]) + 1j * np.array(given["im"])


def asymmetric(tau_m=(10.0, 30.0), delays=(1.0, 4.0), neuron: Any = LIF):
    """Two populations that differ in everything that rows and columns can be mixed up in."""
    sizes = {"A": 400, "B": 300}
    receptors = {"s": Exponential(tau=0.5), "t": Exponential(tau=2.0)}
    cells = {
        name: Population(n=n, neuron=neuron(tau_m=tau), receptors=receptors, sigma=1.5)
        for (name, n), tau in zip(sizes.items(), tau_m, strict=True)
    }
    weights = {("A", "A"): 0.2, ("A", "B"): 0.1, ("B", "A"): -0.4, ("B", "B"): -0.3}
    return Network(
        populations=cells,
        projections=[
            Projection(
                source=s, target=t, weight=w, rule=FixedInDegree(20 if s == "A" else 30),
                delay=delays["AB".index(s)], receptor="s" if s == "A" else "t",
            )
            for (s, t), w in weights.items()
        ],
        inputs=[
            Poisson(target=name, rate=1.0, weight=w, receptor="s")
            for name, w in (("A", 1.2), ("B", 0.8))
        ],
    )  # fmt: skip


@pytest.mark.parametrize("synapses", ["effective", "fourcaud_brunel", "white"])
@pytest.mark.parametrize("neuron", [LIF, EIF])
def test_at_frequency_0_is_the_jacobian(synapses, neuron):
    if neuron is EIF and synapses == "fourcaud_brunel":
        synapses = "effective"
    net = mean_field(asymmetric(neuron=neuron), synapses=synapses)
    rate = [0.011, 0.02]
    L = effective_connectivity(0.0, net, rate)
    np.testing.assert_allclose(L, net.jacobian(rate), rtol=1e-5)
    assert L.shape == (2, 2)


def test_reproduces_another_toolbox_with_its_omissions():
    net = mean_field(
        microcircuit(weight_spread=0.0, delay_spread=0.0), synapses="fourcaud_brunel"
    )
    rate = 1e-3 * np.array(NNMT["firing_rates"])
    f = np.array(NNMT["omegas"]) / (2e3 * np.pi)
    found = population_responses(f, net, rate, refractory=False)
    # their response is to tau_m mu [V], and has the synaptic filter (0.5 ms) in it
    low_pass = 1.0 + 1j * np.pi * f[:, None]
    np.testing.assert_allclose(
        found.mu / low_pass / 10.0 * 1e6, number(NNMT["transfer_function"]), rtol=1e-6
    )
    L = effective_connectivity(f, net, rate, refractory=False, noise_response=False)
    theirs = number(NNMT["effective_connectivity"])
    scale = net.degree / np.where(net.degree > 0, NNMT["K"], 1.0)  # whole synapses
    np.testing.assert_allclose(L, theirs * scale, rtol=1e-6)


def test_dead_time_in_the_dynamics_matters():
    net = mean_field(brunel(g=5.0, eta=3.0))
    rate = [0.05, 0.05]
    full, bare = (
        population_responses([0.0, 0.1], net, rate, refractory=r).mu
        for r in (True, False)
    )
    mu, sigma, _ = (x[0] for x in net.drive(rate))
    cells = [LIF(tau_m=20.0, t_ref=t, V_th=20.0, V_reset=10.0) for t in (2.0, 0.0)]
    r, r0 = (integrate_and_fire.firing_rate(mu, sigma, cell) for cell in cells)
    R0 = integrate_and_fire.linear_response([0.0, 0.1], mu, sigma, cells[1])
    np.testing.assert_allclose(bare[:, 0], r / r0 * R0, rtol=1e-6)
    assert bare[0, 0] / full[0, 0] == pytest.approx(r0 / r, rel=1e-5)


def test_each_link_has_its_row_its_column_and_its_delay():
    net = mean_field(asymmetric(), synapses="white")
    rate, f = [0.011, 0.02], np.array([0.03, 0.2])
    L = effective_connectivity(f, net, rate)
    drive = net.drive(rate)
    omega = 2.0 * np.pi * f
    for a, tau_m in enumerate((10.0, 30.0)):
        found = integrate_and_fire.responses(
            f, drive.mu[a], drive.sigma[a], LIF(tau_m=tau_m)
        )
        for b, (delay, tau, K) in enumerate(((1.0, 0.5, 20), (4.0, 2.0, 30))):
            w = [[0.2, -0.4], [0.1, -0.3]][a][b] * tau
            expected = (
                K * w * found.mu
                + K * w**2 * found.sigma / (2.0 * drive.sigma[a]) / (1 + 0.5j * omega * tau)
            ) * np.exp(-1j * omega * delay) / (1 + 1j * omega * tau)  # fmt: skip
            np.testing.assert_allclose(L[:, a, b], expected, rtol=1e-5)


def test_neurons_that_differ_respond_by_the_mean():
    rng = np.random.default_rng(1)
    net = asymmetric()
    V_th = rng.normal(20.0, 1.0, 400)
    cells = dataclasses.replace(net.populations["A"], neuron=LIF(tau_m=10.0, V_th=V_th))
    mixed = mean_field(
        dataclasses.replace(net, populations=dict(net.populations) | {"A": cells})
    )
    rate = [0.011, 0.02]
    L = effective_connectivity([0.0], mixed, rate)[0]
    np.testing.assert_allclose(L, mixed.jacobian(rate), rtol=1e-5)


def test_negative_frequencies_are_conjugate():
    net = mean_field(asymmetric())
    L = effective_connectivity([[0.05], [-0.05]], net, [0.011, 0.02])
    assert L.shape == (2, 1, 2, 2)
    np.testing.assert_allclose(L[0], L[1].conj(), rtol=1e-12)


def test_noiseless_and_silent_populations():
    quiet = mean_field(brunel(g=5.0, eta=0.0))
    assert not np.any(effective_connectivity([0.0, 0.1], quiet, [0.0, 0.0]))


def test_rates_that_nearly_underflow():
    net = mean_field(brunel(g=2.5, eta=0.25))
    L = effective_connectivity([0.0, 0.1], net, [0.0, 0.0])
    assert np.abs(L).max() < 1e-100  # 1e-196 kHz; not NaN


def test_refuses_what_has_no_response():
    with pytest.raises(ValueError, match="conductances"):
        effective_connectivity(0.1, mean_field(zerlaut()), [0.001, 0.005])
    adaptive = Network(populations={"A": Population(n=5, neuron=AdEx(), sigma=1.0)})
    with pytest.raises(TypeError, match="AdEx"):
        effective_connectivity(0.1, mean_field(adaptive), [0.001])
    net = mean_field(brunel(g=5.0, eta=2.0))
    with pytest.raises(ValueError, match="frequency"):
        effective_connectivity(np.inf, net, [0.01, 0.01])
    with pytest.raises(ValueError, match="point"):
        effective_connectivity(0.1, net, 0.01)
