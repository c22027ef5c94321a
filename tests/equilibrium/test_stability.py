"""Stability and oscillation onset: published boundaries, exact cases, other conventions."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy import special

from meanfield import ConvergenceError
from meanfield.equilibrium import (
    _stability,
    network_state,
    oscillation_onsets,
    phase_diagram,
    stability,
    working_point,
    working_points,
)
from meanfield.network import brunel, mean_field
from meanfield.neurons import LIF, FixedInDegree, Network, Population, Projection

ONSETS = json.loads((Path(__file__).parents[1] / "data/brunel_onsets.json").read_text())


@pytest.mark.parametrize(
    ("g", "eta", "gain", "frequency"),
    [(6.0, 4.0, 1.117, 187.72), (5.0, 2.0, 0.725, 129.7), (4.5, 0.9, 1.031, 28.99)],
)
def test_loop_gains_of_brunel(g, eta, gain, frequency):
    found = stability(brunel(g=g, eta=eta))
    assert found.loop_gain == pytest.approx(gain, abs=5e-4)
    assert 1e3 * found.frequency == pytest.approx(frequency, rel=5e-4)
    assert found.stable == (gain < 1)
    assert found.unstable_modes == 2 * (gain > 1)


@pytest.mark.parametrize(("g", "eta", "frequency", "rate", "side"), ONSETS["onsets"])
def test_boundaries_of_brunel(g, eta, frequency, rate, side):
    width = 4e-3 if frequency < 100 else 0.05
    found = oscillation_onsets(
        lambda x: brunel(g=g, eta=x), eta - width, eta + 0.9 * width, steps=1
    )
    assert len(found) == 1
    assert found[0].value == pytest.approx(eta, abs=1e-4)
    assert 1e3 * found[0].frequency == pytest.approx(frequency, rel=1e-3)
    assert 1e3 * found[0].point.rate[0] == pytest.approx(rate, rel=1e-3)
    assert found[0].unstable_side == side


def test_no_slow_oscillation_in_between():
    assert not oscillation_onsets(lambda x: brunel(g=6.5, eta=x), 0.8, 1.0, steps=12)


def test_growth_rate_passes_0_at_the_onset():
    rates = [stability(brunel(g=6.0, eta=eta)).growth_rate for eta in (3.2, 3.255, 3.3)]
    assert rates[0] < 0 < rates[2]
    assert abs(rates[1]) < 2e-5


def delayed(matrix, delay, tau=0.0):
    """Return det(1 - W e^{-s d}/(1 + s tau)) as if of a network, and its zeros."""
    W = np.atleast_2d(matrix)

    def loop(f):
        s = 2j * np.pi * np.asarray(f)[:, None, None]
        return W * np.exp(-s * delay) / (1.0 + s * tau)

    zeros = []
    for w in np.linalg.eigvals(W):  # s tau + 1 = w e^{-s d}: Lambert's function
        x = w * delay / tau * np.exp(delay / tau)
        zeros += [special.lambertw(x, k) / delay - 1.0 / tau for k in range(-8, 9)]
    return loop, np.array(zeros, dtype=complex)


@pytest.mark.parametrize(
    "matrix",
    # one that oscillates; one that does not; the sign that a modulus gets wrong; a pair
    [[[-3.0]], [[-1.5]], [[-3.0, 0.0], [0.0, 2.9]], [[0.5, -2.5], [2.5, 0.5]],
     [[0.5, -0.8], [0.9, 0.2]]],
)  # fmt: skip
def test_growing_modes_and_growth_against_lamberts_function(matrix, monkeypatch):
    loop, zeros = delayed(matrix, delay=1.5, tau=10.0)
    monkeypatch.setattr(
        _stability, "effective_connectivity", lambda f, *_, **__: loop(f)
    )
    net = mean_field(brunel(g=5.0, eta=2.0))  # for its delays
    found = stability(net, SimpleNamespace(rate=np.zeros(2)))
    assert found.unstable_modes == np.sum(np.real(zeros) > 1e-12)
    leading = zeros[np.argmax(np.real(zeros))]
    assert found.growth_rate == pytest.approx(leading.real, rel=1e-4)
    assert 2 * np.pi * found.growth_frequency == pytest.approx(
        abs(leading.imag), abs=1e-6
    )


def test_saddle_grows_without_oscillation():
    cell = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=10.0)
    net = mean_field(
        Network(
            populations={"A": Population(n=1000, neuron=cell, current=0.5, sigma=0.8)},
            projections=[
                Projection(
                    source="A",
                    target="A",
                    weight=0.05,
                    rule=FixedInDegree(400),
                    delay=1.0,
                )
            ],
        )
    )
    low, saddle, _ = working_points(net).points
    assert stability(net, low).stable
    found = stability(net, saddle)
    assert not found.stable
    assert found.frequency == 0.0
    assert found.loop_gain == pytest.approx(saddle.eigenvalues[0].real, rel=1e-5)
    assert found.growth_rate > 0


def test_states():
    states = {(3.0, 2.0): "SR", (6.0, 4.0): "SI fast", (5.0, 2.0): "AI",
              (4.5, 0.9): "SI slow", (4.0, 2.0): "AR", (5.0, 0.3): "quiescent"}  # fmt: skip
    for (g, eta), state in states.items():
        assert network_state(brunel(g=g, eta=eta)) == state
    found = phase_diagram(brunel, [3.0, 5.0], [0.3, 2.0])
    assert found.state.tolist() == [["quiescent", "quiescent"], ["SR", "AI"]]
    point = working_point(brunel(g=5.0, eta=2.0))
    assert found.rate[1, 1] == pytest.approx(point.rate[0], rel=1e-9)
    assert found.cv[1, 1] == pytest.approx(point.cv[0], rel=1e-9)


def test_without_noise_response_and_dead_time_the_boundary_moves():
    net = mean_field(brunel(g=6.0, eta=4.0))
    gains = [
        stability(net, **cast(Any, options)).loop_gain
        for options in ({}, {"noise_response": False}, {"refractory": False})
    ]
    assert len({round(gain, 2) for gain in gains}) == 3


def test_bad_ranges():
    with pytest.raises(ValueError, match="low"):
        oscillation_onsets(lambda x: brunel(g=6.0, eta=x), 2.0, 1.0)
    with pytest.raises(ValueError, match="steps"):
        oscillation_onsets(lambda x: brunel(g=6.0, eta=x), 1.0, 2.0, steps=0)
    with pytest.raises(ValueError, match="`x`"):
        phase_diagram(brunel, 3.0, [1.0])


def test_couplings_too_strong_to_follow_are_refused():
    cells = Population(n=1000, neuron=LIF(t_ref=2.0), current=152.0, sigma=1.0)
    wires = Projection(
        source="A", target="A", rule=FixedInDegree(30_000), weight=-0.1, delay=20.0
    )
    net = Network(populations={"A": cells}, projections=[wires])
    with pytest.raises(
        ConvergenceError, match="too large for an analysis by frequency"
    ):
        stability(net, [0.05])
