"""Interval densities, samples and spike counts: speed and accuracy.

Writes docs/benchmarks/renewal.md.
"""

import timeit
from pathlib import Path

import mpmath as mp
import numpy as np

import meanfield as mf
from meanfield import LIF
from meanfield.renewal import _sampling, first_passage

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "renewal.md"
POINTS = [(0.3, 1.0), (0.5, 1.0), (0.5, 1.5), (0.8, 1.0), (0.0, 5.0), (1.0, 1.0),
          (1.5, 1.0), (3.0, 2.0), (1.5, 0.1), (0.0, 15.0)]  # fmt: skip
WINDOWS = [0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5]
N = 1_000_000


def best(call, repeat=15):
    """Best time in ms: the machine is shared."""
    call()
    return 1e3 * min(timeit.repeat(call, number=1, repeat=repeat))


def transform_error(mu, sigma, intervals):
    """Largest error at ten quantiles over the largest density, by inverse Laplace."""
    neuron, times = LIF(), intervals.quantile([1e-4, 1e-3, *np.linspace(0.05, 0.98, 8)])
    with mp.workdps(40):
        unit = mp.mpf(sigma) * mp.sqrt(neuron.tau_m)
        b, a = ((v - mp.mpf(mu) * neuron.tau_m) / unit for v in (neuron.V_th, 0.0))

        def transform(s):
            ratio = mp.pcfd(-s, -mp.sqrt(2) * a) / mp.pcfd(-s, -mp.sqrt(2) * b)
            return mp.exp((a * a - b * b) / 2) * ratio

        scaled = [mp.mpf(t - neuron.t_ref) / neuron.tau_m for t in times]
        exact = [
            mp.invertlaplace(transform, t, method="talbot", degree=48) for t in scaled
        ]
    error = intervals.density(times) - np.array(exact, dtype=float) / neuron.tau_m
    return np.abs(error).max() / intervals.values.max()


def density_rows():
    for mu, sigma in POINTS:
        intervals = first_passage(mu, sigma)
        rate, cv = mf.firing_rate(mu, sigma), mf.cv(mu, sigma)
        # Further below threshold the Talbot sum itself loses its digits.
        known = transform_error(mu, sigma, intervals) if cv > 0.1 else None
        yield (
            f"| {mu} | {sigma} | {1e3 * rate:.3g} | {cv:.3g} | {intervals.values.size} | "
            f"{best(lambda m=mu, s=sigma: first_passage(m, s), 30):.2f} | "
            f"{abs(intervals.mean * rate - 1):.0e} | {abs(intervals.cv / cv - 1):.0e} | "
            f"{'-' if known is None else f'{known:.0e}'} |"
        )


def sampling_rows():
    out = np.empty(N)
    for name, mu, sigma in (
        ("rare", 0.5, 1.0),
        ("typical", 1.0, 1.0),
        ("regular", 3.0, 2.0),
    ):
        intervals = first_passage(mu, sigma)
        sampler = intervals._sampler
        per_second = [
            N / best(lambda k=k, s=sampler: _sampling.fill(out, s, 1, k), 100) * 1e3
            for k in (1, 2)
        ]
        yield (
            f"| {name} ({mu}, {sigma}) | {per_second[0]:.2g} | {per_second[1]:.2g} | "
            f"{best(lambda i=intervals: _sampling.build(i)):.0f} |"
        )


def trains_per_second():
    intervals, duration = first_passage(1.0, 1.0), 5e4
    n = int(N * intervals.mean / duration)
    time = best(lambda: intervals.spike_trains(n, duration, rng=1, threads=1), 30)
    return 1e3 * n * duration / intervals.mean / time


def count_rows():
    for mu, sigma in ((0.5, 1.0), (0.5, 1.5), (0.0, 5.0), (1.5, 1.0), (1.5, 0.1)):
        intervals = first_passage(mu, sigma)
        fano, counts = (
            [best(lambda w=w, f=f: f(w), 3) for w in WINDOWS]
            for f in (intervals.fano_factor, intervals.count_distribution)
        )
        yield f"| {mu} | {sigma} | Fano factor | " + row(fano)
        yield "| | | distribution | " + row(counts)


def row(times):
    return " | ".join(f"{t:.1f}" for t in times) + " |"


def main():
    lines = [
        "# Renewal processes: speed and accuracy",
        "",
        "One thread unless stated, warm, best of several calls. Written by `make bench`.",
        "",
        "`first_passage` of the default neuron. Errors of mean and CV relative to the "
        "Siegert formula; of the density over its largest value, at ten quantiles, to an "
        "inverse Laplace transform (which needs more digits at low CV).",
        "",
        "| mu | sigma | rate [Hz] | CV | points | time [ms] | mean | CV | density |",
        "|---|---|---|---|---|---|---|---|---|",
        *density_rows(),
        "",
        f"`sample`, {N} intervals into an array that is there; the table is made once.",
        "",
        "| process | 1 thread [1/s] | 2 threads [1/s] | table [ms] |",
        "|---|---|---|---|",
        *sampling_rows(),
        "",
        f"`spike_trains` makes {trains_per_second():.2g} spikes per second at (1.0, 1.0), "
        "checks of the `SpikeSource` included.",
        "",
        "Time [ms] of spike counts by the length of the window [ms].",
        "",
        "| mu | sigma | | " + " | ".join(f"{w:g}" for w in WINDOWS) + " |",
        "|---|---|---|" + "---|" * len(WINDOWS),
        *count_rows(),
    ]
    PAGE.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
