"""All semi-balanced states of a network for one stimulus."""

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ._classify import State
from ._faces import Face
from ._problem import exact_problem, float_problem

_LIMIT = 20  # populations up to which every support is tried by default
_HARD_LIMIT = 26
_STARTS, _BUDGET = 100, 100_000  # at most, and times the square of the populations


@dataclasses.dataclass(frozen=True, slots=True)
class SemiBalancedStates:
    """All states that were found; see `semi_balanced_states`.

    Attributes
    ----------
    states : tuple of State
        Isolated states, small supports first.
    faces : tuple of Face
        Continua of states, which need singular weights.
    exhaustive : bool
        Whether there are no others.
    degree : int or None
        Sum of the indices of all states, the same for every generic stimulus; None if it
        is not known or does not exist.
    status : {"solved", "continuum", "runaway", "not found"}
        ``"runaway"``: there is no state; ``"not found"``: none was found, but there may
        be some.
    message : str
        The same as a sentence.
    """

    states: tuple[State, ...]
    faces: tuple[Face, ...]
    exhaustive: bool
    degree: int | None
    status: str
    message: str

    @property
    def stable(self) -> tuple[State, ...]:
        """The stable states."""
        return tuple(s for s in self.states if s.stability == "stable")


def semi_balanced_states(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    *,
    gain: npt.ArrayLike = 1.0,
    tau: npt.ArrayLike = 1.0,
    size: float = math.inf,
    threshold: npt.ArrayLike = 0.0,
    exact: bool = False,
    enumerate_up_to: int = _LIMIT,
    starts: int | None = None,
    rng: Any = 0,
) -> SemiBalancedStates:
    """Find all semi-balanced states, the solutions of r = [W r + X + r]^+.

    Parameters
    ----------
    W : array_like, (n, n)
        Mean-field weights: row = target, column = source, negative for inhibition. For a
        network of N neurons with weights j_ab/sqrt(N), connection probabilities p_ab and
        fractions q_b of the neurons, W_ab = p_ab j_ab q_b.
    X : array_like, (n,)
        External input over sqrt(N).
    gain, tau : float or array_like, (n,)
        Slope of the rate over the input, and time constant, of each population. In the
        limit of large N they matter for stability only, by their ratios.
    size : float
        Number N of neurons: with a finite one, the states of the threshold-linear
        network r = gain [sqrt(N) (W r + X) - threshold]^+, exactly.
    threshold : float or array_like, (n,)
        Of finite networks.
    exact : bool
        Decide in rational arithmetic. Arguments may then also be Fractions, or strings
        such as ``"2/3"``; floats are taken as the binary fractions they are.
    enumerate_up_to : int
        Try all 2^n supports up to so many populations, at most 26. Beyond that, solve
        module by module or search.
    starts : int, optional
        Starts of the search; by default 100, and fewer above 30 populations, 4 above 150.
    rng : int, numpy.random.Generator or None
        For the search.

    Returns
    -------
    SemiBalancedStates
        ``states``, ``faces``, ``exhaustive``, ``degree``, ``status``, ``message``. Runaway
        and continua are answers, not errors.

    Raises
    ------
    ValueError
        If `W` is not square, shapes do not fit, something is not finite, `gain`, `tau` or
        `size` is not positive, `enumerate_up_to` or `starts` is out of range, or with
        ``exact=True`` a number is not rational.
    TypeError
        For what is not a real number.

    Notes
    -----
    Populations are either balanced, r_a > 0 and (W r + X)_a = 0, or silent with an excess
    of inhibition, r_a = 0 and (W r + X)_a <= 0 [1]_: a linear complementarity problem
    with M = -W and q = -X [2]_; in finite networks with M = 1/(gain sqrt(N)) - W and q =
    threshold/sqrt(N) - X, so that ``size=1`` is the network r = [W r + X]^+.

    Every support is tried, one pivot leading from each to the next. What is not clearly
    ruled out is solved again with a bound on the error from rounding of W and X (or
    exactly): states whose signs lie within it are ``"boundary"``. Continua live on supports
    with singular weights, and are given by their corners and rays. Stability is that of
    tau_a dr_a/dt = -r_a + f_a(sqrt(N) (W r + X)_a) for large N: all eigenvalues of
    diag(gain/tau) W over the support have negative real parts.

    The sum of the indices over all states, the degree, is the same for almost all X. If it
    is not 0 there is a state for every X; at most (number + degree)/2 states are
    stable. A network without any state has rates that do not stay bounded.

    Larger networks of modules without loops between them (chains, uncoupled networks) are
    solved module by module. Others are searched by Lemke's algorithm from random covering
    vectors, projected dynamics and active-set Newton steps. Their result is ``exhaustive``
    only if -W is seen to be a P-matrix, by diagonal dominance or a positive definite
    symmetric part. Success rates and times: `docs/benchmarks/balanced.md`.

    References
    ----------
    .. [1] C. Baker, V. Zhu, R. Rosenbaum, PLoS Comput. Biol. 16, e1008192 (2020),
       doi:10.1371/journal.pcbi.1008192
    .. [2] R. W. Cottle, J.-S. Pang, R. E. Stone, The Linear Complementarity Problem, SIAM
       (2009), doi:10.1137/1.9780898719000

    Examples
    --------
    Two excitatory populations that compete: either may win, and both together is a
    saddle.

    >>> W = [[18, 12, -45], [12, 18, -45], [67.5, 67.5, -75]]
    >>> found = semi_balanced_states(W, [0.4, 0.4, 0.3])
    >>> found.message, found.exhaustive, found.degree
    ('3 states, 2 of them stable', True, 1)
    >>> for state in found.states:
    ...     print(state.support, state.stability, state.index, state.rate.round(5))
    (0, 2) stable 1 [0.00978 0.      0.0128 ]
    (1, 2) stable 1 [0.      0.00978 0.0128 ]
    (0, 1, 2) unstable -1 [0.00431 0.00431 0.01176]
    """
    build = exact_problem if exact else float_problem
    problem = build(W, X, gain, tau, size, threshold)
    if not 0 <= enumerate_up_to <= _HARD_LIMIT:
        raise ValueError(
            f"`enumerate_up_to` must be from 0 to {_HARD_LIMIT} populations, as there are "
            f"2^n supports; got {enumerate_up_to}"
        )
    if problem.n <= enumerate_up_to:
        from ._enumerate import every_support

        states, faces, degree, complete = every_support(problem)
        return _result(problem, states, faces, complete, degree)
    from ._parts import module_by_module, modules

    parts = modules(problem.A)
    if max(map(len, parts)) <= enumerate_up_to:
        every = module_by_module(problem, parts)
        if every is not None:
            return _result(problem, every[0], [], True, every[1])
    if starts is None:
        starts = max(4, min(_STARTS, _BUDGET // problem.n**2))
    if starts < 1:
        raise ValueError(f"`starts` must be at least 1; got {starts}")
    from ._search import has_one_state, search

    unique = has_one_state(problem)
    found = search(problem, starts, np.random.default_rng(rng), stop_at_one=unique)
    complete = unique and len(found) == 1
    result = _result(problem, list(found.values()), [], complete, 1 if unique else None)
    if not complete:
        return result
    message = f"{result.message}; -W is a P-matrix, so there are no others"
    return dataclasses.replace(result, message=message)


def _result(problem, states, faces, complete, degree) -> SemiBalancedStates:
    states = tuple(sorted(states, key=lambda s: (len(s.support), s.support)))
    stable = sum(s.stability == "stable" for s in states)
    if faces:
        status = "continuum"
        where = ", ".join(str(face.support) for face in faces[:3])
        kind = "a continuum" if len(faces) == 1 else f"{len(faces)} continua"
        message = f"{kind} of states, active on {where}{', ...' * (len(faces) > 3)}"
        message += f"; isolated states and corners: {len(states)}"
    elif states:
        status = "solved"
        plural = "states" if len(states) > 1 else "state"
        message = f"{len(states)} {plural}, {stable} of them stable"
    elif complete:
        status = "runaway"
        message = (
            "no state: no set of populations balances this stimulus with the others "
            "silent, and rates do not stay bounded"
        )
    else:
        status, message = "not found", "no state was found"
    if not complete:
        message += "; not exhaustive: there may be others"
    return SemiBalancedStates(states, tuple(faces), complete, degree, status, message)
