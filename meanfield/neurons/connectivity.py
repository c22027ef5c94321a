"""Rules by which neurons are connected."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import require

__all__ = ["Bernoulli", "FixedInDegree", "FixedOutDegree", "OneToOne", "Rule", "Sparse"]


class Rule:
    """Which pairs of neurons are connected; a base class."""

    __slots__ = ()


def _check_degree(rule: Any) -> None:
    degree = rule.degree
    if isinstance(degree, bool) or not isinstance(degree, int | np.integer):
        raise TypeError(f"`degree` must be an integer; got {degree!r}")
    require(degree >= 0, "degree", "must not be negative", degree)


@dataclass(frozen=True, slots=True)
class FixedInDegree(Rule):
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

    degree: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        _check_degree(self)


@dataclass(frozen=True, slots=True)
class FixedOutDegree(Rule):
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

    degree: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        _check_degree(self)


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

        matrix = sparse.csc_array(self.matrix, dtype=np.float64, copy=True)
        require(np.isfinite(matrix.data), "matrix", "must be finite", matrix.data)
        matrix.sum_duplicates()
        object.__setattr__(self, "matrix", matrix)
