"""Modes of the effective connectivity: another toolbox, derivatives, tracking."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from meanfield import LIF
from meanfield.equilibrium import effective_connectivity, working_point
from meanfield.fluctuations import modes, oscillations, power_spectra, propagator
from meanfield.network import brunel, mean_field, microcircuit
from meanfield.neurons import FixedInDegree, Network, Population, Projection

from .networks import loop

DATA = Path(__file__).parents[1] / "data"
NNMT = json.loads((DATA / "nnmt_microcircuit.json").read_text())
SENSITIVITY = json.loads((DATA / "nnmt_fluctuations.json").read_text())
RATES = np.array([0.0232, 0.0316])
PEER = {"refractory": False, "noise_response": False}
FREQUENCY = np.arange(0.002, 0.4, 0.002)


@pytest.fixture(scope="module")
def circuit():
    return mean_field(
        microcircuit(weight_spread=0.0, delay_spread=0.0), synapses="fourcaud_brunel"
    )


def circuit_rates():
    return 1e-3 * np.array(NNMT["firing_rates"])


def test_sensitivity_of_another_toolbox(circuit):
    f = 1e-3 * np.array(SENSITIVITY["omegas"]) / (2 * np.pi)
    found = modes(f, circuit, circuit_rates(), **PEER)
    critical = complex(SENSITIVITY["eigenvalue"]["re"], SENSITIVITY["eigenvalue"]["im"])
    j = np.argmin(np.abs(found.eigenvalue[0] - critical))
    assert found.eigenvalue[0, j] == pytest.approx(critical, rel=1e-6)
    Z = found.sensitivity[0, j]
    towards = (1 - critical) / abs(1 - critical)
    amplitude, shift = np.real(Z * np.conj(towards)), np.imag(Z * np.conj(towards))
    assert amplitude == pytest.approx(np.array(SENSITIVITY["amplitude"]), abs=1e-6)
    assert shift == pytest.approx(np.array(SENSITIVITY["shift"]), abs=1e-6)


def test_sensitivity_is_the_derivative_of_the_eigenvalue(circuit):
    found = modes([0.08], circuit, circuit_rates())
    L, h = found.connectivity[0], 1e-6
    for a, b in ((0, 3), (5, 4), (7, 2)):
        changed = L.copy()
        changed[a, b] *= 1 + h
        values = np.linalg.eigvals(changed)
        for j, value in enumerate(found.eigenvalue[0]):
            moved = values[np.argmin(np.abs(values - value))] - value
            assert moved / h == pytest.approx(found.sensitivity[0, j, a, b], abs=1e-4)
    total = found.sensitivity.sum(axis=(2, 3))
    assert total == pytest.approx(found.eigenvalue)


def test_modes_are_those_of_the_connectivity_and_biorthogonal(circuit):
    found = modes(FREQUENCY, circuit, circuit_rates())
    L = np.asarray(effective_connectivity(FREQUENCY, circuit, circuit_rates()))
    again = (found.right * found.eigenvalue[:, None, :]) @ found.left
    assert again == pytest.approx(L, abs=1e-10)
    assert found.left @ found.right == pytest.approx(
        np.broadcast_to(np.eye(8), L.shape), abs=1e-10
    )


def test_modes_followed_in_large_steps_end_where_small_ones_do(circuit):
    """Fifty times fewer frequencies, between which the delays turn the modes by radians."""
    fine = modes(FREQUENCY, circuit, circuit_rates())
    coarse = modes(FREQUENCY[[0, -1]], circuit, circuit_rates())
    assert coarse.eigenvalue[1] == pytest.approx(fine.eigenvalue[-1], rel=1e-9)
    # no jumps: steps shrink with the distance of the frequencies
    finer = modes(np.arange(0.002, 0.4, 0.0005), circuit, circuit_rates())
    steps = [np.abs(np.diff(x.eigenvalue, axis=0)).max() for x in (fine, finer)]
    assert steps[1] < 0.3 * steps[0]


def test_eigenvalues_cross_without_being_mixed_up():
    """Two separate loops of different delay: their eigenvalues are known, and cross."""
    n = {"A": 300, "B": 200}
    populations = {
        name: Population(n=size, neuron=LIF(), current=1.0, sigma=2.0)
        for name, size in n.items()
    }
    delays, weights = {"A": 3.0, "B": 5.5}, {"A": -0.2, "B": -0.22}
    two = mean_field(
        Network(
            populations=populations,
            projections=[
                Projection(source=name, target=name, weight=weights[name], delay=delays[name], rule=FixedInDegree(50))
                for name in n
            ],
        )
    )  # fmt: skip
    rate = np.array([0.01, 0.01])
    L = effective_connectivity(FREQUENCY, two, rate)
    found = modes(FREQUENCY, two, rate)
    j = int(np.argmax(np.abs(found.right[0, 0])))  # the one of A
    assert found.eigenvalue[:, j] == pytest.approx(L[:, 0, 0])
    assert found.eigenvalue[:, 1 - j] == pytest.approx(L[:, 1, 1])


def test_oscillations_are_the_peaks_of_the_spectra():
    net, rate = mean_field(brunel(g=5.0, eta=2.0)), [0.03795, 0.03795]
    first = oscillations(FREQUENCY, net, rate)[0]
    f = np.arange(0.9, 1.1, 0.0005) * first.frequency
    peak = f[np.argmax(power_spectra(f, net, rate)[:, 0])]
    assert peak == pytest.approx(first.frequency, rel=0.1)
    L = effective_connectivity(first.frequency, net, rate)
    assert np.trace(L) == pytest.approx(first.eigenvalue)  # of rank 1
    h = 1e-4 * first.frequency
    beside = [
        abs(1 - np.trace(effective_connectivity(first.frequency + s, net, rate)))
        for s in (-h, h)
    ]
    assert min(beside) > first.distance


def test_amplitude_says_which_connection_raises_the_peak():
    net, rate = mean_field(loop()), RATES
    first = oscillations(FREQUENCY, net, rate)[0]
    h = 1e-3
    for a in range(2):
        for b in range(2):
            L = effective_connectivity(first.frequency, net, rate)
            L[a, b] *= 1 + h
            values = np.linalg.eigvals(L)
            nearest = np.abs(1 - values).min()
            slope = (first.distance - nearest) / h
            assert slope == pytest.approx(first.amplitude[a, b], abs=2e-3)
    both = first.amplitude + 1j * first.shift
    assert np.abs(both) == pytest.approx(np.abs(first.sensitivity))


def test_propagator_sums_all_paths():
    net = mean_field(loop())
    weak = dataclasses.replace(
        net,
        links=tuple(
            dataclasses.replace(x, weight=0.1 * x.weight, weight_square=0.01 * x.weight_square)
            for x in net.links
        ),
    )  # fmt: skip
    L = effective_connectivity(0.02, weak, RATES)
    series = sum(np.linalg.matrix_power(L, k) for k in range(1, 60))
    assert propagator(0.02, weak, RATES) == pytest.approx(series)


def test_what_is_wrong_is_named():
    net = mean_field(loop())
    with pytest.raises(ValueError, match="`frequency` must ascend"):
        modes([0.2, 0.1], net, RATES)
    with pytest.raises(ValueError, match=r"`frequency` must have shape \(k,\)"):
        modes(0.2, net, RATES)
    chain = Network(populations=loop().populations, projections=[loop().projections[1]])
    with pytest.raises(ValueError, match="as many eigenvectors as populations"):
        modes([0.1], mean_field(chain), RATES)


@pytest.mark.parametrize(("g", "critical"), [(5.0, 4.674), (6.0, 3.255)])
def test_oscillations_grow_beyond_the_boundary_of_brunel(g, critical):
    """Where the fast oscillation begins: from the real part of a root with delay."""
    rates = []
    for eta in (critical - 0.01, critical + 0.01):
        net = mean_field(brunel(g=g, eta=eta))
        first = oscillations(np.arange(0.1, 0.3, 0.005), net, working_point(net))[0]
        assert first.frequency == pytest.approx(0.185, abs=0.015)
        rates.append(first.growth_rate)
    assert rates[0] < 0.0 < rates[1]
