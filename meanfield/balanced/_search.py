"""States of networks too large to try every support."""

import numpy as np

from . import _kernels
from ._classify import Scaled, State, candidate
from ._problem import Problem

_NEWTON = 50  # steps after which the active set is taken to cycle
_PIVOTS = 50  # of Lemke's algorithm, per population
_STEPS = 4000  # of the projected dynamics
_SPREAD = 2.0  # of the logarithm of covering vectors


def search(
    problem: Problem, starts: int, rng: np.random.Generator
) -> dict[tuple[int, ...], State]:
    """Collect states from Lemke's algorithm, the projected dynamics, and Newton steps."""
    scaled = Scaled.of(problem.A, problem.b)
    n = problem.n
    found: dict[tuple[int, ...], State] = {}
    seen: set[bytes] = set()

    def look_at(active: np.ndarray) -> None:
        for _ in range(n + 1):
            if active.tobytes() in seen:
                return
            seen.add(active.tobytes())
            state, smaller = candidate(problem, scaled, np.flatnonzero(active).tolist())
            if state is not None:
                found.setdefault(state.support, state)
            if smaller is None:
                return
            active = np.zeros(n, dtype=bool)
            active[list(smaller)] = True

    inhibitory = np.all(problem.W <= 0, axis=0)
    A = np.ascontiguousarray(scaled.A)
    for start in range(starts):
        # Small components on inhibitory populations: the path then starts where
        # inhibition is strong, and is lost on a ray less often.
        small = inhibitory & (start % 2 == 0)
        cover = rng.lognormal(0.0, _SPREAD, n) * np.where(small, 0.01, 1.0)
        support = np.zeros(n, dtype=bool)
        if _kernels.lemke(A, scaled.b, cover, _PIVOTS * n + 100, support) == 0:
            look_at(support)
        for active in _settle(problem, rng, from_rest=start == 0):
            look_at(active)
    return found


def _settle(problem: Problem, rng: np.random.Generator, from_rest: bool):
    """Active sets that the dynamics reach from rest or from random rates."""
    n = problem.n
    r = np.zeros(n)
    if not from_rest:
        size = np.abs(problem.b).max() / np.abs(problem.A).max(initial=1e-300)
        r = size * rng.lognormal(0.0, 1.0, n) * rng.integers(0, 2, n)
    flow = np.ascontiguousarray(problem.speed[:, None] * problem.A)
    if _kernels.project(flow, problem.speed * problem.b, r, _STEPS) != 1:
        yield r > 0
        settled = newton(problem, r)
        if settled is not None:
            yield settled


def newton(problem: Problem, r: np.ndarray) -> np.ndarray | None:
    """Active set of a state near `r`, or None if the steps cycle."""
    A, b = problem.A, problem.b
    active = r + A @ r + b > 0
    for _ in range(_NEWTON):
        S = np.flatnonzero(active)
        r = np.zeros(problem.n)
        try:
            r[S] = np.linalg.solve(A[np.ix_(S, S)], -b[S])
        except np.linalg.LinAlgError:
            return None
        net = A @ r + b
        net[S] = 0.0
        new = r + net > 0
        if np.array_equal(new, active):
            return active
        active = new
    return None


def has_one_state(problem: Problem) -> bool:
    """Whether -A is seen to be a P-matrix: one state for every stimulus.

    By row dominance after scaling of columns (an H-matrix with positive diagonal), or by
    a positive definite symmetric part.
    """
    M = -problem.A
    if np.any(np.diag(M) <= 0):
        return False
    ratio = np.abs(M) / np.diag(M)[:, None]
    np.fill_diagonal(ratio, 0.0)
    if np.abs(np.linalg.eigvals(ratio)).max(initial=0.0) < 1 - 1e-9:
        return True
    symmetric = (M + M.T) / 2
    least = np.linalg.eigvalsh(symmetric)[0]
    return bool(least > 1e-12 * np.linalg.norm(symmetric, 2))
