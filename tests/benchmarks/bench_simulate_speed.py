"""Speed, compile time and memory of the simulator.

    python -m tests.benchmarks.bench_simulate_speed [--quick]

Writes docs/benchmarks/simulator.md.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from meanfield import LIF
from spiking_reference import WhiteNoise, simulate

OUT = Path(__file__).parents[2] / "docs" / "benchmarks" / "simulator.md"

# (mu, sigma, rate in kHz, CV^2) of the default neuron, 30-digit quadrature.
POINTS = {
    "P1": (0.5, 1.5, 3.485466424573852e-3, 0.7514082624872156),
    "P2": (0.8, 1.0, 8.733292872597984e-3, 0.3938557557337382),
    "P3": (0.0, 5.0, 14.491795674141898e-3, 0.9838577396304914),
    "P4": (1.0, 1.0, 18.236946205835476e-3, 0.16098738083416167),
    "P5": (1.5, 1.0, 38.17157859965304e-3, 0.041424485144041324),
    "P6": (3.0, 2.0, 77.05758707403352e-3, 0.030322743512178126),
    "P7": (0.5, 1.0, 0.3666555700546121e-3, 0.9575177557551762),
}

COLD = """
import time, numpy as np
from meanfield import LIF
from spiking_reference import WhiteNoise, simulate
mu, kw = np.ones(2), {"duration": 10.0, "dt": 0.1}
for name, scheme, c in (("bridge", "bridge", None), ("clocked", "grid", None),
                        ("groups", "bridge", 0.5)):
    begin = time.perf_counter()
    simulate(LIF(), WhiteNoise(mu=mu, sigma=1.0, correlation=c), scheme=scheme, **kw)
    print(name, time.perf_counter() - begin)
"""

LARGE = """
import resource, time, numpy as np
from meanfield import LIF
from spiking_reference import WhiteNoise, simulate
n = {n}
rng = np.random.default_rng(0)
drive = WhiteNoise(mu=rng.uniform(0.2, 1.6, n), sigma=rng.uniform(0.5, 3.0, n))
begin = time.perf_counter()
run = simulate(LIF(), drive, duration=1e4, dt=1.0, warmup=100.0, rng=1)
wall = time.perf_counter() - begin
r, f = run.rate, run.fano_factor(run.plan.windows[-1])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(wall, peak / 2**20, len(run.plan.windows))
"""


def to_tenth_percent(scale: float) -> list[str]:
    """Wall time of P1 to P7 to 0.1 % standard error of the rate, on one core."""
    lines = [
        "| point | rate (Hz) | intervals | wall (s) | error (%) | standard error (%) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    total = 0.0
    for i, (name, (mu, sigma, rate, cv2)) in enumerate(POINTS.items()):
        n = 100
        # The standard error of a rate is CV/sqrt(intervals).
        duration = scale * cv2 * 1e6 / rate / n
        drive = WhiteNoise(mu=np.full(n, mu), sigma=sigma)
        begin = time.perf_counter()
        run = simulate(
            LIF(), drive, duration=duration, dt=1.0, warmup=300.0, rng=i, threads=1
        )
        value, stderr = run.rate
        wall = time.perf_counter() - begin
        total += wall
        error = 100 * (value.mean() / rate - 1)
        spread = 100 * np.sqrt((stderr**2).sum()) / n / rate
        lines.append(
            f"| {name} | {1e3 * rate:.4f} | {run.n_spikes.sum():.3g} | {wall:.2f} "
            f"| {error:+.3f} | {spread:.3f} |"
        )
    lines.append(f"| all | | | {total:.1f} | | |")
    return lines


def fixed_grid(scale: float) -> list[str]:
    """Neuron-steps per second of the clocked schemes, 10,000 neurons."""
    rng = np.random.default_rng(0)
    n, dt = 10_000, 0.1
    drive = WhiteNoise(mu=rng.uniform(0.2, 1.6, n), sigma=rng.uniform(0.5, 3.0, n))
    duration = 10_000.0 * scale
    lines = [
        "| scheme | threads | wall (s) | neuron-steps/s |",
        "| --- | --- | --- | --- |",
    ]
    for scheme in ("grid", "euler"):
        for threads in (1, 2):
            begin = time.perf_counter()
            simulate(
                LIF(),
                drive,
                duration=duration,
                dt=dt,
                scheme=scheme,
                rng=1,
                threads=threads,
            )
            wall = time.perf_counter() - begin
            speed = n * duration / dt / wall
            lines.append(f"| {scheme} | {threads} | {wall:.2f} | {speed:.3g} |")
    return lines


def fresh(code: str, **environment: str) -> list[str]:
    """Output lines of `code` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    return done.stdout.splitlines()


def cold() -> list[str]:
    """Wall time of the first call of each kind, with nothing compiled yet."""
    with tempfile.TemporaryDirectory() as folder:
        times = [line.split() for line in fresh(COLD, NUMBA_CACHE_DIR=folder)]
    total = sum(float(t) for _, t in times)
    lines = ["| first call of | wall (s) |", "| --- | --- |"]
    lines += [f"| {name} | {float(t):.1f} |" for name, t in times]
    return [*lines, f"| all | {total:.1f} |"]


def large(n: int) -> list[str]:
    """Peak memory of a large population."""
    wall, peak, windows = fresh(LARGE.format(n=n))[-1].split()
    return [
        "| neurons | duration (s) | windows | wall (s) | peak RSS (GiB) |",
        "| --- | --- | --- | --- | --- |",
        f"| {n} | 10 | {windows} | {float(wall):.0f} | {float(peak):.2f} |",
    ]


def main() -> None:
    """Print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    quick = parser.parse_args().quick
    scale = 0.1 if quick else 1.0
    compiling = cold()
    for scheme in ("bridge", "grid"):  # warm
        simulate(
            LIF(), WhiteNoise(mu=1.0, sigma=1.0), duration=10, dt=0.1, scheme=scheme
        )
    sections = {
        "Seven points to 0.1 % on one core, `bridge`, dt = 1 ms": to_tenth_percent(
            scale
        ),
        "Fixed grid, 10,000 neurons, dt = 0.1 ms, 10 s, statistics included": fixed_grid(
            scale
        ),
        "Compile time, cold cache": compiling,
        "Memory, `bridge`, dt = 1 ms": large(100_000 if quick else 1_000_000),
    }
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    text = f"# Speed and memory of the simulator\n\nMachine: {machine}. Made by\n"
    text += "`python -m tests.benchmarks.bench_simulate_speed`.\n"
    for title, lines in sections.items():
        text += f"\n## {title}\n\n" + "\n".join(lines) + "\n"
    print(text)
    if not quick:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(text)


if __name__ == "__main__":
    main()
