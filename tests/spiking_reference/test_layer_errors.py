"""What layers, their inputs and `simulate_layers` accept."""

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import (
    GaussianInput,
    Layer,
    PoissonInput,
    WhiteNoise,
    simulate_layers,
)

ONE = Layer([[1.0, 2.0]])
TWO = PoissonInput([[0.1, 0.2]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Layer([1.0, 2.0]), r"`weights` must have shape \(n_out, n_in\)"),
        (lambda: Layer(np.zeros((0, 2))), "neither of them 0"),
        (lambda: Layer([[np.nan]]), "`weights` must be finite"),
        (lambda: Layer([[1.0]], mu=np.inf), "`mu` must be finite"),
        (lambda: Layer([[1.0]], sigma=-1.0), "`sigma` must be finite and not negative"),
        (lambda: Layer([[1.0], [1.0]], mu=[1.0, 2.0, 3.0]), r"`mu` .* \(2,\)"),
        (lambda: Layer([[1.0]], LIF(t_ref=[1.0, 2.0])), r"`neuron` .* \(1,\)"),
        (lambda: PoissonInput([0.1]), r"pass rates\[None\]"),
        (lambda: PoissonInput([[-0.1]]), "`rates` must be finite and not negative"),
        (lambda: PoissonInput(np.zeros((3, 0))), "neither of them 0"),
        (lambda: GaussianInput([0.1], [0.1]), r"pass mean\[None\]"),
        (lambda: GaussianInput([[0.1]], [[0.1, 1]]), "shape of `mean`"),
        (lambda: GaussianInput([[np.nan]], [[0.1]]), "`mean` must be finite"),
        (lambda: GaussianInput([[0.1]], [[np.inf]]), "`cov` must be finite"),
        (lambda: GaussianInput([[0.1]], [[-1.0]]), "must not be negative"),
        (lambda: GaussianInput([[0, 0]], [[[1, 0.5], [0.4, 1]]]), "be symmetric"),
        (lambda: GaussianInput([[0, 0]], [[[1, 2], [2, 1]]]), "semidefinite"),
    ],
)
def test_parts(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": []}, "must not be empty"),
        ({"layers": [ONE, ONE]}, "`weights` of layer 1 .* 1 sources"),
        ({"dt": 0.0}, "`dt` must be positive"),
        ({"dt": 30.0}, "`dt` must be below tau_m=20"),
        ({"duration": 0.01}, "`duration` must be at least"),
        ({"warmup": -1.0}, "`warmup` must not be negative"),
        ({"trials": 0}, "`trials` must be at least 1"),
        ({"readouts": [50.0, 20.0]}, "`readouts` must increase"),
        ({"readouts": [200.0]}, "`readouts` must be from"),
        ({"readouts": [0.0]}, "`readouts` must be from"),
        ({"readouts": [[1.0]]}, "list of times"),
        ({"window": 200.0}, "`window` must be from"),
        ({"covariance": "both"}, "`covariance` must be one of"),
        ({"threads": 0}, "`threads` must be at least 1"),
    ],
)
def test_entry(change, message):
    kw = {"layers": [ONE], "inputs": TWO, "duration": 100.0} | change
    with pytest.raises(ValueError, match=message):
        simulate_layers(kw.pop("layers"), kw.pop("inputs"), **kw)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": ONE}, r"pass \[layer\]"),
        ({"layers": [LIF()]}, "must be Layers; got LIF"),
        ({"inputs": WhiteNoise(mu=1, sigma=1)}, "PoissonInput or a GaussianInput"),
        ({"trials": 2.5}, "`trials` must be an integer"),
        ({"trials": True}, "`trials` must be an integer"),
    ],
)
def test_kinds(change, message):
    kw = {"layers": [ONE], "inputs": TWO, "duration": 100.0} | change
    with pytest.raises(TypeError, match=message):
        simulate_layers(kw.pop("layers"), kw.pop("inputs"), **kw)
    with pytest.raises(TypeError, match="must be a LIF"):
        Layer([[1.0]], neuron=20.0)


def test_more_spikes_than_a_step_can_carry():
    relay = Layer([[25.0]], LIF(t_ref=0.0))
    with pytest.raises(ValueError, match=r"`dt` must be short enough.*t_ref"):
        simulate_layers([relay, relay], PoissonInput([[2000.0]]), duration=1.0)


def test_parameters_are_copies_that_stay():
    weights = np.ones((1, 2))
    layer = Layer(weights)
    weights[0, 0] = 5.0
    assert layer.weights[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        layer.weights[0, 0] = 2.0
