"""Speed and time-step bias of layered networks.

python -m tests.benchmarks.bench_layers [--quick]
"""

import argparse
import time

import numpy as np

from meanfield import LIF
from spiking_reference import (
    GaussianInput,
    Layer,
    LayeredResult,
    PoissonInput,
    simulate_layers,
)

# Rates [kHz] at mu = 0.8 and 1.5, sigma = 1: 30-digit quadrature.
EXACT = {0.8: 8.733292872597984e-3, 1.5: 38.17157859965304e-3}


def network(sizes: list[int], sigma: float) -> list[Layer]:
    """Random layers that fire at some 10 Hz, given sources at 50 Hz."""
    g = np.random.default_rng(0)
    pairs = zip(sizes[1:], sizes[:-1], strict=True)
    return [
        Layer(g.normal(0.6 * 6.0 / n, 6.0 / np.sqrt(n), (m, n)), mu=0.8, sigma=sigma)
        for m, n in pairs
    ]


def timed(layers: list[Layer], inputs, threads: int, **kw) -> tuple[float, str]:
    """Wall time, and a line of figures."""
    begin = time.perf_counter()
    run: LayeredResult = simulate_layers(layers, inputs, rng=1, threads=threads, **kw)
    wall = time.perf_counter() - begin
    batch, trials = run.counts.shape[:2]
    neurons = sum(layer.n_out for layer in layers)
    steps = batch * trials * kw["duration"] / kw["dt"] * neurons
    rates = " ".join(f"{1e3 * m.rate.value.mean():.1f}" for m in run.layers)
    return wall, f"| {rates} | {threads} | {wall:.2f} | {1e9 * wall / steps:.2f} |"


def speed(batch: int) -> list[str]:
    """Ten trials of 200 ms for each input, dt = 0.1 ms; warm."""
    g = np.random.default_rng(1)
    wide = PoissonInput(g.uniform(0.0, 0.1, (batch, 784)))
    narrow = PoissonInput(g.uniform(0.0, 0.1, (batch, 64)))
    rates = np.asarray(narrow.rates)
    cases = {
        "64-128-10, Poisson": ([64, 128, 10], 0.0, narrow),
        "784-256-256-10, Poisson": ([784, 256, 256, 10], 0.0, wide),
        "64-128-10, Poisson, sigma = 0.3": ([64, 128, 10], 0.3, narrow),
        "64-128-10, Gaussian": ([64, 128, 10], 0.0, GaussianInput(rates, rates)),
    }
    lines = [
        "| network and input | rates (Hz) | threads | wall (s) | ns per neuron-step |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, (sizes, sigma, inputs) in cases.items():
        layers = network(sizes, sigma)
        simulate_layers(layers, inputs, duration=1.0, rng=1)
        for threads in (1, 2):
            kw = {"duration": 200.0, "dt": 0.1, "trials": 10}
            lines.append(f"| {name} {timed(layers, inputs, threads, **kw)[1]}")
    return lines


def bias(trials: int) -> list[str]:
    """Rate in white noise made of 200 Poisson spikes per ms of 0.07 mV."""
    lines = [
        "| mu | dt (ms) | rate over white noise's (%) | standard error (%) |",
        "| --- | --- | --- | --- |",
    ]
    weight = np.sqrt(1 / 200)
    inputs = PoissonInput([[100.0, 100.0]])
    for mu, exact in EXACT.items():
        for dt in (0.05, 0.1, 0.5, 1.0, 2.0):
            layer = Layer([[weight, -weight]], LIF(), mu=mu)
            kw = {"duration": 5000.0, "warmup": 200.0, "trials": trials, "rng": 1}
            rate = simulate_layers([layer], inputs, dt=dt, **kw).layers[0].rate
            value, stderr = rate.value[0, 0] / exact, rate.stderr[0, 0] / exact
            lines.append(
                f"| {mu} | {dt} | {100 * (value - 1):+.2f} | {100 * stderr:.2f} |"
            )
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    quick = parser.parse_args().quick
    sections = {
        "Speed, ten trials of 200 ms, dt = 0.1 ms": speed(36 if quick else 360),
        "Poisson spikes against white noise": bias(40 if quick else 400),
    }
    for title, lines in sections.items():
        print(f"\n## {title}\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
