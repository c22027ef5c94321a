"""Balanced and semi-balanced states: speed, completeness, and what shortcuts get wrong.

Writes docs/benchmarks/balanced.md.
"""

import timeit
from pathlib import Path

import numpy as np
from quantecon.optimize import lcp_lemke

from meanfield.balanced import semi_balanced_rates, semi_balanced_states

from ..balanced.test_states import random_dale

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "balanced.md"
UNIFORM, CORE = "A_uniform_g2", "B_core_h0.5"
STIMULI = 200_000


def best(call, repeat=25):
    """Best time in ms: the machine is shared."""
    call()
    return 1e3 * min(timeit.repeat(call, number=1, repeat=repeat))


def enumeration_rows():
    rng = np.random.default_rng(1)
    for n in (2, 4, 8, 12, 16, 20, 24):
        W, X = random_dale(CORE, n, rng)
        repeat = 25 if n < 20 else 2
        floats = best(
            lambda W=W, X=X: semi_balanced_states(W, X, enumerate_up_to=24), repeat
        )
        exact = best(
            lambda W=W, X=X: semi_balanced_states(W, X, exact=True, enumerate_up_to=24),
            repeat,
        )
        found = semi_balanced_states(W, X, enumerate_up_to=24)
        yield f"| {n} | {len(found.states)} | {floats:.2f} | {exact:.2f} |"


def sweep_rows():
    rng = np.random.default_rng(2)
    for n in (2, 3, 4, 6, 8, 10, 12):
        W = random_dale(UNIFORM, n, rng)[0] if n % 2 == 0 else -rng.random((3, 3))
        X = rng.random((STIMULI >> max(0, n - 6), n))
        sweep = semi_balanced_rates(W, X)
        time = best(lambda W=W, X=X: semi_balanced_rates(W, X))
        yield f"| {n} | {sweep.count.mean():.2f} | {1e3 * len(X) / time:.2g} |"


def search_rows():
    for ensemble in (UNIFORM, CORE):
        for n, draws in ((6, 200), (8, 200), (10, 150), (12, 80), (16, 40)):
            rng = np.random.default_rng(3)
            problems = [random_dale(ensemble, n, rng) for _ in range(draws)]
            problems = [(np.array(W), np.array(X)) for W, X in problems]
            every = [semi_balanced_states(W, X) for W, X in problems]
            cells = []
            for starts in (20, 100):
                start = timeit.default_timer()
                some = [
                    semi_balanced_states(W, X, enumerate_up_to=0, starts=starts)
                    for W, X in problems
                ]
                time = 1e3 * (timeit.default_timer() - start) / draws
                stable, states = (
                    100 * sum(map(len, a)) / max(1, sum(map(len, b)))
                    for a, b in (
                        ([f.stable for f in some], [f.stable for f in every]),
                        ([f.states for f in some], [f.states for f in every]),
                    )
                )
                cells.append(f"{stable:.1f} | {states:.0f} | {time:.0f}")
            yield f"| {ensemble} | {n} | {draws} | " + " | ".join(cells) + " |"


def large_rows():
    for n in (50, 200, 500):
        rng = np.random.default_rng(4)
        W, X = random_dale(CORE, n, rng)
        leaky = W - 1.5 * np.sqrt(n) * np.std(W - W.mean()) * np.eye(n)
        found = semi_balanced_states(leaky, X, starts=1)
        known = lcp_lemke(-leaky, -X)
        agree = known.success and any(
            np.allclose(known.z, s.rate, rtol=1e-6) for s in found.states
        )
        own = best(lambda W=leaky, X=X: semi_balanced_states(W, X, starts=1), 3)
        other = best(lambda W=leaky, X=X: lcp_lemke(-W, -X), 3)
        yield f"| {n} | {own:.0f} | {other:.0f} | {'yes' if agree else 'no'} |"


def clip(W, X):
    """Set negative balanced rates to 0."""
    return np.maximum(-np.linalg.solve(W, X), 0)


def drop(W, X, rounds):
    """Silence populations with a negative balanced rate, solve for the others, repeat."""
    active = np.ones(len(X), dtype=bool)
    r = np.zeros(len(X))
    for _ in range(rounds):
        r = np.zeros(len(X))
        r[active] = -np.linalg.solve(W[np.ix_(active, active)], X[active])
        if np.all(r >= 0):
            break
        active &= r > 0
    return r


def shortcut_rows():
    """Of broken balance with a stable state: how often a shortcut gives one."""
    rules = {
        "clip": clip,
        "drop once": lambda W, X: drop(W, X, 2),
        "drop until positive": lambda W, X: drop(W, X, len(X) + 1),
    }
    for n in (2, 4, 6, 8):
        rng = np.random.default_rng(5)
        right, total = dict.fromkeys(rules, 0), 0
        for _ in range(1500):
            W, X = random_dale(CORE, n, rng)
            if np.all(np.linalg.solve(W, X) <= 0):
                continue
            stable = semi_balanced_states(W, X).stable
            total += bool(stable)
            for name, rule in rules.items() if stable else ():
                r = rule(W, X)
                right[name] += any(np.allclose(r, s.rate, rtol=1e-6) for s in stable)
        yield (
            f"| {n} | {total} | "
            + " | ".join(f"{100 * k / total:.0f}" for k in right.values())
            + " |"
        )


def main():
    lines = [
        "# Balanced networks: speed and completeness",
        "",
        "One thread, warm. Written by `make bench`. Random networks that obey Dale's law, half "
        "of the populations excitatory: *core*, the published two-population network split into "
        "more populations with all weights and inputs varied by 50 %; *uniform*, weights drawn "
        "from (0, 1) and (-2, 0).",
        "",
        "`semi_balanced_states`, every support, one core network for each size.",
        "",
        "| populations | states | floats [ms] | exact [ms] |",
        "|---|---|---|---|",
        *enumeration_rows(),
        "",
        "`semi_balanced_rates`, all states of many stimuli of one uniform network.",
        "",
        "| populations | states per stimulus | stimuli per second |",
        "|---|---|---|",
        *sweep_rows(),
        "",
        "The search for larger networks, where enumeration is still possible: percent of all "
        "stable states and of all states that it finds, by number of starts; time in ms per "
        "network.",
        "",
        "| ensemble | populations | networks | stable, 20 | all, 20 | ms | stable, 100 "
        "| all, 100 | ms |",
        "|---|---|---|---|---|---|---|---|---|",
        *search_rows(),
        "",
        "Large networks with a leak (finite N) beside the spread of random weights, which have "
        "one state: Newton steps find it. `lcp_lemke` of QuantEcon.py for comparison.",
        "",
        "| populations | one start [ms] | quantecon [ms] | same state |",
        "|---|---|---|---|",
        *large_rows(),
        "",
        "What shortcuts find, where balance is broken and a stable state exists, in percent of "
        "core networks: negative rates set to 0; their populations dropped once; dropped until "
        "all rates are positive.",
        "",
        "| populations | networks | clip | drop once | drop until positive |",
        "|---|---|---|---|---|",
        *shortcut_rows(),
    ]
    PAGE.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
