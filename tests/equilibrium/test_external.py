"""The inverse problem: there and back, another toolbox, what cannot be had."""

import json
from pathlib import Path

import numpy as np
import pytest

from meanfield.equilibrium import (
    external_input,
    external_poisson_rates,
    working_point,
)
from meanfield.equilibrium._external import _two_rates
from meanfield.network import brunel, mean_field, microcircuit
from meanfield.neurons import (
    LIF,
    Exponential,
    FixedTotalNumber,
    Network,
    Population,
    Projection,
)

NNMT = json.loads(
    (Path(__file__).parents[1] / "data/nnmt_external_rates.json").read_text()
)


def test_brunels_own_input_comes_back():
    point = working_point(brunel(g=5.0, eta=2.0))
    found = external_input(brunel(g=5.0, eta=0.0), point.rate, weight=0.1)
    np.testing.assert_allclose(found.rate, 2.0 * 20.0 / (0.1 * 20.0), rtol=1e-9)
    np.testing.assert_allclose(found.mu, 0.1 * found.rate)
    np.testing.assert_allclose(found.variance, 0.01 * found.rate)
    np.testing.assert_allclose(working_point(found.net).rate, point.rate, rtol=1e-9)


def test_measured_rates_of_the_microcircuit():
    rate = 1e-3 * np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])
    found = external_input(microcircuit(), rate)
    np.testing.assert_allclose(found.net.firing_rates(rate), rate, rtol=1e-10)
    assert not found.rate.any()
    assert not found.variance.any()


def build(case):
    """The network of a case, whose synapses differ from target to target."""
    p = {k: np.array(v) for k, v in case["params"].items()}
    n = len(p["K"])
    J, K = np.broadcast_to(1e3 * p["J"], (n, n)), p["K"]

    def at(name, i, scale):
        return float(np.broadcast_to(p[name], n)[i]) * scale

    names = [f"P{i}" for i in range(n)]
    populations = {
        name: Population(
            n=20_000, receptors={"s": Exponential(tau=at("tau_s", i, 1e3))},
            neuron=LIF(
                tau_m=at("tau_m", i, 1e3), t_ref=at("tau_r", i, 1e3),
                V_th=at("V_th_rel", i, 1e3), V_reset=at("V_0_rel", i, 1e3),
            ),
        )
        for i, name in enumerate(names)
    }  # fmt: skip
    projections = [
        Projection(
            source=names[b], target=names[a], receptor="s", delay=1.0,
            rule=FixedTotalNumber(round(20_000 * K[a, b])), weight=J[a, b] / at("tau_s", a, 1e3),
        )
        for a in range(n)
        for b in range(n)
    ]  # fmt: skip
    return mean_field(
        Network(populations=populations, projections=projections),
        synapses="fourcaud_brunel",
    ), p


@pytest.mark.parametrize("which", ["microcircuit", "partially_vectorized"])
def test_input_of_given_mean_and_noise_of_another_toolbox(which):
    """Theirs are two rates for all populations: ours, averaged as least squares does."""
    net, p = build(NNMT[which])
    tau = np.broadcast_to(1e3 * p["tau_m"], net.n)
    mu, sigma = 1e3 * p["mu_set"] / tau, 1e3 * p["sigma_set"] / np.sqrt(tau)
    group = net.groups[0]
    tau_s = np.broadcast_to(1e3 * p["tau_s"], net.n)
    rate = net.statistic_of(group, "firing_rate", mu, sigma, tau_s)
    drive = net.drive(rate)
    J, K = 1e3 * np.broadcast_to(p["J_ext"], (net.n, 2)), p["K_ext"]
    # in the units of the least squares, V and V^2
    ours = _two_rates(mu - drive.mu, sigma**2 - drive.sigma**2, J) / K
    A = np.stack([tau[:, None] * J * K * 1e-3, tau[:, None] * J**2 * K * 1e-6], axis=1)
    matrix = np.einsum("aij,aik->jk", A, A)
    found = np.linalg.solve(matrix, np.einsum("aij,aik,ak->j", A, A, ours))
    np.testing.assert_allclose(1e3 * found, NNMT[which]["output"], rtol=1e-5)


def test_two_inputs_give_mean_and_noise():
    net = mean_field(brunel(g=5.0, eta=0.0))
    J = np.array([[0.1, -0.5], [0.2, -0.4]])
    rate, mu, sigma = [0.01, 0.01], np.array([0.9, 0.8]), np.array([1.2, 1.3])
    found = external_poisson_rates(net, rate, mu, sigma, J)
    drive = net.drive(rate)
    np.testing.assert_allclose(drive.mu + (J * found).sum(axis=1), mu)
    np.testing.assert_allclose(drive.sigma**2 + (J**2 * found).sum(axis=1), sigma**2)
    with pytest.raises(ValueError, match="negative rate"):
        external_poisson_rates(net, rate, 5.0, 1.0, [0.1, -0.5])
    with pytest.raises(ValueError, match="noise that there is"):
        external_poisson_rates(net, rate, 0.9, 0.1, [0.1, -0.5])
    with pytest.raises(ValueError, match="differ"):
        external_poisson_rates(net, rate, 0.9, 1.2, [0.1, 0.1])
    with pytest.raises(ValueError, match="shape"):
        external_poisson_rates(net, rate, 0.9, 1.2, 0.1)


@pytest.mark.parametrize(
    ("rate", "weight", "words"),
    [
        ([0.6, 0.1], None, "1/t_ref"),
        ([0.0, 0.1], None, "positive"),
        ([0.1], None, "shape"),
        ([np.nan, 0.1], None, "finite"),
        ([0.01, 0.01], 0.0, "weight"),
        ([0.01, 0.01], -0.1, "slower"),
    ],
)
def test_what_cannot_be_had(rate, weight, words):
    with pytest.raises(ValueError, match=words):
        external_input(brunel(g=5.0, eta=0.0), rate, weight=weight)


def test_too_fast_already():
    with pytest.raises(ValueError, match="'E' fires faster"):
        external_input(brunel(g=5.0, eta=2.0), [0.001, 0.001], weight=0.1)
    slower = external_input(brunel(g=5.0, eta=2.0), [0.001, 0.001])
    assert np.all(slower.mu < 0)
