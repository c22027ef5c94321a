"""Populations under changing input, and pairs with correlated input.

python -m tests.benchmarks.bench_dynamics
"""

import time
import warnings
from pathlib import Path

import numpy as np

from meanfield import LIF, ValidityWarning
from meanfield.cascade import respond
from meanfield.correlation_transfer import expand
from meanfield.integrate_and_fire import firing_rate
from meanfield.neurons import EIF
from meanfield.population_density import evolve
from spiking_reference import WhiteNoise, simulate

ROOT = Path(__file__).parents[2]
# The finite volumes of Augustin et al. (2017) ported to Python 3, 1000 cells and 0.05 ms,
# on a machine like this [s per second of the model's time].
PEER = 6.2
WINDOWS = np.array([20.0, 100.0, 500.0])


def wave(t):
    return 1.2 + 0.3 * np.sin(2.0 * np.pi * 0.02 * t)


def best(call, repeats=5):
    call()
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        call()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def speed():
    """Rows (what, seconds of processor time per second of the model's)."""
    neuron = LIF(t_ref=2.0)
    common = {"duration": 1000.0}
    return [
        ("evolve, 1000 cells, dt = 0.05 ms", best(
            lambda: evolve(wave, 1.0, neuron, dt=0.05, cells=1000, **common)
        )),
        ("evolve, automatic grid, dt = 0.1 ms", best(
            lambda: evolve(wave, 1.0, neuron, **common)
        )),
        ("evolve, the same, constant input", best(
            lambda: evolve(1.2, 1.0, neuron, **common)
        )),
        ("cascade, oscillator, dt = 0.1 ms, with its fits", best(
            lambda: respond(wave, 2.5, neuron, **common), 2
        )),
    ]  # fmt: skip


def inputs():
    """Inputs of the comparison of cascades, 600 ms in steps of 0.1 ms, by name."""
    t = (np.arange(6000) + 0.5) * 0.1
    rng = np.random.default_rng(0)

    def noise(tau, size):
        x, keep = np.zeros(t.size), np.exp(-0.1 / tau)
        z = rng.normal(size=t.size) * np.sqrt(1.0 - keep**2)
        for k in range(1, t.size):
            x[k] = keep * x[k - 1] + z[k]
        return size * x

    return {
        "step of mu, 0.5 to 1": np.where(t < 300.0, 0.5, 1.0),
        "step of mu, 0.8 to 1.5": np.where(t < 300.0, 0.8, 1.5),
        "10 Hz": 1.0 + 0.3 * np.sin(2.0 * np.pi * 0.01 * t),
        "50 Hz": 1.0 + 0.3 * np.sin(2.0 * np.pi * 0.05 * t),
        "noise, 10 ms": 0.9 + noise(10.0, 0.2),
        "noise, 5 ms": 1.8 + noise(5.0, 0.3),
        "noise, 50 ms": 0.8 + noise(50.0, 0.3),
    }


def cascades():
    """Rows (neuron, sigma, input, error of the stationary rate and of four cascades)."""
    rows = []
    for neuron in (LIF(t_ref=2.0), EIF(t_ref=2.0)):
        for sigma in (1.0, 2.5):
            for name, mu in inputs().items():
                exact = evolve(mu, sigma, neuron).rate[1000:]
                rates = [firing_rate(mu, sigma, neuron)]
                for kernel in ("exponential", "oscillator"):
                    for adaptive in (False, True):
                        found = respond(
                            mu, sigma, neuron, kernel=kernel, adaptive=adaptive
                        )
                        rates.append(found.rate)
                errors = [np.sqrt(np.mean((r[1000:] - exact) ** 2)) for r in rates]
                kind = type(neuron).__name__
                rows.append((kind, sigma, name, np.array(errors) / exact.mean()))
    return rows


def pairs(mu, rho, n, duration):
    """Correlation of the counts of simulated pairs, and its standard error."""
    drive = WhiteNoise(mu=np.full((n, 2), mu), sigma=1.0, correlation=rho)
    run = simulate(
        LIF(), drive, duration=duration, dt=0.1, warmup=300.0, rng=1, threads=1,
        count_windows=WINDOWS,
    )  # fmt: skip
    found = [np.asarray(run.correlation(w).value)[:, 0, 1] for w in WINDOWS]
    return np.mean(found, axis=1), np.std(found, axis=1, ddof=1) / np.sqrt(n)


def correlations():
    """Rows (mu, rho, window, simulated, error, low and high end of expand, linear)."""
    rows = []
    for mu, n, duration in ((0.5, 60, 4e5), (0.8, 40, 2e5), (1.5, 40, 1e5)):
        theory = expand(mu, 1.0, LIF(), window=WINDOWS)
        for rho in (0.3, 0.6, 0.9):
            mean, error = pairs(mu, rho, n, duration)
            low = theory.correlation(rho)
            high, linear = low + theory.remainder(rho), rho * theory.coefficients[:, 0]
            rows += [
                (mu, rho, *row)
                for row in zip(WINDOWS, mean, error, low, high, linear, strict=True)
            ]
    return rows


def main() -> None:
    lines = [
        "# Changing and correlated input", "",
        "Written by `make bench`, one thread.", "",
        "Seconds of processor time for a second of a population's time (LIF, 20 Hz "
        f"modulation of mu, sigma = 1; the cascade at 2.5). The scheme of "
        "Augustin et al. (PLoS Comput. Biol. 13, e1005545, 2017), run once elsewhere, "
        f"took {PEER} s with 1000 cells and 0.05 ms.", "",
        "| | s |", "|---|---|",
    ]  # fmt: skip
    lines += [f"| {what} | {seconds:.2f} |" for what, seconds in speed()]
    lines += [
        "", "Cascades: root mean square difference from `evolve`, relative to the mean "
        "rate (%), t_ref = 2 ms.", "",
        "| neuron | sigma | input | no filter | exponential | adaptive | oscillator | "
        "adaptive |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)
        lines += [
            f"| {kind} | {sigma} | {name} | "
            + " | ".join(f"{100 * e:.1f}" for e in errors)
            + " |"
            for kind, sigma, name, errors in cascades()
        ]
    lines += [
        "", "Count correlation of two default LIFs with sigma = 1: simulated (dt = 0.1 "
        "ms), by `expand` with 30 terms (sum, and sum plus bound of the remainder), "
        "and linear in rho.", "",
        "| mu | rho | window (ms) | simulated | expand | linear |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [
        f"| {mu} | {rho} | {window:.0f} | {mean:.4f} ± {error:.4f} | "
        f"{low:.4f} to {high:.4f} | {linear:.4f} |"
        for mu, rho, window, mean, error, low, high, linear in correlations()
    ]
    (ROOT / "docs" / "benchmarks" / "dynamics.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
