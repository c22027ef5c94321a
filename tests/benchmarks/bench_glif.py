"""Speed of one GLIF neuron of each level under a given current.

python -m tests.benchmarks.bench_glif
"""

import time
from pathlib import Path

import numpy as np

from spiking_reference import Record, simulate_glif
from tests.spiking_reference.glif_cases import CASES, neuron_of, stimulus_of

ROOT = Path(__file__).parents[2]
# What the AllenSDK 2.16.2 makes of such a stimulus, on a machine like this [10^6 samples/s].
ALLEN = {1: 0.25, 2: 0.18, 3: 0.11, 4: 0.09, 5: 0.06}
REPEATS = 60


def speed(neuron, current, **options) -> tuple[float, float]:
    """10^6 samples per second of processor time, best of five; rate [Hz]."""
    best, rate = np.inf, 0.0
    for _ in range(5):
        begin = time.process_time()
        run = simulate_glif(neuron, current, dt=0.05, threads=1, **options)
        best = min(best, time.process_time() - begin)
        rate = 1e3 * run.rates[0]
    return 1e-6 * current.size / best, rate


def main() -> None:
    lines = [
        "# GLIF neurons under given currents",
        "",
        f"One neuron, one thread, {4 * REPEATS} s of pink noise at 20 kHz, 10^6 samples per "
        "second of processor time. Written by `make bench`; the AllenSDK's figures are of an earlier run.",
        "",
        "| level | rate (Hz) | exact | euler | exact, with traces | AllenSDK 2.16.2 |",
        "|---|---|---|---|---|---|",
    ]
    for level, allen in ALLEN.items():
        cell, case = next(
            (cell, case)
            for cell, case in CASES
            if (case["level"], case["stimulus"], case["dt_s"])
            == (level, "pink_noise", 5e-5)
        )
        current = np.tile(1e12 * stimulus_of(cell, case), REPEATS)
        neuron = neuron_of(case)
        simulate_glif(neuron, current[:10], dt=0.05)  # compiles
        exact, rate = speed(neuron, current)
        euler, _ = speed(neuron, current, scheme="euler")
        traced, _ = speed(neuron, current, record=Record(voltage=True))
        lines.append(
            f"| {level} | {rate:.1f} | {exact:.0f} | {euler:.0f} | {traced:.0f} | {allen} |"
        )
    (ROOT / "docs" / "benchmarks" / "glif.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
