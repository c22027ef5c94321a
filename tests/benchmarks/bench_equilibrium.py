"""Working points of networks, stability, phase diagrams: time, and all solutions.

Writes docs/benchmarks/equilibrium.md. NNMT: ``make peers`` first.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from meanfield import equilibrium
from meanfield.network import brunel, mean_field, microcircuit

from ..equilibrium.test_working_points import NETWORKS, sanzeni

ROOT = Path(__file__).parents[2]
PAGE, PEERS = ROOT / "docs/benchmarks/equilibrium.md", ROOT / ".venv-peers/bin/python"
INPUTS = {  # external rates [Hz]
    "saturation, nonlinear": (1.0, 20.0, 50.0, 100.0),
    "saturation, multiple": (1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 50.0, 100.0),
    "onset": (0.5, 5.0, 7.5, 10.0, 12.5, 25.0, 50.0),
    "mean-driven": (0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0),
    "noise-driven": (0.05, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
}


def timed(call, repeat=15):
    """Milliseconds, the median, of calls after a first one."""
    call()
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        spent.append(1e3 * (time.perf_counter() - start))
    return float(np.median(spent)), float(np.min(spent))


def speed_rows():
    micro, B = mean_field(microcircuit()), mean_field(brunel(g=6.0, eta=4.0))
    at_micro, at_B = (equilibrium.working_point(net) for net in (micro, B))
    calls = {
        "microcircuit, `working_point`": lambda: equilibrium.working_point(micro),
        "microcircuit, `stability`": lambda: equilibrium.stability(micro, at_micro),
        "Brunel, `working_point`": lambda: equilibrium.working_point(B),
        "Brunel, `working_points`": lambda: equilibrium.working_points(B),
        "Brunel, `stability`": lambda: equilibrium.stability(B, at_B),
        "microcircuit, `external_input`": lambda: equilibrium.external_input(
            micro, at_micro.rate
        ),
    }
    for name, call in calls.items():
        median, least = timed(call)
        yield f"| {name} | {median:.1f} | {least:.1f} |\n"


def published():
    """All solutions of the published networks, and NNMT's from three starts."""
    cases = [(name, 1e-3 * r) for name, rates in INPUTS.items() for r in rates]
    ours, seconds = [], []
    equilibrium.working_points(sanzeni(*cases[0]))
    for case in cases:
        start = time.perf_counter()
        ours.append(equilibrium.working_points(sanzeni(*case)))
        seconds.append(time.perf_counter() - start)
    theirs = nnmt(cases) if PEERS.exists() else None
    for name in NETWORKS:
        rows = [i for i, case in enumerate(cases) if case[0] == name]
        known = sum(len(ours[i].points) for i in rows)
        complete = sum(ours[i].exhaustive for i in rows)
        text = f"| {name} | {len(rows)} | {known} | {complete} | "
        text += f"{np.mean([seconds[i] for i in rows]):.3f} | "
        if theirs is None:
            yield text + "- | - | - |\n"
            continue
        right = wrong = 0
        for i in rows:
            hits, misses = compared(ours[i], theirs["rates"][3 * i : 3 * i + 3])
            right, wrong = right + hits, wrong + misses
        spent = np.mean([theirs["seconds"][i] for i in rows])
        yield text + f"{right} | {wrong} | {spent:.3f} |\n"


def compared(found, rates):
    """How many solutions are among the rates, and how many of those are none."""
    r = np.array(rates)
    true = np.array([point.rate for point in found.points])
    close = np.all(np.abs(r[:, None] - true) <= 1e-3 * true + 1e-12, axis=-1)
    finite = np.isfinite(r).all(axis=1)
    return int(close.any(axis=0).sum()), int((finite & ~close.any(axis=1)).sum())


def nnmt(cases):
    J, K, J_ext, K_ext = (
        np.array([NETWORKS[name][part] for name, _ in cases], dtype=float)
        for part in range(4)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npz"
        rate = np.array([r for _, r in cases])
        np.savez(path, J=J, K=K, J_ext=J_ext, K_ext=K_ext, rate=rate)
        script = str(Path(__file__).with_name("peers.py"))
        run = subprocess.run([PEERS, script, path], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout.splitlines()[-1])["nnmt"]


def main():
    load = Path("/proc/loadavg").read_text().split()[0]
    text = f"""# Working points of networks

Wall time of a call after the first, median and least of 15; load of the two cores at the start
{load}. NNMT's time of the microcircuit's working point is in the page of the fluctuations.

| call | median (ms) | least (ms) |
|---|---|---|
{"".join(speed_rows())}
The five networks of Sanzeni et al. (2020), at {sum(map(len, INPUTS.values()))} inputs. *complete*:
inputs at which all solutions are known to have been found. NNMT (LSTSQ) from three starts, 0, 10
and 100 Hz: solutions among ours to 1e-3, and returned rates that are none (at quiescence mostly:
1e-12 kHz counts as equal). Mean time for an input.

| network | inputs | solutions | complete | s | NNMT solutions | NNMT wrong | NNMT s |
|---|---|---|---|---|---|---|---|
{"".join(published())}"""
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
