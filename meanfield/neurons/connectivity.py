"""Rules by which neurons are connected."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import require

__all__ = [
    "Bernoulli",
    "DistanceDependent",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedTotalNumber",
    "OneToOne",
    "Rule",
    "Sparse",
]


class Rule:
    """Which pairs of neurons are connected; a base class."""

    __slots__ = ()


def _check_count(name: str, count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int | np.integer):
        raise TypeError(f"`{name}` must be an integer; got {count!r}")
    require(count >= 0, name, "must not be negative", count)


@dataclass(frozen=True, slots=True)
class _FixedDegree(Rule):
    """One number of partners for all."""

    degree: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        _check_count("degree", self.degree)


@dataclass(frozen=True, slots=True)
class FixedInDegree(_FixedDegree):
    """Each target has the same number of sources, drawn at random.

    Parameters
    ----------
    degree : int
        Sources of each target.
    autapses : bool, optional
        Whether a neuron may be its own source.
    multapses : bool, optional
        Whether a pair may be connected more than once.

    Raises
    ------
    TypeError, ValueError
        If `degree` is no integer, or negative.

    Examples
    --------
    >>> from meanfield.neurons import FixedInDegree
    >>> FixedInDegree(100)
    FixedInDegree(degree=100, autapses=True, multapses=True)
    """


@dataclass(frozen=True, slots=True)
class FixedOutDegree(_FixedDegree):
    """Each source has the same number of targets, drawn at random.

    Parameters
    ----------
    degree : int
        Targets of each source.
    autapses, multapses : bool, optional
        As for `FixedInDegree`.

    Raises
    ------
    TypeError, ValueError
        If `degree` is no integer, or negative.

    Examples
    --------
    >>> from meanfield.neurons import FixedOutDegree
    >>> FixedOutDegree(10).degree
    10
    """


@dataclass(frozen=True, slots=True)
class FixedTotalNumber(Rule):
    """So many synapses in all, each between a source and a target drawn at random.

    A pair may be connected more than once, and a neuron may be its own source. In-degrees
    are binomial, of mean number/n_target.

    Parameters
    ----------
    number : int
        Number of synapses.

    Raises
    ------
    TypeError, ValueError
        If `number` is no integer, or negative.

    Examples
    --------
    >>> from meanfield.neurons import FixedTotalNumber
    >>> FixedTotalNumber(1000)
    FixedTotalNumber(number=1000)
    """

    number: int

    def __post_init__(self) -> None:
        _check_count("number", self.number)


@dataclass(frozen=True, slots=True)
class Bernoulli(Rule):
    """Each pair is connected with the same probability, independently.

    Parameters
    ----------
    p : float
        Probability, in [0, 1].
    autapses : bool, optional
        Whether a neuron may be its own source.

    Raises
    ------
    ValueError
        If `p` is no probability.

    Examples
    --------
    >>> from meanfield.neurons import Bernoulli
    >>> Bernoulli(0.1).p
    0.1
    """

    p: float
    autapses: bool = True

    def __post_init__(self) -> None:
        require(0.0 <= self.p <= 1.0, "p", "must be in [0, 1]", self.p)


@dataclass(frozen=True, slots=True)
class OneToOne(Rule):
    """Source i is connected to target i; populations are of one size.

    Examples
    --------
    >>> from meanfield.neurons import OneToOne
    >>> OneToOne()
    OneToOne()
    """


@dataclass(frozen=True, slots=True, eq=False)
class Sparse(Rule):
    """Given connections and weights.

    Parameters
    ----------
    matrix : scipy.sparse array or numpy.ndarray
        Weights (n_target, n_source); what is not stored is not connected.

    Raises
    ------
    TypeError, ValueError
        If it is no matrix of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.neurons import Sparse
    >>> Sparse(np.eye(3)).matrix.nnz
    3
    """

    matrix: Any

    def __post_init__(self) -> None:
        from scipy import sparse

        if hasattr(self.matrix, "check_format"):
            self.matrix.check_format()  # indices out of bounds
        matrix = sparse.csc_array(self.matrix, dtype=np.float64, copy=True)
        require(np.isfinite(matrix.data), "matrix", "must be finite", matrix.data)
        matrix.sum_duplicates()
        object.__setattr__(self, "matrix", matrix)


@dataclass(frozen=True, slots=True)
class DistanceDependent(Rule):
    """Each target draws the same number of sources, near ones rather than far ones.

    Parameters
    ----------
    degree : int
        Sources of each target; a pair may be connected more than once.
    width : float
        Standard deviation of a coordinate of the distance ("gaussian"), its length of
        decay ("exponential") or the radius ("uniform"), in units of the side.
    profile : {"gaussian", "exponential", "uniform"}, optional
        Density of sources by distance.
    dimensions : {1, 2}, optional
        Populations lie evenly on a ring, or in square grids, row by row, on a torus, of
        side 1.
    autapses : bool, optional
        Whether a neuron may be its own source.

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind or out of range.

    Notes
    -----
    The source lies next to the target's position plus a displacement drawn from the
    profile, wrapped around: exp(-x^2/(2 width^2)) in each coordinate [1]_,
    exp(-r/width), or constant for r < width, where r is the length of the displacement.

    References
    ----------
    .. [1] R. Rosenbaum, M. A. Smith, A. Kohn, J. E. Rubin, B. Doiron, Nat. Neurosci. 20,
       107 (2017), doi:10.1038/nn.4433

    Examples
    --------
    >>> from meanfield.neurons import DistanceDependent
    >>> DistanceDependent(100, width=0.05, dimensions=2).profile
    'gaussian'
    """

    degree: int
    width: float
    profile: str = "gaussian"
    dimensions: int = 1
    autapses: bool = True

    def __post_init__(self) -> None:
        _check_count("degree", self.degree)
        good = np.isfinite(self.width) and self.width > 0
        require(good, "width", "must be finite and positive", self.width)
        for name, allowed in (
            ("profile", ("gaussian", "exponential", "uniform")),
            ("dimensions", (1, 2)),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {allowed}; got {getattr(self, name)!r}"
                )
