"""Build time, run time and memory of Brian2 on one network, in an interpreter of its own.

    .venv-brian2/bin/python -m tests.peers.bench_brian2 {brunel,conductance,sweep} \
        THREADS DURATION

prints one JSON object. C++ standalone: the program that Brian2 writes is what is measured.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import brian2 as b2
from brian2 import Hz, ms, mV, nS, pF

from .brunel import CASES, DELAY, DT, RESET, SWEEP, T_REF, TAU, THETA
from .conductance import CELL, DEGREES, SIZES, SOURCES, WEIGHTS

# A dead time begins with the step after the spike, and takes one more to be of T_REF.
DEAD = (T_REF + 0.5 * DT) * ms
CLOCK = (  # nanoseconds
    'std::ofstream("walls", std::ios::app) << std::chrono::steady_clock::now()'
    ".time_since_epoch().count() << std::endl;"
)


def brunel(case, swept=False):
    """Populations by name, and all else."""
    space = {"tau": TAU * ms, "theta": THETA * mV, "reset": RESET * mV}
    equations = "dv/dt = -v/tau : volt (unless refractory)"
    if swept:
        equations += "\nmean : 1 (shared)"
    cells = {
        name: b2.NeuronGroup(
            n, equations, threshold="v >= theta", reset="v = reset", refractory=DEAD,
            method="exact", namespace=space,
        )
        for name, n in case.sizes.items()
    }  # fmt: skip
    rest = []
    for group in cells.values():
        group.v = "rand()*theta"
        J = case.weights["E"] * mV
        if swept:
            group.mean = case.rate * DT
            group.namespace["J"] = J
            jump = "v += J*poisson(mean)*int(not_refractory)"
            rest.append(group.run_regularly(jump, when="synapses"))
        else:
            n = case.degrees["E"]
            rest.append(b2.PoissonInput(group, "v", n, 1e3 * case.rate / n * Hz, J))
        for source, degree in case.degrees.items():
            jump = f"v_post += {case.weights[source]}*mV*int(not_refractory_post)"
            synapses = b2.Synapses(cells[source], group, on_pre=jump)
            synapses.connect(i=f"k for k in sample(N_pre, size={degree})")
            synapses.delay = DELAY * ms
            rest.append(synapses)
    return cells, rest


def conductance():
    """Populations by name, and all else."""
    units = {
        "C_m": pF,
        "g_L": nS,
        "E_L": mV,
        "V_reset": mV,
        "E_e": mV,
        "E_i": mV,
        "tau": ms,
    }
    space = {name: CELL[name] * unit for name, unit in units.items()}
    equations = """dv/dt = (g_L*(E_L - v) + ge*(E_e - v) + gi*(E_i - v))/C_m : volt (unless refractory)
    dge/dt = -ge/tau : siemens
    dgi/dt = -gi/tau : siemens"""
    cells = {
        name: b2.NeuronGroup(
            n, equations, threshold=f"v >= {CELL['V_th'][name]}*mV", reset="v = V_reset",
            refractory=DEAD, method="exponential_euler", namespace=space,
        )
        for name, n in SIZES.items()
    }  # fmt: skip
    sources, rest = dict(cells), []
    for name, group in cells.items():
        group.v = f"E_L + rand()*({CELL['V_th'][name]}*mV - E_L)"
        sources[f"to {name}"] = b2.PoissonGroup(SOURCES, 1e3 * CELL["rate"] * Hz)
        rest.append(sources[f"to {name}"])
    for (source, target), p in DEGREES.items():
        g = "gi" if source == "I" else "ge"
        synapses = b2.Synapses(
            sources[source], cells[target], on_pre=f"{g}_post += {WEIGHTS[source]}*nS"
        )
        synapses.connect(condition="i != j" if source == target else None, p=p)
        synapses.delay = CELL["delay"] * ms
        rest.append(synapses)
    return cells, rest


def measure(what, threads, duration, folder):
    b2.set_device("cpp_standalone", build_on_run=False, directory=folder)
    b2.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    b2.prefs.codegen.cpp.headers += ["<chrono>", "<fstream>"]
    b2.defaultclock.dt = DT * ms
    begin = time.perf_counter()
    if what == "conductance":
        sizes, (cells, rest) = SIZES, conductance()
    else:
        case = SWEEP if what == "sweep" else CASES["full irregular"]
        sizes, (cells, rest) = case.sizes, brunel(case, swept=what == "sweep")
    monitors = {n: b2.SpikeMonitor(group, record=False) for n, group in cells.items()}
    network = b2.Network(*cells.values(), *rest, *monitors.values())
    for slot in ("before_network_run", "after_network_run"):
        b2.device.insert_code(slot, CLOCK)
    network.run(duration * ms)
    b2.device.build(compile=True, run=False, directory=folder)
    built = time.perf_counter() - begin
    begin = time.perf_counter()
    with subprocess.Popen(["./main"], cwd=folder, stdout=subprocess.DEVNULL) as program:
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    whole = time.perf_counter() - begin
    walls = [1e-9 * int(line) for line in (Path(folder) / "walls").read_text().split()]
    b2.get_device().has_been_run = True
    rates = {
        name: 1e3 * int(monitors[name].num_spikes) / (n * duration)
        for name, n in sizes.items()
    }
    wall = walls[1] - walls[0]
    return {
        "version": b2.__version__, "build": built + whole - wall,
        "run": wall / (1e-3 * duration), "one": whole, "once": built,
        "peak": used.ru_maxrss / 1e6, "rates": rates,
    }  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(
            json.dumps(
                measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), folder)
            )
        )
