"""Networks of modules without loops between them: one module after the other."""

import dataclasses
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components

from ._classify import Scaled, State, candidate
from ._enumerate import every_support
from ._problem import ExactProblem, Problem

_MOST = 5000  # states of the modules so far


def modules(A: np.ndarray) -> list[np.ndarray]:
    """Return the strongly connected components, sources first."""
    count, label = connected_components(A != 0, directed=True, connection="strong")
    parts = [np.flatnonzero(label == k) for k in range(count)]
    later = np.ones(len(A), dtype=bool)
    order = []
    while parts:
        first = next(k for k, part in enumerate(parts) if _is_first(A, part, later))
        part = parts.pop(first)
        later[part] = False
        order.append(part)
    return order


def _is_first(A: np.ndarray, part: np.ndarray, later: np.ndarray) -> bool:
    others = later.copy()
    others[part] = False
    return not A[np.ix_(part, others)].any()


def module_by_module(
    problem: Problem, parts: list[np.ndarray]
) -> tuple[list[State], int | None] | None:
    """Return all states and the degree; None if there are continua or too many."""
    nothing: Any = [0] * problem.n if problem.exact else np.zeros(problem.n)
    partial: dict[tuple[int, ...], Any] = {(): nothing}
    degree: int | None = 1
    for part in parts:
        _, _, own, _ = every_support(_module(problem, part, nothing))
        degree = None if degree is None or own is None else degree * own
        following, solved = {}, {}
        for support, rates in partial.items():
            module = _module(problem, part, rates)
            key = tuple(module.exact.b if module.exact else module.b)
            if key not in solved:
                solved[key] = every_support(module)
            states, faces, _, complete = solved[key]
            if faces or not complete or len(following) + len(states) > _MOST:
                return None
            for state in states:
                active = (*support, *(int(part[a]) for a in state.support))
                following[active] = _extended(rates, part, state)
        partial = following
    scaled = Scaled.of(problem.A, problem.b)
    found = [candidate(problem, scaled, sorted(s), slack=1e3)[0] for s in partial]
    known = [state for state in found if state is not None]
    return (known, degree) if len(known) == len(found) else None


def _module(problem: Problem, part: np.ndarray, rates) -> Problem:
    """Take the network of one module, with its input from those before it."""
    block = np.ix_(part, part)
    exact = None
    if problem.exact is None:
        b = problem.b[part] + problem.A[part] @ rates
    else:
        whole = problem.exact
        drive = [
            whole.b[a] + sum(x * r for x, r in zip(whole.A[a], rates, strict=True) if r)
            for a in part
        ]
        exact = ExactProblem(
            [[whole.A[a][c] for c in part] for a in part], drive,
            [whole.speed[a] for a in part],
        )  # fmt: skip
        b = np.array(drive, dtype=float)
    return dataclasses.replace(
        problem, W=problem.W[block], X=b, A=problem.A[block], b=b,
        speed=problem.speed[part], exact=exact,
    )  # fmt: skip


def _extended(rates, part: np.ndarray, state: State):
    """Rates with those of one more module."""
    values = state.rate if state.exact_rate is None else state.exact_rate
    new = rates.copy()
    for a, value in zip(part, values, strict=True):
        new[a] = value
    return new
