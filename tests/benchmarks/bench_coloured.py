"""Coloured noise: errors and time; writes the tables of docs/theory/coloured_noise.md.

python -m tests.benchmarks.bench_coloured
"""

import contextlib
import timeit
import warnings
from pathlib import Path
from unittest import mock

import numpy as np

import meanfield as mf
from meanfield import coloured_noise as cn
from meanfield.coloured_noise import _mesh, _phase_space
from meanfield.coloured_noise._stationary import solve_cycle
from tests.coloured_noise.test_stationary import SIMULATED

PAGE = Path(__file__).parents[2] / "docs" / "theory" / "coloured_noise.md"
BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"
RANDOM = 100
FREQUENCIES = np.array([0.001, 0.01, 0.03, 0.1, 0.3, 1.0])


@contextlib.contextmanager
def finer():
    """Five times as many unknowns, and higher degrees."""
    steps = np.array([0.02, 0.06, 0.2, 0.5, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 11.0])
    constants = {"_Z_STEPS": steps, "_Y_FIRST": 0.002, "_Y_GROWTH": 2.0}
    with (
        mock.patch.multiple(_mesh, _Y_LONGEST=0.5, **constants),
        mock.patch.multiple(_phase_space, _Z_DEGREE=5, _Y_DEGREE=4),
    ):
        yield


def by_simulation():
    """Rates and CVs beside simulations, with the standard error of the simulated rate."""
    yield "| tau_syn/tau_m | simulated (Hz) | Fokker-Planck | | effective threshold | |"
    yield "|---|---|---|---|---|---|"
    order = np.argsort(SIMULATED[5] / SIMULATED[4], kind="stable")
    for row in SIMULATED.T[order]:
        mu_V, sigma_V, V_reset, V_th, tau_m, tau_syn, t_ref, rate, error, cv = row
        neuron = mf.LIF(tau_m=tau_m, t_ref=t_ref, V_th=V_th, V_reset=V_reset)
        point = mu_V / tau_m, sigma_V / tau_m**0.5, tau_syn, neuron
        cells = f"| {tau_syn / tau_m:.3g} | {rate:.3f} +- {error:.3f}, CV {cv:.3f} "
        for method in ("fokker_planck", "effective_threshold"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", mf.ValidityWarning)
                found = 1e3 * cn.firing_rate(*point, method=method)
                variability = cn.cv(*point, method=method)
            cells += f"| {found:.3f}, CV {variability:.3f} | {found / rate - 1:+.1%} "
        yield cells + "|"


def errors_of_the_shift():
    """Relative error of the effective threshold, by tau_syn/tau_m and mu."""
    drives = (0.6, 0.8, 1.0, 1.2, 1.6)
    yield "| tau_syn/tau_m | " + " | ".join(f"mu = {mu}" for mu in drives) + " |"
    yield "|---|" + "---|" * len(drives)
    for ratio in (0.001, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", mf.ValidityWarning)
            (exact, shifted), (exact_cv, shifted_cv) = (
                [
                    function(drives, 1.0, 20 * ratio, method=method)
                    for method in ("auto", "effective_threshold")
                ]
                for function in (cn.firing_rate, cn.cv)
            )
        pairs = zip(shifted / exact - 1, shifted_cv / exact_cv - 1, strict=True)
        cells = (f"{rate:+.2%}, CV {cv:+.2%}" for rate, cv in pairs)
        yield f"| {ratio} | " + " | ".join(cells) + " |"


def neurons():
    """Random neurons: tau_syn/tau_m from 1e-4 to 10, rates above 1e-7/tau_m."""
    rng = np.random.default_rng(7)
    found = []
    while len(found) < RANDOM:
        k = 10 ** rng.uniform(-4, 1)
        V_th = (
            rng.uniform(-4, 3) if rng.random() < 0.8 else -(10 ** rng.uniform(0.6, 3))
        )
        relative = rng.uniform(-1, 1) if V_th < -4 else rng.uniform(-1, 1.2)
        depth = 10**relative * (abs(V_th) if V_th < -4 else 1.0)
        neuron = mf.LIF(
            tau_m=1.0, t_ref=rng.choice([0.0, 0.02, 0.25]), V_th=V_th,
            V_reset=V_th - depth,
        )  # fmt: skip
        if cn.firing_rate(0.0, 1.0, k, neuron) > 1e-7:
            found.append((0.0, 1.0, k, neuron))
    return found


def statistics(points):
    """Rate, CV, Fano factor and gain of each point, from one solution."""
    values = []
    for mu, sigma, k, neuron in points:
        cycle, _ = solve_cycle(
            mu, sigma, k, 1.0, neuron.t_ref, neuron.V_th, neuron.V_reset, 0.0
        )
        values.append(
            [1 / cycle.mean, cycle.squared_cv**0.5, cycle.fano_factor, cycle.gain]
        )
    return np.array(values)


def discretization():
    points = neurons()
    coarse = statistics(points)
    with finer():
        fine = statistics(points)
    errors = np.abs(coarse / fine - 1)
    yield "| | median | 90 % | largest |"
    yield "|---|---|---|---|"
    for name, column in zip(
        ("rate", "CV", "Fano factor", "d rate/d mu"), errors.T, strict=True
    ):
        median, most, largest = np.quantile(column, [0.5, 0.9, 1.0])
        yield f"| {name} | {median:.0e} | {most:.0e} | {largest:.0e} |"


def responses():
    yield (
        "| mu, sigma, tau_syn | CV | "
        + " | ".join(f"{1e3 * f:g} Hz" for f in FREQUENCIES)
        + " |"
    )
    yield "|---|---|" + "---|" * FREQUENCIES.size
    for point in ((1.0, 1.0, 0.5), (1.3, 0.5, 0.5), (1.0, 1.0, 5.0), (1.3, 0.5, 20.0)):
        coarse = cn.linear_response(FREQUENCIES, *point)
        with finer():
            fine = cn.linear_response(FREQUENCIES, *point)
        cells = " | ".join(f"{e:.0e}" for e in abs(coarse / fine - 1))
        yield f"| {point} | {cn.cv(*point):.2f} | {cells} |"


def speed():
    """Milliseconds per point."""
    mu, sigma, tau_syn = (
        0.05 * np.arange(14, 34),
        1.0,
        20 * 10 ** np.linspace(-2, 0, 20),
    )
    f = np.linspace(0.001, 0.2, 20)
    calls = {
        "rate": lambda: cn.firing_rate(mu, sigma, tau_syn),
        "CV": lambda: cn.cv(mu, sigma, tau_syn),
        "rate, std and chi": lambda: cn.moment_activation(mu, sigma, tau_syn),
        "response at one frequency": lambda: cn.linear_response(f, mu, sigma, tau_syn),
    }
    for name, call in calls.items():
        call()
        best = min(timeit.repeat(call, number=1, repeat=5))
        yield f"{name} {1e3 * best / mu.size:.0f} ms"


def main():
    figures = "\n".join([
        "Simulations of 3200 s or more (exact steps of 0.002 to 0.01 ms) and the two",
        "methods:",
        "",
        *by_simulation(),
        "",
        "Error of the effective threshold, default neuron, sigma = 1:",
        "",
        *errors_of_the_shift(),
        "",
        f"Change of the solution with five times as many unknowns, {RANDOM} random neurons",
        "with tau_syn/tau_m from 1e-4 to 10 and rates above 1e-7/tau_m:",
        "",
        *discretization(),
        "",
        "The same for the linear response of the default neuron:",
        "",
        *responses(),
        "",
        "Time per point, one core: " + ", ".join(speed()) + ".",
    ])  # fmt: skip
    print(figures)
    head, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{figures}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
