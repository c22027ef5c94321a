"""Published rates and responses of the leaky neuron, read from a folder, beside ours.

Their conventions: tau dV = (mu - V) dt + sigma sqrt(tau) dW, mu and sigma in mV or V,
rates in Hz. Thresholds shifted for fast synapses, and the reset with them at any t_ref.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

import meanfield as mf
from meanfield import LIF, integrate_and_fire
from meanfield.coloured_noise import effective_neuron
from meanfield.units import Hz

Row = tuple[str, int, float, str]


def rows(folder: Path) -> Iterator[Row]:
    """(source, how many, largest relative deviation, remark) of each set of numbers."""
    yield from _fixtures(json.loads((folder / "nnmt_unit_fixtures.json").read_text()))
    yield from _schuecker(folder)
    yield _brunel(json.loads((folder / "brunel2000.json").read_text()))


def _worst(ours, theirs) -> tuple[int, float]:
    ours, theirs = np.broadcast_arrays(ours, theirs)
    known = np.isfinite(theirs)
    off = np.abs(ours[known] / theirs[known] - 1)
    return off.size, float(off.max(initial=0.0))


def _shifted(sigma, tau_s, neuron: LIF) -> LIF:
    shifted = effective_neuron(sigma, tau_s, replace(neuron, t_ref=0.0))
    return replace(shifted, t_ref=neuron.t_ref)


def _case(params: dict, t_ref: float | None = None):
    """(mu [mV/ms], sigma [mV/sqrt(ms)], neuron) from numbers in SI units."""
    value = {name: 1e3 * np.array(given, float) for name, given in params.items()}
    tau = value["tau_m"]
    dead = value["tau_r"] if t_ref is None else t_ref
    neuron = LIF(
        tau_m=tau, t_ref=dead, V_th=value["V_th_rel"], V_reset=value["V_0_rel"]
    )
    mu, sigma = value["mu"] / tau, value["sigma"] / np.sqrt(tau)
    if "tau_s" in value:
        neuron = _shifted(sigma, value["tau_s"], neuron)
    return mu, sigma, neuron


def _fixtures(fixtures: dict) -> Iterator[Row]:
    kinds = {
        "lif_delta_firing_rate": (_rate, "Siegert"),
        "lif_exp_firing_rate_shift": (_rate, "shifted thresholds"),
        "lif_exp_cvs": (_cv, "shifted thresholds, at the given rates of 8 digits"),
        "lif_exp_transfer_function_shift": (
            _response, "without the factor of the refractory period, which NNMT lacks above 0 Hz; with "
            "the synapses' low-pass; largest at 0 Hz, where NNMT loses digits; 32 are NaN in NNMT",
        ),
    }  # fmt: skip
    for name, (compute, remark) in kinds.items():
        counts, worst = 0, 0.0
        for data in fixtures["cases"][name]["data"].values():
            count, deviation = _worst(*compute(data))
            counts, worst = counts + count, max(worst, deviation)
        yield f"NNMT 1.3.0, `{name}`", counts, worst, remark


def _rate(data):
    return mf.firing_rate(*_case(data["params"])) / Hz, np.array(data["output"])


def _cv(data):
    given = _case(data["params"], t_ref=0.0)
    dead = np.array(data["params"]["nu"]) * Hz / mf.firing_rate(*given)
    return mf.cv(*given) * dead, np.array(data["output"])


def _response(data):
    params = dict(data["params"])
    f = np.array(params.pop("omegas"))[:, None] / (2 * np.pi) * Hz
    theirs = np.array(data["output"]["re"]) + 1j * np.array(data["output"]["im"])
    mu, sigma, neuron = _case(params)
    ours = integrate_and_fire.linear_response(f, mu, sigma, neuron) / neuron.tau_m
    # They have rate/(1 - rho_0) where 1 - rho_0 e^{-i omega t_ref} belongs, but at f = 0.
    free = replace(neuron, t_ref=0.0)
    rho = integrate_and_fire.characteristic_function(f, mu, sigma, free)
    late = np.exp(-2j * np.pi * f * neuron.t_ref)
    # The factor is 0/0 at f = 0, where their formula is another one.
    factor = np.divide(
        1 - rho * late, 1 - rho, out=np.ones_like(rho), where=f + 0 * mu > 0
    )
    low_pass = 1 / (1 + 2j * np.pi * f * 1e3 * np.array(params["tau_s"]))
    return 1e3 * ours * factor * low_pass / Hz, theirs


def _schuecker(folder: Path) -> Iterator[Row]:
    text = (folder / "schuecker2015_transfer_function.csv").read_text().splitlines()
    table = [r for r in csv.DictReader(line for line in text if line[0] != "#")]
    column = {k: np.array([float(r[k]) for r in table]) for k in table[0]}
    points = json.loads((folder / "schuecker2015_working_points.json").read_text())
    tau, tau_s = (points["parameters"][k] for k in ("tau_m_ms", "tau_s_ms"))
    ends = {"V_th": 20.0, "V_reset": 15.0}
    white = LIF(tau_m=tau, t_ref=0.0, **ends)

    mu_V, sigma_V = (
        np.array([p[k] for p in points["working_points"]])
        for k in ("mu_mV", "sigma_mV")
    )
    mu, sigma = mu_V / tau, sigma_V / np.sqrt(tau)
    for key, neuron, remark in (
        ("nu_white_Hz", white, "white noise"),
        ("nu_shift_Hz", _shifted(sigma, tau_s, white), "shifted thresholds"),
    ):
        theirs = np.array([p[key] for p in points["working_points"]])
        found = mf.firing_rate(mu, sigma, neuron) / Hz
        yield "Schuecker et al. 2015, rates", *_worst(found, theirs), remark

    mu, sigma = column["mu_mV"] / tau, column["sigma_mV"] / np.sqrt(tau)
    neuron = _shifted(sigma, tau_s, white)
    found = integrate_and_fire.linear_response(column["f_Hz"] * Hz, mu, sigma, neuron)
    theirs = column["abs"] * np.exp(1j * np.radians(column["phase"]))
    remark = "shifted thresholds, 0.1 to 631 Hz, complex"
    yield "Schuecker et al. 2015, response", *_worst(found / tau / Hz, theirs), remark


def _brunel(states: dict) -> Row:
    """Self-consistent rates of the network's states B, C and D."""
    p, ours, theirs = states["parameters"], [], []
    neuron = LIF(
        tau_m=p["tau_ms"], t_ref=p["tau_ref_ms"], V_th=p["theta_mV"],
        V_reset=p["V_reset_mV"],
    )  # fmt: skip
    for state in (states["states"][name] for name in "BCD"):
        J, C, gamma, g = p["J_mV"], p["C_E"], p["gamma"], state["g"]
        external = state["eta"] * p["theta_mV"] / (J * C * p["tau_ms"])
        low, nu, high = 0.0, 0.2, 0.4
        for _ in range(60):  # bisection: the loop is inhibitory
            mu = C * J * (nu * (1 - gamma * g) + external)
            sigma = J * np.sqrt(C * (nu * (1 + gamma * g**2) + external))
            above = mf.firing_rate(mu, sigma, neuron) > nu
            low, high = (nu, high) if above else (low, nu)
            nu = 0.5 * (low + high)
        ours.append(nu / Hz)
        theirs.append(state["rate_theory_Hz"])
    count, deviation = _worst(np.array(ours), np.array(theirs))
    return "Brunel 2000, states B, C, D", count, deviation, "printed with three digits"
