"""Covariances of neurons with given weights, against another toolbox and a simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from meanfield import LIF
from meanfield.fluctuations import neuron_covariances
from meanfield.network import mean_field
from meanfield.neurons import (
    Exponential,
    Network,
    OneToOne,
    Poisson,
    Population,
    Projection,
)

DATA = json.loads(
    (Path(__file__).parents[1] / "data/nnmt_neurons.json").read_text()
)  # fmt: skip


def neurons():
    """100 populations of one neuron."""
    cell = LIF(tau_m=20.0, t_ref=2.0, V_th=15.0, V_reset=0.0)
    edges = zip(DATA["sources"], DATA["weights_mV"], strict=True)
    external = ((25.08424, 0.35), (5.42837, -1.75))
    names = [str(i) for i in range(100)]
    return Network(
        populations={
            name: Population(
                n=1, neuron=cell, current=1.0, receptors={"s": Exponential(tau=1.0)}
            )
            for name in names
        },
        projections=[
            Projection(
                source=str(j), target=str(i), receptor="s", rule=OneToOne(),
                weight=w, delay=1.0,
            )
            for i, (sources, weights) in enumerate(edges)
            for j, w in zip(sources, weights, strict=True)
        ],
        inputs=[
            Poisson(target=name, receptor="s", rate=rate, weight=w)
            for name in names
            for rate, w in external
        ],
    )  # fmt: skip


def test_hundred_neurons_of_another_toolbox():
    net = mean_field(neurons(), synapses="fourcaud_brunel")
    rate = 1e-3 * np.array(DATA["rate_Hz"])
    assert net.firing_rates(rate) == pytest.approx(rate, rel=1e-7)
    cv = net.cv(rate)
    assert cv == pytest.approx(np.array(DATA["cv"]), rel=1e-7)
    L = net.jacobian(rate)
    rows = DATA["rows"]
    assert L[rows] == pytest.approx(np.array(DATA["connectivity"]), abs=1e-9)
    bound = np.linalg.eigvals(L).real.max()
    assert bound == pytest.approx(DATA["spectral_bound"], abs=1e-9)
    C = 1e3 * neuron_covariances(L, cv**2 * rate)
    assert C[rows] == pytest.approx(np.array(DATA["covariance_Hz"]), rel=1e-6)


def test_a_linear_process_with_these_sources():
    """dx = (-x + L x + noise) dt: long-window covariance (1-L)^-1 D (1-L)^-T."""
    rng = np.random.default_rng(1)
    L = 0.3 * rng.standard_normal((6, 6)) / np.sqrt(6)
    S = rng.uniform(1.0, 2.0, 6)
    C = neuron_covariances(L, S)
    assert np.diag(C) == pytest.approx(S)
    A = np.eye(6) - L
    D = A @ C @ A.T
    assert pytest.approx(np.diag(np.diag(D)), abs=1e-12) == D
    # lags: the integral of the stationary covariance function of that process
    still = linalg.solve_continuous_lyapunov(A, D)
    integral = np.linalg.solve(A, still) + still @ np.linalg.inv(A).T
    assert integral == pytest.approx(C)


def test_direction():
    L = np.array(
        [[0.0, 0.0], [0.5 * np.exp(-0.3j), 0.0]]
    )  # the first drives the second
    C = neuron_covariances(L, [1.0, 1.0])
    assert C[0, 1] == pytest.approx(0.5 * np.exp(-0.3j))
    assert C[1, 0] == pytest.approx(np.conj(C[0, 1]))


@pytest.mark.parametrize(
    ("connectivity", "spectra", "message"),
    [
        (np.diag([1.5, 0.0]), [1.0, 1.0], "`connectivity` must have no eigenvalue"),
        (np.zeros((2, 3)), [1.0, 1.0], r"`connectivity` must be \(..., n, n\)"),
        (np.zeros((2, 2)), [1.0], r"`spectra` must be \(..., 2\)"),
        (np.zeros((2, 2)), [1.0, -1.0], "`spectra` must be finite and >= 0"),
        ([[0.0, 3.0], [0.0, 0.0]], [1.0, 1.0], "`spectra` must leave a source"),
        ([[0.0, np.nan], [0.0, 0.0]], [1.0, 1.0], "`connectivity` must be finite"),
    ],
)
def test_what_is_wrong_is_named(connectivity, spectra, message):
    with pytest.raises(ValueError, match=message):
        neuron_covariances(connectivity, spectra)
