"""Configurations of the Allen Cell Types Database, and NEST's parameters."""

import copy

import numpy as np
import pytest

from meanfield.interop.allen import LEVELS, METHODS, from_allen, to_nest
from meanfield.neurons import GLIF
from spiking_reference import simulate_glif
from tests.spiking_reference.glif_cases import CASES, neuron_of

NAMES = {level: names for names, level in LEVELS.items()}
FIRST = {case["level"]: case for cell, case in CASES[::-1] if cell == "syn_exc_regular"}


def config_of(case, dt=5e-5, th_inf=1.25, amps=0.5):
    """What the database would hold: coefficients not multiplied in, steps for times."""
    p = case["params"]
    config = {
        "type": "GLIF", "El": 0.0, "El_reference": p["E_L_V"], "C": p["C_F"] / 2.0,
        "R_input": 1.0 / p["G_S"], "th_inf": p["theta_inf_V"] / th_inf, "dt": dt,
        "spike_cut_length": round(p["t_ref_s"] / dt), "init_voltage": 0.0,
        "coeffs": {"th_inf": th_inf, "C": 2.0, "G": 1.0, "a": 1.0, "b": 1.0,
                   "asc_amp_array": [amps, amps]},
        "asc_amp_array": [a / amps for a in p.get("asc_amp_A", [0.0, 0.0])],
        "asc_tau_array": [1.0 / k for k in p.get("asc_k_per_s", [1.0, 1.0])],
    }  # fmt: skip
    params = {
        "voltage_reset_method": {"a": p.get("f_v"), "b": p.get("dV_V")},
        "threshold_reset_method": {
            "a_spike": p.get("dTheta_s_V"), "b_spike": p.get("b_s_per_s"),
        },
        "threshold_dynamics_method": {
            "a_voltage": p.get("a_v_per_s"), "b_voltage": p.get("b_v_per_s"),
        },
        "AScurrent_reset_method": {"r": p.get("asc_r")},
    }  # fmt: skip
    for method, name in zip(METHODS, NAMES[case["level"]], strict=True):
        config[method] = {"name": name, "params": params.get(method, {})}
    return config


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_all_levels_are_read(level):
    found, expected = from_allen(config_of(FIRST[level])), neuron_of(FIRST[level])
    assert found.level == level
    for name in GLIF.__dataclass_fields__:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if theirs is None:
            assert ours is None
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_refractory_period_is_a_time():
    """The same, whatever step a configuration or a simulation has."""
    fine, coarse = (from_allen(config_of(FIRST[1], dt=dt)) for dt in (1e-5, 5e-5))
    assert fine.t_ref == pytest.approx(coarse.t_ref, rel=1e-12)
    # With a huge current only the refractory period is left of the intervals.
    for dt in (0.05, 0.01, 0.005):
        for scheme in ("exact", "euler"):
            current = np.full(round(20.0 / dt), 1e7)
            run = simulate_glif(coarse, current, dt=dt, scheme=scheme)
            intervals = np.diff(run.spikes.times)
            assert np.all(abs(intervals - coarse.t_ref) < 1.01 * dt)
            assert intervals.size == 4


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"threshold_dynamics_method": {"name": "fixed", "params": {}}}, ValueError, "'fixed'"),
        ({"voltage_reset_method": {"name": "zero", "params": {}}}, ValueError, "levels 1 to 5"),
        ({"voltage_reset_method": None}, ValueError, "must have a 'name'"),
        ({"El": 0.01}, ValueError, "`El` must be 0; got 0.01"),
        ({"C": None}, KeyError, "must have 'C'"),
        ({"C": -1e-10}, ValueError, "`C_m` must be finite and positive"),
        ({"R_input": "1e8"}, TypeError, "`R_input` must be real numbers"),
        ({"R_input": 0.0}, ValueError, "`R_input` must be positive"),
        ({"asc_tau_array": [0.0, 0.1]}, ValueError, "`asc_tau_array` must be positive"),
        (
            {"AScurrent_reset_method": {"name": "sum", "params": {}}},
            KeyError,
            "must have 'r'",
        ),
        (
            {"voltage_reset_method": {"name": "v_before", "params": None}},
            TypeError,
            "`params` of 'voltage_reset_method' must be a mapping",
        ),
        ({"asc_tau_array": [0.1]}, ValueError, "`asc_amps` must have one or two entries"),
    ],
)  # fmt: skip
def test_errors(change, error, message):
    config = copy.deepcopy(config_of(FIRST[4])) | change
    if "C" in change and change["C"] is None:
        del config["C"]
    with pytest.raises(error, match=message):
        from_allen(config)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_nest_gets_what_the_level_has(level):
    cell = to_nest(neuron_of(FIRST[level]))
    assert cell["spike_dependent_threshold"] == (level in (2, 4, 5))
    assert cell["after_spike_currents"] == (level >= 3)
    assert cell["adapting_threshold"] == (level == 5)
    assert ("asc_amps" in cell) == (level >= 3)
    assert all(type(x) is float for x in cell.get("asc_decay", ()))


def test_nest_gets_one_neuron():
    with pytest.raises(ValueError, match=r"one neuron; got parameters of shape \(2,\)"):
        to_nest(GLIF(C_m=[100.0, 120.0]))
    with pytest.raises(TypeError, match="must be a GLIF; got int"):
        to_nest(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"must be from 0 to 1 in NEST; got 1\.2"):
        to_nest(neuron_of(FIRST[2], voltage_reset_fraction=1.2))
