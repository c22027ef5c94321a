"""States for many stimuli at once: one linear map per support, made once."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ._classify import Scaled, bits, growth
from ._problem import Problem, float_problem

_LIMIT = 12  # populations: all maps have 2^n n^2 numbers
_TOLERANCE = 1e-12  # of an input or a rate, relative to the terms it is the sum of
_NAMES = np.array(["stable", "unstable", "boundary"])


@dataclasses.dataclass(frozen=True, slots=True)
class Pieces:
    """For each nonsingular support the matrix C: C X >= 0 says that it carries a state.

    Row a of C X is the rate of an active population, and minus the net input of a silent
    one.
    """

    codes: np.ndarray
    maps: np.ndarray
    index: np.ndarray
    stability: np.ndarray  # positions in _NAMES


@dataclasses.dataclass(frozen=True, slots=True)
class SemiBalancedRates:
    """All states for many stimuli, in one list; see `semi_balanced_rates`.

    Attributes
    ----------
    shape : tuple of int
        Of the stimuli, without the axis of the populations.
    stimulus : numpy.ndarray of int, (k,)
        For each state the flat number of its stimulus, rising.
    rate : numpy.ndarray, (k, n)
        Rates.
    support : numpy.ndarray of bool, (k, n)
        Who is active.
    stability : numpy.ndarray of str, (k,)
        ``"stable"``, ``"unstable"`` or ``"boundary"``.
    index : numpy.ndarray of int, (k,)
        Sign of det(-W) over the support.
    """

    shape: tuple[int, ...]
    stimulus: np.ndarray
    rate: np.ndarray
    support: np.ndarray
    stability: np.ndarray
    index: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Number of states for each stimulus, of shape `shape`."""
        return self._count(np.ones(self.stimulus.size, dtype=bool))

    @property
    def stable_count(self) -> np.ndarray:
        """Number of stable states for each stimulus, of shape `shape`."""
        return self._count(self.stability == "stable")

    def _count(self, chosen: np.ndarray) -> np.ndarray:
        counts = np.bincount(self.stimulus[chosen], minlength=math.prod(self.shape))
        return counts.reshape(self.shape)

    def only(self) -> np.ndarray:
        """Return the rates where every stimulus has exactly one stable state.

        Returns
        -------
        numpy.ndarray, (..., n)

        Raises
        ------
        ValueError
            If a stimulus has none or several.
        """
        counts = self.stable_count
        require(
            counts == 1, "stable_count", "must be 1 for every stimulus", counts,
            "choose among the listed states",
        )  # fmt: skip
        return self.rate[self.stability == "stable"].reshape(*self.shape, -1)


def semi_balanced_rates(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    *,
    gain: npt.ArrayLike = 1.0,
    tau: npt.ArrayLike = 1.0,
    size: float = math.inf,
    threshold: npt.ArrayLike = 0.0,
) -> SemiBalancedRates:
    """Find all semi-balanced states for each of many stimuli.

    Parameters
    ----------
    W : array_like, (n, n)
        As for `semi_balanced_states`; up to 12 populations.
    X : array_like, (..., n)
        Stimuli.
    gain, tau, size, threshold
        As for `semi_balanced_states`.

    Returns
    -------
    SemiBalancedRates

    Raises
    ------
    ValueError, TypeError
        As for `semi_balanced_states`.

    Notes
    -----
    Every support with a nonsingular block has a linear map from the stimulus to the rates
    of its populations and to minus the net inputs of the others: a state is where all are
    positive. The maps are made once; then a stimulus costs 2^n tests, each of which ends
    at the first wrong sign. Signs within 1e-12 of the terms of their sum count as 0: such
    states are ``"boundary"`` (and listed once, with the smaller support). Supports with a
    singular block, which carry states for exceptional stimuli only, are left out;
    `semi_balanced_states` has them.

    Examples
    --------
    >>> sweep = semi_balanced_rates([[2, -3], [9, -5]], [[1.0, 0.5], [0.5, 1.0]])
    >>> sweep.only().round(4)
    array([[0.2059, 0.4706],
           [0.    , 0.2   ]])
    """
    X = as_float("X", X).astype(float)
    if X.ndim == 0:
        raise ValueError("`X` must have an element for each population; got a number")
    require(np.isfinite(X), "X", "must be finite", X)
    first = np.zeros(X.shape[-1])
    problem = float_problem(W, first, gain, tau, size, threshold)
    stimuli = np.ascontiguousarray(X.reshape(-1, problem.n) + problem.b)
    return match(problem, pieces(problem), stimuli, X.shape[:-1])


def pieces(problem: Problem) -> Pieces:
    """Make the maps of all nonsingular supports."""
    from ._kernels import all_pieces

    n = problem.n
    if n > _LIMIT:
        raise ValueError(
            f"`W` must have at most {_LIMIT} populations, as there are 2^n supports; got "
            f"{n}; use semi_balanced_states for one stimulus at a time"
        )
    scaled = Scaled.of(problem.A, np.zeros(n))
    maps, signs = np.empty((1 << n, n, n)), np.empty(1 << n, dtype=np.int8)
    all_pieces(np.ascontiguousarray(scaled.A), maps, signs)
    codes = np.flatnonzero(signs)
    active = codes[:, None] >> np.arange(n) & 1 > 0
    maps = maps[codes] * np.where(active, scaled.rate, scaled.rows)[:, :, None]
    names = list(_NAMES)
    stability = [names.index(growth(problem, bits(int(code)))[1]) for code in codes]
    return Pieces(codes, maps / scaled.rows, signs[codes], np.array(stability))


def match(
    problem: Problem, found: Pieces, X: np.ndarray, shape: tuple[int, ...]
) -> SemiBalancedRates:
    """List the states of all stimuli."""
    from ._kernels import match_stimuli

    room, total = len(X) + 16, 0
    while True:
        stimulus, piece = np.empty(room, np.int64), np.empty(room, np.int64)
        edge, rate = np.empty(room, np.bool_), np.empty((room, problem.n))
        total = match_stimuli(
            found.maps, found.codes, X, _TOLERANCE, stimulus, piece, edge, rate
        )
        if total <= room:
            break
        room = total
    piece, edge = piece[:total], edge[:total]
    index = found.index[piece].astype(int)
    support = found.codes[piece][:, None] >> np.arange(problem.n) & 1 > 0
    stability = _NAMES[np.where(edge, 2, found.stability[piece])]
    return SemiBalancedRates(
        shape, stimulus[:total], rate[:total], support, stability, index
    )
