"""Moment networks beside the peer: elementwise functions and one training step.

python -m tests.benchmarks.bench_nn
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import meanfield as mf

from .bench_theory import PEERS, ROOT

SCRIPT = Path(__file__).with_name("nn_tasks.py")
HEAD = "| task | threads | meanfield | moment-neural-network | ratio |"
RULE = "|---|---|---|---|---|"


def measure(owner: str, task: str, threads: int) -> dict | None:
    """What a task reports, run in an interpreter of its own; None without the peer."""
    python = sys.executable if owner == "ours" else PEERS
    if not Path(python).exists():
        return None
    command = [str(python), str(SCRIPT), owner, task, str(threads)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr[-2000:])
    return json.loads(run.stdout.splitlines()[-1])


def row(name: str, threads: int, ours: float, peer: float | None, form: str) -> str:
    if peer is None:
        return f"| {name} | {threads} | {ours:{form}} | - | - |"
    return f"| {name} | {threads} | {ours:{form}} | {peer:{form}} | {peer / ours:.1f} |"


def numpy_path(n: int) -> float:
    """Nanoseconds per element of the NumPy function on one thread, best of ten."""
    rng = np.random.default_rng(1)
    mu, sigma = rng.normal(2.5, 2.5, n), rng.uniform(0.3, 5, n)
    best = np.inf
    for _ in range(10):
        start = time.perf_counter()
        mf.moment_activation(mu, sigma, threads=1)
        best = min(best, time.perf_counter() - start)
    return 1e9 * best / n


def elementwise() -> list[str]:
    lines = [HEAD, RULE]
    for n in (1_000, 1_000_000):
        lines.append(row(f"NumPy, n = {n}: forward", 1, numpy_path(n), None, ".0f"))
        for threads in (1, 2):
            ours = measure("ours", f"elements-{n}", threads)
            peer = measure("peer", f"elements-{n}", threads)
            for key, what in (("forward", "forward"), ("both", "forward + backward")):
                cells = [1e9 * r[key][0] / n if r else None for r in (ours, peer)]
                lines.append(row(f"n = {n}: {what}", threads, *cells, ".0f"))
    return lines


def steps() -> list[str]:
    lines = [HEAD, RULE]
    names = {
        "full": "full",
        "diagonal": "diagonal",
        "independent": "diagonal, loss of moments",
    }
    for kind, name in names.items():
        for threads in (1, 2):
            ours = measure("ours", f"step-{kind}", threads)
            theirs = (
                None
                if kind == "independent"
                else measure("peer", f"step-{kind}", threads)
            )
            found = [ours, theirs]
            times = [r and r["step"][0] for r in found]
            peaks = [r and r["peak"] for r in found]
            lines.append(row(f"{name}, seconds", threads, *times, ".3f"))
            lines.append(row(f"{name}, peak GB", threads, *peaks, ".2f"))
    return lines


def main() -> None:
    lines = [
        "# Moment networks: speed and memory",
        "",
        "Both packages in interpreters of their own on the same machine, float64 "
        "elementwise and float32 for training, best of several runs. Written by "
        "`make bench`.",
        "",
        "Nanoseconds per element of (rate, std, chi); the peer computes (rate, std):",
        "",
        *elementwise(),
        "",
        "One training step of 784-512-10, batch 128, independent input, AdamW included; "
        "peak of resident memory with the 0.38 GB that importing torch takes. The peer's "
        "loss is the cross-entropy of the means; so is ours in the diagonal case, but the "
        "loss of moments (`MomentCrossEntropy`) in the others:",
        "",
        *steps(),
    ]
    path = ROOT / "docs" / "benchmarks" / "nn.md"
    path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
