"""All fixed points of a rate model, with stability."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

import numpy as np
from scipy.sparse.csgraph import connected_components

from ..errors import require
from ._bounds import rate_bounds
from ._certify import can_certify, certify
from ._model import RateModel, Spectrum, apply, input_of, jacobian_of, spectrum
from ._multistart import newton, search
from ._scalar import all_roots, nullcline
from ._transfer import CustomTransfer, ThresholdLinear

_TOLERANCE = 1e-9  # relative: eigenvalues and distances to a kink below it count as 0
_JUMP = 1e-6  # relative: a "root" with a larger residual is where f jumps over it
_MOST_STATES = 10_000


@dataclass(frozen=True)
class FixedPoint:
    """Rates at which a model rests.

    Attributes
    ----------
    rate, input : numpy.ndarray, (n,)
        Rates, and W r + X.
    residual : float
        Largest abs(f(W r + X) - r).
    jacobian : numpy.ndarray, (n, n)
        Of dr/dt [1/ms].
    eigenvalues : numpy.ndarray of complex, (n,)
        Of the Jacobian, the largest real part first.
    stability : str
        "stable", "unstable", or "boundary": an eigenvalue of real part 0, or a population
        exactly at the kink of its transfer function.
    kind : str
        "node" (real eigenvalues of one sign), "focus" (of one sign, some complex),
        "saddle" (of both signs) or "degenerate" (a real part is 0).
    index : int
        Sign of det(-J); 0 on the boundary.
    support : tuple of int
        Populations with positive rate.
    """

    rate: np.ndarray
    input: np.ndarray
    residual: float
    jacobian: np.ndarray
    eigenvalues: Spectrum
    stability: str
    kind: str
    index: int
    support: tuple[int, ...]


@dataclass(frozen=True)
class FixedPoints:
    """What `fixed_points` found: iterable, the least rates first.

    Attributes
    ----------
    points : tuple of FixedPoint
        In the order of their rates.
    exhaustive : bool
        Whether there are surely no others.
    message : str
        Why, or why not.
    """

    points: tuple[FixedPoint, ...]
    exhaustive: bool
    message: str

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[FixedPoint]:
        return iter(self.points)

    def __getitem__(self, k: int) -> FixedPoint:
        return self.points[k]

    @property
    def stable(self) -> tuple[FixedPoint, ...]:
        """Those that are stable."""
        return tuple(point for point in self.points if point.stability == "stable")


def fixed_points(
    model: RateModel,
    *,
    starts: int = 256,
    rng: int | np.random.Generator | None = 0,
) -> FixedPoints:
    """Find all rates with r = f(W r + X), and their stability.

    Parameters
    ----------
    model : RateModel
        One model, not a batch, with constant input.
    starts : int
        Random starts a round of the search that components of three and more populations
        need.
    rng : int, numpy.random.Generator or None
        For these.

    Returns
    -------
    FixedPoints
        The list, whether it is exhaustive, and why. Empty where there is none.

    Raises
    ------
    ValueError
        If `model` is a batch or its input changes in time.

    Notes
    -----
    The network is cut into strongly connected components, solved one after the other for
    every state of those upstream. A component of threshold-linear populations is a linear
    complementarity problem, solved support by support; one or two populations with any
    transfer functions that never fall reduce to a scalar function along a nullcline, whose
    roots are all found by excluding intervals with bounds. What remains is searched by
    Newton's method from many starts, deflated by what is known; up to 16 populations, with
    functions whose slopes have bounds, interval Newton then proves the list complete,
    unless that takes more than 200,000 boxes. Rates of fixed points are
    bounded a priori where f saturates, or is a power law and W has no homogeneous
    balanced state; else rates up to 1e6 times the input are searched, and the list is not
    called exhaustive. "Surely" is up to rounding, not by directed rounding.

    For functions that saturate, the indices of all fixed points sum to 1 (Brouwer's
    degree), by which the search notices that some are missing.

    References
    ----------
    .. [1] E. Nozari, J. Cortes, IEEE Trans. Autom. Control 66, 1002 (2021),
       doi:10.1109/TAC.2020.3005341
    .. [2] P. E. Farrell, A. Birkisson, S. W. Funke, SIAM J. Sci. Comput. 37, A2026 (2015),
       doi:10.1137/140984798

    Examples
    --------
    >>> from meanfield.rate import RateModel, Sigmoid, fixed_points
    >>> model = RateModel(W=[[12.0, -4.0], [13.0, -2.0]], X=[-5.0, -9.0], f=Sigmoid())
    >>> found = fixed_points(model)
    >>> found.exhaustive, [point.stability for point in found]
    (True, ['stable', 'unstable', 'stable'])
    """
    require_one(model)
    require(starts >= 1, "starts", "must be at least 1", starts)
    generator = np.random.default_rng(rng)
    states, reasons = [np.zeros(model.n)], []
    exhaustive = True
    for component in _components(model.W):
        extended = []
        for state in states:
            part = _restricted(model, component, state)
            with np.errstate(over="ignore", invalid="ignore"):
                found, complete, reason = _solve(part, starts, generator)
            exhaustive &= complete
            reasons.append(reason)
            for rates in found:
                new = state.copy()
                new[component] = rates
                extended.append(new)
        states = extended
        if len(states) > _MOST_STATES:
            states, exhaustive = states[:_MOST_STATES], False
            reasons.append(f"more than {_MOST_STATES} states: the others were dropped")
    states.sort(key=tuple)
    message = "; ".join(dict.fromkeys(reasons))
    if len(reasons) > 1:
        message = f"component by component, {len(states)} in all: {message}"
    return FixedPoints(tuple(describe(model, r) for r in states), exhaustive, message)


def require_one(model: RateModel) -> None:
    """Raise unless `model` is one model with constant input."""
    if not isinstance(model, RateModel):
        raise TypeError(f"`model` must be a RateModel; got {type(model).__name__}")
    if callable(model.X):
        raise ValueError(
            "`X` must be constant: a model that changes has no fixed points"
        )
    one = "must be one model, not a batch: loop over its members"
    require(model.shape == (), "model", one, str(model.shape))


def describe(model: RateModel, rate: np.ndarray) -> FixedPoint:
    """Return the fixed point with its linearization."""
    total = input_of(model, rate)
    with np.errstate(over="ignore"):
        residual = float(np.abs(apply(model.f, total) - rate).max())
    jacobian = jacobian_of(model, rate)
    values = spectrum(jacobian)
    speeds = np.abs(np.diag(1.0 / model.tau) + jacobian).sum(axis=1) + 1.0 / model.tau
    small = _TOLERANCE * speeds.max()
    flat = np.abs(values.real) <= small
    size = np.abs(model.X) + np.abs(model.W) @ np.abs(rate)
    kinked = any(
        part.has_kink and abs(total[k] - part.silent_below) <= _TOLERANCE * size[k]
        for k, part in enumerate(model.transfers)
    )
    if kinked or (flat.any() and not (values.real > small).any()):
        stability = "boundary"
    else:
        stability = "unstable" if (values.real > small).any() else "stable"
    if flat.any():
        kind = "degenerate"
    elif (values.real > 0).any() and (values.real < 0).any():
        kind = "saddle"
    else:
        kind = "focus" if (np.abs(values.imag) > small).any() else "node"
    zero = kinked or (np.abs(values) <= small).any()
    index = 0 if zero else int(np.sign(np.linalg.det(-jacobian)))
    support = tuple(int(k) for k in np.flatnonzero(rate > 0))
    return FixedPoint(
        rate, total, residual, jacobian, values, stability, kind, index, support
    )


def _components(W: np.ndarray) -> list[np.ndarray]:
    """Strongly connected components, those upstream first."""
    count, label = connected_components(W.T != 0, directed=True, connection="strong")
    graph: dict[int, set[int]] = {k: set() for k in range(count)}
    for target, source in zip(*np.nonzero(W), strict=True):
        if label[target] != label[source]:
            graph[int(label[target])].add(int(label[source]))
    return [np.flatnonzero(label == k) for k in TopologicalSorter(graph).static_order()]


def _restricted(model: RateModel, part: np.ndarray, state: np.ndarray) -> RateModel:
    """Return the component with the input that it gets from the state upstream."""
    if part.size == model.n:
        return model
    f = tuple(model.transfers[k] for k in part)
    upstream = state.copy()
    upstream[part] = 0.0
    X = model.X[part] + model.W[part] @ upstream
    return replace(model, W=model.W[np.ix_(part, part)], X=X, f=f, tau=model.tau[part])


def _solve(model, starts, generator) -> tuple[list[np.ndarray], bool, str]:
    """Find the fixed points of one component, whether these are all, and the reason."""
    f = model.transfers
    if not np.any(model.W):  # one population without itself
        return [apply(model.f, model.X)], True, "feedforward: explicit"
    if all(isinstance(part, ThresholdLinear) for part in f):
        return _by_support(model)
    falling = any(
        isinstance(part, CustomTransfer) and not part.increasing for part in f
    )
    low, high, bounded = rate_bounds(model)
    if model.n > 2 or falling:
        found: list[np.ndarray] = []
        if bounded and not falling and can_certify(model):
            found = search(model, low, high, starts, generator, rounds=1)[0]
            found, proved = certify(model, low, high, found)
            if proved:
                return found, True, "every box of rates is empty or holds one state"
        return search(model, low, high, starts, generator, known=found)
    line, order = nullcline(model)
    pair = np.ix_(order, order)
    products = np.sort([model.W[pair][0] * low[list(order)],
                        model.W[pair][0] * high[list(order)]], axis=0)  # fmt: skip
    ends = model.X[order[0]] + products.sum(axis=1)
    margin = 1e-9 * (np.abs(products).sum() + abs(model.X[order[0]]))
    roots, certain = all_roots(line, ends[0] - margin, ends[1] + margin)
    states = np.zeros((len(roots), model.n))
    if model.n == 1:
        states[:, 0] = line.f_a._value(np.array(roots))
    else:
        states[:, order[0]], states[:, order[1]] = line.rates(np.array(roots))
    polished = newton(model, states, keep=True)
    off = np.abs(apply(model.f, input_of(model, polished)) - polished)
    close = np.all(off <= _JUMP * (1.0 + np.abs(polished)), axis=1)
    inside = np.all((polished >= low - margin) & (polished <= high + margin), axis=1)
    states = _each_once(polished[inside & close])
    if not certain:
        reason = "intervals along the nullcline stayed undecided: nearly a continuum"
    elif not bounded:
        reason = f"complete for rates up to {high.max():.3g}; beyond there is no bound"
    else:
        reason = "one or two monotone populations: every root along the nullcline"
    return states, certain and bounded, reason


def _each_once(states: np.ndarray) -> list[np.ndarray]:
    """Drop repetitions, which a jump of f beside a root makes."""
    kept: list[np.ndarray] = []
    for state in states:
        size = 1e-13 * np.abs(state).max(initial=1e-300)
        if all(np.abs(state - other).max() > size for other in kept):
            kept.append(state)
    return kept


def _by_support(model: RateModel) -> tuple[list[np.ndarray], bool, str]:
    """Solve r = gain [W r + X - threshold]_+ as the complementarity problem that it is."""
    from ..balanced import semi_balanced_states

    gain = np.array([part.gain for part in model.transfers])  # type: ignore[attr-defined]
    threshold = np.array([part.silent_below for part in model.transfers])
    found = semi_balanced_states(model.W - np.diag(1.0 / gain), model.X - threshold)
    complete = found.exhaustive and not found.faces
    return [state.rate for state in found.states], complete, found.message
