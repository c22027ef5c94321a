"""Two recurrent networks and a sweep, beside NEST and Brian2 in one run.

python -m tests.benchmarks.bench_networks

Every measurement is a process of its own, one after the other. NEST is that of ``make
peers``, Brian2 that of ``make brian2``; their rows say so where they are not installed.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIMULATORS = {  # interpreter and module
    "spiking_reference": (sys.executable, "tests.peers.bench_ours"),
    "NEST": (ROOT / ".venv-peers/bin/python", "tests.peers.bench_nest"),
    "Brian2": (ROOT / ".venv-brian2/bin/python", "tests.peers.bench_brian2"),
}
NETWORKS = {
    "brunel": "Brunel (2000), 12,500 neurons, 15.6e6 synapses",
    "conductance": "10,000 conductance neurons, shared afferents at 10 Hz",
}
# Model time of one run [ms].
DURATIONS = {"spiking_reference": 2000.0, "NEST": 1000.0, "Brian2": 2000.0}
SWEEP = 1000.0
VALUES = 100


def measure(name: str, what: str, threads: int, duration: float) -> dict:
    """What one process of a simulator prints, or why it does not."""
    python, module = SIMULATORS[name]
    if not Path(python).exists():
        return {"failed": "not installed"}
    command = [str(python), "-m", module, what, str(threads), str(duration)]
    threads_of_numba = {"NUMBA_NUM_THREADS": str(max(threads, 1))}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, **threads_of_numba},
    )  # fmt: skip
    if done.returncode:
        lines = (done.stderr.strip() or "no message").splitlines()
        return {"failed": lines[-1][:100].replace("|", "/")}
    return json.loads(done.stdout.strip().splitlines()[-1])


def rates_of(found: dict) -> str:
    return ", ".join(f"{found['rates'][name]:.1f}" for name in "EI")


def network_rows(what: str, scale: float) -> list[str]:
    rows = []
    for name, duration in DURATIONS.items():
        for threads in (1, 2):
            if name == "spiking_reference" and threads == 1:
                measure(name, what, threads, 1.0)  # compiles into the cache
            found = measure(name, what, threads, scale * duration)
            if "failed" in found:
                rows.append(f"| {name} | {threads} | {found['failed']} | | | |")
                continue
            rows.append(
                f"| {name} {found['version']} | {threads} | {found['build']:.2f} | "
                f"{found['run']:.2f} | {found['peak']:.2f} | {rates_of(found)} |"
            )
    return rows


def sweep_rows(scale: float) -> list[str]:
    """Seconds for all values; a loop's from one of its rounds."""
    rows = []
    for name in SIMULATORS:
        for threads in (1, 2) if name == "spiking_reference" else (1,):
            found = measure(name, "sweep", threads, scale * SWEEP)
            how = (
                "one call" if name == "spiking_reference" else "a loop, from one round"
            )
            if "failed" in found:
                rows.append(f"| {name} | {threads} | {how} | {found['failed']} |")
                continue
            seconds = VALUES * found["one"] + found.get("once", 0.0)
            rows.append(f"| {name} | {threads} | {how} | {seconds:.1f} |")
    return rows


def machine() -> str:
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(
            (l.split(":")[1].strip() for l in lines if "model name" in l), model
        )
    busy = os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}; load at the start {busy:.1f}"
    )


def main(scale: float = 1.0) -> None:
    """Write docs/benchmarks/networks.md; `scale` shortens all durations."""
    lines = [
        "# Recurrent networks",
        "",
        f"{machine()}. dt = 0.1 ms. Written by `make bench`; each row is a process of its "
        "own. *build*: from parameters to a network that is ready, for Brian2 with the "
        "compilation of its C++ program, for this package with kernels from the cache. "
        "*run*: wall time per second of model time. *peak*: memory of the process, for "
        "Brian2 of its program alone. Parameters are the same; connections and noise are "
        "each simulator's own.",
    ]
    for what, title in NETWORKS.items():
        lines += [
            "", f"## {title}", "",
            "| simulator | threads | build (s) | run (s/s) | peak (GB) | rates E, I (Hz) |",
            "|---|---|---|---|---|---|",
            *network_rows(what, scale),
        ]  # fmt: skip
    lines += [
        "", f"## {VALUES} values of the input, 1000 neurons each", "",
        f"{scale * SWEEP / 1e3:g} s of model time for each value. NEST and Brian2 are run "
        f"for one value, building included, and the time is taken {VALUES} times; Brian2's "
        "program is compiled once and started anew for each.", "",
        "| simulator | threads | how | all (s) |", "|---|---|---|---|", *sweep_rows(scale),
    ]  # fmt: skip
    text = "\n".join(lines) + "\n"
    (ROOT / "docs" / "benchmarks" / "networks.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main(*(float(a) for a in sys.argv[1:]))
