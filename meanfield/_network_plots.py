"""Figures of balanced networks: what stimuli are mapped to."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from ._activity_plots import axes as _axes
from ._activity_plots import needs

__all__ = ["plot_stimulus_manifold", "plot_stimulus_plane"]

_COLORS = ("#0a7e8c", "#d1603d", "#6a4c93", "#e0a526", "#5b8c3a", "#b23a6f", "#4a6fa5")
_NONE = "#f2f2f2"


def plot_stimulus_plane(
    manifold: Any,
    upper: float | tuple[float, float] = 1.0,
    *,
    readout: npt.ArrayLike | None = None,
    points: int = 241,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw which populations are active over the intensities of two sources.

    Parameters
    ----------
    manifold : meanfield.balanced.StimulusManifold
        Of two sources.
    upper : float or (float, float)
        Largest intensities.
    readout : array_like, (n,), optional
        Show this linear readout of the rates in place of who is active.
    points : int
        Intensities along each axis.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.pcolormesh``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are not two sources.
    TypeError
        If `manifold` is not a stimulus manifold.

    Notes
    -----
    Where several states are stable, the one with the fewest active populations is drawn,
    under hatching; on boundaries, the state that goes on beyond them. Where none is, the
    plane is gray.

    Examples
    --------
    >>> from meanfield.balanced import exclusive_or, stimulus_manifold
    >>> W, inputs, base, readout = exclusive_or()
    >>> ax = plot_stimulus_plane(stimulus_manifold(W, inputs, base), 1.2, points=31)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['2', '0, 2', '1, 2']
    """
    first, second = _intensities(manifold, upper, points)
    ax = _axes(ax)
    states = manifold.states(np.stack(np.meshgrid(first, second), axis=-1))
    chosen, several = _stable(states)
    some = chosen >= 0
    options: dict[str, Any] = {"shading": "nearest", "rasterized": True}
    if readout is None:
        support = states.support[chosen[some]]
        shown, number = np.unique(support, axis=0, return_inverse=True)
        order = np.argsort(_order(shown), kind="stable")
        field = np.full(chosen.shape, np.nan)
        field[some] = np.argsort(order)[number.reshape(-1)]
        colors = [_COLORS[k % len(_COLORS)] for k in range(len(shown))]
        options |= {"cmap": ListedColormap(colors or [_NONE]), "vmin": -0.5,
                    "vmax": max(len(shown), 1) - 0.5}  # fmt: skip
        names = [
            ", ".join(map(str, np.flatnonzero(row))) or "none" for row in shown[order]
        ]
        handles = [Patch(color=c, label=n) for c, n in zip(colors, names, strict=True)]
        ax.legend(handles=handles, title="active", frameon=True, loc="upper left")
        ax.pcolormesh(first, second, np.ma.masked_invalid(field), **options | kwargs)
    else:
        field = np.full(chosen.shape, np.nan)
        field[some] = states.rate[chosen[some]] @ np.asarray(readout, float)
        mesh = ax.pcolormesh(
            first, second, np.ma.masked_invalid(field), **options | kwargs
        )
        _figure(ax).colorbar(mesh, ax=ax, label="readout")
    ax.set_facecolor("#bbbbbb")
    if several.any():
        ax.contourf(first, second, several, [0.5, 1.5], colors="none", hatches=["///"])
    ax.set_xlabel("intensity of source 0")
    ax.set_ylabel("intensity of source 1")
    return ax


def plot_stimulus_manifold(
    manifold: Any,
    upper: float | tuple[float, float] = 1.0,
    populations: tuple[int, int, int] = (0, 1, 2),
    *,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the rates of three populations as a surface over two sources, in color by piece.

    Parameters
    ----------
    manifold : meanfield.balanced.StimulusManifold
        Of two sources.
    upper : float or (float, float)
        Largest intensities.
    populations : (int, int, int)
        Whose rates are the axes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; with ``projection="3d"``.
    **kwargs
        Passed on to ``Poly3DCollection``.

    Returns
    -------
    matplotlib.axes.Axes
        With ``projection="3d"``.

    Raises
    ------
    ValueError
        If there are not two sources, or `populations` are not three of the network's.
    TypeError
        If `manifold` is not a stimulus manifold.

    Notes
    -----
    Stable and unstable states are drawn, the latter pale: at a fold the surface turns from
    one to the other.

    Examples
    --------
    >>> from meanfield.balanced import exclusive_or, stimulus_manifold
    >>> W, inputs, base, readout = exclusive_or()
    >>> ax = plot_stimulus_manifold(stimulus_manifold(W, inputs, base))
    >>> ax.get_zlabel()
    'rate of 2'
    """
    corners = [axis[[0, -1]] for axis in _intensities(manifold, upper, 2)]
    n = manifold.stimuli([0.0, 0.0]).size
    if len(populations) != 3 or not all(0 <= p < n for p in populations):
        raise ValueError(
            f"`populations` must be three of 0 to {n - 1}; got {populations}"
        )
    if ax is None:
        ax = Figure(figsize=(5.5, 5), layout="constrained").add_subplot(projection="3d")
    chosen = list(populations)
    handles, drawn = [], [np.zeros((1, 3))]
    for number, piece in enumerate(manifold.pieces):
        region = _region(piece, corners)
        if not len(region):
            continue
        surface = (region @ piece.map.T + piece.offset)[:, chosen]
        alpha = 0.9 if piece.stability == "stable" else 0.3
        color = to_rgba(_COLORS[number % len(_COLORS)], alpha)
        options: dict[str, Any] = {
            "facecolor": color,
            "edgecolor": color,
            "linewidth": 1.5,
        }
        ax.add_collection(Poly3DCollection([surface], **options | kwargs))
        drawn.append(surface)
        name = ", ".join(map(str, piece.support)) or "none"
        handles.append(Patch(color=color, label=name))
    top = np.concatenate(drawn).max(axis=0)
    for axis, p, limit in zip("xyz", populations, top, strict=True):
        ax.set(**{f"{axis}label": f"rate of {p}", f"{axis}lim": (0, limit or 1.0)})
        getattr(ax, f"{axis}axis").set_major_locator(MaxNLocator(4))
    ax.legend(
        handles=handles,
        title="active",
        frameon=False,
        loc=2,
        bbox_to_anchor=(-0.1, 1.1),
    )
    return ax


def _region(piece: Any, corners: list[np.ndarray]) -> np.ndarray:
    """Polygon of intensities on which a piece holds, within a rectangle."""
    (a, b), (c, d) = corners
    polygon = [np.array(p) for p in ((a, c), (b, c), (b, d), (a, d))]
    for row, edge in zip(piece.cone, piece.edge, strict=True):
        clipped = []
        for start, end in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            u, v = row @ start + edge, row @ end + edge
            if u >= 0:
                clipped.append(start)
            if (u > 0 > v) or (u < 0 < v):
                clipped.append(start + (end - start) * (u / (u - v)))
        polygon = clipped
    return np.reshape(polygon, (-1, 2))


def _figure(ax: Axes) -> Figure:
    figure = ax.figure
    return figure if isinstance(figure, Figure) else figure.figure  # type: ignore[return-value]


def _intensities(
    manifold: Any, upper: float | tuple[float, float], points: int
) -> list[np.ndarray]:
    needs("manifold", manifold, ["states", "stimuli", "pieces"], "a StimulusManifold")
    if manifold.sources != 2:
        raise ValueError(
            f"`manifold` must have two sources; got {manifold.sources}; give `inputs` of "
            "shape (n, 2) to stimulus_manifold"
        )
    return [np.linspace(0.0, u, points) for u in np.broadcast_to(upper, 2)]


def _stable(states: Any) -> tuple[np.ndarray, np.ndarray]:
    """For each stimulus the stable state with the least support; whether it has others."""
    stable, edge = states.stability == "stable", states.stability == "boundary"
    code = states.support @ (1 << np.arange(states.support.shape[1]))
    listed = np.flatnonzero(stable | (edge & np.isin(code, code[stable])))
    size = states.support.sum(axis=1) + 1e3 * edge
    order = listed[np.lexsort((size[listed], states.stimulus[listed]))]
    where, first = np.unique(states.stimulus[order], return_index=True)
    chosen = np.full(states.count.size, -1)
    chosen[where] = order[first]
    return chosen.reshape(states.shape), states.stable_count > 1


def _order(supports: np.ndarray) -> np.ndarray:
    """Sort key: few active populations first, then by their numbers."""
    n = supports.shape[1]
    return supports.sum(axis=1) * 2.0**n - supports @ 2.0 ** np.arange(n)[::-1]
