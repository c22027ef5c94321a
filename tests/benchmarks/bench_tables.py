"""Neurons with a table beside the LIF: construction, error, forward and backward.

python -m tests.benchmarks.bench_tables
"""

import time

import numpy as np
import torch

from meanfield.integrate_and_fire import stationary
from meanfield.neurons import EIF, LIF, QIF, IntegrateAndFire
from meanfield.nn import Moments, Table, functional

from .bench_theory import ROOT

N = 65536
LEAKY = IntegrateAndFire(f=lambda V: -V / 20.0, V_th=20.0, V_reset=0.0)
NEURONS = {"EIF": EIF(), "QIF": QIF(), "leaky f": LEAKY}


def errors(table: Table, neuron) -> list[float]:
    """Median and largest relative deviation of rate and chi at likely inputs."""
    rng = np.random.default_rng(0)
    rheobase, noise = table.working_point()
    mu = rheobase * (1.0 + rng.normal(0.0, 1.0, 1000))
    sigma = noise * 10.0 ** rng.uniform(-2.0, 0.7, 1000)
    exact = stationary(mu, sigma, neuron, threads=1)
    found = functional.moment_activation(*map(torch.from_numpy, (mu, sigma)), table)
    often = exact.rate > 1e-6
    off = [
        np.abs(getattr(found, name).numpy() / getattr(exact, name) - 1.0)[often]
        for name in ("rate", "chi")
    ]
    return [f(e) for e in off for f in (np.median, np.max)]


def speed(neuron) -> tuple[float, float]:
    """Milliseconds of a forward and a backward pass over N neurons, best of ten."""
    torch.manual_seed(0)
    mean = torch.randn(N, dtype=torch.float64) + 1.0
    variance = 4.0 * torch.rand(N, dtype=torch.float64)
    inputs = mean.requires_grad_(), variance.requires_grad_()
    best = np.full(2, np.inf)
    for _ in range(10):
        times = [time.perf_counter()]
        out = functional.moment_map(Moments(*inputs), neuron)
        times.append(time.perf_counter())
        torch.autograd.grad([out.mean.sum(), out.cov.sum()], inputs)
        times.append(time.perf_counter())
        best = np.minimum(best, np.diff(times))
    return tuple(1e3 * best)


def main() -> None:
    torch.set_num_threads(1)
    stationary(1.0, 1.0, EIF())  # compiles
    lines = [
        "# Tables of neurons",
        "",
        f"Double precision, {N} neurons on one thread, best of ten; relative deviations "
        "from the solution at 1000 inputs around the rheobase with rates above 1e-6 kHz. "
        "`python -m tests.benchmarks.bench_tables`.",
        "",
        "| neuron | table, s | `error` | rate: median | largest | chi: median | largest "
        "| forward, ms | backward, ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    forward, backward = speed(LIF())
    lines.append(
        f"| LIF (closed form) | - | - | - | - | - | - | {forward:.1f} | {backward:.1f} |"
    )
    for name, neuron in NEURONS.items():
        start = time.perf_counter()
        table = Table(neuron)
        seconds = time.perf_counter() - start
        off = " | ".join(f"{value:.0e}" for value in errors(table, neuron))
        forward, backward = speed(table)
        lines.append(
            f"| {name} | {seconds:.1f} | {table.error:.0e} | {off} | {forward:.1f} "
            f"| {backward:.1f} |"
        )
    path = ROOT / "docs" / "benchmarks" / "tables.md"
    path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
