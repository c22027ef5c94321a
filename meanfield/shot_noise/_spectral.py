"""Integration from the start of a panel to each of its Gauss-Legendre nodes."""

import numpy as np
from numpy.polynomial import legendre

from ._quadrature import N_NODES, NODES, WEIGHTS


def _antiderivative() -> np.ndarray:
    """Row i: the weights of the integral from -1 to node i."""
    basis = legendre.legvander(NODES, N_NODES - 1)
    degree = np.arange(N_NODES)
    to_series = (basis * WEIGHTS[:, None]).T * (degree[:, None] + 0.5)
    integral = np.array([
        legendre.legval(NODES, legendre.legint(row, lbnd=-1)) for row in np.eye(N_NODES)
    ])  # fmt: skip
    return np.ascontiguousarray(integral.T @ to_series)


ANTIDERIVATIVE = _antiderivative()
