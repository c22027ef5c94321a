"""Figures of a network's modes: eigenvalues over frequency, sensitivity of oscillations."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ._activity_plots import axes as _axes
from ._activity_plots import legend
from ._activity_plots import needs as _needs
from .units import Hz

__all__ = ["plot_modes", "plot_sensitivity"]

_PARTS = {
    "amplitude": "raises the peak, per relative change",
    "shift": "moves its frequency, per relative change",
}
_FAINT = 0.05  # of the largest distance from 0: modes that stay closer have no label


def plot_modes(modes: Any, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw the eigenvalues of the effective connectivity over frequency.

    Parameters
    ----------
    modes : Modes
        From `meanfield.fluctuations.modes`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes
        The complex plane: a line for each mode from its dot, at the first frequency; the
        cross is 1, where a mode is critical, and a circle the place next to it.

    Raises
    ------
    TypeError
        If `modes` is something else.

    Examples
    --------
    >>> from meanfield.fluctuations import modes
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> ax = plot_modes(modes(np.arange(0.01, 0.3, 0.01), net, [0.038, 0.038]))
    >>> ax.get_xlabel()
    'real part'
    """
    _needs("modes", modes, ("eigenvalue", "frequency", "distance"), "Modes")
    ax = _axes(ax)
    reach = np.abs(modes.eigenvalue).max(axis=0)
    nearest = np.argmin(modes.distance, axis=0)
    for j in range(modes.eigenvalue.shape[1]):
        values, k = modes.eigenvalue[:, j], nearest[j]
        label = {}
        if reach[j] > _FAINT * reach.max():
            label = {"label": f"{j}: closest at {modes.frequency[k] / Hz:.0f} Hz"}
        (line,) = ax.plot(values.real, values.imag, **{**label, **kwargs})
        style = {"color": line.get_color(), "linestyle": "none"}
        ax.plot(values.real[0], values.imag[0], marker=".", **style)
        ax.plot(values.real[k], values.imag[k], marker="o", fillstyle="none", **style)
    ax.plot(1.0, 0.0, marker="x", color="black", linestyle="none")
    ax.axhline(0.0, color="gray", linewidth=0.6, zorder=0)
    legend(ax)
    ax.set_xlabel("real part")
    ax.set_ylabel("imaginary part")
    return ax


def plot_sensitivity(
    oscillation: Any, part: str = "amplitude", *, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw which connections make an oscillation, or set its frequency.

    Parameters
    ----------
    oscillation : Oscillation
        From `meanfield.fluctuations.oscillations`.
    part : {"amplitude", "shift"}
        What of the sensitivity.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.imshow``.

    Returns
    -------
    matplotlib.axes.Axes
        Row the target, column the source.

    Raises
    ------
    TypeError, ValueError
        If `oscillation` is something else, or `part` is unknown.

    Examples
    --------
    >>> from meanfield.fluctuations import oscillations
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> first = oscillations(np.arange(0.01, 0.3, 0.01), net, [0.038, 0.038])[0]
    >>> plot_sensitivity(first).get_title()
    '126 Hz'
    """
    _needs("oscillation", oscillation, ("amplitude", "shift"), "an Oscillation")
    if part not in _PARTS:
        raise ValueError(f"`part` must be one of {tuple(_PARTS)}; got {part!r}")
    ax = _axes(ax)
    values = getattr(oscillation, part)
    most = np.abs(values).max() or 1.0
    given = {"cmap": "RdBu_r", "vmin": -most, "vmax": most, **kwargs}
    image = ax.imshow(values, **given)
    figure = ax.get_figure()
    if figure is not None:
        figure.colorbar(image, ax=ax, label=_PARTS[part])
    names = oscillation.names
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("source")
    ax.set_ylabel("target")
    ax.set_title(f"{oscillation.frequency / Hz:.0f} Hz")
    return ax
