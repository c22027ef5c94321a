"""Build and run times of two recurrent networks, and of a sweep.

python -m tests.benchmarks.bench_networks
"""

import resource
import time
from pathlib import Path

import numpy as np

from meanfield.neurons import Network
from spiking_reference import simulate_network, simulate_networks
from spiking_reference.network.build import Options, build
from tests.spiking_reference.network.test_simulate_network import (
    brunel,
    conductance_network,
    start,
)

ROOT = Path(__file__).parents[2]


def build_time(network: Network) -> float:
    """Seconds to connect a network, best of three."""
    key, best = np.arange(4, dtype=np.uint64), np.inf
    for _ in range(3):
        begin = time.perf_counter()
        build(network, Options(dt=0.1), key)
        best = min(best, time.perf_counter() - begin)
    return best


def run_time(network: Network, initial) -> tuple[float, dict]:
    """Seconds for a second of model time without building, best of three; rates [Hz]."""
    best, run = np.inf, None
    for _ in range(3):
        walls = []
        for duration in (200.0, 1200.0):
            begin = time.perf_counter()
            run = simulate_network(network, duration=duration, initial=initial, rng=1)
            walls.append(time.perf_counter() - begin)
        best = min(best, walls[1] - walls[0])
    assert run is not None
    return best, {name: round(1e3 * run[name].rate.value, 1) for name in "EI"}


def sweep_time(n: int) -> float:
    """Seconds for n networks of 1250 neurons, 1 s each, in one call."""
    networks = [brunel(0.1, eta=eta) for eta in np.linspace(0.8, 3.0, n)]
    begin = time.perf_counter()
    simulate_networks(networks, duration=1000.0, rng=1)
    return time.perf_counter() - begin


def main() -> None:
    lines = [
        "# Recurrent networks",
        "",
        "One thread, dt = 0.1 ms, seconds of wall time per second of model time. Written by "
        "`make bench`.",
        "",
        "| network | build (s) | run (s/s) | rates E, I (Hz) |",
        "|---|---|---|---|",
    ]
    conductance = conductance_network(0.01)
    for name, network, initial in (
        ("Brunel (2000), 12,500 neurons, 15.6e6 synapses", brunel(), None),
        (
            "10,000 conductance neurons, afferents at 10 Hz",
            conductance,
            start(conductance, 1),
        ),
    ):
        simulate_network(network, duration=1.0, rng=1)  # compiles
        built = build_time(network)
        wall, rates = run_time(network, initial)
        lines.append(
            f"| {name} | {built:.2f} | {wall:.2f} | {rates['E']}, {rates['I']} |"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines += [
        "",
        f"Peak memory of all of this: {peak:.2f} GB. 100 networks of 1250 neurons, 1 s each, "
        f"in one call on two cores: {sweep_time(100):.1f} s.",
    ]
    (ROOT / "docs" / "benchmarks" / "networks.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
