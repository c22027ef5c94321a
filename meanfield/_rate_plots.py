"""Figures of rate models: phase planes and bifurcation diagrams."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from ._activity_plots import axes as _axes
from ._activity_plots import legend, needs
from .errors import require
from .rate import (
    BifurcationDiagram,
    LIFRate,
    RateModel,
    fixed_points,
    integrate,
    nullclines,
)
from .rate._phase_plane import plane_limits
from .units import Hz

__all__ = ["plot_bifurcation", "plot_phase_plane"]

_COLORS = ("#d1603d", "#0a7e8c")
_MARKERS = {"fold": "s", "Hopf": "o", "branch point": "D", "border": "|"}
_FILL = {"stable": "black", "unstable": "white", "boundary": "grey"}


def plot_phase_plane(
    model: RateModel,
    *,
    starts: npt.ArrayLike | None = None,
    duration: float | None = None,
    limits: npt.ArrayLike | None = None,
    names: Sequence[str] = ("E", "I"),
    flow: bool = True,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw nullclines, flow, fixed points and trajectories of two populations.

    Parameters
    ----------
    model : meanfield.rate.RateModel
        Two populations with constant input.
    starts : array_like, (..., 2), optional
        Rates from which trajectories are drawn.
    duration : float, optional
        Of the trajectories [ms]; by default 50 of the longest time constant.
    limits : array_like, (2, 2), optional
        Least and largest rate of each population; by default all fixed points are seen.
    names : sequence of two str
        Of the populations.
    flow : bool
        Whether to draw the flow as stream lines.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot`` for the trajectories.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `model` does not have two populations.

    Notes
    -----
    Filled dots are stable, open ones unstable; saddles are squares. Rates of `LIFRate` are
    shown in Hz, others in their own unit.

    Examples
    --------
    >>> from meanfield.rate import RateModel, Sigmoid
    >>> model = RateModel(W=[[12.0, -4.0], [13.0, -2.0]], X=[-5.0, -9.0], f=Sigmoid())
    >>> plot_phase_plane(model, starts=[[0.1, 0.5], [0.5, 0.1]]).get_xlabel()
    'rate of E'
    """
    runs = [] if starts is None else _trajectories(model, starts, duration)
    box = _limits(model, runs) if limits is None else np.asarray(limits, float)
    lines = nullclines(model, box)
    unit = Hz if all(isinstance(f, LIFRate) for f in model.transfers) else 1.0
    ax = _axes(ax)
    if flow:
        x, y = (np.linspace(low, high, 25) for low, high in box)
        grid = np.stack(np.meshgrid(x, y), axis=-1)
        speed = model.flow(grid) / np.ptp(box, axis=1)  # as it looks in the plane
        ax.streamplot(
            x / unit, y / unit, speed[..., 0] * np.ptp(x), speed[..., 1] * np.ptp(y),
            color="lightgrey", linewidth=0.6, arrowsize=0.7, density=1.1, zorder=0,
        )  # fmt: skip
    for line, name, color in zip(lines, names, _COLORS, strict=True):
        ax.plot(*(line.T / unit), color=color, label=f"nullcline of {name}")
    style = {"color": "black", "linewidth": 0.9, **kwargs}
    for rate in runs:
        ax.plot(*(rate.T / unit), **style)
        ax.plot(*(rate[0] / unit), ">", color=style["color"], markersize=3)
    for point in fixed_points(model):
        ax.plot(
            *(point.rate / unit), "s" if point.kind == "saddle" else "o", color="black",
            markerfacecolor=_FILL[point.stability], markersize=7, zorder=4,
        )  # fmt: skip
    ax.set_xlim(box[0] / unit)
    ax.set_ylim(box[1] / unit)
    legend(ax)
    text = " (Hz)" if unit == Hz else ""
    ax.set_xlabel(f"rate of {names[0]}{text}")
    ax.set_ylabel(f"rate of {names[1]}{text}")
    return ax


def _trajectories(model, starts, duration) -> list[np.ndarray]:
    """Rates over time from each start, as far as they are finite."""
    duration = 50.0 * float(model.tau.max()) if duration is None else duration
    require(0 < duration < np.inf, "duration", "must be positive (ms)", duration)
    times = np.linspace(0.0, duration, 8001)
    rates = integrate(model, times, starts).rate.reshape(-1, times.size, 2)
    return [rate[np.isfinite(rate).all(axis=1)] for rate in rates]


def _limits(model, runs) -> np.ndarray:
    """Return a plane with all fixed points and, unless they run far away, trajectories."""
    box = plane_limits(model)
    if runs:
        top = 1.05 * np.max([run.max(axis=0) for run in runs], axis=0)
        box[:, 1] = np.maximum(box[:, 1], np.minimum(top, 4.0 * box[:, 1]))
    return box


def plot_bifurcation(
    diagram: BifurcationDiagram,
    *,
    population: int = 0,
    name: str = "parameter",
    unit: float = 1.0,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the rate of one population at all fixed points over the parameter.

    Parameters
    ----------
    diagram : meanfield.rate.BifurcationDiagram
        From `meanfield.rate.bifurcation_diagram`.
    population : int
        Whose rate to show.
    name : str
        Of the parameter.
    unit : float
        Rates are divided by it: `meanfield.units.Hz` for those of `LIFRate`, and then the
        axis says so.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot`` for the branches.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `diagram` is not one.
    IndexError
        If there is no such population.

    Notes
    -----
    Stable pieces are solid, unstable ones dashed. Squares are folds, circles Hopf points,
    diamonds crossings of branches, and ticks borders where a population sets in.

    Examples
    --------
    >>> from meanfield.rate import RateModel, Sigmoid, bifurcation_diagram
    >>> found = bifurcation_diagram(
    ...     lambda x: RateModel(W=[[8.0]], X=x, f=Sigmoid()), (-8.0, 0.0)
    ... )
    >>> len(plot_bifurcation(found, name="input").lines)  # three pieces, two folds
    5
    """
    needs("diagram", diagram, ("branches", "points"), "a bifurcation diagram")
    ax = _axes(ax)
    style = {"color": "black", "linewidth": 1.4, **kwargs}
    for branch in diagram.branches:
        for parameter, rate, stable in branch.pieces():
            dash = {} if stable else {"linestyle": "--", "linewidth": 0.9}
            ax.plot(parameter, rate[:, population] / unit, **{**style, **dash})
    named = set()
    for point in diagram.points:
        label = None if point.kind in named else point.kind
        named.add(point.kind)
        color = _COLORS[0] if point.kind == "Hopf" else _COLORS[1]
        ax.plot(
            point.parameter, point.rate[population] / unit, _MARKERS[point.kind],
            color=color, markersize=6, label=label, zorder=4,
        )  # fmt: skip
    legend(ax)
    ax.set_xlabel(name)
    ax.set_ylabel("rate (Hz)" if unit == Hz else "rate")
    return ax
