"""Figures of the states of networks: phase diagrams."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from ._activity_plots import axes as _axes
from ._activity_plots import needs
from .equilibrium import PhaseDiagram

__all__ = ["plot_phase_diagram"]

_COLORS = {
    "quiescent": "#f4f4f2", "AI": "#cfe3e6", "AR": "#8fbfc6", "SI slow": "#f3d9a4",
    "SI fast": "#e9a978", "SR": "#cf6f52", "none": "#bbbbbb",
}  # fmt: skip
_NAMES = {
    "quiescent": "quiescent", "AI": "asynchronous irregular",
    "AR": "asynchronous regular", "SI slow": "synchronous irregular, slow",
    "SI fast": "synchronous irregular, fast", "SR": "synchronous regular",
    "none": "no working point",
}  # fmt: skip


def plot_phase_diagram(
    diagram: PhaseDiagram, *, ax: Axes | None = None, legend: bool = True, **kwargs: Any
) -> Axes:
    """Draw the states of a network over two parameters.

    Parameters
    ----------
    diagram : meanfield.equilibrium.PhaseDiagram
        The states; two values of each parameter at least.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    legend : bool
        Whether to name the states beside the axes.
    **kwargs
        Passed on to ``Axes.pcolormesh``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If `diagram` is something else, or has one value of a parameter.

    Notes
    -----
    A line where the largest loop gain is 1: the border of synchrony.

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.equilibrium import phase_diagram
    >>> from meanfield.network import brunel
    >>> from meanfield.plot import plot_phase_diagram
    >>> ax = plot_phase_diagram(phase_diagram(brunel, [3.0, 5.0], [1.5, 2.0]))
    """
    parts = ("state", "loop_gain", "x", "y")
    needs("diagram", diagram, parts, "a PhaseDiagram of meanfield.equilibrium")
    if min(diagram.state.shape) < 2:
        raise ValueError(
            "`diagram` must have two values of each parameter at least; got "
            f"{diagram.state.shape[::-1]}"
        )
    ax = _axes(ax)
    known = list(_COLORS)
    number = np.array([[known.index(name) for name in row] for row in diagram.state])
    colors = ListedColormap([_COLORS[name] for name in known])
    norm = BoundaryNorm(np.arange(len(known) + 1) - 0.5, len(known))
    style = {"cmap": colors, "norm": norm, "shading": "nearest", "rasterized": True}
    ax.pcolormesh(diagram.x, diagram.y, number, **(style | kwargs))
    gain = np.log(np.maximum(np.nan_to_num(diagram.loop_gain), 1e-3))
    if gain.min() < 0 < gain.max():
        ax.contour(
            diagram.x, diagram.y, gain, levels=[0.0], colors="black", linewidths=1
        )
    if legend:
        present = [name for name in known if (diagram.state == name).any()]
        handles = [
            Patch(facecolor=_COLORS[name], edgecolor="0.6", label=_NAMES[name])
            for name in present
        ]
        ax.legend(
            handles=handles,
            loc="center left",
            bbox_to_anchor=(1.02, 0.5),
            frameon=False,
        )
    return ax
