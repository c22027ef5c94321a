"""Time and accuracy of the theory of adaptive neurons.

Writes docs/benchmarks/adaptation.md.
"""

import timeit
from pathlib import Path

import numpy as np

from meanfield import adaptation, lif
from meanfield.neurons import GLIF, LIF, AdaptiveLIF, AdEx
from tests.adaptation.simulation import simulate

PATH = Path(__file__).parents[2] / "docs" / "benchmarks" / "adaptation.md"
TAU = np.array([10.0, 30.0, 100.0, 300.0, 1000.0])[:, None]
MU, SIGMA = np.array([0.9, 1.5, 1.5, 2.5]), np.array([1.5, 0.3, 1.5, 1.5])
RULES = dict(voltage_reset_fraction=0.4, voltage_reset_add=5.0)


def cases():
    """Name, neuron, mu, sigma and time step."""
    rising = GLIF(**RULES, th_spike_add=300.0 / TAU, th_spike_decay=1.0 / TAU)
    current = GLIF(asc_amps=(-3000.0 / TAU,), asc_decay=(1.0 / TAU,))
    both = GLIF(
        **RULES, th_spike_add=1.5, th_spike_decay=0.02, asc_amps=(-8.0, -3000.0 / TAU),
        asc_decay=(0.003, 1.0 / TAU),
    )  # fmt: skip
    exponential = AdEx(tau_w=TAU, b=80.5 * 144.0 / TAU, t_ref=2.0)
    return [
        ("AdaptiveLIF", threshold(), MU, SIGMA, 0.05),
        ("GLIF 2", rising, MU + 0.8, SIGMA, 0.05),
        ("GLIF 3", current, MU + 0.8, SIGMA, 0.05),
        ("GLIF 4", both, MU + 0.8, SIGMA, 0.05),
        ("AdEx", exponential, MU + 1.0, np.array([4.0, 1.0, 4.0, 4.0]), 0.02),
    ]


def threshold():
    return AdaptiveLIF(tau_theta=TAU, Delta_theta=500.0 / TAU, t_ref=2.0)


def with_the_mean():
    """Rates of the AdaptiveLIF with V_th + Delta tau rate, by bisection."""
    neuron = threshold()
    low, high = np.zeros((TAU.size, MU.size)), np.full((TAU.size, MU.size), 0.5)
    for _ in range(60):
        rate = 0.5 * (low + high)
        shifted = neuron.V_th + neuron.Delta_theta * neuron.tau_theta * rate
        more = lif.firing_rate(MU, SIGMA, LIF(t_ref=2.0, V_th=shifted)) > rate
        low, high = np.where(more, rate, low), np.where(more, high, rate)
    return low


def accuracy():
    """Rows of largest errors, one column for each time constant."""
    lines, plain = [], with_the_mean()
    for name, neuron, mu, sigma, dt in cases():
        rate, error, cv, _ = simulate(
            neuron, mu, sigma, copies=30, duration=20_000.0, dt=dt, warmup=4000.0, rng=1
        )
        found = {name: adaptation.firing_rate(mu, sigma, neuron)}
        if name == "AdaptiveLIF":
            found[f"{name}, with the mean"] = plain
        for label, theory in found.items():
            off = 100.0 * np.abs(theory / rate - 1.0).max(axis=1)
            lines.append(f"| rate, {label} | {cells(off)} |")
        off = 100.0 * np.abs(adaptation.cv(mu, sigma, neuron) / cv - 1.0).max(axis=1)
        lines.append(f"| CV, {name} | {cells(off)} |")
        least = (rate * TAU).min(axis=1)
        span = [
            f"{a:.1f}-{b:.1f}"
            for a, b in zip(least, (rate * TAU).max(axis=1), strict=True)
        ]
        lines.append(f"| rate/k, {name} | {' | '.join(span)} |")
        print(
            *lines[-4:],
            f"s.e. {100 * (error / rate).max():.1f} %",
            sep="\n",
            flush=True,
        )
    return lines


def cells(values):
    return " | ".join(f"{v:.1f} %" for v in values)


def speed():
    """Rows of microseconds per point, in a call for 200 points."""
    mu = np.linspace(0.5, 4.0, 200)
    neurons = {
        "AdaptiveLIF": AdaptiveLIF(Delta_theta=5.0, t_ref=2.0),
        "GLIF 3": GLIF(asc_amps=(-8.0, -30.0), asc_decay=(0.003, 0.1)),
        "GLIF 4": GLIF(**RULES, th_spike_add=1.5, th_spike_decay=0.02,
                       asc_amps=(-8.0, -30.0), asc_decay=(0.003, 0.1)),
        "AdEx": AdEx(t_ref=2.0),
    }  # fmt: skip
    lines = []
    for name, neuron in neurons.items():
        calls = [
            lambda n=neuron: adaptation.firing_rate(mu, 1.0, n),
            lambda n=neuron: adaptation.linear_response(0.01, mu, 1.0, n),
        ]
        for call in calls:
            call()
        best = [
            1e6 * min(timeit.repeat(c, number=1, repeat=3)) / mu.size for c in calls
        ]
        lines.append(f"| {name} | {best[0]:.0f} | {best[1]:.0f} |")
    return lines


def main():
    lines = [
        "# Adaptive neurons: accuracy and speed",
        "",
        "Largest relative error over four inputs, from fluctuation-driven to regular "
        "firing, against simulations (30 neurons for 20 s each, standard errors of the "
        "rates up to 0.5 %); the product of jump and time constant is the same in all "
        "columns. \"With the mean\" is the usual approximation, V_th + Delta tau rate. "
        "Written by `make bench`.",
        "",
        "| | 10 ms | 30 ms | 100 ms | 300 ms | 1000 ms |",
        "|---|---|---|---|---|---|",
        *accuracy(),
        "",
        "Microseconds per point, 200 points in a call, warm:",
        "",
        "| neuron | `firing_rate` | `linear_response` |",
        "|---|---|---|",
        *speed(),
    ]  # fmt: skip
    PATH.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
