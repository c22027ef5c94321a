"""Bifurcation diagrams: branches of fixed points over one parameter."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ._branch import Event, Trace, trace
from ._curve import Curve
from ._fixed_points import fixed_points, require_one
from ._model import RateModel, Spectrum
from ._multistart import with_exact_tails


@dataclass(frozen=True)
class BifurcationPoint:
    """A point of a branch where stability or direction changes.

    Attributes
    ----------
    kind : str
        "fold", "Hopf", "branch point" (branches cross: transcritical, pitchfork) or
        "border" (a population falls silent or starts to fire at a kink of its transfer
        function). A fold may also be at a kink.
    parameter : float
    rate : numpy.ndarray, (n,)
    eigenvalues : numpy.ndarray of complex, (n,)
        Of the Jacobian; at a kink, on the side where the branch goes on.
    frequency : float
        Of the oscillation at a Hopf point [kHz], else 0.
    """

    kind: str
    parameter: float
    rate: np.ndarray
    eigenvalues: Spectrum
    frequency: float


@dataclass(frozen=True)
class Branch:
    """Fixed points that hang together; arrays run along the branch.

    Attributes
    ----------
    parameter : numpy.ndarray, (points,)
    rate : numpy.ndarray, (points, n)
    eigenvalues : numpy.ndarray of complex, (points, n)
        The largest real part first.
    closed : bool
        Whether the branch returns to where it began.
    ends : tuple of str
        Why it stops: "end of the span", "closed", "branch point", or, where the curve is
        not resolved, "the step became too small".
    points : tuple of BifurcationPoint
        In the order of the branch.
    """

    parameter: np.ndarray
    rate: np.ndarray
    eigenvalues: Spectrum
    closed: bool
    ends: tuple[str, str]
    points: tuple[BifurcationPoint, ...]

    @property
    def stable(self) -> np.ndarray:
        """Whether no eigenvalue has a positive real part, (points,)."""
        return self.eigenvalues[:, 0].real <= 0

    def pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
        """Yield parameter, rates and stability of runs of one stability.

        The bifurcation points between are part of both.
        """
        stable = self.stable
        cuts = np.flatnonzero(np.diff(stable)) + 1
        for low, high in zip([0, *cuts], [*cuts, stable.size], strict=True):
            run = slice(low, min(high + 1, stable.size))
            yield self.parameter[run], self.rate[run], bool(stable[low])


@dataclass(frozen=True)
class BifurcationDiagram:
    """Branches over a parameter; see `bifurcation_diagram`.

    Attributes
    ----------
    branches : tuple of Branch
    exhaustive : bool
        Whether the fixed points at all starting values are surely complete. A closed branch
        that lies between two starting values is missed even so.
    message : str
        Why, or why not.
    """

    branches: tuple[Branch, ...]
    exhaustive: bool
    message: str

    @property
    def points(self) -> tuple[BifurcationPoint, ...]:
        """All bifurcation points, by parameter."""
        found = [point for branch in self.branches for point in branch.points]
        return tuple(sorted(found, key=lambda point: point.parameter))

    @property
    def folds(self) -> tuple[BifurcationPoint, ...]:
        """The folds, by parameter."""
        return tuple(point for point in self.points if point.kind == "fold")

    @property
    def hopf(self) -> tuple[BifurcationPoint, ...]:
        """The Hopf points, by parameter."""
        return tuple(point for point in self.points if point.kind == "Hopf")


def bifurcation_diagram(
    family: Callable[[float], RateModel],
    span: tuple[float, float],
    *,
    at: npt.ArrayLike | None = None,
    max_step: float = 0.02,
) -> BifurcationDiagram:
    """Follow all fixed points over one parameter.

    Parameters
    ----------
    family : callable
        The model for each value of the parameter, whatever that is: an input, a weight, a
        gain, a time constant. Called within `span` only.
    span : (float, float)
        Least and largest value.
    at : array_like, optional
        Starting values, at which all fixed points are looked for; 11 from end to end by
        default. Branches that pass none of them are not found.
    max_step : float
        Largest step along the branch, as a fraction of the span and of the rates.

    Returns
    -------
    BifurcationDiagram
        `meanfield.plot.plot_bifurcation` draws it.

    Raises
    ------
    ValueError
        If `span` is not ascending, a starting value is outside, or a model is a batch.
    TypeError
        If `family` does not return a `RateModel`.

    Notes
    -----
    Pseudo-arclength continuation with the analytic Jacobian in the rates, and differences
    of W, X and f in the parameter (exact where it enters linearly, and never part of the
    equations that are solved). A step is taken again at half its length if Newton's
    correction is longer than 0.3 of it, the tangent turns by more than 0.25, an event is
    skipped, or an eigenvalue jumps across 0; without such guards the corrector passes from
    branch to branch over folds. Folds and Hopf points are zeros of the tangent's parameter
    component and of a real part, found to rounding: to 1e-10 of the span in the cases of
    `tests/rate`. Kinks of the transfer functions are met exactly, and branches turn corners
    there.

    References
    ----------
    .. [1] H. B. Keller, in: Applications of Bifurcation Theory, Academic Press, 359 (1977)
    .. [2] Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, 3rd ed., ch. 10,
       Springer (2004), doi:10.1007/978-1-4757-3978-7

    Examples
    --------
    Two mutually exciting states of one population, r = S(8 r + x):

    >>> from meanfield.rate import RateModel, Sigmoid, bifurcation_diagram
    >>> found = bifurcation_diagram(
    ...     lambda x: RateModel(W=[[8.0]], X=x, f=Sigmoid()), (-8.0, 0.0)
    ... )
    >>> len(found.branches), [round(fold.parameter, 6) for fold in found.folds]
    (1, [-5.06568, -2.93432])
    """
    low, high = _checked_span(span)
    if not callable(family):
        kind = type(family).__name__
        raise TypeError(
            f"`family` must be callable, a model for each value; got {kind}"
        )
    require(0 < max_step <= 1, "max_step", "must be in (0, 1]", max_step)
    values = (
        np.linspace(low, high, 11) if at is None else _checked_values(at, low, high)
    )
    starts, exhaustive, reasons = [], True, []
    sizes = [np.zeros(_checked_model(family, low).n)]
    for p in np.unique([low, 0.5 * (low + high), high, *values]):
        model = _checked_model(family, float(p))
        condition = f"must return {sizes[0].size} populations for every value"
        require(model.n == sizes[0].size, "family", condition, model.n)
        found = fixed_points(model)
        sizes += [np.abs(point.rate) for point in found]
        if p not in values:  # looked at for the size of the rates
            continue
        starts += [(point.stability, float(p), point.rate) for point in found]
        exhaustive &= found.exhaustive
        reasons.append(found.message)
    message = "; ".join(dict.fromkeys(reasons))
    if not starts:
        return BifurcationDiagram((), exhaustive, message)
    starts.sort(
        key=lambda start: start[0] == "boundary"
    )  # better met than started from
    rates = np.max(sizes, axis=0)
    scale = np.maximum(rates, max(1e-2 * rates.max(), 1e-30))
    curve = Curve(lambda p: _checked_model(family, p), (low, high), scale)
    targets = np.unique([low, high, *values]) / curve.width
    crossed: list[np.ndarray] = []
    branches = []
    for _, p, rate in starts:
        z = curve.join(rate, p)
        z[-1] = targets[np.argmin(np.abs(targets - z[-1]))]
        near = 1e-6 * (1.0 + np.abs(z).max())
        if any(np.abs(z - other).max() <= near for other in crossed):
            continue
        branch, met = _both_ways(curve, z, targets, max_step)
        branches.append(branch)
        crossed += [z, *met]
    return BifurcationDiagram(_joined(curve, branches), exhaustive, message)


def _joined(curve: Curve, branches: list[Branch]) -> tuple[Branch, ...]:
    """Branches that stop where they meet another say so."""
    meeting = [
        curve.join(point.rate, point.parameter)
        for branch in branches for point in branch.points if point.kind == "branch point"
    ]  # fmt: skip
    joined = []
    for branch in branches:
        ends = list(branch.ends)
        for side, k in enumerate((0, -1)):
            z = curve.join(branch.rate[k], float(branch.parameter[k]))
            near = any(np.abs(z - point).max() <= 1e-3 for point in meeting)
            if near and ends[side] != "end of the span":
                ends[side] = "branch point"
        joined.append(replace(branch, ends=(ends[0], ends[1])))
    return tuple(joined)


def _both_ways(curve: Curve, z, targets, longest) -> tuple[Branch, list[np.ndarray]]:
    curve.prepare(z)
    up = np.append(np.zeros(curve.n), 1.0)
    above = curve.input(z)[0] > 0
    t = curve.tangent(z, up, above)
    halves = []
    for along in (t, -t):
        outward = along[-1] * (
            1 if z[-1] >= targets[-1] else -1 if z[-1] <= targets[0] else 0
        )
        if outward > 0:
            curve.prepare(z)
            halves.append(Trace([z], [curve.eigenvalues(z)], [], [], "end of the span"))
        else:
            halves.append(trace(curve, z, along, targets, longest))
        if halves[-1].end == "closed":
            break
    ahead = halves[0]
    if ahead.end == "closed":
        return _branch(curve, ahead.z, ahead.eigenvalues, ahead.events, ahead, ahead)
    behind = halves[1]
    points = [*reversed(behind.z[1:]), *ahead.z]
    values = [*reversed(behind.eigenvalues[1:]), *ahead.eigenvalues]
    events = [*reversed(behind.events), *ahead.events]
    return _branch(curve, points, values, events, behind, ahead)


def _branch(curve, points, values, events, first: Trace, last: Trace):
    split = [curve.split(z) for z in points]
    branch = Branch(
        np.array([p for _, p in split]),
        np.array([with_exact_tails(curve.model(p), r) for r, p in split]),
        np.array(values),
        first.end == "closed",
        (first.end, last.end),
        tuple(_point(curve, event) for event in events),
    )
    return branch, [*first.crossings, *last.crossings]


def _point(curve: Curve, event: Event) -> BifurcationPoint:
    rate, p = curve.split(event.z)
    frequency = 0.0
    if event.kind == "Hopf":
        pair = event.eigenvalues[np.argmin(np.abs(event.eigenvalues.real))]
        frequency = float(abs(pair.imag) / (2.0 * np.pi))
    return BifurcationPoint(event.kind, p, rate, event.eigenvalues, frequency)


def _checked_span(span: tuple[float, float]) -> tuple[float, float]:
    ends = as_float("span", span).astype(float)
    require(ends.shape == (2,), "span", "must be two numbers", str(ends.shape))
    require(np.isfinite(ends), "span", "must be finite", ends)
    require(ends[0] < ends[1], "span", "must ascend", ends[1])
    return float(ends[0]), float(ends[1])


def _checked_values(at: npt.ArrayLike, low: float, high: float) -> np.ndarray:
    values = np.unique(as_float("at", at).astype(float))
    require(values.size > 0, "at", "must hold at least one value", values.size)
    require((values >= low) & (values <= high), "at", "must lie within `span`", values)
    return values


def _checked_model(family: Callable[[float], RateModel], p: float) -> RateModel:
    model = family(p)
    if not isinstance(model, RateModel):
        kind = type(model).__name__
        raise TypeError(f"`family` must return a RateModel; got {kind}")
    require_one(model)
    return model
