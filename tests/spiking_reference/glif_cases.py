"""Reference cases of two synthetic cells, from the AllenSDK and from event-driven solutions.

Simulated with the AllenSDK 2.16.2's `GlifNeuron`; the exact spike times were found with
closed forms between spikes and a root finder, independently of any step.
"""

import json
from pathlib import Path

import numpy as np

from meanfield.neurons import GLIF

DATA = Path(__file__).parent / "data"
CELLS = {
    name: json.loads((DATA / f"{name}.json").read_text())
    for name in ("syn_exc_regular", "syn_slow_adapting")
}
CASES = [(cell, case) for cell, content in CELLS.items() for case in content["cases"]]


def label(entry):
    cell, case = entry
    return f"{cell}-{case['level']}-{case['stimulus']}-{case['dt_s']}"


def neuron_of(case, **changes):
    """The neuron of a case, in ms, mV, pA, nS and pF."""
    p = case["params"]
    parts = {}
    if "f_v" in p:
        parts |= {
            "voltage_reset_fraction": p["f_v"], "voltage_reset_add": 1e3 * p["dV_V"],
            "th_spike_add": 1e3 * p["dTheta_s_V"], "th_spike_decay": 1e-3 * p["b_s_per_s"],
        }  # fmt: skip
    if "asc_amp_A" in p:
        parts |= {
            "asc_amps": 1e12 * np.array(p["asc_amp_A"]),
            "asc_decay": 1e-3 * np.array(p["asc_k_per_s"]),
            "asc_r": p["asc_r"],
        }
    if "a_v_per_s" in p:
        parts |= {
            "th_voltage_index": 1e-3 * p["a_v_per_s"],
            "th_voltage_decay": 1e-3 * p["b_v_per_s"],
        }
    E_L = 1e3 * p["E_L_V"]
    parts |= {
        "C_m": 1e12 * p["C_F"], "g_L": 1e9 * p["G_S"], "E_L": E_L,
        "V_th": E_L + 1e3 * p["theta_inf_V"], "t_ref": 1e3 * p["t_ref_s"],
    }  # fmt: skip
    return GLIF(**(parts | changes))


def stimulus_of(cell, case):
    """Currents [A] of the samples of a case."""
    s, dt = CELLS[cell]["stimuli"][case["stimulus"]], case["dt_s"]
    index = lambda t: round(t / dt)  # noqa: E731
    out = np.zeros(index(s["duration_s"]))
    if s["kind"] == "squares":
        for start, stop, amplitude in s["segments_s_A"]:
            out[index(start) : index(stop)] = amplitude
        return out
    i, k = index(s["start_s"]), index(s["stop_s"])
    if s["kind"] == "ramp":
        out[i:k] = s["peak_A"] * np.arange(k - i) / (k - i)
        return out
    count = s["n_components"]
    f = np.exp(np.linspace(np.log(s["f_lo_Hz"]), np.log(s["f_hi_Hz"]), count))
    phase = np.random.RandomState(s["seed"]).uniform(0.0, 2.0 * np.pi, count)
    t = np.arange(k - i) * dt
    x = np.zeros(t.size)
    for fk, pk in zip(f, phase, strict=True):
        x += np.cos(2.0 * np.pi * fk * t + pk)
    out[i:k] = s["mean_A"] * (1.0 + s["cv"] * np.sqrt(2.0 / count) * x)
    return out
