"""Time and completeness of the theory of rate models.

Writes docs/benchmarks/rate.md.
"""

import timeit
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import root

from meanfield import LIF
from meanfield.rate import (
    LIFRate,
    RateModel,
    Sigmoid,
    bifurcation_diagram,
    fixed_points,
    integrate,
)

PATH = Path(__file__).parents[2] / "docs" / "benchmarks" / "rate.md"
W = np.array([[12.0, -4.0], [13.0, -2.0]])
# Folds and Hopf point of W with X = (p - 6, -9), by mpmath (tests/rate/test_bifurcations.py).
EXACT = (-0.157358195841217499, -0.12994235443906074, 2.60817487101385316)


def seconds(call, repeat=3):
    """The best of a few calls, warm."""
    call()
    return min(timeit.repeat(call, number=1, repeat=repeat))


def networks(count=300, seed=5):
    """Excitatory-inhibitory pairs of sigmoids, as in the tests."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        weights = np.array([[1.0, -1.0], [1.0, -1.0]]) * rng.uniform(0.0, 20.0, (2, 2))
        X, slope = rng.uniform(-10.0, 5.0, 2), rng.uniform(0.5, 2.0, 2)
        yield RateModel(W=weights, X=X, f=Sigmoid(slope=slope))


def by_hybr(model, starts, rng):
    """Distinct roots that SciPy's hybr finds from random starts."""
    found = []
    for start in rng.random((starts, 2)):
        end = root(model.flow, start, jac=model.jacobian, tol=1e-12)
        if end.success and all(np.abs(end.x - other).max() > 1e-7 for other in found):
            found.append(end.x)
    return found


def pairs():
    """Rows: every fixed point of 300 pairs."""
    models = list(networks())
    complete = [fixed_points(model) for model in models]
    counts = np.array([len(found) for found in complete])
    time = seconds(lambda: [fixed_points(model) for model in models]) / len(models)
    groups = [counts == k for k in (1, 3, 5)]
    sizes = ", ".join(str(int(group.sum())) for group in groups)
    lines = [f"| `fixed_points`, proved | {1e3 * time:.1f} | 100, 100, 100 |"]
    for starts in (5, 50):
        rng = np.random.default_rng(1)
        begin = timeit.default_timer()
        found = np.array([len(by_hybr(model, starts, rng)) for model in models])
        time = (timeit.default_timer() - begin) / len(models)
        share = [100 * found[group].sum() / counts[group].sum() for group in groups]
        text = ", ".join(f"{value:.0f}" for value in share)
        lines.append(f"| hybr, {starts} random starts | {1e3 * time:.1f} | {text} |")
    return sizes, lines


def larger():
    """Rows: time of fixed points of other networks."""
    rng = np.random.default_rng(3)
    lif = LIFRate(neuron=LIF(t_ref=2.0), sigma=1.5)
    cases = {
        "two LIF populations": RateModel(
            W=[[120.0, -60.0], [90.0, -40.0]], X=[-1.0, 0.5], f=lif
        ),
        "five competing sigmoids": RateModel(W=12 * np.eye(5) - 4, X=-1.0, f=Sigmoid()),
        "20 sigmoids, random": RateModel(
            W=rng.normal(0.0, 8.0 / np.sqrt(20), (20, 20)), f=Sigmoid()
        ),
        "threshold-linear, n = 4": RateModel(W=rng.normal(0.0, 0.5, (4, 4)), X=1.0),
        "threshold-linear, n = 12": RateModel(W=rng.normal(0.0, 0.5, (12, 12)), X=1.0),
        "chain of 20 pairs of sigmoids": chain(20),
    }
    lines = []
    for name, model in cases.items():
        found = fixed_points(model)
        complete = "yes" if found.exhaustive else "not proved"
        time = seconds(lambda m=model: fixed_points(m), repeat=2)
        lines.append(f"| {name} | {len(found)} | {complete} | {1e3 * time:.3g} |")
    return lines


def chain(count):
    """Pairs with a low and a high state; strong drive passes only the high one on."""
    weights = np.kron(np.eye(count), W)
    weights[2 * np.arange(1, count), 2 * np.arange(count - 1)] = 6.0
    X = np.tile([-8.5, -9.0], count)
    X[0] = -5.0
    return RateModel(W=weights, X=X, f=Sigmoid())


def continuation():
    """Rows: the Wilson-Cowan diagram with errors, and that of an LIF population."""

    def family(p):
        return RateModel(W=W, X=[p - 6.0, -9.0], f=Sigmoid())

    lines = []
    for step in (0.02, 0.1):
        found = bifurcation_diagram(family, (-3.0, 6.0), max_step=step)
        error = max(
            abs(point.parameter - exact)
            for point, exact in zip(found.points, EXACT, strict=True)
        )
        points = sum(branch.parameter.size for branch in found.branches)
        time = seconds(
            lambda s=step: bifurcation_diagram(family, (-3.0, 6.0), max_step=s)
        )
        name = f"Wilson-Cowan pair, `max_step={step}`"
        lines.append(f"| {name} | {points} | {error:.0e} | {time:.2f} |")
    f = LIFRate(neuron=LIF(t_ref=2.0), sigma=2.0)

    def neurons(x):
        return RateModel(W=[[30.0]], X=x, f=f)

    found = bifurcation_diagram(neurons, (-1.0, 1.0))
    error = max(
        abs(30.0 * f.derivative(30.0 * p.rate[0] + p.parameter) - 1.0)
        for p in found.folds
    )
    points = sum(branch.parameter.size for branch in found.branches)
    time = seconds(lambda: bifurcation_diagram(neurons, (-1.0, 1.0)))
    lines.append(
        f"| LIF population (error of the gain) | {points} | {error:.0e} | {time:.2f} |"
    )
    return lines


def trajectories():
    """Rows: microseconds per member of a batch, and the largest error."""
    rng = np.random.default_rng(1)
    lines = []
    for size in (1, 100, 10_000, 100_000):
        X = rng.normal([-5.0, -9.0], 3.0, (size, 2))
        many = RateModel(W=W, X=X if size > 1 else X[0], f=Sigmoid(), tau=[10.0, 5.0])
        final = np.atleast_2d(integrate(many, [0.0, 100.0]).final)
        error = 0.0
        for k in range(min(size, 20)):
            one = RateModel(W=W, X=X[k], f=Sigmoid(), tau=[10.0, 5.0])
            exact = solve_ivp(
                lambda t, r, m=one: m.flow(r), (0.0, 100.0), [0.0, 0.0], "DOP853",
                rtol=1e-12, atol=1e-14,
            )  # fmt: skip
            error = max(error, np.abs(final[k] - exact.y[:, -1]).max())
        time = seconds(lambda m=many: integrate(m, [0.0, 100.0]), repeat=2) / size
        how = "by SciPy" if size == 1 else f"batch of {size:,}"
        lines.append(f"| {how} | {1e6 * time:.3g} | {error:.0e} |")
    return lines


def main():
    sizes, complete = pairs()
    lines = [
        "# Rate models: completeness and speed",
        "",
        "All fixed points of 300 random pairs of sigmoid populations "
        f"({sizes} of them with 1, 3, 5): milliseconds per pair, and the percentage "
        "found in each group. Written by `make bench`.",
        "",
        "| | ms | found (%) |",
        "|---|---|---|",
        *complete,
        "",
        "| network | fixed points | complete | ms |",
        "|---|---|---|---|",
        *larger(),
        "",
        "Bifurcation diagrams: points on the branches, largest error of folds and Hopf "
        "points against mpmath, seconds.",
        "",
        "| | points | error | s |",
        "|---|---|---|---|",
        *continuation(),
        "",
        "Trajectories of a pair of sigmoids with 10 and 5 ms over 100 ms at "
        "`rtol=1e-6`: microseconds per member, error of the final rates.",
        "",
        "| | us | error |",
        "|---|---|---|",
        *trajectories(),
    ]
    PATH.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
