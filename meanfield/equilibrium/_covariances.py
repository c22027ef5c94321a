"""Covariances of a network whose responses are given."""

import numpy as np
import scipy.linalg

from ._populations import Populations, State

_DOUBLINGS = 60
_LARGEST = 1e100


def of_input(
    model: Populations, state: State, cov: np.ndarray, kind: str, rtol: float
) -> np.ndarray | None:
    """Covariance of the input; None if there is none."""
    if kind == "map":
        return stein(
            model.W * state.gain, (model.W * state.private) @ model.W.T + cov, rtol
        )
    found = linear_response(model, state, cov)
    return None if found is None else model.W @ found @ model.W.T + cov


def through(
    model: Populations, state: State, total: np.ndarray, cov: np.ndarray, kind: str
) -> np.ndarray:
    """Covariance of the output, for that of the input."""
    if kind != "map":
        found = linear_response(model, state, cov)
        assert found is not None
        return found
    found = state.gain[:, None] * total * state.gain
    found[np.diag_indices(model.n)] = state.variance
    return found


def stein(M: np.ndarray, Q: np.ndarray, rtol: float) -> np.ndarray | None:
    """Sum of M^k Q M^kT over k by doubling; None if it does not exist."""
    S = Q
    for _ in range(_DOUBLINGS):
        more = M @ S @ M.T
        S = S + more
        size, added = np.abs(S).max(), np.abs(more).max()
        if not size < _LARGEST:
            return None
        if added <= max(rtol, 1e-16) * size:
            return 0.5 * (S + S.T)
        M = M @ M
    return None


def linear_response(
    model: Populations, state: State, cov: np.ndarray
) -> np.ndarray | None:
    """Return (1 - DW)^-1 (D cov D + q) (1 - DW)^-T, of the output."""
    source = state.gain[:, None] * cov * state.gain
    source[np.diag_indices(model.n)] += state.private
    factors = scipy.linalg.lu_factor(np.eye(model.n) - state.gain[:, None] * model.W)
    half = scipy.linalg.lu_solve(factors, source)
    found = scipy.linalg.lu_solve(factors, half.T)
    return 0.5 * (found + found.T) if np.isfinite(found).all() else None
