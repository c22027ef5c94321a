"""The map from stimuli to states: its linear pieces, its folds, and what it computes."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.optimize

from ..errors import as_float, require
from ._classify import bits
from ._problem import Problem, float_problem, weights
from ._sweep import _NAMES, Pieces, SemiBalancedRates, match, pieces

_OPEN = 1e-9  # least width, relative, of a region of stimuli that counts


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """States of one support: r = offset + map s, for intensities with cone s + edge >= 0.

    Attributes
    ----------
    support : tuple of int
        The active populations.
    map : numpy.ndarray, (n, m)
        From intensities to rates; rows of silent populations are 0.
    offset : numpy.ndarray, (n,)
        Rates at s = 0.
    cone : numpy.ndarray, (n, m)
        From intensities to the rates of active and minus the net input of silent
        populations, all of which must be positive.
    edge : numpy.ndarray, (n,)
        The same at s = 0.
    index : int
        Sign of det(-W) over the support.
    stability : {"stable", "unstable", "boundary"}
        Of its states.
    """

    support: tuple[int, ...]
    map: np.ndarray
    offset: np.ndarray
    cone: np.ndarray
    edge: np.ndarray
    index: int
    stability: str


@dataclasses.dataclass(frozen=True, slots=True)
class Fold:
    """Where two pieces lie on the same side of the border that they share.

    Attributes
    ----------
    supports : (tuple of int, tuple of int)
        Of the two pieces; they differ in one population.
    population : int
        That population.
    normal : numpy.ndarray, (m,)
        Both states exist on the side normal s + edge > 0, and meet at 0.
    edge : float
        See `normal`.
    """

    supports: tuple[tuple[int, ...], tuple[int, ...]]
    population: int
    normal: np.ndarray
    edge: float


@dataclasses.dataclass(frozen=True)
class StimulusManifold:
    """All states of a network over a family of stimuli; see `stimulus_manifold`.

    Attributes
    ----------
    pieces : tuple of Piece
        Supports that carry states for some intensities s >= 0, small ones first.
    folds : tuple of Fold
        Borders at which states appear and vanish in pairs.
    always_unique : bool
        Whether -W is a P-matrix: one state for every stimulus, of whatever family.
    """

    pieces: tuple[Piece, ...]
    folds: tuple[Fold, ...]
    always_unique: bool
    _problem: Problem = dataclasses.field(repr=False)
    _found: Pieces = dataclasses.field(repr=False)
    _inputs: np.ndarray = dataclasses.field(repr=False)

    @property
    def sources(self) -> int:
        """Number m of external sources."""
        return self._inputs.shape[1]

    def stimuli(self, s: npt.ArrayLike) -> np.ndarray:
        """Return the external inputs at intensities s.

        Parameters
        ----------
        s : array_like, (..., m)
            Intensities.

        Returns
        -------
        numpy.ndarray, (..., n)
        """
        s = as_float("s", s).astype(float)
        if s.ndim == 0 or s.shape[-1] != self.sources:
            raise ValueError(
                f"`s` must have {self.sources} elements on its last axis; got {s.shape}"
            )
        require(np.isfinite(s), "s", "must be finite", s)
        return self._problem.X + s @ self._inputs.T

    def states(self, s: npt.ArrayLike) -> SemiBalancedRates:
        """List all states at intensities s.

        Parameters
        ----------
        s : array_like, (..., m)
            Intensities.

        Returns
        -------
        SemiBalancedRates
        """
        problem = self._problem
        X = self.stimuli(s) + (problem.b - problem.X)
        flat = np.ascontiguousarray(X.reshape(-1, problem.n))
        return match(problem, self._found, flat, X.shape[:-1])


def stimulus_manifold(
    W: npt.ArrayLike,
    inputs: npt.ArrayLike | None = None,
    base: npt.ArrayLike = 0.0,
    *,
    gain: npt.ArrayLike = 1.0,
    tau: npt.ArrayLike = 1.0,
    size: float = math.inf,
    threshold: npt.ArrayLike = 0.0,
) -> StimulusManifold:
    """Take the map from stimulus intensities to states apart into linear pieces.

    Parameters
    ----------
    W : array_like, (n, n)
        Weights, up to 12 populations.
    inputs : array_like, (n, m), optional
        Weights of m external sources: the stimulus is X = base + inputs s with s >= 0. By
        default a source for each population.
    base : float or array_like, (n,)
        Stimulus at s = 0.
    gain, tau, size, threshold
        As for `semi_balanced_states`.

    Returns
    -------
    StimulusManifold

    Raises
    ------
    ValueError, TypeError
        As for `semi_balanced_rates`; also if the shapes of `inputs` and `base` do not fit.

    Notes
    -----
    Balanced rates -W^-1 X are a linear image of the intensities, an m-dimensional cone; no
    linear readout of them computes exclusive or. Semi-balanced states use another
    linear map for each set of active populations: where -W is a P-matrix they are one
    continuous, piecewise linear manifold [1]_. Otherwise it is folded: two pieces that
    share the border where population a falls silent lie on opposite sides of it if the
    signs of det(-W) over their supports agree, and on the same side, where both exist,
    if they do not.

    References
    ----------
    .. [1] C. Baker, V. Zhu, R. Rosenbaum, PLoS Comput. Biol. 16, e1008192 (2020),
       doi:10.1371/journal.pcbi.1008192

    Examples
    --------
    >>> manifold = stimulus_manifold([[2, -3], [9, -5]])
    >>> [piece.support for piece in manifold.pieces], len(manifold.folds)
    ([(1,), (0, 1)], 0)
    """
    n = len(weights(W))
    base = as_float("base", base).astype(float)
    base = np.full(n, base) if base.ndim == 0 else base
    problem = float_problem(W, base, gain, tau, size, threshold)
    B = np.eye(n) if inputs is None else as_float("inputs", inputs).astype(float)
    if B.ndim != 2 or len(B) != n or not B.size:
        raise ValueError(
            f"`inputs` must have shape ({n}, m), a row for each population of `W` and a "
            f"column for each source; got {B.shape}"
        )
    require(np.isfinite(B), "inputs", "must be finite", B)
    found = pieces(problem)
    every = {
        bits(code): _piece(found, k, problem, B) for k, code in enumerate(found.codes)
    }
    shown = sorted(
        (p for p in every.values() if _is_met(p.cone, p.edge)),
        key=lambda p: (len(p.support), p.support),
    )
    unique = len(every) == 1 << n and all(p.index == 1 for p in every.values())
    folds = () if unique else tuple(_folds(every, shown))
    return StimulusManifold(tuple(shown), folds, unique, problem, found, B)


def _piece(found: Pieces, k: int, problem: Problem, B: np.ndarray) -> Piece:
    support = bits(found.codes[k])
    cone, edge = found.maps[k] @ B, found.maps[k] @ problem.b
    active = np.isin(np.arange(problem.n), support)
    return Piece(
        support, cone * active[:, None], edge * active, cone, edge,
        int(found.index[k]), str(_NAMES[found.stability[k]]),
    )  # fmt: skip


def _is_met(cone: np.ndarray, edge: np.ndarray, equal: int | None = None) -> bool:
    """Whether cone s + edge > 0 for some s > 0; row `equal`, if any, is to be 0 instead."""
    m = cone.shape[1]
    size = np.maximum(np.abs(cone).sum(axis=1), np.abs(edge))
    if equal is None:
        flat = (np.abs(cone).max(axis=1) <= _OPEN * size) & (
            np.abs(edge) <= _OPEN * size
        )
        if np.any(flat | (size == 0)):
            return False
    size[size == 0] = 1.0
    rows, right = -cone / size[:, None], edge / size
    chosen = np.arange(len(edge)) != (-1 if equal is None else equal)
    margin = np.ones(len(edge))
    # Unknowns: s and the margin by which everything is positive, at most 1.
    found = scipy.optimize.linprog(
        np.append(np.zeros(m), -1.0),
        np.vstack(
            [
                np.column_stack([rows, margin])[chosen],
                np.column_stack([-np.eye(m), np.ones(m)]),
            ]
        ),
        np.append(right[chosen], np.zeros(m)),
        None if equal is None else np.append(rows[equal], 0.0)[None],
        None if equal is None else right[equal : equal + 1],
        bounds=[(0, None)] * m + [(None, 1.0)],
    )
    return found.x is not None and found.x[-1] > _OPEN


def _folds(every: dict, shown: list[Piece]):
    for piece in shown:
        for a in set(range(len(piece.edge))) - set(piece.support):
            other = every.get(tuple(sorted((*piece.support, a))))
            if other is None or other.index == piece.index:
                continue
            if _is_met(piece.cone, piece.edge, equal=a):
                yield Fold(
                    (piece.support, other.support),
                    a,
                    piece.cone[a],
                    float(piece.edge[a]),
                )


class ExclusiveOr(NamedTuple):
    """A network whose semi-balanced rates compute exclusive or; see `exclusive_or`."""

    W: np.ndarray
    inputs: np.ndarray
    base: np.ndarray
    readout: np.ndarray


def exclusive_or() -> ExclusiveOr:
    """Return three populations of which a linear readout is the exclusive or.

    Returns
    -------
    ExclusiveOr
        Weights ``W`` (3, 3) of two excitatory and an inhibitory population; stimuli
        ``base + inputs @ s`` for the bits s (2,); weights ``readout`` (3,) of the output.

    Notes
    -----
    Each bit excites its excitatory population, and inhibition by a little. One bit
    silences the other population; both together excite inhibition enough to silence
    both. The states are unique and stable. Balanced rates r = -W^-1 X are affine in s, so
    that r(1, 1) + r(0, 0) = r(1, 0) + r(0, 1), and so is every linear readout, which rules
    out exclusive or.

    Examples
    --------
    >>> W, inputs, base, readout = exclusive_or()
    >>> s = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    >>> rates = stimulus_manifold(W, inputs, base).states(s).only()
    >>> rates @ readout
    array([0., 1., 1., 0.])
    """
    W = np.array([[4.0, 3.0, -6.0], [3.0, 4.0, -6.0], [5.0, 5.0, -7.0]])
    inputs = np.array([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]])
    return ExclusiveOr(
        W, inputs, np.array([1.0, 1.0, 2.0]), np.array([2.0, 2.0, 0.0]) / 11.0
    )
