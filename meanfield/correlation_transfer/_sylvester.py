"""A Lyapunov equation in a Schur basis, solved by recursion on blocks."""

import numpy as np

_SMALL = 48  # rows of blocks that LAPACK solves


def lyapunov(T: np.ndarray, R: np.ndarray) -> np.ndarray:
    """Solve T Y + Y T^T = R for quasi-upper-triangular T and symmetric R."""
    n = len(T)
    if n <= _SMALL:
        return _lapack(T, T, R)
    k = _middle(T)
    A, B, C = T[:k, :k], T[:k, k:], T[k:, k:]
    Y = np.empty_like(R)
    Y[k:, k:] = lower = lyapunov(C, R[k:, k:])
    Y[:k, k:] = upper = _sylvester(A, C, R[:k, k:] - B @ lower)
    Y[k:, :k] = upper.T
    cross = B @ upper.T
    Y[:k, :k] = lyapunov(A, R[:k, :k] - cross - cross.T)
    return Y


def _sylvester(A: np.ndarray, B: np.ndarray, R: np.ndarray) -> np.ndarray:
    """Solve A Y + Y B^T = R for quasi-upper-triangular A and B."""
    m, n = R.shape
    if max(m, n) <= _SMALL:
        return _lapack(A, B, R)
    if m >= n:
        k = _middle(A)
        below = _sylvester(A[k:, k:], B, R[k:])
        return np.vstack([_sylvester(A[:k, :k], B, R[:k] - A[:k, k:] @ below), below])
    k = _middle(B)
    right = _sylvester(A, B[k:, k:], R[:, k:])
    left = _sylvester(A, B[:k, :k], R[:, :k] - right @ B[:k, k:].T)
    return np.hstack([left, right])


def _middle(T: np.ndarray) -> int:
    """Return where to divide, not within the block of a complex pair."""
    k = len(T) // 2
    return k + 1 if T[k, k - 1] != 0.0 else k


def _lapack(A: np.ndarray, B: np.ndarray, R: np.ndarray) -> np.ndarray:
    from scipy.linalg.lapack import dtrsyl

    Y, scale, _ = dtrsyl(A, B, R, tranb="T")
    return Y / scale
