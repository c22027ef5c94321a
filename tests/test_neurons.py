"""Parameter classes: validation, immutability, equality."""

import dataclasses
import pickle

import numpy as np
import pytest

from meanfield import LIF


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"V_reset": 25.0},
            "`V_reset` must be below `V_th`; got V_reset=25.0, V_th=20.0",
        ),
        ({"V_reset": 20.0}, "must be below"),
        ({"tau_m": 0.0}, "`tau_m` must be positive"),
        ({"tau_m": [1.0, -2.0]}, r"got -2.0 at index \(1,\)"),
        ({"tau_m": np.nan}, "`tau_m` must be a number"),
        ({"t_ref": -1.0}, "`t_ref` must be finite and not negative"),
        ({"t_ref": np.inf}, "`t_ref`"),
        ({"V_th": np.inf}, "`V_th` must be finite"),
        ({"V_th": [1.0, 2.0], "tau_m": [1.0, 2.0, 3.0]}, "shape"),
    ],
)
def test_invalid_parameters(parameters, words):
    with pytest.raises(ValueError, match=words):
        LIF(**parameters)


def test_unknown_names_and_units_are_refused():
    with pytest.raises(TypeError, match="V_rest"):
        LIF(V_rest=1.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="must be real"):
        LIF(V_th="20 mV")  # type: ignore[arg-type]


def test_frozen_also_inside():
    mine = np.array([10.0, 20.0])
    neuron = LIF(tau_m=mine)
    mine[0] = 99.0
    assert neuron.tau_m[0] == 10.0
    with pytest.raises(ValueError, match="read-only"):
        neuron.tau_m[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        neuron.tau_m = 3.0  # type: ignore[misc]


def test_value_semantics():
    assert LIF() == LIF(tau_m=20)
    assert LIF() != LIF(tau_m=21.0)
    assert LIF(V_th=[20.0, 21.0]) == LIF(V_th=np.array([20.0, 21.0]))
    assert hash(LIF(V_th=[20.0, 21.0])) == hash(LIF(V_th=(20, 21)))
    assert LIF(tau_m=[[1.0], [2.0]], V_th=[20.0, 21.0]).shape == (2, 2)
    assert pickle.loads(pickle.dumps(LIF(t_ref=2.0))) == LIF(t_ref=2.0)
    assert dataclasses.replace(LIF(), t_ref=2.0).t_ref == 2.0
