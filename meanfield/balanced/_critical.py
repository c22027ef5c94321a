"""How gains and time constants decide on stability."""

import math

import numpy as np
import numpy.typing as npt
import scipy.linalg

from ..errors import require
from ._problem import positive, weights

_FASTEST = 1e6  # ratios beyond are taken to be infinite
_LARGEST = 16  # populations for which the ratio is solved for


def critical_ratio(
    W: npt.ArrayLike, *, gain: npt.ArrayLike = 1.0, tau: npt.ArrayLike = 1.0
) -> float | None:
    """By how much faster excitation may become until the balanced state is unstable.

    Parameters
    ----------
    W : array_like, (n, n)
        Weights that obey Dale's law, with up to 16 populations of both kinds.
    gain, tau : float or array_like, (n,)
        As for `balanced_state`.

    Returns
    -------
    float or None
        The factor on gain/tau of all excitatory populations, the inhibitory ones
        unchanged, at which stability changes: above 1 if the state is stable, below 1 if
        slower excitation would make it so, 1 at the change. ``math.inf`` if it stays
        stable up to 1e6; None if it is unstable for all smaller factors down to 1e-6.

    Raises
    ------
    ValueError, TypeError
        As for `balanced_state`; also if a column of `W` has both signs, all have the same,
        or there are more than 16 populations.

    Notes
    -----
    Two populations, W = [[a, -b], [c, -d]] with bc > ad, are stable if
    a g_e/tau_e < d g_i/tau_i: the factor is (d g_i/tau_i)/(a g_e/tau_e). For more, the
    factors at which two eigenvalues add up to 0 are the eigenvalues of a pencil of
    Kronecker sums, all of which are found; those where the state changes its stability
    are told apart by its eigenvalues between them.

    Examples
    --------
    >>> critical_ratio([[2, -3], [9, -5]])
    2.5
    """
    W = weights(W)
    n = len(W)
    speed = positive("gain", gain, n) / positive("tau", tau, n)
    excitatory = _excitatory(W)
    if n > _LARGEST or excitatory.all() or not excitatory.any():
        raise ValueError(
            f"`W` must have excitatory and inhibitory populations, at most {_LARGEST} of "
            f"them; got {excitatory.sum()} of {n} excitatory"
        )
    fast = np.where(excitatory, speed, 0.0)[:, None] * W
    rest = (speed[:, None] * W) - fast
    if n == 2:
        e, i = (int(np.flatnonzero(x)[0]) for x in (excitatory, ~excitatory))
        if np.linalg.det(W) <= 0 or rest[i, i] == 0:
            return None
        return float(-rest[i, i] / fast[e, e]) if fast[e, e] > 0 else math.inf
    return _nearest_change(fast, rest)


def _excitatory(W: np.ndarray) -> np.ndarray:
    up, down = np.any(W > 0, axis=0), np.any(W < 0, axis=0)
    require(
        ~(up & down), "W", "must obey Dale's law, one sign in each column",
        np.where(up & down, np.arange(len(W)), -1), "the value is the column",
    )  # fmt: skip
    return up


def _nearest_change(fast: np.ndarray, rest: np.ndarray) -> float | None:
    """Factor k nearest to 1 at which k fast + rest gains or loses stability."""
    n = len(fast)
    one = np.eye(n)
    roots = scipy.linalg.eig(
        np.kron(rest, one) + np.kron(one, rest),
        -(np.kron(fast, one) + np.kron(one, fast)), right=False,
    )  # fmt: skip
    roots = roots[np.isfinite(roots)]
    real = np.abs(roots.imag) <= 1e-6 * np.abs(roots)
    # At k = 0 and infinity whole blocks are singular, which rounding turns into roots.
    edges = np.unique(
        roots.real[real & (roots.real > _FASTEST**-1) & (roots.real < _FASTEST)]
    )

    def stable(k):
        return np.linalg.eigvals(k * fast + rest).real.max() < 0

    def crossing(low, high):
        start = stable(low)
        while high - low > 4e-16 * high:
            middle = math.sqrt(low * high)
            if middle in (low, high):
                break
            low, high = (middle, high) if stable(middle) == start else (low, middle)
        return math.sqrt(low * high)

    inner = np.sqrt(edges[1:] * edges[:-1])
    points = [edges[0] / 2, *inner, edges[-1] * 2] if edges.size else [1.0]
    flags = [stable(k) for k in points]
    changes = [
        crossing(points[i], points[i + 1])
        for i in range(len(flags) - 1)
        if flags[i] != flags[i + 1]
    ]
    above = [k for k in changes if k >= 1]
    below = [k for k in changes if k < 1]
    if stable(1.0):
        return min(above, default=math.inf)
    return max(below, default=None)
