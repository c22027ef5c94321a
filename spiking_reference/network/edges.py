"""Synapses of a projection, drawn in a time proportional to their number.

They end as lists by source, each with its targets in order (compressed sparse rows). The
draws of each row have a stream of their own.
"""

from typing import Any, NamedTuple

import numpy as np

from meanfield.neurons import (
    Bernoulli,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedTotalNumber,
    OneToOne,
    Rule,
    Sparse,
    as_float,
    require,
)

from .._jit import inlined, kernel
from ..streams import seed, uniform
from .spatial import spatial_rows

__all__ = ["Edges", "by_target", "connect"]

# Streams of rows are numbered from here, 2^40 to a projection.
_FIRST_ROW = 1 << 61
_ROWS = 1 << 40


class Edges(NamedTuple):
    """Synapses by source.

    indptr (n_source + 1,); targets (n_edges,), ascending in each row; weight, delay:
    one number for all, or (n_edges,) [ms].
    """

    indptr: np.ndarray
    targets: np.ndarray
    weight: Any
    delay: Any


@inlined
def _below(n, rng):
    return min(np.int64(uniform(rng) * n), n - 1)


@kernel
def _draw_rows(chosen, seen, n, key, first, own, multapses, rng):
    """Fill each row of `chosen` with numbers below n; `own`: not its row's number."""
    for j in range(chosen.shape[0]):
        seed(rng, key, first + j)
        row = chosen[j]
        for i in range(row.size):
            s = _below(n, rng)
            while (own and s == j) or (not multapses and seen[s] == j):
                s = _below(n, rng)
            seen[s] = j
            row[i] = s


@kernel
def _fill_rows(indptr, chosen, n, key, first, rng):
    """Fill rows of given lengths with numbers below n."""
    for j in range(indptr.size - 1):
        seed(rng, key, first + j)
        for i in range(indptr[j], indptr[j + 1]):
            chosen[i] = _below(n, rng)


@kernel
def _bernoulli_rows(indptr, targets, n, log_q, key, first, own, rng):
    """Count (without `targets`), or fill in, the targets of each row, by gaps."""
    fill = targets.size > 0
    k = np.int64(0)
    for j in range(indptr.size - 1):
        seed(rng, key, first + j)
        i = np.int64(-1)
        while True:
            gap = np.log(uniform(rng)) / log_q
            if gap >= n - i:
                break
            i += 1 + np.int64(gap)
            if i >= n:
                break
            if own and i == j:
                continue
            if fill:
                targets[k] = i
            k += 1
        if not fill:
            indptr[j + 1] = k


@kernel
def _count(columns, indptr):
    for c in columns:
        indptr[c + 1] += 1


@kernel
def _transpose(indptr, columns, place, rows, edges):
    """Write the row of each entry of `columns` to where `place` has got for it.

    And its number to `edges`, if that has room.
    """
    numbered = edges.size > 0
    for j in range(indptr.size - 1):
        for k in range(indptr[j], indptr[j + 1]):
            c = columns[k]
            rows[place[c]] = j
            if numbered:
                edges[place[c]] = k
            place[c] += 1


def _transposed(
    indptr: np.ndarray, columns: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lists by column, with rows ascending."""
    starts, _, rows = _listed(indptr, columns, n, np.empty(0, dtype=np.uint32))
    return starts, rows


def _listed(
    indptr: np.ndarray, columns: np.ndarray, n: int, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    starts = np.zeros(n + 1, dtype=np.int64)
    _count(columns, starts)
    np.cumsum(starts, out=starts)
    rows = np.empty(columns.size, dtype=np.int32)
    _transpose(indptr, columns, starts[:-1].copy(), rows, edges)
    return starts, edges, rows


def by_target(edges: Edges, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the synapses of each of n targets: where they begin, numbers, sources."""
    numbers = np.empty(edges.targets.size, dtype=np.uint32)
    return _listed(edges.indptr, edges.targets, n, numbers)


def _degree_rows(rule: Any, rows: int, n: int, same: bool, key: np.ndarray, first: int):
    own = same and not rule.autapses
    room = n - own
    if rule.degree > room and not rule.multapses:
        raise ValueError(
            f"`degree` must be at most {room}, the number of partners, without "
            f"multapses; got {rule.degree}"
        )
    if rule.degree and not room:
        raise ValueError(
            "`degree` must be 0 where a neuron can only be its own partner"
        )
    chosen = np.empty((rows, rule.degree), dtype=np.int32)
    seen = np.full(n, -1, dtype=np.int64)
    rng = np.zeros(2, dtype=np.uint64)
    _draw_rows(chosen, seen, n, key, first, own, rule.multapses, rng)
    return np.arange(rows + 1, dtype=np.int64) * rule.degree, chosen.reshape(-1)


def _total_rows(rule: Any, rows: int, n: int, key: np.ndarray, first: int):
    rng = np.random.default_rng([*key.tolist(), first])
    indptr = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(rng.multinomial(rule.number, np.full(rows, 1 / rows)), out=indptr[1:])
    chosen = np.empty(rule.number, dtype=np.int32)
    _fill_rows(indptr, chosen, n, key, first, np.zeros(2, dtype=np.uint64))
    return indptr, chosen


def _pairs(
    rule: Rule, n_source: int, n_target: int, same: bool, key: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, Any]:
    """Make lists by source; also the weights, if the rule has them."""
    first = _FIRST_ROW + number * _ROWS
    if isinstance(rule, FixedInDegree):
        lists = _degree_rows(rule, n_target, n_source, same, key, first)
        return *_transposed(*lists, n_source), None
    if isinstance(rule, FixedOutDegree):
        lists = _degree_rows(rule, n_source, n_target, same, key, first)
        return *_transposed(*_transposed(*lists, n_target), n_source), None
    if isinstance(rule, DistanceDependent):
        lists = spatial_rows(rule, n_target, n_source, same, key, first)
        return *_transposed(*lists, n_source), None
    if isinstance(rule, Bernoulli):
        return *_bernoulli(rule, n_source, n_target, same, key, first), None
    if isinstance(rule, FixedTotalNumber):
        lists = _total_rows(rule, n_target, n_source, key, first)
        return *_transposed(*lists, n_source), None
    if isinstance(rule, OneToOne):
        if n_source != n_target:
            raise ValueError(
                "`rule` OneToOne needs populations of one size; got "
                f"{n_source} and {n_target}"
            )
        return np.arange(n_source + 1), np.arange(n_source, dtype=np.int32), None
    if isinstance(rule, Sparse):
        if rule.matrix.shape != (n_target, n_source):
            raise ValueError(
                f"`matrix` must have shape (n_target, n_source) = ({n_target}, "
                f"{n_source}); got {rule.matrix.shape}"
            )
        matrix = rule.matrix.sorted_indices()
        indptr = matrix.indptr.astype(np.int64)
        return indptr, matrix.indices.astype(np.int32), matrix.data
    raise TypeError(f"`rule` must be a connection rule; got {type(rule).__name__}")


def _bernoulli(rule: Bernoulli, n_source, n_target, same, key, first):
    own = same and not rule.autapses
    indptr = np.zeros(n_source + 1, dtype=np.int64)
    if rule.p == 0.0:
        return indptr, np.empty(0, dtype=np.int32)
    log_q = np.log1p(-rule.p) if rule.p < 1.0 else -np.inf
    args = (n_target, log_q, key, first, own, np.zeros(2, dtype=np.uint64))
    _bernoulli_rows(indptr, np.empty(0, dtype=np.int32), *args)
    targets = np.empty(indptr[-1], dtype=np.int32)
    if targets.size:
        _bernoulli_rows(indptr, targets, *args)
    return indptr, targets


def connect(
    projection: Any,
    n_source: int,
    n_target: int,
    key: np.ndarray,
    number: int,
) -> Edges:
    """Draw the synapses of projection `number` of a network.

    Parameters
    ----------
    projection : Projection
    n_source, n_target : int
        Sizes of the populations.
    key : numpy.ndarray
        Four 64-bit words that all random streams derive from.
    number : int
        Number of the projection in its network.

    Returns
    -------
    Edges

    Raises
    ------
    ValueError
        If the rule does not fit the populations.

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.neurons import FixedInDegree, Projection
    >>> rule = FixedInDegree(2, autapses=False)
    >>> projection = Projection(source="I", target="I", rule=rule, weight=1.0, delay=1.0)
    >>> edges = connect(projection, 4, 4, np.arange(4, dtype=np.uint64), 0)
    >>> np.bincount(edges.targets)
    array([2, 2, 2, 2])
    """
    same = projection.source == projection.target
    indptr, targets, weights = _pairs(
        projection.rule, n_source, n_target, same, key, number
    )
    rng = np.random.default_rng([*key.tolist(), number])
    if weights is None:
        weights = _values("weight", projection.weight, targets.size, rng)
    if projection.plasticity is None and np.ndim(weights):
        weights = weights.astype(np.float32)
    delays = _values("delay", projection.delay, targets.size, rng)
    return Edges(indptr, targets, weights, delays)


def _values(name: str, given: Any, n: int, rng: np.random.Generator) -> Any:
    if not hasattr(given, "rvs"):
        return given
    found = as_float(name, given.rvs(size=n, random_state=rng)).astype(np.float64)
    if found.shape != (n,):
        raise ValueError(
            f"`{name}` must draw as many values as asked for, ({n},); got shape "
            f"{found.shape}"
        )
    require(np.isfinite(found), name, "must be drawn finite", found)
    return found
