"""Bias of the simulator's schemes against exact rates and CVs, over a grid of points.

    python -m tests.benchmarks.bench_simulate_bias [--quick]

The exact values are quadratures made here (Siegert 1951; Brunel 2000, appendix) and
share nothing with the theory package. Writes docs/benchmarks/bias.md.
"""

import argparse
import math
import time
from pathlib import Path

import mpmath
import numpy as np

from meanfield import LIF
from spiking_reference import WhiteNoise, simulate

OUT = Path(__file__).parents[2] / "docs" / "benchmarks" / "bias.md"
NEURONS = 128

# (mu, sigma), and the neuron where it is not LIF().
CLOSE = {"V_reset": 15.0, "t_ref": 0.0}
FAST, SLOW = {"tau_m": 10.0}, {"tau_m": 50.0, "t_ref": 2.0}
POINTS = [
    *(
        (mu, sigma, {})
        for mu, sigma in ((0.5, 1.0), (0.5, 1.5), (0.8, 0.6), (0.8, 1.0))
    ),
    *(
        (mu, sigma, {})
        for mu, sigma in ((0.2, 2.5), (0.0, 5.0), (-1.0, 6.0), (0.8, 3.0))
    ),
    *(
        (mu, sigma, {})
        for mu, sigma in ((0.95, 0.3), (1.0, 0.3), (1.0, 1.0), (1.0, 3.0))
    ),
    *(
        (mu, sigma, {})
        for mu, sigma in ((1.1, 0.2), (1.2, 0.3), (1.5, 1.0), (1.5, 2.5))
    ),
    *(
        (mu, sigma, {})
        for mu, sigma in ((2.0, 0.5), (3.0, 2.0), (5.0, 1.0), (2.0, 6.0))
    ),
    *(
        (mu, sigma, CLOSE)
        for mu, sigma in ((0.4, 2.0), (0.6, 1.5), (0.8, 1.0), (0.9, 3.0))
    ),
    *((mu, sigma, FAST) for mu, sigma in ((1.5, 1.0), (2.0, 1.5))),
    *((mu, sigma, SLOW) for mu, sigma in ((0.3, 0.5), (0.4, 0.6))),
]


def exact(mu: float, sigma: float, neuron: LIF) -> tuple[float, float]:
    """Rate [kHz] and CV by quadrature, to nine digits and more."""
    tau, scale = neuron.tau_m, sigma * math.sqrt(neuron.tau_m)
    low = (neuron.V_reset - neuron.E_L - mu * tau) / scale
    high = (neuron.V_th - neuron.E_L - mu * tau) / scale
    # The double integral over y < x < high, x > low, with the inner variable outside.
    with mpmath.workdps(25):
        grow = _antiderivative

        def single(x):
            return mpmath.exp(x * x) * mpmath.erfc(-x)

        def inner(y):
            return (
                mpmath.exp(y * y)
                * mpmath.erfc(-y) ** 2
                * (grow(high) - grow(max(y, low)))
            )

        cuts = [low, *range(math.ceil(low), math.ceil(high)), high]
        cuts = sorted({mpmath.mpf(c) for c in cuts})
        mean = neuron.t_ref + tau * mpmath.sqrt(mpmath.pi) * mpmath.quad(single, cuts)
        start = min(low, 0.0) - 8.0
        below = [mpmath.mpf(start), *(low - k for k in (4, 2, 1)), low]
        double = mpmath.quad(inner, sorted({mpmath.mpf(b) for b in below}))
        double += mpmath.quad(inner, cuts)
        variance = 2 * mpmath.pi * tau**2 * double
        return float(1 / mean), float(mpmath.sqrt(variance) / mean)


def _antiderivative(x):
    """Integral of exp(x^2) from 0."""
    return mpmath.sqrt(mpmath.pi) / 2 * mpmath.erfi(x)


def measure(
    point: tuple, dt: float, scheme: str, target: float, truth: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Bias of rate and CV in percent, and their standard errors.

    From sums over all intervals: by Wald's identity those have no bias of their own.
    """
    mu, sigma, change = point
    rate, cv = truth
    n_intervals = max((cv / target) ** 2, 0.5 / target**2)
    longest = 2.6e9 if scheme == "bridge" else 2e7 * dt / 0.1
    duration = min(n_intervals / rate, longest) / NEURONS
    run = simulate(
        LIF(**change),
        WhiteNoise(mu=np.full(NEURONS, mu), sigma=sigma),
        duration=duration,
        dt=dt,
        rng=[abs(hash((mu, sigma))) % 2**31, round(10 * dt)],
        scheme=scheme,
        count_windows=[],
    )
    n, first, s1, s2 = run.moments[:, :4].T

    def pooled(keep):
        total = n[keep].sum()
        mean = (n * first + s1)[keep].sum() / total
        square = (n * first**2 + 2 * first * s1 + s2)[keep].sum() / total
        return np.array([1 / mean, math.sqrt(square - mean**2) / mean])

    value = pooled(np.full(NEURONS, True))
    # Jackknife over neurons.
    left = np.array([pooled(np.arange(NEURONS) != j) for j in range(NEURONS)])
    stderr = np.sqrt((NEURONS - 1) * left.var(axis=0))
    truth_ = np.array(truth)
    return 100 * (value / truth_ - 1), 100 * stderr / truth_


def row(point: tuple, target: float) -> tuple[str, list[float]]:
    """One line of the table, and the z-scores of the bridge scheme in it."""
    mu, sigma, change = point
    truth = exact(mu, sigma, LIF(**change))
    cells, scores = [], []
    for quantity in (0, 1):
        for scheme in ("bridge", "euler"):
            for dt in (0.1, 1.0):
                key = (scheme, dt)
                if quantity == 0:
                    _cache[key] = measure(point, dt, scheme, target, truth)
                bias, stderr = (x[quantity] for x in _cache[key])
                digits = 3 if scheme == "bridge" else 2
                cells.append(f"{bias:+.{digits}f} ± {stderr:.{digits}f}")
                if scheme == "bridge":
                    scores.append(bias / stderr)
    what = ", ".join(f"{k}={v:g}" for k, v in change.items())
    head = f"| {mu:g} | {sigma:g} | {what} | {1e3 * truth[0]:.4f} | {truth[1]:.4f} |"
    return f"{head} {' | '.join(cells)} |", scores


_cache: dict[tuple[str, float], tuple[np.ndarray, np.ndarray]] = {}


def main() -> None:
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="0.3 %% instead of 0.05 %%"
    )
    quick = parser.parse_args().quick
    target = 3e-3 if quick else 5e-4
    begin = time.perf_counter()
    lines = [
        "| mu | sigma | neuron | rate (Hz) | CV | rate, bridge 0.1 | bridge 1 "
        "| rate, Euler 0.1 | Euler 1 | CV, bridge 0.1 | bridge 1 | CV, Euler 0.1 | Euler 1 |",
        "|" + " --- |" * 13,
    ]
    print("\n".join(lines))
    scores = []
    for point in POINTS:
        line, z = row(point, target)
        print(line, flush=True)
        lines.append(line)
        scores += z
    z = np.array(scores)
    summary = (
        f"{len(POINTS)} points, {z.size} comparisons of the bridge scheme: RMS z-score "
        f"{np.sqrt(np.mean(z**2)):.2f}, largest |z| {np.abs(z).max():.2f}; "
        f"{time.perf_counter() - begin:.0f} s in all."
    )
    print(summary)
    if quick:
        return
    OUT.parent.mkdir(parents=True, exist_ok=True)
    text = (
        "# Bias of the simulator\n\n"
        "Relative error of firing rate and CV in percent, with standard errors, against "
        "exact quadratures; dt in ms. The neuron is `LIF()` (tau_m=20, t_ref=5, V_th=20, "
        "V_reset=0) but for what is named. `bridge` is the default scheme, Euler what "
        "clocked simulators do with the same step. Made by "
        "`python -m tests.benchmarks.bench_simulate_bias`.\n\n"
    )
    OUT.write_text(text + "\n".join(lines) + "\n\n" + summary + "\n")


if __name__ == "__main__":
    main()
