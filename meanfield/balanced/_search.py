"""States of networks too large to try every support."""

from collections.abc import Iterator

import numpy as np

from . import _kernels
from ._classify import Scaled, State, candidate
from ._problem import Problem

_NEWTON = 50  # steps after which the active set is taken to cycle
_PIVOTS = 50  # of Lemke's algorithm, per population
_STEPS = 4000  # of the projected dynamics
_SPREAD = 2.0  # of the logarithm of covering vectors


def search(
    problem: Problem, starts: int, rng: np.random.Generator, *, stop_at_one: bool
) -> dict[tuple[int, ...], State]:
    """Collect states from Newton steps, Lemke's algorithm, and the projected dynamics."""
    scaled = Scaled.of(problem.A, problem.b)
    found: dict[tuple[int, ...], State] = {}
    seen: set[tuple[int, ...]] = set()
    for active in _proposals(problem, scaled, starts, rng):
        support: tuple[int, ...] | None = tuple(np.flatnonzero(active).tolist())
        while support is not None and support not in seen:
            seen.add(support)
            state, support = candidate(problem, scaled, support)
            if state is not None:
                found.setdefault(state.support, state)
        if found and stop_at_one:
            break
    return found


def _proposals(
    problem: Problem, scaled: Scaled, starts: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Active sets that may belong to states."""
    n = problem.n
    inhibitory = np.all(problem.W <= 0, axis=0)
    A = np.ascontiguousarray(scaled.A)
    flow = np.ascontiguousarray(problem.speed[:, None] * problem.A)
    size = np.abs(problem.b).max() / np.abs(problem.A).max(initial=1e-300)
    yield from newton(problem, np.zeros(n))
    for start in range(starts):
        # Small components on inhibitory populations: the path then starts where
        # inhibition is strong, and is lost on a ray less often.
        small = inhibitory & (start % 2 == 0)
        cover = rng.lognormal(0.0, _SPREAD, n) * np.where(small, 0.01, 1.0)
        support = np.zeros(n, dtype=bool)
        if _kernels.lemke(A, scaled.b, cover, _PIVOTS * n + 100, support) == 0:
            yield support
        r = np.zeros(n)
        if start:
            r = size * rng.lognormal(0.0, 1.0, n) * rng.integers(0, 2, n)
        if _kernels.project(flow, problem.speed * problem.b, r, _STEPS) != 1:
            yield r > 0
            yield from newton(problem, r)


def newton(problem: Problem, r: np.ndarray) -> Iterator[np.ndarray]:
    """Active set of a state near `r`, unless the steps cycle."""
    A, b = problem.A, problem.b
    active = r + A @ r + b > 0
    for _ in range(_NEWTON):
        S = np.flatnonzero(active)
        r = np.zeros(problem.n)
        try:
            r[S] = np.linalg.solve(A[np.ix_(S, S)], -b[S])
        except np.linalg.LinAlgError:
            return
        net = A @ r + b
        net[S] = 0.0
        new = r + net > 0
        if np.array_equal(new, active):
            yield active
            return
        active = new


def has_one_state(problem: Problem) -> bool:
    """Whether -A is seen to be a P-matrix: one state for every stimulus.

    By row dominance after scaling of columns (an H-matrix with positive diagonal), or by
    a positive definite symmetric part.
    """
    M = -problem.A
    if np.any(np.diag(M) <= 0):
        return False
    symmetric = (M + M.T) / 2
    if np.linalg.eigvalsh(symmetric)[0] > 1e-12 * np.abs(symmetric).sum(axis=1).max():
        return True
    ratio = np.abs(M) / np.diag(M)[:, None]
    np.fill_diagonal(ratio, 0.0)
    return bool(np.abs(np.linalg.eigvals(ratio)).max() < 1 - 1e-9)
