"""The balanced state r = -W^-1 X, where it exists, is stable, and how N changes it."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import require
from . import _faces
from ._classify import Scaled, growth
from ._faces import Face
from ._problem import float_problem, root_size, vector

_SINGULAR = 1e-12  # singular values of the scaled matrix, relative to the largest


@dataclasses.dataclass(frozen=True, slots=True)
class BalancedState:
    """The balanced state; see `balanced_state`.

    Attributes
    ----------
    rate : numpy.ndarray, (n,), or None
        -W^-1 X with whatever signs; None if W is singular.
    exists : bool
        Whether W r + X = 0 for some r >= 0.
    stability : {"stable", "unstable", "boundary"} or None
        Of the balanced state, whether or not its rates are positive; None if W is
        singular. ``"boundary"`` also where a rate is 0 within rounding.
    eigenvalues : numpy.ndarray
        Of diag(gain/tau) W: growth rates of perturbations, over sqrt(N).
    negative, boundary : tuple of int
        Populations with a rate below 0, and with 0 within rounding.
    condition : float
        Condition number of W (2-norm); infinite if W is singular.
    null_space : numpy.ndarray, (n, k)
        Directions in which rates change without a change of input.
    face : Face or None
        For a singular W: all r >= 0 with W r + X = 0, if there are any.
    message : str
        The same as a sentence.
    """

    rate: np.ndarray | None
    exists: bool
    stability: str | None
    eigenvalues: np.ndarray
    negative: tuple[int, ...]
    boundary: tuple[int, ...]
    condition: float
    null_space: np.ndarray
    face: Face | None
    message: str


def balanced_state(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    *,
    gain: npt.ArrayLike = 1.0,
    tau: npt.ArrayLike = 1.0,
) -> BalancedState:
    """Find the rates at which excitation and inhibition cancel in all populations.

    Parameters
    ----------
    W : array_like, (n, n)
        Mean-field weights: row = target, column = source, negative for inhibition. For a
        network of N neurons with weights j_ab/sqrt(N), connection probabilities p_ab and
        fractions q_b of the neurons, W_ab = p_ab j_ab q_b.
    X : array_like, (n,)
        External input over sqrt(N).
    gain, tau : float or array_like, (n,)
        Slope of the rate over the input, and time constant, of each population: only
        their ratios matter, and only for stability.

    Returns
    -------
    BalancedState

    Raises
    ------
    ValueError, TypeError
        If `W` is not square, shapes do not fit, something is not a finite real number,
        or `gain` or `tau` is not positive.

    Notes
    -----
    The mean input sqrt(N) (W r + X) stays finite as N grows only if r = -W^-1 X [1]_. With
    tau_a dr_a/dt = -r_a + f_a(input) that state is stable if all eigenvalues of
    diag(f'_a/tau_a) W have negative real parts; `critical_ratio` says how far gains and
    time constants may change. A singular W has no balanced state unless X is in its
    range, and a continuum of them then, of which a finite network selects one: no
    pseudo-inverse is taken. Rates within rounding of 0 are named in ``boundary``.

    References
    ----------
    .. [1] C. van Vreeswijk, H. Sompolinsky, Science 274, 1724 (1996),
       doi:10.1126/science.274.5293.1724

    Examples
    --------
    >>> state = balanced_state([[2, -3], [9, -5]], [0.036, 0.027])
    >>> state.rate.round(6), state.message
    (array([0.005824, 0.015882]), 'balanced state, stable')
    >>> balanced_state([[2, -3], [9, -5]], [0.5, 1.0]).message
    'no balanced state: negative rates of populations (0,)'
    """
    problem = float_problem(W, X, gain, tau)
    eigenvalues, stability = growth(problem, range(problem.n))
    scaled = Scaled.of(problem.A, problem.b)
    left, values, right = np.linalg.svd(scaled.A)
    rank = int(np.sum(values > _SINGULAR * problem.n * max(values[0], 1e-300)))
    if rank < problem.n:
        null = right[rank:].T * scaled.rate[:, None]
        null /= np.linalg.norm(null, axis=0)
        return _singular(problem, scaled, left[:, rank:], null, eigenvalues)
    inverse = np.linalg.inv(scaled.A)
    r = -inverse @ scaled.b
    r -= inverse @ (scaled.A @ r + scaled.b)
    unit = (problem.n + 8) * np.finfo(float).eps
    error = unit * (np.abs(inverse) @ (np.abs(scaled.A) @ np.abs(r) + np.abs(scaled.b)))
    near = np.abs(r) <= error
    negative = tuple(int(a) for a in np.flatnonzero((r < 0) & ~near))
    boundary = tuple(int(a) for a in np.flatnonzero(near))
    if boundary:
        stability = "boundary"
    if negative:
        message = f"no balanced state: negative rates of populations {negative}"
    elif boundary:
        message = f"on the boundary of balance: populations {boundary} have rate 0"
    else:
        message = f"balanced state, {stability}"
    return BalancedState(
        r * scaled.rate, not negative, stability, eigenvalues, negative, boundary,
        float(np.linalg.cond(problem.W)), np.zeros((problem.n, 0)), None, message,
    )  # fmt: skip


def _singular(problem, scaled, left, null, eigenvalues) -> BalancedState:
    """No state, or a face of them; never one of them in silence."""
    n = problem.n
    unit = (n + 8) * np.finfo(float).eps
    face = None
    message = "no balanced state: W is singular, and X is not in its range"
    if np.all(np.abs(left.T @ scaled.b) <= 100 * unit * np.abs(scaled.b).max()):
        try:
            vertices, rays = _faces.corners(
                scaled.A.tolist(), scaled.b.tolist(), range(n), exact=False
            )
        except _faces.TooManyCorners:
            raise ValueError(
                f"`W` has a null space of {null.shape[1]} dimensions, and its balanced "
                f"states too many corners; merge populations that are alike"
            ) from None
        if vertices:
            v, d = (np.reshape(a, (-1, n)) * scaled.rate for a in (vertices, rays))
            active = np.any(v > 0, axis=0) | np.any(d > 0, axis=0)
            face = Face(tuple(int(a) for a in np.flatnonzero(active)), v, d)
            message = "W is singular: a continuum of balanced states"
        else:
            message = "no balanced state: W is singular, and no solution is positive"
    return BalancedState(
        None, face is not None, None, eigenvalues, (), (), math.inf, null, face, message
    )


def finite_size(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    size: float,
    inverse: Callable[[np.ndarray], npt.ArrayLike],
    *,
    rate: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Correct the rates of an infinite network to first order in 1/sqrt(N).

    Parameters
    ----------
    W, X : array_like
        As for `balanced_state`.
    size : float
        Number of neurons N.
    inverse : callable
        Mean input that makes each population fire at the rates given: maps (n,) to (n,),
        the inverse of the transfer function. It is called with rates of 0 for silent
        populations, and what it gives for them is not used.
    rate : array_like, (n,), optional
        The state of the infinite network: the balanced state by default, or the ``rate``
        of a semi-balanced one.

    Returns
    -------
    numpy.ndarray, (n,)
        Corrected rates; 0 where `rate` is. They are negative where N is too small for
        the expansion.

    Raises
    ------
    ValueError, TypeError
        As for `balanced_state`; also if the weights among the active populations are
        singular, no balanced state exists, or `inverse` does not return finite numbers.

    Notes
    -----
    In a finite network the mean input is what the transfer function needs,
    sqrt(N) (W r + X) = f^-1(r), so that over the active populations S

    r_N = r + W_SS^-1 f^-1(r)/sqrt(N) + O(1/N).

    For a threshold-linear f the equation is linear, and `semi_balanced_states` with
    ``size`` solves it without expansion. Networks of exponential integrate-and-fire
    neurons are off by 15 to 25 % at N = 1e4 before the correction.

    Examples
    --------
    >>> r = finite_size([[2, -3], [9, -5]], [1.0, 0.5], 1e4, lambda r: r / 2)
    >>> r.round(4)
    array([0.206 , 0.4703])
    """
    problem = float_problem(W, X)
    eps = root_size(size)
    if rate is None:
        state = balanced_state(W, X)
        if state.rate is None or not state.exists:
            raise ValueError(f"`rate` is needed, as there is {state.message}")
        rate = state.rate
    r = vector("rate", rate, problem.n)
    require(r >= 0, "rate", "must not be negative", r)
    S = np.flatnonzero(r > 0)
    needed = vector("inverse(rate)", inverse(r), problem.n) if S.size else r
    block = problem.W[np.ix_(S, S)]
    if S.size and np.linalg.cond(block) > 1 / np.finfo(float).eps:
        raise ValueError(
            f"`W` is singular over the active populations {tuple(map(int, S))}: how a "
            "finite network chooses among them needs its whole transfer function"
        )
    corrected = np.zeros(problem.n)
    corrected[S] = r[S] + eps * np.linalg.solve(block, needed[S])
    return corrected
