"""What the peers compute and how fast, each in its own interpreter.

Run by the interpreter of the peers' environment (``make peers``), never imported: reads
the inputs from an .npz, prints one JSON object. A peer that is not installed, or fails,
is reported as such.
"""

import json
import sys
import time

import numpy as np


def timed(call, repeat=3, clock=time.perf_counter):
    call()
    return min(_once(call, clock) for _ in range(repeat))


def _once(call, clock):
    start = clock()
    call()
    return clock() - start


def mnn(mu, sigma):
    """moment-neural-network: (rate, std, chi), torch core, one thread."""
    import torch
    from mnn.mnn_core.torch_core import MNNCore

    torch.set_num_threads(1)
    core = MNNCore()
    x, y = torch.from_numpy(mu), torch.from_numpy(sigma)
    seconds = timed(lambda: core.forward(x, y))
    return seconds, [v.numpy() for v in core.forward(x, y)]


def nnmt(mu, sigma):
    """NNMT: rate only, Siegert convention in SI units (tau 20 ms, t_ref 5 ms).

    One extreme element stops the whole call, so only a moderate part of the inputs.
    """
    from nnmt.lif.delta import _firing_rates_for_given_input as rates

    mu_V, sigma_V = 0.02 * mu, np.sqrt(20.0) * sigma * 1e-3
    args = (0.0, 0.02, 0.02, 0.005)
    seconds = timed(lambda: rates(mu_V, sigma_V, *args))
    return seconds, [rates(mu_V, sigma_V, *args) * 1e-3]


def nnmt_response(data):
    """NNMT: rate and transfer function in white noise (tau 20 ms, no refractoriness)."""
    from nnmt.lif.delta import _firing_rates_for_given_input as rates
    from nnmt.lif.exp import _transfer_function_shift as response

    mu, sigma, omega = data["mu"], data["sigma"], 2e3 * np.pi * data["frequency"]
    mu_V, sigma_V = 0.02 * mu, np.sqrt(20.0) * sigma * 1e-3

    def rate(repeat=1):
        given = np.repeat(mu_V, repeat), np.repeat(sigma_V, repeat)
        return rates(*given, 0.0, 0.02, 0.02, 0.0) * 1e-3

    def transfer():  # dnu/dmu in Hz/V, of mu tau_m
        given = (mu_V, sigma_V, 0.02, 0.0, 0.0, 0.02, 0.0)
        return response(*given, omega, synaptic_filter=False).T * 2e-5

    found = transfer()
    return {
        "rate_us": 1e3 * timed(lambda: rate(1000), clock=time.process_time) / mu.size,
        "rate": rate().tolist(),
        "response_us": 1e6 * timed(transfer, clock=time.process_time) / found.size,
        "re": found.real.tolist(),
        "im": found.imag.tolist(),
    }


def nnmt_microcircuit(data):
    """NNMT: working point, transfer functions, spectra and sensitivity of a network."""
    import nnmt
    from nnmt import lif, ureg

    mV, ms, pA, Hz = ureg.millivolt, ureg.millisecond, ureg.picoampere, ureg.hertz
    step = data["frequency"][1] - data["frequency"][0]
    parameters = {
        "populations": data["names"].tolist(), "label": "microcircuit",
        "N": data["sizes"], "K": data["degree"], "K_ext": data["external"],
        "C": 250.0 * ureg.picofarad, "tau_m": 10.0 * ms, "tau_r": 2.0 * ms,
        "tau_s": 0.5 * ms, "V_0_abs": -65.0 * mV, "V_th_abs": -50.0 * mV,
        "w": 87.8 * pA, "w_ext": 87.8 * pA, "g": 4.0, "nu_ext": 8.0 * Hz,
        "d_e": 1.5 * ms, "d_i": 0.75 * ms, "d_e_sd": 0.0 * ms, "d_i_sd": 0.0 * ms,
        "delay_dist": "none", "nu_e_ext": np.zeros(8) * Hz, "nu_i_ext": np.zeros(8) * Hz,
    }  # fmt: skip
    analysis = {
        "f_min": 1e3 * data["frequency"][0] * Hz, "df": 1e3 * step * Hz,
        "f_max": 1e3 * (data["frequency"][-1] + 0.5 * step) * Hz,
        "k_min": 1.0 / ureg.millimeter, "k_max": 2.0 / ureg.millimeter,
        "dk": 1.0 / ureg.millimeter,
    }  # fmt: skip
    network = nnmt.models.Microcircuit(parameters, analysis)
    stages = {
        "working point": lambda: lif.exp.working_point(network, method="shift"),
        "transfer functions": lambda: lif.exp.transfer_function(
            network, method="shift"
        ),
        "spectra": lambda: (
            nnmt.network_properties.delay_dist_matrix(network),
            lif.exp.effective_connectivity(network),
            lif.exp.power_spectra(network),
        ),
        "sensitivity": lambda: lif.exp.sensitivity_measure_all_eigenmodes(network),
    }
    seconds = {}
    for name, stage in stages.items():  # results are cached: once each
        start = time.perf_counter()
        stage()
        seconds[name] = time.perf_counter() - start
    found = network.results["lif.exp.power_spectra"]
    return {
        "seconds": seconds,
        "rates": (1e-3 * network.results["lif.exp.firing_rates"]).tolist(),
        "power": (1e-3 * np.asarray(found)).tolist(),
    }


def nnmt_fixed_points(data):
    """NNMT: self-consistent rates [kHz] of two populations, from three starts each."""
    from nnmt.lif.delta import _firing_rates as rates

    found, seconds = [], []
    for J, K, J_ext, K_ext, rate in zip(
        *(data[name] for name in ("J", "K", "J_ext", "K_ext", "rate")), strict=True
    ):
        start = time.perf_counter()
        for first in ((0.0, 0.0), (10.0, 10.0), (100.0, 100.0)):
            try:
                r = rates(
                    1e-3 * J, K, 0.01, 0.02, 0.02, 0.002, 1e-3 * J_ext, K_ext, 1e3 * rate,
                    nu_0=first, fixpoint_method="LSTSQ",
                )  # fmt: skip
                found.append((1e-3 * np.asarray(r)).tolist())
            except Exception:  # counted as none
                found.append([float("nan")] * 2)
        seconds.append(time.perf_counter() - start)
    return {"rates": found, "seconds": seconds}


def main():
    data = np.load(sys.argv[1])
    if "J_ext" in data:
        print(json.dumps({"nnmt": nnmt_fixed_points(data)}))
        return
    if "degree" in data:
        print(json.dumps({"nnmt": nnmt_microcircuit(data)}))
        return
    if "frequency" in data:
        print(json.dumps({"nnmt": nnmt_response(data)}))
        return
    report = {}
    for name, call in (("moment-neural-network", mnn), ("nnmt", nnmt)):
        try:
            mu, sigma = data["mu"], data["sigma"]
            if name == "nnmt":
                moderate = (np.abs(mu) < 5) & (sigma > 1)
                mu, sigma = mu[moderate], sigma[moderate]
            seconds, values = call(mu, sigma)
            _, accurate = call(data["mu_exact"], data["sigma_exact"])
            report[name] = {
                "ns": 1e9 * seconds / mu.size,
                "not_finite": int(sum((~np.isfinite(v)).sum() for v in values)),
                "values": [v.tolist() for v in accurate],
            }
        except Exception as error:
            report[name] = {"failed": f"{type(error).__name__}: {error}"[:200]}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
