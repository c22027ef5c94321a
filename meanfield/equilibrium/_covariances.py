"""Covariances of a network whose responses are given."""

import numpy as np
import scipy.linalg

from ._populations import Populations, State

_DOUBLINGS = 60
_LARGEST = 1e100


def covariances(
    model: Populations,
    state: State,
    cov: np.ndarray,
    kind: str,
    rtol: float,
    near: np.ndarray | None = None,
) -> np.ndarray | None:
    """Of the input ("map") or of the output ("linear_response"); None if there are none."""
    if kind != "map":
        return linear_response(model, state, cov)
    source = (model.W * state.private) @ model.W.T + cov
    return stein(model.W * state.gain, source, rtol, near)


def of_output(
    model: Populations, state: State, found: np.ndarray, kind: str
) -> np.ndarray:
    """Return the covariances of the output."""
    if kind != "map":
        return found
    output = state.gain[:, None] * found * state.gain
    output[np.diag_indices(model.n)] = state.variance
    return output


def input_variances(model: Populations, found: np.ndarray, kind: str) -> np.ndarray:
    """Return the variances of the input."""
    if kind == "map":
        return np.diagonal(found)
    return np.einsum("ij,ij->i", model.W @ found, model.W) + model.variance


def stein(
    M: np.ndarray, Q: np.ndarray, rtol: float, near: np.ndarray | None = None
) -> np.ndarray | None:
    """Sum of M^k Q M^kT over k by doubling, from a sum near it; None if there is none."""
    start, S = 0.0, Q
    if near is not None:
        start, S = near, M @ near @ M.T + Q - near
    for _ in range(_DOUBLINGS):
        more = M @ S @ M.T
        S = S + more
        size, added = np.abs(start + S).max(), np.abs(more).max()
        if not size < _LARGEST:
            return None
        # The next addition is some power M^(2^k) further: the square of this ratio.
        if added**2 <= max(0.01 * rtol, 1e-32) * size**2:
            S = start + S
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
