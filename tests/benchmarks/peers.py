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


def main():
    data = np.load(sys.argv[1])
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
