"""Every support of a small network."""

import dataclasses

import numpy as np
import scipy.optimize

from . import _faces, _kernels
from ._classify import Scaled, State, bits, candidate, make_state
from ._faces import Face
from ._problem import ExactProblem, Problem

_SINGULAR = 1000  # supports with singular weights that are looked at


def every_support(
    problem: Problem,
) -> tuple[list[State], list[Face], int | None, bool]:
    """Return states, faces, the degree, and whether that is all."""
    scaled = Scaled.of(problem.A, problem.b)
    codes = _codes(scaled)
    if problem.exact is not None:
        _leave_to_fractions(problem.exact, codes)
    found = _regular_states(problem, scaled, codes)
    faces, points, complete = _singular_states(problem, scaled, codes)
    for state in points:
        found.setdefault(state.support, state)
    states = list(found.values())
    clean = complete and not faces and all(s.index and not s.boundary for s in states)
    degree = None
    if not _has_null_cone(scaled.A, np.flatnonzero(codes & _kernels.OPEN_CONE)):
        degree = sum(s.index for s in states) if clean else _generic_degree(problem)
    return states, faces, degree, complete


def _leave_to_fractions(exact: ExactProblem, codes: np.ndarray) -> None:
    """Floats do not decide about near singular supports, but equal rows do."""
    rows = _alike(exact.A, [0] * len(exact.b), exact=True)
    inputs = _alike(exact.A, exact.b, exact=True)
    for code in np.flatnonzero(codes & _kernels.SHORT):
        support = bits(int(code))
        distinct = len({rows[a] for a in support})
        codes[code] &= _kernels.OPEN_CONE
        if len({inputs[a] for a in support}) == distinct:
            codes[code] |= _kernels.SINGULAR
            if distinct == len(support):
                codes[code] |= _kernels.REGULAR


def _codes(scaled: Scaled) -> np.ndarray:
    codes = np.zeros(1 << scaled.b.size, dtype=np.int8)
    _kernels.enumerate_supports(np.ascontiguousarray(scaled.A), scaled.b, codes)
    return codes


def _regular_states(
    problem: Problem, scaled: Scaled, codes: np.ndarray
) -> dict[tuple[int, ...], State]:
    found: dict[tuple[int, ...], State] = {}
    shrunk = set()
    for code in np.flatnonzero(codes & _kernels.REGULAR):
        state, smaller = candidate(problem, scaled, bits(int(code)))
        if state is not None:
            found[state.support] = state
        elif smaller is not None:
            shrunk.add(smaller)
    for support in shrunk - set(found):  # lost between two tolerances
        state, _ = candidate(problem, scaled, support, slack=1e3)
        if state is not None:
            found[support] = state
    return found


def _singular_states(
    problem: Problem, scaled: Scaled, codes: np.ndarray
) -> tuple[list[Face], list[State], bool]:
    """Faces, isolated states with a singular block, and whether that is all."""
    exact = problem.exact
    if exact is None:
        A, b, unit = scaled.A.tolist(), scaled.b.tolist(), scaled.rate
    else:
        A, b, unit = exact.A, exact.b, np.ones(problem.n)
    open_cones = codes & _kernels.OPEN_CONE > 0
    singular = np.flatnonzero(codes & _kernels.SINGULAR)
    supports = sorted((bits(int(c)) for c in singular), key=len, reverse=True)
    alike = _alike(A, b, exact is not None)
    found, covered, complete = [], [], True
    for support in supports:
        kinds = {alike[a] for a in support}
        if any(
            set(support) <= large and kinds == all_kinds for large, all_kinds in covered
        ):
            continue  # the others of that face are balanced too, being alike
        if len(found) >= _SINGULAR:
            complete = False
            break
        bounded = exact is None and not open_cones[sum(1 << a for a in support)]
        try:
            found.append(_faces.corners(A, b, support, exact is not None, bounded))
        except _faces.TooManyCorners:
            complete = False
            continue
        if found[-1][0]:
            covered.append((set(support), kinds))
    faces, points = _faces.distinct(found, A, b, exact is not None)
    shown = [
        Face(support, _rates(vertices, unit), _rates(rays, unit))
        for support, vertices, rays in faces
    ]
    states = []
    for support, rates in points:
        net = [_faces.dot(row, rates) + x for row, x in zip(A, b, strict=True)]
        edge = tuple(
            a
            for a, x in enumerate(net)
            if a not in support and abs(x) <= _kernels.LOOSE
        )
        exact_rate = tuple(rates) if exact is not None else None
        rate = _rates([rates], unit)[0]
        states.append(
            make_state(problem, support, rate, edge, exact_rate, may_be_singular=True)
        )
    return shown, states, complete


def _alike(A: list, b: list, exact: bool) -> list[int]:
    """Give populations with the same input the same number."""
    kinds: dict[tuple, int] = {}
    rows = ([*row, x] for row, x in zip(A, b, strict=True))
    keys = (tuple(row if exact else [round(x, 12) for x in row]) for row in rows)
    return [kinds.setdefault(key, len(kinds)) for key in keys]


def _rates(points: list, unit: np.ndarray) -> np.ndarray:
    return np.array(points, dtype=float).reshape(-1, unit.size) * unit


def _has_null_cone(A: np.ndarray, codes: np.ndarray) -> bool:
    """Whether r = [A r + r]^+ has a solution besides 0: then there is no degree."""
    if codes.size > _SINGULAR:
        return True
    for code in codes:
        S = np.array(bits(int(code)), dtype=np.intp)
        rest = np.setdiff1d(np.arange(len(A)), S)
        equal = np.vstack([A[np.ix_(S, S)], np.ones(S.size)])
        found = scipy.optimize.linprog(
            np.zeros(S.size), A[np.ix_(rest, S)], np.zeros(rest.size),
            equal, np.append(np.zeros(S.size), 1.0),
        )  # fmt: skip
        if found.status == 0:
            return True
    return False


def _generic_degree(problem: Problem) -> int | None:
    b = np.random.default_rng(0).normal(size=problem.n)
    generic = dataclasses.replace(problem, X=b, b=b, exact=None)
    scaled = Scaled.of(generic.A, b)
    states = _regular_states(generic, scaled, _codes(scaled)).values()
    return sum(s.index for s in states)
