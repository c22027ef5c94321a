"""What NEST finds for the networks of `brunel`; rewrites tests/spiking_reference/data.

Run with the interpreter that has NEST (``make peers``), from the root of the repository:

    .venv-peers/bin/python -m tests.peers.nest_brunel [case ...]
"""

import json
import sys
import time
from pathlib import Path

import nest
import numpy as np

from .brunel import CASES, DELAY, DT, RESET, T_REF, TAU, THETA, start, statistics

FILE = Path(__file__).parents[1] / "spiking_reference" / "data" / "brunel_nest.npz"


def connect(case, cells):
    """Wire populations by their names, with Poisson input."""
    for source, k in case.degrees.items():
        rule = {
            "rule": "fixed_indegree", "indegree": k, "allow_autapses": True,
            "allow_multapses": True,
        }  # fmt: skip
        synapse = {"weight": case.weights[source], "delay": DELAY}
        for target in cells.values():
            nest.Connect(cells[source], target, rule, synapse)
    noise = nest.Create("poisson_generator", params={"rate": 1e3 * case.rate})
    for target in cells.values():
        synapse = {"weight": case.weights["E"], "delay": DELAY}
        nest.Connect(noise, target, syn_spec=synapse)


def create(case):
    """Cells, by population."""
    neuron = {
        "tau_m": TAU, "t_ref": T_REF, "V_th": THETA, "V_reset": RESET, "E_L": 0.0,
        "C_m": 1.0, "I_e": 0.0, "V_m": 0.0,
    }  # fmt: skip
    return {
        name: nest.Create("iaf_psc_delta", n, params=neuron)
        for name, n in case.sizes.items()
    }


def realization(case, seed):
    """Statistics of one network."""
    nest.ResetKernel()
    nest.set(resolution=DT, rng_seed=seed, local_num_threads=1, print_time=False)
    cells = create(case)
    for name, V in start(case, seed).items():
        cells[name].V_m = V
    connect(case, cells)
    recorders = {name: nest.Create("spike_recorder") for name in cells}
    for name, recorder in recorders.items():
        recorder.start = case.warmup
        nest.Connect(cells[name], recorder)
    nest.Simulate(case.warmup + case.duration)
    times, neurons = {}, {}
    for name, recorder in recorders.items():
        times[name] = recorder.events["times"] - case.warmup
        neurons[name] = recorder.events["senders"] - cells[name][0].global_id
    return statistics(case, times, neurons)


def main():
    nest.set_verbosity("M_ERROR")
    found = dict(np.load(FILE)) if FILE.exists() else {}
    for name in sys.argv[1:] or CASES:
        case = CASES[name]
        begin = time.perf_counter()
        seeds = range(1, case.realizations + 1)
        runs = [realization(case, seed) for seed in seeds]
        for key in runs[0]:
            found[f"{name}/{key}"] = np.array([run[key] for run in runs])
        found[f"{name}/about"] = np.array(
            json.dumps(
                {"NEST": nest.__version__, "seeds": list(seeds), **case._asdict()}
            )
        )
        np.savez_compressed(FILE, **found)
        means = {k: np.nanmean(found[f"{name}/{k}"]).round(4) for k in runs[0]}
        print(name, means, f"{time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
