"""Build time, run time and memory of `simulate_network`, in an interpreter of its own.

    python -m tests.peers.bench_ours {brunel,conductance,sweep} THREADS DURATION

prints one JSON object. Compiled kernels come from the cache on disk: run it twice.
"""

import json
import resource
import sys
import time

import numpy as np

import meanfield
from spiking_reference import simulate_network, simulate_networks
from spiking_reference.network.build import Options, build
from tests.spiking_reference.network.test_simulate_network import (
    conductance_network,
    start,
)

from .brunel import CASES, DT, SWEEP
from .own import network_of

NETWORKS = 100  # of a sweep
WARMUP = 200.0  # model time [ms] that is timed, building included, and taken off


def sweep(threads, duration):
    """One call for all; the time is that of the call."""
    cases = [SWEEP._replace(eta=eta) for eta in np.linspace(1.0, 3.0, NETWORKS)]
    networks = [network_of(case) for case in cases]
    begin = time.perf_counter()
    runs = simulate_networks(networks, duration=duration, dt=DT, rng=1, threads=threads)
    wall = time.perf_counter() - begin
    middle = runs[NETWORKS // 2]
    return {"one": wall / NETWORKS, "rates": rates_of(middle)}


def rates_of(run):
    return {name: 1e3 * run[name].rate.value for name in "EI"}


def measure(what, threads, duration):
    if what == "sweep":
        return sweep(threads, duration)
    options = {"dt": DT, "rng": 1, "threads": threads}
    if what == "conductance":
        network = conductance_network(0.01)
        options["initial"] = start(network, 1)
    else:
        network = network_of(CASES["full irregular"])
    simulate_network(network, duration=1.0, **options)  # loads the kernels
    begin = time.perf_counter()
    build(network, Options(dt=DT), np.arange(4, dtype=np.uint64))
    built = time.perf_counter() - begin
    walls = []
    for span in (WARMUP, WARMUP + duration):
        begin = time.perf_counter()
        run = simulate_network(network, duration=span, **options)
        walls.append(time.perf_counter() - begin)
    wall = walls[1] - walls[0]
    return {"build": built, "run": wall / (1e-3 * duration), "rates": rates_of(run)}


if __name__ == "__main__":
    found = measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"version": meanfield.__version__, "peak": peak, **found}))
