"""Factors of covariance matrices, for correlated noise."""

import math

import numpy as np

from ._jit import kernel

__all__ = ["factor_of"]

_ROUNDING = 1e-13  # of the largest variance: what is left below is rounding


@kernel
def _factorise(left, factor):
    n = left.shape[0]
    least = 0.0
    for k in range(n):
        p = 0
        for i in range(1, n):
            if left[i, i] > left[p, p]:
                p = i
        if k == 0:
            least = _ROUNDING * left[p, p]
        if left[p, p] <= least:
            return k
        scale = 1.0 / math.sqrt(left[p, p])
        row = factor[k]
        for j in range(n):
            row[j] = scale * left[p, j]
        for i in range(n):
            rest, own = left[i], row[i]
            for j in range(n):
                rest[j] -= own * row[j]
    return n


def factor_of(cov: np.ndarray) -> np.ndarray:
    """Factor F (rank, n) of a positive semidefinite matrix: F^T F = cov.

    Cholesky's decomposition with pivots. It costs n^2 rank, and unlike that of LAPACK it
    keeps to the thread that calls it.
    """
    factor = np.zeros(cov.shape)
    rank = _factorise(cov.astype(np.float64), factor)
    return factor[:rank].copy()
