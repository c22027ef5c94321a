"""Whether a support carries a state, and which: index, stability, boundary."""

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.linalg

from . import _exact
from ._problem import Problem

_ULPS = 8  # relative uncertainty of W and X that counts, in units of the precision
_NEUTRAL = 1e-7  # above this fraction of the block's norm no real part counts as zero
_CONDITION = 1e15  # beyond which a scaled block counts as singular


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """One solution of r = [W r + X + r]^+.

    Attributes
    ----------
    rate : numpy.ndarray, (n,)
        Rates, in the unit that W and X imply.
    support : tuple of int
        The active populations, those with a rate above 0.
    net_input : numpy.ndarray, (n,)
        W r + X: 0 for active populations of infinite networks, negative for silent ones,
        by as much as inhibition exceeds excitation.
    stability : {"stable", "unstable", "boundary"}
        By the eigenvalues; ``"boundary"`` if a silent population is exactly at its
        threshold, or the largest real part is 0 within rounding.
    index : int
        Sign of det(-W) over the support, +1 where nothing is active, 0 where that block
        is singular.
    eigenvalues : numpy.ndarray
        Of diag(gain/tau) W over the support (with the leak of a finite network): growth
        rates of perturbations, over sqrt(N).
    boundary : tuple of int
        Silent populations whose net input is 0 within rounding.
    exact_rate : tuple of Fraction or None
        The rates as rational numbers, with ``exact=True``.
    """

    rate: np.ndarray
    support: tuple[int, ...]
    net_input: np.ndarray
    stability: str
    index: int
    eigenvalues: np.ndarray
    boundary: tuple[int, ...] = ()
    exact_rate: tuple[Fraction, ...] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Scaled:
    """The problem with rows, columns and stimulus scaled by powers of two to order 1."""

    A: np.ndarray
    b: np.ndarray
    rate: np.ndarray  # of the original problem, per unit of the scaled one
    rows: np.ndarray  # weights of the original problem, likewise

    @classmethod
    def of(cls, A: np.ndarray, b: np.ndarray) -> "Scaled":
        rows = _power_of_two(np.abs(A).max(axis=1, initial=0.0))
        columns = _power_of_two(np.abs(A / rows[:, None]).max(axis=0, initial=0.0))
        size = _power_of_two(np.abs(b / rows).max(initial=0.0))
        return cls(A / rows[:, None] / columns, b / rows / size, size / columns, rows)


def _power_of_two(values: np.ndarray) -> np.ndarray:
    exponent = np.frexp(values)[1]
    return np.ldexp(1.0, np.where(values > 0, exponent, 0))


def bits(code: int) -> tuple[int, ...]:
    """Return the populations of a support that is written as bits."""
    return tuple(a for a in range(int(code).bit_length()) if code >> a & 1)


def candidate(
    problem: Problem, scaled: Scaled, support: Sequence[int], slack: float = 1.0
) -> tuple[State | None, tuple[int, ...] | None]:
    """Return the state with this support, or the smaller support to look at instead."""
    if problem.exact is not None:
        return _exact_candidate(problem, support)
    S = np.array(support, dtype=np.intp)
    n = problem.n
    silent = np.setdiff1d(np.arange(n), S)
    solved = _solve(scaled, S)
    if solved is None:
        return None, None
    r, error = solved
    if np.any(r < -slack * error):
        return None, None
    if np.any(r <= error):
        return None, tuple(int(a) for a in S[r > error])
    block = scaled.A[np.ix_(silent, S)]
    net = block @ r + scaled.b[silent]
    unit = (n + _ULPS) * np.finfo(float).eps
    near = unit * (np.abs(block) @ r + np.abs(scaled.b[silent])) + np.abs(block) @ error
    if np.any(net > slack * near):
        return None, None
    rate = np.zeros(n)
    rate[S] = r * scaled.rate[S]
    edge = tuple(int(a) for a in silent[np.abs(net) <= slack * near])
    return make_state(problem, tuple(map(int, S)), rate, edge), None


def _solve(scaled: Scaled, S: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Rates on the support and bounds of their errors (Bauer-Skeel); None if singular."""
    if not S.size:
        return np.zeros(0), np.zeros(0)
    block, right = scaled.A[np.ix_(S, S)], -scaled.b[S]
    try:
        inverse = np.linalg.inv(block)
    except np.linalg.LinAlgError:
        return None
    size = np.abs(inverse)
    if not np.isfinite(size).all():
        return None
    if size.sum(axis=1).max() * np.abs(block).sum(axis=1).max() > _CONDITION:
        return None
    r = inverse @ right
    r += inverse @ (right - block @ r)
    unit = (S.size + _ULPS) * np.finfo(float).eps
    return r, unit * (size @ (np.abs(block) @ np.abs(r) + np.abs(right)))


def _exact_candidate(problem, support):
    exact = problem.exact
    rates = _exact.solve_support(exact.A, exact.b, support)
    if rates is None or any(r < 0 for r in rates):
        return None, None
    active = tuple(a for a, r in enumerate(rates) if r > 0)
    if len(active) < len(support):
        return None, active
    net = _exact.net_input(exact.A, exact.b, rates)
    if any(x > 0 for x in net):
        return None, None
    edge = tuple(a for a, x in enumerate(net) if x == 0 and a not in active)
    rate = np.array([float(r) for r in rates])
    return make_state(problem, active, rate, edge, tuple(rates)), None


def make_state(
    problem, support, rate, boundary, exact_rate=None, *, may_be_singular=False
) -> State:
    """Fill in net input, index and stability."""
    S = np.array(support, dtype=np.intp)
    net = problem.W @ rate + problem.X
    block = problem.A[np.ix_(S, S)]
    net[S] = (problem.X - problem.b)[S] + (problem.W - problem.A)[S] @ rate
    eigenvalues, stability = growth(problem, support)
    if problem.exact is not None:
        rows = [[-problem.exact.A[i][j] for j in support] for i in support]
        index = _exact.sign_of_determinant(rows)
    else:
        singular = bool(may_be_singular and support) and (
            np.linalg.cond(Scaled.of(block, problem.b[S]).A) > _CONDITION
        )
        index = 0 if singular else int(np.linalg.slogdet(-block)[0])
    if boundary or index == 0:
        stability = "boundary"
    return State(
        rate, support, net, stability, index, eigenvalues, boundary, exact_rate
    )


def growth(problem: Problem, support: Sequence[int]) -> tuple[np.ndarray, str]:
    """Eigenvalues of diag(gain/tau) A over the support, and what they say."""
    S = np.array(support, dtype=np.intp)
    block = problem.speed[S, None] * problem.A[np.ix_(S, S)]
    if not S.size:
        return np.zeros(0, complex), "stable"
    eigenvalues = np.linalg.eigvals(block).astype(complex)
    eigenvalues = eigenvalues[np.argsort(-np.real(eigenvalues), kind="stable")]
    largest = eigenvalues[0].real
    if problem.exact is not None:
        A, speed = problem.exact.A, problem.exact.speed
        if _exact.is_hurwitz([[speed[i] * A[i][j] for j in support] for i in support]):
            return eigenvalues, "stable"
        return eigenvalues, "boundary" if _neutral(block, largest) else "unstable"
    if _neutral(block, largest):
        return eigenvalues, "boundary"
    return eigenvalues, "stable" if largest < 0 else "unstable"


def _neutral(block: np.ndarray, largest: float) -> bool:
    """Whether the largest real part may be 0, by the condition of that eigenvalue."""
    scale = np.linalg.norm(block)
    if abs(largest) > _NEUTRAL * scale:
        return False
    found: Any = scipy.linalg.eig(block, left=True)
    values, left, right = found
    overlap = np.abs(np.sum(left.conj() * right, axis=0))[np.argmax(values.real)]
    unit = (len(block) + _ULPS) * np.finfo(float).eps
    return bool(abs(largest) * overlap <= unit * scale)
