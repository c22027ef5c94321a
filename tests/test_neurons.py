"""Parameter classes: validation, immutability, equality."""

import dataclasses
import pickle

import numpy as np
import pytest

from meanfield import LIF
from meanfield.neurons import GLIF, Population


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


RULES = {
    "voltage_reset_fraction": 0.5, "voltage_reset_add": 8.0, "th_spike_add": 3.0,
    "th_spike_decay": 0.3,
}  # fmt: skip
CURRENTS = {"asc_amps": (-8.0, -180.0), "asc_decay": (0.003, 0.1)}
FOLLOWS = {"th_voltage_index": 0.02, "th_voltage_decay": 0.07}


def test_levels_of_glif():
    parts = ({}, RULES, CURRENTS, RULES | CURRENTS, RULES | CURRENTS | FOLLOWS)
    assert [GLIF(**p).level for p in parts] == [1, 2, 3, 4, 5]
    assert dataclasses.replace(GLIF(**parts[4]), th_voltage_index=None,
                               th_voltage_decay=None) == GLIF(**parts[3])  # fmt: skip
    assert hash(GLIF(**parts[2])) == hash(GLIF(**parts[2])) != hash(GLIF())
    assert GLIF(**CURRENTS) != GLIF()


def test_glif_of_many_neurons():
    many = GLIF(asc_amps=(-8.0, [-180.0, -90.0, 0.0]), asc_decay=(0.003, 0.1))
    assert many.asc_amps.shape == (2, 3)
    assert many.shape == (3,)
    assert Population(n=3, neuron=many).n == 3
    assert GLIF(asc_amps=-8.0, asc_decay=0.1).asc_amps.shape == (1,)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        Population(n=4, neuron=many)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"th_spike_add": 1.0},
            "`voltage_reset_fraction` must be given with `th_spike_add`",
        ),
        ({"asc_amps": (1.0,)}, "`asc_decay` must be given with `asc_amps`"),
        ({"asc_r": (1.0,)}, "`asc_r` must be None without `asc_amps`"),
        (FOLLOWS | RULES, "must come with reset rules and after-spike currents"),
        (
            RULES | {"V_reset": -75.5},
            "`V_reset` must be None with reset rules; got -75.5",
        ),
        (
            {"asc_amps": (1.0, 2.0, 3.0), "asc_decay": (1.0, 2.0, 3.0)},
            "one or two entries",
        ),
        (CURRENTS | {"asc_r": (1.0,)}, "`asc_r` must have one or two entries"),
        (
            CURRENTS | {"asc_decay": (0.1, 0.0)},
            "`asc_decay` must be finite and positive",
        ),
        (
            RULES | {"th_spike_decay": -0.1},
            "`th_spike_decay` must be finite and positive",
        ),
        ({"V_reset": -40.0}, "`V_reset` must be below `V_th`"),
        ({"g_L": 0.0}, "`g_L` must be finite and positive"),
    ],
)
def test_invalid_glif(parameters, words):
    with pytest.raises(ValueError, match=words):
        GLIF(**parameters)
