"""Build time, run time and memory of NEST on one network, in an interpreter of its own.

    .venv-peers/bin/python -m tests.peers.bench_nest {brunel,conductance,sweep} THREADS DURATION

prints one JSON object.
"""

import json
import resource
import sys
import time

import nest
import numpy as np

from . import nest_brunel
from .brunel import CASES, DT, SWEEP, start
from .conductance import CELL, DEGREES, SIZES, SOURCES, WEIGHTS


def brunel(case):
    """Populations by name."""
    cells = nest_brunel.create(case)
    for name, V in start(case, 1).items():
        cells[name].V_m = V
    nest_brunel.connect(case, cells)
    return cells


def conductance():
    """Populations by name."""
    neuron = {name: CELL[name] for name in ("C_m", "g_L", "E_L", "V_reset", "t_ref")}
    neuron |= {
        "E_ex": CELL["E_e"], "E_in": CELL["E_i"], "tau_syn_ex": CELL["tau"],
        "tau_syn_in": CELL["tau"],
    }  # fmt: skip
    draw = np.random.default_rng(1)
    cells = {}
    for name, n in SIZES.items():
        V_th = CELL["V_th"][name]
        cells[name] = nest.Create("iaf_cond_exp", n, params={**neuron, "V_th": V_th})
        cells[name].V_m = draw.uniform(CELL["E_L"], V_th, n)
    sources = dict(cells)
    for name in cells:
        # A generator sends each target its own spikes; what relays them does not.
        noise = nest.Create("poisson_generator", params={"rate": 1e3 * CELL["rate"]})
        sources[f"to {name}"] = nest.Create("parrot_neuron", SOURCES)
        nest.Connect(noise, sources[f"to {name}"])
    for (source, target), p in DEGREES.items():
        rule = {"rule": "pairwise_bernoulli", "p": p, "allow_autapses": False}
        weight = -WEIGHTS[source] if source == "I" else WEIGHTS[source]
        synapse = {"weight": weight, "delay": CELL["delay"]}
        nest.Connect(sources[source], cells[target], rule, synapse)
    return cells


def measure(what, threads, duration):
    nest.ResetKernel()
    nest.set(resolution=DT, rng_seed=1, local_num_threads=threads, print_time=False)
    begin = time.perf_counter()
    if what == "conductance":
        cells = conductance()
    else:
        cells = brunel(SWEEP if what == "sweep" else CASES["full irregular"])
    recorders = {
        n: nest.Create("spike_recorder", params={"record_to": "memory"}) for n in cells
    }
    for name, recorder in recorders.items():
        nest.Connect(cells[name], recorder)
    nest.Prepare()
    built = time.perf_counter() - begin
    begin = time.perf_counter()
    nest.Run(duration)
    wall = time.perf_counter() - begin
    nest.Cleanup()
    rates = {
        name: 1e3 * recorder.n_events / (len(cells[name]) * duration)
        for name, recorder in recorders.items()
    }
    return {
        "version": nest.__version__, "build": built, "run": wall / (1e-3 * duration),
        "one": built + wall, "rates": rates,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }  # fmt: skip


if __name__ == "__main__":
    nest.set_verbosity("M_ERROR")
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
